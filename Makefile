# SPDX-License-Identifier: GPL-2.0
#
# What can be done with this tree; "make help" lists it.  The modules themselves are described in Kbuild.

VERSION		:= $(strip $(shell cat VERSION))
KERNELRELEASE	?= $(shell uname -r)
KDIR		?= /lib/modules/$(KERNELRELEASE)/build
KSRC		?=
VM		?=
DESTDIR		?=
PREFIX		?= /usr
SYSCONFDIR	?= /etc
UDEVDIR		?= $(PREFIX)/lib/udev/rules.d
UNITDIR		?= $(PREFIX)/lib/systemd/system
DKMSDIR		?= /usr/src/apnbd-$(VERSION)
MODDIR		:= updates/apnbd

kbuild		 = $(MAKE) -C $(KDIR) M=$(CURDIR)
apnctl		 = $(MAKE) -C tools/apnctl DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) VERSION=$(VERSION)
need		:= tools/need

# Options reach us by the environment alone: a KERNELRELEASE given to DKMS must not leak into the kernel's own make.
unexport KERNELRELEASE DESTDIR VERSION

.DEFAULT_GOAL := all
.PHONY: all help modules tools install install-tools uninstall dkms-install demo check check-all soak lab bench style \
	netlink-gen testbed clean

all: modules tools

help: ## this list
	@echo 'apnbd $(VERSION): a block device over a long line.  Try "make demo", then "make check".'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'Variables: KDIR (kernel to build for: $(KDIR)), PREFIX, DESTDIR,'
	@echo '           APNBD_CACHE (default ~/.cache/apnbd), APNBD_MIRROR, KSRC (see netlink-gen)'

# -- build and install ------------------------------------------------------------------------------------------

modules: ## build the kernel modules for the running kernel, or for KDIR=...
	@$(need) kdir $(KDIR)
	+$(kbuild) modules

tools: ## build apnctl
	@$(need) apnctl
	+$(apnctl) all

install: ## install modules, apnctl, udev rules and units; "make dkms-install" rebuilds by itself with each kernel
	@$(need) root install '$(DESTDIR)'
	@$(need) alone install '$(DESTDIR)'
	@$(need) kdir $(KDIR)
	+$(kbuild) modules
	+$(kbuild) modules_install INSTALL_MOD_DIR=$(MODDIR) CONFIG_MODULE_SIG_ALL= \
		$(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR))
	$(if $(DESTDIR),,depmod -a "$$(cat $(KDIR)/include/config/kernel.release)")
	@$(MAKE) --no-print-directory install-tools

install-tools:
	@$(need) root install '$(DESTDIR)'
	@$(need) apnctl
	+$(apnctl) all
	+$(apnctl) install
	install -d $(DESTDIR)$(UDEVDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/apnbd
	install -m 0644 tools/udev/60-apnbd.rules $(DESTDIR)$(UDEVDIR)/
	install -m 0644 tools/systemd/apnbd@.service tools/systemd/apn-target.service $(DESTDIR)$(UNITDIR)/
	install -D -m 0644 tools/systemd/tlshd-apnbd.conf $(DESTDIR)$(UNITDIR)/tlshd.service.d/apnbd.conf
	@tools/reload '$(DESTDIR)' tlshd.service

uninstall: ## take away what install and dkms-install put there; /etc/apnbd stays
	@$(need) root uninstall '$(DESTDIR)'
	tools/uninstall '$(DESTDIR)' $(PREFIX) $(UDEVDIR) $(UNITDIR) $(MODDIR)
	@tools/reload '$(DESTDIR)'

dkms-install: ## the same by DKMS: the modules are built again with each new kernel
	@$(need) root dkms-install
	@$(need) alone dkms-install
	@$(need) dkms $(KERNELRELEASE)
	@tools/dkms-tree $(DKMSDIR)
	dkms install apnbd/$(VERSION) -k $(KERNELRELEASE)
	@$(MAKE) --no-print-directory install-tools

clean: ## remove what a build left in the tree; the cache of the testbed stays
	@tools/clean
	@for dir in tools/apnctl selftests/*; do \
		if grep -qs '^clean:' $$dir/Makefile; then $(MAKE) -s -C $$dir clean; fi; \
	done

# -- see it work, test it ---------------------------------------------------------------------------------------

demo: ## the whole thing in a virtual machine: two sites 40 km apart, mkfs, mount, copy, fio
	@$(need) root demo
	@VM="$(VM)" selftests/demo/run

check: ## what finds most: style, unit tests, every test of tier "check"
	@$(need) root check
	@selftests/check

check-all: ## every test on every kernel of the testbed
	@$(need) root check-all
	@selftests/check --all

soak: ## hours of mixed faults in virtual time
	@$(need) root soak
	@$(need) part selftests/run && selftests/run --tier soak $(if $(VM),--vm $(VM))

lab: ## the distance lab: throughput and latency against round-trip time, beside the peers
	@$(need) root lab
	@$(need) part selftests/lab/run && selftests/lab/run

bench: ## CPU cost and speed on loopback, beside the peers
	@$(need) root bench
	@$(need) part selftests/bench/run && selftests/bench/run

style: ## W=1 on all kernels, sparse, checkpatch, clang-format, shellcheck, generated files
	@$(need) root style
	@selftests/style/run

netlink-gen: ## headers and policies from Documentation/netlink/specs; KSRC=: a kernel source tree, default Debian's 7.x
	@tools/netlink-gen $(if $(KSRC),--ksrc $(KSRC))

testbed: ## build the virtual machines (VM="uml-debug qemu-6.1 ...": those alone)
	@$(need) root testbed
	@$(need) part selftests/vm/testbed && selftests/vm/testbed $(VM)

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# title: DKMS of each release builds and installs the modules for its kernels
# tier: check
# kinds: host
# cost: 20 s
# limit: 900
#
# DKMS of Debian 12 and of Debian 13 build and install the modules, each for the kernels of its release, from the
# sources that "make dkms-install" gives them.  That the modules load is seen in the virtual machines.

set -euo pipefail
cd "$(dirname "$0")/.."
. selftests/host.sh

# dkms_in RELEASE SERIES: in that root, with trees of its own, so that the root stays what it was.
dkms_in()
{
	local release=$1 kernel version dir module

	have_drivers || { echo "drivers/apn/Kbuild is not in the tree"; return $SKIP; }
	kernel=$(kernel_of "$release" "$2")
	version=$(cat VERSION)
	dir=$CACHE/$release/apn/dkms/$2 # always there, so that ccache knows it again
	rm -rf "$dir"
	mkdir -p "$dir/tree"
	tools/sources "$dir/src/apnbd-$version" COPYING Kbuild VERSION dkms.conf drivers include
	# shellcheck disable=SC2016
	in_root "$release" bash -euc '
		dir=$1 kernel=$2 module=apnbd/$3
		mkdir -p "$dir/lib/$kernel"
		ln -s "$(realpath "/lib/modules/$kernel/build")" "$dir/lib/$kernel/build"
		PATH=/usr/lib/ccache:$PATH
		options=(--dkmstree "$dir/tree" --sourcetree "$dir/src" --installtree "$dir/lib")
		dkms --version
		dkms add "${options[@]}" "$module"
		dkms build "${options[@]}" "$module" -k "$kernel" || {
			cat "$dir/tree/$module/build/make.log"
			exit 1
		}
		dkms install "${options[@]}" "$module" -k "$kernel"
		dkms status "${options[@]}"
		' - "/apn/dkms/$2" "$kernel" "$version"
	for module in $(expected "$release" "$kernel"); do
		find "$dir/lib/$kernel/updates/dkms" -name "$module.ko*" | grep . ||
			{ echo "$module did not come out"; return 1; }
	done
	[ "$(find "$dir/lib/$kernel/updates/dkms" -name '*.ko*' | wc -l)" -eq "$(expected "$release" "$kernel" | wc -w)" ] ||
		{ echo "more modules came out than should"; return 1; }
	rm -rf "$dir"
}

# The modules that release $1 gets for kernel $2.
expected()
{
	echo apn apnbd apn_target
	if [ -e drivers/apn_rdma/Kbuild ] &&
	   grep -q '^CONFIG_INFINIBAND_ADDR_TRANS=y' "$CACHE/$1/$(headers "$1" "$2")/include/config/auto.conf"; then
		echo apn_rdma
	fi
}

headers()
{
	in_root "$1" realpath "/lib/modules/$2/build"
}

check_6.1()  { locked dkms dkms_in bookworm 6.1; }
check_6.12() { locked dkms dkms_in trixie 6.12; }
check_7()    { locked dkms dkms_in trixie 7; }

build_root bookworm
build_root trixie
ktap_run dkms 6.1 6.12 7

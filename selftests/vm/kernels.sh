# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kernels: two built from Debian's source with our fragments, three as Debian ships them. Sourced.

# fragments_of KIND: which .config files are laid over the architecture's default, in this order.
fragments_of() {
	case $1 in
	uml)		echo common uml uml-smp ;;
	uml-vtime)	echo common uml uml-vtime ;;
	uml-debug)	echo common uml debug uml-debug ;;
	qemu-debug)	echo common qemu debug qemu-debug ;;
	*)		return 1 ;;
	esac
}

# release_of KIND: the Debian release whose compiler makes that kernel's modules.
release_of() {
	case $1 in
	qemu-6.1) echo bookworm ;;
	*) echo trixie ;;
	esac
}

arch_of() {
	case $1 in
	uml*) echo um ;;
	*) echo x86_64 ;;
	esac
}

# kernel_source: Debian's patched source, unpacked in the build root at /apn/linux.
kernel_source() { locked source kernel_source_locked; }

kernel_source_locked() {
	local dir=$CACHE/trixie/apn/linux source
	[ -e "$dir/.stamp" ] && return
	apt_open trixie
	source=$(source_newest)
	[ -n "$source" ] || die "the mirror has no linux-source of series 7"
	rm -rf --one-file-system "$dir.partial"
	step "$source" "20 s" kernel_unpack "${source% *}" "${source#* }" "$dir.partial"
	finish "$dir.partial" "$dir" "$source"
}

# "package version" of the newest kernel source of series 7
source_newest() {
	local name
	name=$(apt-cache search --names-only '^linux-source-7[.0-9]*$' | cut -d' ' -f1 | sort -V | tail -n 1)
	[ -z "$name" ] || echo "$name $(apt_newest "$name")"
}

kernel_unpack() {
	local name=$1 version=$2 dir=$3
	mkdir -p "$dir/deb" || return
	(cd "$dir/deb" && apt-get download "$name=$version") || return
	dpkg-deb -x "$dir"/deb/*.deb "$dir/deb" || return
	tar -C "$dir" --strip-components=1 -xf "$dir/deb/usr/src/$name.tar.xz" || return
	rm -rf "$dir/deb"
}

# built_kernel KIND: a kernel of ours; what external modules need of it stays in /apn/kernels/KIND.
built_kernel() { locked "kernel-$1" built_kernel_locked "$1"; }

built_kernel_locked() {
	local kind=$1 out=$CACHE/trixie/apn/kernels/$1 fragments=() f stamp more="" usual="4 min"
	for f in $(fragments_of "$kind"); do
		fragments+=("$VM/$f.config")
	done
	[ "$kind" != qemu-debug ] || usual="10 min"
	[ "$(arch_of "$kind")" != um ] || more=$(declare -f mend_uml; cat "$VM/uml-stacktrace.c")
	stamp=$(stamp_of "kernel 1 $kind" "$(cat "${fragments[@]}")" "$more")
	fresh "$out" "$stamp" && return
	build_root trixie
	kernel_source
	# its own path is in its files, so it is made in place; it is whole when it has its stamp
	rm -rf "$out"
	mkdir -p "$out"
	step "configure $kind" "20 s" kernel_configure "$kind" "${fragments[@]}"
	step "build kernel $kind" "$usual with 2 CPUs" kernel_build "$kind"
	step "modules of $kind" "20 s" kernel_modules "$kind"
	echo "$stamp" >"$out/.stamp"
}

# mend_uml ARCH-DIR: four places of UML that stand in the way of tests. Can be done again.
mend_uml() {
	rsync -c "$VM/uml-stacktrace.c" "$1/kernel/stacktrace.c" || return
	# the wire between two machines may stand in a static binary: only the driver's other transports look up names
	sed -i '/^config STATIC_LINK/,/help/{/depends on !MAY_HAVE_RUNTIME_DEPS/d}' "$1/Kconfig" || return
	# opening the wire takes a lock that its softirq takes, too, without barring that: lockdep would be off from there on
	sed -i '/^static void vector_reset_stats/,/^}/s/spin_\(un\)\{0,1\}lock(/spin_\1lock_bh(/' "$1/drivers/vector_kern.c" || return
	# in a static binary nothing may be mapped between __bss_start and what is aligned after it, and kmemleak reads it all
	sed -i '/_edata/,/__bss_start/s/ALIGN(PAGE_SIZE)/ALIGN(0x10000)/' "$1/kernel/uml.lds.S"
}

kernel_make() {
	local kind=$1
	shift
	in_root trixie make -C /apn/linux O="/apn/kernels/$kind" ARCH="$(arch_of "$kind")" \
		CC="ccache gcc" -j"$(nproc)" "$@"
}

kernel_configure() {
	local kind=$1 out=$CACHE/trixie/apn/kernels/$1 f line
	shift
	[ "$(arch_of "$kind")" != um ] || mend_uml "$CACHE/trixie/apn/linux/arch/um" || return
	kernel_make "$kind" x86_64_defconfig || return
	for f; do
		grep -E '^(CONFIG_|# CONFIG_)' "$f"
	done | tee "$out/wanted" >>"$out/.config"
	kernel_make "$kind" olddefconfig || return
	# a later fragment overrules an earlier one; what is left must have come true
	tac "$out/wanted" | awk '{ s = ($1 == "#") ? $2 : $1; sub("=.*", "", s); if (!seen[s]++) print }' |
	while read -r line; do
		case $line in
		'#'*) grep -q "^$(awk '{ print $2 }' <<<"$line")=" "$out/.config" || continue ;;
		*) grep -qxF "$line" "$out/.config" && continue ;;
		esac
		echo "not granted: $line"
		touch "$out/refused"
	done
	[ ! -e "$out/refused" ]
}

kernel_build() {
	local kind=$1 out=$CACHE/trixie/apn/kernels/$1
	kernel_make "$kind" || return
	# what an external module needs stays: headers, scripts, objtool, Module.symvers
	case $kind in
	uml*) cp "$out/linux" "$out/vmkernel" || return ;;
	*) cp "$out/arch/x86/boot/bzImage" "$out/vmkernel" || return ;;
	esac
}

kernel_modules() {
	local kind=$1 out=$CACHE/trixie/apn/kernels/$1
	kernel_make "$kind" modules_install INSTALL_MOD_PATH="/apn/kernels/$kind/root" || return
	rm -f "$out"/root/lib/modules/*/build
	modules_image "$out/root/lib/modules" "$out/modules.img" || return
	initramfs "$out" || return
	rm -rf "$out/root"
	find "$out" -name '*.o' -not -path "$out/scripts/*" -not -path "$out/tools/*" -delete
	find "$out" -name '*.ko' -delete
	rm -f "$out/vmlinux" "$out"/vmlinux.* "$out"/.tmp_vmlinux* "$out/linux" "$out/arch/x86/boot/"*Image
}

# modules_image DIR FILE: a folder lib/modules as a read-only image that a machine mounts.
modules_image() {
	local size
	size=$(du -sm "$1" | cut -f1)
	mke2fs -q -t ext4 -O ^has_journal -m 0 -L apnmodules -d "$1" "$2" $((size * 5 / 4 + 16))M
}

# What a stock kernel has as modules and needs before it sees its root.
EARLY_MODULES="virtio_pci virtio_blk virtio_net virtio_rng ext4 overlay 9p 9pnet_virtio"

# initramfs OUT: busybox, and from OUT/root the modules that are needed early, in their order. vm/guest/init is added at boot.
initramfs() {
	local out=$1 dir=$1/initramfs m list
	rm -rf "$dir"
	mkdir -p "$dir"/{bin,mod,proc,sys,dev,lower,rw,new}
	cp "$CACHE/trixie/bin/busybox" "$dir/bin/busybox" || return
	mknod -m 600 "$dir/dev/console" c 5 1 || return
	: >"$dir/mod/order"
	for m in $EARLY_MODULES; do
		list=$(in_root trixie modprobe -d "${out#"$CACHE/trixie"}/root" -S "$(ls "$out/root/lib/modules")" \
			--show-depends "$m" 2>/dev/null) || continue
		awk '$1 == "insmod" { print $2 }' <<<"$list"
	done | awk '!seen[$0]++' | while read -r m; do
		cp "$CACHE/trixie$m" "$dir/mod/" || return
		echo "${m##*/}" >>"$dir/mod/order"
	done
	(cd "$dir" && find . | cpio -o -H newc --quiet) >"$out/initramfs.cpio" || return
	rm -rf "$dir"
}

# stock_kernel KIND: Debian's own kernel, from its package.
stock_kernel() { locked "kernel-$1" stock_kernel_locked "$1"; }

stock_kernel_locked() {
	local kind=$1 release out=$CACHE/trixie/apn/kernels/$1 name stamp
	release=$(release_of "$kind")
	build_root trixie
	build_root "$release"
	# the headers in the build root say which kernel it is
	name=$(cd "$CACHE/$release/lib/modules" && echo "${kind#qemu-}".*-amd64)
	stamp=$(stamp_of "stock 2 $kind" "$name" "$EARLY_MODULES")
	fresh "$out" "$stamp" && return
	apt_open "$release"
	rm -rf "$out"
	mkdir -p "$out"
	step "kernel $name" "20 s" stock_unpack "$out" "$name"
	echo "$stamp" >"$out/.stamp"
}

stock_unpack() {
	local out=$1 name=$2 deb dir=$1/root/lib/modules/$2
	mkdir -p "$out/deb" || return
	# the modules of 7.x stand in a package of their own
	deb="linux-image-$name $(apt-cache depends "linux-image-$name" | sed -n 's/.*Depends: \(linux-\(modules\|binary\|base\)-.*\)/\1/p')"
	# shellcheck disable=SC2086
	(cd "$out/deb" && { apt-get download $deb || { echo "newer packages: selftests/vm/testbed --update"; false; }; } && for f in *.deb; do dpkg-deb -x "$f" ../root; done) || return
	# since 7.2 everything stands under /usr/lib/modules
	[ -d "$out/root/lib/modules" ] || { mkdir -p "$out/root/lib"; mv "$out/root/usr/lib/modules" "$out/root/lib/"; } || return
	mv "$dir/vmlinuz" "$out/vmkernel" 2>/dev/null || mv "$out/root/boot/vmlinuz-$name" "$out/vmkernel" || return
	[ -e "$dir/config" ] || cp "$out/root/boot/config-$name" "$dir/config" || return
	# a virtual machine has none of this hardware
	rm -rf "$dir"/kernel/{sound,drivers/{gpu,media,usb,hid,staging,iio,input,mmc,mtd,platform,power,hwmon,i2c,scsi,ata,thunderbolt,bluetooth,isdn,accel,comedi},net/{bluetooth,wireless,mac80211}}
	rm -rf "$dir"/kernel/drivers/net/{ethernet,wireless,usb,can,wwan,phy,hamradio}
	find "$dir" -name '*.ko.xz' -exec xz -d {} + || return
	in_root trixie depmod -b "${out#"$CACHE/trixie"}/root" "$name" || return
	modules_image "$out/root/lib/modules" "$out/modules.img" || return
	initramfs "$out" || return
	rm -rf "$out/root" "$out/deb"
}

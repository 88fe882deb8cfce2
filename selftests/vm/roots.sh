# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The Debian roots: one to run the tests in, two to compile in ("that kernel's compiler"). Sourced.

# What a test may type.
RUN_PACKAGES=(
	udev kmod procps util-linux psmisc strace jq python3-minimal python3	# the ordinary
	iproute2 iputils-ping ethtool tcpdump iptables nftables		# networks
	fio nvme-cli nbd-client nbdkit rdma-core ibverbs-utils		# disks, and the peers that we compare with
	xfsprogs e2fsprogs btrfs-progs fdisk parted			# filesystems
	lvm2 mdadm cryptsetup-bin dmsetup				# what stacks under or over a disk
	ktls-utils keyutils gnutls-bin openssl				# TLS
	libmnl0 libjson-c5						# what apnctl links with
	busybox-static							# ends the machine
	bash-completion man-db acl attr
)

# What compiles kernels, modules and the tool; in trixie also what checks and generates.
build_packages_of() {
	echo gcc make libc6-dev bc flex bison libelf-dev libssl-dev cpio xz-utils kmod rsync \
		pkg-config libmnl-dev libjson-c-dev dkms ccache
	[ "$1" != trixie ] || echo busybox-static sparse perl python3-minimal python3-yaml python3-jsonschema
}

# root_make RELEASE DIR USUAL PACKAGE...
root_make() {
	local release=$1 dir=$2 usual=$3 include sources
	shift 3
	include=$(printf '%s\n' "$@" | sort -u | paste -sd,)
	# shellcheck disable=SC2046
	sources=$(unset APT_CONFIG; apt_sources $(suites_of "$release"))
	rm -rf --one-file-system "$dir.partial"
	step "${dir##*/} root ($release)" "$usual" root_debootstrap "$release" "$dir.partial" "$include" "$sources"
}

root_debootstrap() (
	local aptopts=()
	unset APT_CONFIG
	mapfile -t aptopts < <(machine_aptopts)
	printf '%s\n' "$4" | mmdebstrap --mode=root --variant=apt --include="$3" --architectures=amd64 \
		--keyring="$KEYRING" \
		--aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
		"${aptopts[@]}" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*/*/*' \
		"$1" "$2" -
)

# Proxies and clock settings of this machine's apt hold in the roots, too, while they are made.
machine_aptopts() { machine_apt | sed "s/^/--aptopt=/"; }

# build_root RELEASE: the root to compile in, with the headers of that release's kernels.
build_root() { locked "root-$1" build_root_locked "$1"; }

build_root_locked() {
	local release=$1 dir=$CACHE/$1 packages series
	packages=$(build_packages_of "$release")
	# made again only for what it lacks: trees of different age may share it
	# shellcheck disable=SC2086
	root_has "$dir" $packages && return
	apt_open "$release"
	for series in $(series_of "$release"); do
		packages+=" $(apt_meta linux-headers-amd64 "$series")"
	done
	# shellcheck disable=SC2086
	root_make "$release" "$dir" "1 min" $packages
	(
		# not under the feet of who compiles there
		flock 8
		# what was built in the old root goes on in the new one
		[ ! -d "$dir/apn" ] || mv "$dir/apn" "$dir.partial/apn"
		mkdir -p "$dir.partial/apn"
		finish "$dir.partial" "$dir" "$packages"
	) 8>"$CACHE/lock/use-$release"
}

# root_has DIR PACKAGE...: is it whole, and are they all installed there?
root_has() {
	local dir=$1 package
	shift
	[ -e "$dir/.stamp" ] || return
	for package; do
		grep -qx "Package: $package" "$dir/var/lib/dpkg/status" || return
	done
}

series_of() {
	case $1 in
	bookworm) echo 6.1 ;;
	trixie) echo 6.12 7 ;;
	esac
}

# in_root RELEASE CMD...: run CMD in a build root, with a clean environment, a /proc and no lock held.
in_root() {
	local release=$1 propagation=private
	shift
	# in a chroot the root is no mount, and its propagation cannot be changed
	unshare --mount true 2>/dev/null || propagation=unchanged
	# shellcheck disable=SC2016	# the inner shell's variables
	flock --shared "$CACHE/lock/use-$release" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LC_ALL=C.UTF-8 CCACHE_DIR=/apn/ccache \
		KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=apnbd KBUILD_BUILD_HOST=apnbd \
		unshare --mount --propagation $propagation sh -c '
			trap : INT TERM
			[ -e "$1/proc/self" ] || { mount -t proc proc "$1/proc" 2>/dev/null && mine=y; }
			chroot "$@"
			code=$?
			[ -z "$mine" ] || umount "$1/proc"
			exit $code' in_root "$CACHE/$release" "$@" 9>&-
}

# run_root: the root to run in, as one read-only ext4 image that every machine shares.
run_root() { locked root-run run_root_locked; }

run_root_locked() {
	local dir=$CACHE/root stamp
	stamp=$(stamp_of "image 1" "${RUN_PACKAGES[@]}")
	fresh "$dir" "$stamp" && return
	apt_open trixie
	root_make trixie "$dir" "1 min" "${RUN_PACKAGES[@]}"
	step "root image" "10 s" root_image "$dir.partial"
	finish "$dir.partial" "$dir" "$stamp"
}

# root_image DIR: DIR becomes a folder that holds root.img alone.
root_image() {
	local dir=$1 size
	mkdir -p "$dir"/apn/{src,out,build} "$dir/lib/modules"
	rm -rf "$dir"/var/cache/apt/* "$dir"/var/lib/apt/lists/*
	echo apn >"$dir/etc/hostname"
	echo "127.0.0.1 localhost apn" >"$dir/etc/hosts"
	size=$(du -sm "$dir" | cut -f1)
	mke2fs -q -t ext4 -O ^has_journal -m 0 -L apnroot -d "$dir" "$dir.img" $((size * 5 / 4 + 64))M || return
	rm -rf "$dir"
	mkdir "$dir"
	mv "$dir.img" "$dir/root.img"
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: ext4, XFS and btrfs live on the disk: copied, compared, trimmed, found clean, there again after a reconnect
# tier: check
# kinds: all
# smoke: qemu-7
# cost: 39 s
# limit: 600
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need mkfs.ext4 mkfs.xfs mkfs.btrfs sfdisk jq
load
# shellcheck disable=SC2119
two_sites
backing_loop 400
serve volume "$BACKING"
file=$(losetup -nO BACK-FILE "$BACKING")
mkdir -p /tmp/from /tmp/at
later umount /tmp/at

# what is copied: small files, links, empty folders, and one large file
cp -a /etc "$SELFTESTS/vm" /tmp/from/
dd if=/dev/urandom of=/tmp/from/large bs=1M count=24 status=none
(cd /tmp/from && find . -type f -print0 | sort -z | xargs -0 sha256sum) >/tmp/sums
later rm -rf /tmp/from /tmp/at /tmp/sums

make_ext4() { mkfs.ext4 -q -F "$DISK"; }
make_xfs() { mkfs.xfs -q -f "$DISK"; }
make_btrfs() { mkfs.btrfs -q -f "$DISK"; }
check_ext4() { e2fsck -fn "$DISK"; }
check_xfs() { xfs_repair -n "$DISK"; }
check_btrfs() { btrfs check --readonly "$DISK"; }

whole() { (cd /tmp/at/from && sha256sum --quiet -c /tmp/sums) && diff -r --no-dereference /tmp/from /tmp/at/from; }
used_kb() { du -k "$file" | cut -f1; }
# XFS gives back what was deleted in the background, and leaves out what its log still has: so it is asked again
trimmed() { fstrim /tmp/at && [ $((before - $(used_kb))) -ge 40000 ]; }

for fs in ext4 xfs btrfs; do
	modprobe -q $fs || :
	attach volume
	try "$fs: mkfs" make_$fs
	try "$fs: mount" mount "$DISK" /tmp/at
	cp -a /tmp/from /tmp/at/
	try "$fs: sync" sync -f /tmp/at
	echo 3 >/proc/sys/vm/drop_caches
	try "$fs: what was copied is whole" whole
	dd if=/dev/urandom of=/tmp/at/gone bs=1M count=48 status=none
	sync -f /tmp/at
	before=$(used_kb)
	rm /tmp/at/gone
	sync -f /tmp/at
	try "$fs: fstrim" fstrim /tmp/at
	within 20 "$fs: fstrim reaches the backing file" trimmed
	try "$fs: umount" umount /tmp/at
	try "$fs: disconnect at once" detach "$DISK"
	attach volume
	try "$fs: found clean" check_$fs
	try "$fs: mount again" mount "$DISK" /tmp/at
	try "$fs: still whole" whole
	try "$fs: umount again" umount /tmp/at
	try "$fs: disconnect again" detach "$DISK"
done

attach volume
wipefs -qa "$DISK"
try "a partition table" sfdisk -q "$DISK" <<-TABLE
	label: gpt
	size=64MiB, name=first
	name=second
TABLE
within 5 "two partitions appear" test -b "${DISK}p1" -a -b "${DISK}p2"
udevadm settle
try "ext4 on the first" mkfs.ext4 -q -F "${DISK}p1"
try "the last sector of the second" dd if=/tmp/from/large of="${DISK}p2" bs=512 count=1 oflag=direct status=none \
	seek=$(($(blockdev --getsz "${DISK}p2") - 1))
try "mount the first" mount "${DISK}p1" /tmp/at
must_fail "its disk is in use" on_gpu apnctl disconnect volume
umount /tmp/at
try "disconnect" detach "$DISK"
attach volume
within 5 "the partitions are back with the disk" test -b "${DISK}p1" -a -b "${DISK}p2"
udevadm settle
try "and what is on them" e2fsck -fn "${DISK}p1"
try "same at both ends" same "$DISK" "$BACKING"
try "disconnect" detach "$DISK"
unload
ok "the modules unload"

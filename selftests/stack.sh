# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: LVM, md raid1 and dm-crypt stand on the disk, and a file by way of loop stands under it
# tier: check
# kinds: all
# cost: 36 s
# limit: 500
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need pvcreate mdadm cryptsetup mkfs.ext4 jq
load
need_kernel_module raid1 dm_crypt dm_mod
# shellcheck disable=SC2119
two_sites
dd if=/dev/urandom of=/tmp/data bs=1M count=24 status=none
mkdir -p /tmp/under /tmp/at
later rm -rf /tmp/data /tmp/key /tmp/at /tmp/under

# a file on a file system, by way of loop
backing_null_blk 160 discard=1
mkfs.ext4 -q "$BACKING"
mount "$BACKING" /tmp/under
later umount /tmp/under
modprobe loop
truncate -s 96M /tmp/under/file
under=$(losetup --find --show --direct-io=on /tmp/under/file)
later losetup -d "$under"
serve file "$under"
attach file
file=$DISK
try "a file under the export: write" dd if=/tmp/data of="$file" bs=1M seek=5 oflag=direct status=none
try "a file under the export: it is there" cmp <(tail -c +$((5 * 1048576 + 1)) /tmp/under/file | head -c 25165824) /tmp/data
wipefs -qa "$file"

# LVM over it. The target's device, in the same kernel, is none of its business.
mkdir -p /tmp/lvm
later rm -rf /tmp/lvm
echo 'devices { global_filter = [ "a|^/dev/apnbd|", "r|.*|" ] }' >/tmp/lvm/lvm.conf
export LVM_SYSTEM_DIR=/tmp/lvm
later vgremove -qqfy apnvg
try "LVM: pvcreate" pvcreate -qqy "$file"
try "LVM: vgcreate" vgcreate -qqy apnvg "$file"
try "LVM: lvcreate" lvcreate -qqy -Wn -L 48M -n one apnvg
try "LVM: mkfs" mkfs.ext4 -q /dev/apnvg/one
try "LVM: mount" mount /dev/apnvg/one /tmp/at
cp /tmp/data /tmp/at/data
try "LVM: lvextend and resize in use" lvextend -qqy -r -L 80M apnvg/one
umount /tmp/at
try "LVM: deactivate" vgchange -qq -an apnvg
try "LVM: disconnect" detach "$file"
attach file
file=$DISK
udevadm settle
try "LVM: activate after the reconnect" vgchange -qq -ay apnvg
try "LVM: fsck" e2fsck -fn /dev/apnvg/one
mount /dev/apnvg/one /tmp/at
try "LVM: whole" cmp /tmp/data /tmp/at/data
umount /tmp/at
try "LVM: away" vgremove -qqfy apnvg
pvremove -qqy "$file"

# dm-crypt over it
dd if=/dev/urandom of=/tmp/key bs=64 count=1 status=none
try "dm-crypt: format" cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
	"$file" /tmp/key
try "dm-crypt: open" cryptsetup open --allow-discards --key-file /tmp/key "$file" apncrypt
later cryptsetup close apncrypt
try "dm-crypt: write" dd if=/tmp/data of=/dev/mapper/apncrypt bs=1M oflag=direct status=none
must_fail "dm-crypt: disconnect is refused" on_gpu apnctl disconnect file
try "dm-crypt: discard" blkdiscard -o 32M -l 16M /dev/mapper/apncrypt
try "dm-crypt: close" cryptsetup close apncrypt
try "dm-crypt: disconnect" detach "$file"
attach file
file=$DISK
try "dm-crypt: open again" cryptsetup open --key-file /tmp/key "$file" apncrypt
try "dm-crypt: whole" cmp -n 25165824 /tmp/data /dev/mapper/apncrypt
must_fail "dm-crypt: the target sees none of it" grep -qaF "$(head -c 12 /tmp/data | tr -d '\0\n')" /tmp/under/file
cryptsetup close apncrypt
try "disconnect" detach "$file"

# dm-integrity: the pages of its buffers follow each other without being of one piece
if modprobe -q dm_integrity; then
	attach file
	wipefs -qa "$DISK"
	dd if=/dev/zero of="$DISK" bs=1M count=4 oflag=direct status=none
	later dmsetup remove apnsum
	sums() { dmsetup create apnsum --table "0 $1 integrity $DISK 0 4 J 2 internal_hash:crc32c buffer_sectors:128"; }
	try "dm-integrity: format" sums 1
	dmsetup remove apnsum
	sectors=$(dd if="$DISK" bs=1 skip=16 count=8 status=none | od -An -t u8 | tr -d ' ')
	try "dm-integrity: open" sums "$sectors"
	try "dm-integrity: write" dd if=/tmp/data of=/dev/mapper/apnsum bs=1M oflag=direct conv=fsync status=none
	try "dm-integrity: close" dmsetup remove apnsum
	try "dm-integrity: disconnect" detach "$DISK"
	attach file
	try "dm-integrity: open again" sums "$sectors"
	try "dm-integrity: whole" cmp -n 25165824 /tmp/data /dev/mapper/apnsum
	dmsetup remove apnsum
	try "dm-integrity: let go" detach "$DISK"
fi

# md over two of them
backing_null_blk 64
left=$BACKING
backing_null_blk 64
right=$BACKING
serve left "$left"
serve right "$right"
attach left
one=$DISK
attach right
two=$DISK
later mdadm -q --stop /dev/md/apn
try "md: create" mdadm -q --create /dev/md/apn --run --level=1 --raid-devices=2 --metadata=1.0 --bitmap=internal \
	"$one" "$two"
md=$(readlink -f /dev/md/apn)
try "md: write while it builds" dd if=/tmp/data of="$md" bs=1M oflag=direct status=none
mdadm -q --wait "$md" || :
try "md: one half fails" mdadm -q "$md" --fail "$two"
try "md: and goes" mdadm -q "$md" --remove "$two"
try "md: write without it" dd if=/tmp/data of="$md" bs=1M seek=30 oflag=direct status=none
try "md: its disk disconnects" detach "$two"
attach right
udevadm settle
grep -q "${DISK##*/}" /proc/mdstat || try "md: the half comes back" mdadm -q "$md" --re-add "$DISK"
within 60 "md: whole again" grep -q '\[UU\]' /proc/mdstat
mdadm -q --wait "$md" || :
try "md: stop" mdadm -q --stop "$md"
try "md: both halves are the same" same "$left" "$right" $((60 * 1048576))
try "md: and have what was written" same "$left" /tmp/data 25165824
try "md: disconnect one" detach "$one"
try "md: and the other" detach "$DISK"

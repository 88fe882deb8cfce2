# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: udev names the disk: by-id, by-uuid, by-label, by-partuuid; the names follow what is written, and stay over a reconnect
# tier: check
# kinds: all
# cost: 10 s
# limit: 300
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need udevadm mkfs.ext4 mkfs.xfs sfdisk jq
rules=$SELFTESTS/udev/60-apnbd.rules
[ -e "$rules" ] || fail "the rules are not here"
pidof systemd-udevd >/dev/null || skip "udevd does not run"
mkdir -p /run/udev/rules.d
cp "$rules" /run/udev/rules.d/
udevadm control --reload
later rm -f /run/udev/rules.d/60-apnbd.rules
load
# shellcheck disable=SC2119
two_sites
backing_null_blk 400 discard=1
serve volume "$BACKING"
attach volume
# the backing device has the same file system on it: what counts is where a link points to
links_to() { [ "$(readlink -f "/dev/disk/$1")" = "$2" ]; }

wwid=$(cat "/sys/block/${DISK##*/}/wwid")
uuid=$(on_storage apnctl -j export show volume | jq -r .volume)
is "uuid.$uuid" "$wwid" "wwid is the export's UUID"
within 5 "by-id" links_to "by-id/apnbd-$wwid" "$DISK"

# no event of the kernel's says that a file system was made: "watch" does
try "ext4" mkfs.ext4 -q -F -L apnlabel -U 11111111-2222-4333-8444-555555555555 "$DISK"
within 5 "by-uuid, as soon as mkfs closed the disk" links_to by-uuid/11111111-2222-4333-8444-555555555555 "$DISK"
within 5 "by-label" links_to by-label/apnlabel "$DISK"
try "XFS in its place" mkfs.xfs -q -f -L other -m uuid=99999999-2222-4333-8444-555555555555 "$DISK"
within 5 "the new UUID" links_to by-uuid/99999999-2222-4333-8444-555555555555 "$DISK"
must_fail "the old label is gone" links_to by-label/apnlabel "$DISK"

wipefs -qa "$DISK"
try "partitions" sfdisk -q "$DISK" <<-TABLE
	label: gpt
	size=64MiB, name=apnfirst, uuid=AAAAAAAA-2222-4333-8444-555555555555
	name=apnsecond
TABLE
within 5 "by-partuuid" links_to by-partuuid/aaaaaaaa-2222-4333-8444-555555555555 "${DISK}p1"
within 5 "by-partlabel" links_to by-partlabel/apnsecond "${DISK}p2"
within 5 "by-id of a partition" links_to "by-id/apnbd-$wwid-part2" "${DISK}p2"

try "disconnect, right after udev was busy with it" detach "$DISK"
within 5 "its names go with it" test ! -e "/dev/disk/by-id/apnbd-$wwid"
must_fail "so do the partitions'" test -e "/dev/disk/by-id/apnbd-$wwid-part1"
attach volume --name another
within 5 "under another name it has the same wwid" links_to "by-id/apnbd-$wwid" "$DISK"
within 5 "and partitions" links_to "by-id/apnbd-$wwid-part1" "${DISK}p1"
try "disconnect" detach "$DISK"

# the export made anew: the same volume
on_storage apnctl export del volume
on_storage apnctl export add volume --device "$BACKING"
attach volume
is "$wwid" "$(cat "/sys/block/${DISK##*/}/wwid")" "an export that comes back has its UUID"
try "disconnect" detach "$DISK"

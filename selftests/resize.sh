# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: size and read-only of a live disk follow its export by themselves; IPv6; what may be used can be listed
# tier: check
# kinds: all
# cost: 26 s
# limit: 300
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need mkfs.ext4 resize2fs jq
load
# shellcheck disable=SC2119
two_sites
backing_loop 64
serve volume "$BACKING"
attach volume
file=$(losetup -nO BACK-FILE "$BACKING")
bytes() { [ "$(blockdev --getsize64 "$DISK")" = "$1" ]; }
read_only() { [ "$(blockdev --getro "$DISK")" = "$1" ]; }

mkfs.ext4 -q "$DISK"
mkdir -p /tmp/at
mount "$DISK" /tmp/at
later umount /tmp/at
udevadm settle
udevadm monitor --kernel --property --subsystem-match=block >/tmp/events 2>&1 &
monitor=$!
later rm -f /tmp/events
later kill $monitor
within 5 "uevents are watched" grep -q '^KERNEL' /tmp/events
try "an event is seen" udevadm trigger --settle "$DISK"

# grown
truncate -s 160M "$file"
losetup -c "$BACKING"
within 8 "the disk grows with its backing" bytes $((160 * 1048576))
within 5 "a change event says RESIZE" grep -q '^RESIZE=1' /tmp/events
is $((160 * 1048576)) "$(disk_field volume size)" "show has the new size"
is $((160 * 1048576)) "$(on_storage apnctl -j export show volume | jq .size)" "the export's, too"
try "the mounted file system takes it" resize2fs "$DISK"
try "and uses it" dd if=/dev/zero of=/tmp/at/large bs=1M count=100 conv=fsync status=none
umount /tmp/at
try "fsck" e2fsck -fn "$DISK"
try "the last block can be written" dd if=/dev/urandom of="$DISK" bs=1M seek=159 count=1 oflag=direct status=none
try "same at both ends" same "$DISK" "$BACKING"

# what happens while control is away is known when it is back, though the disk never was: lane 0 alone hears nothing
# cut_port SITE sport|dport: of what that site sends
cut_port() {
	in_ns "$1" tc qdisc add dev line root handle 1: prio
	in_ns "$1" tc qdisc add dev line parent 1:3 handle 3: netem loss 100%
	in_ns "$1" tc filter add dev line parent 1: protocol ip u32 match ip "$2" "$port" 0xffff flowid 1:3
}
# the port of the connection by which something is said while nothing is to do
talks() { on_gpu ss -tinH dport = :4921 | paste -d' ' - - | sed -n 's/.*[0-9]:\([0-9]*\) .*:4921 .* bytes_sent:\([0-9]*\).*/\1 \2/p' | sort; }
lane_zero() { sleep 1; comm -13 /tmp/resize.talk <(talks) | head -n 1 | cut -d' ' -f1; }
incarnation() { on_gpu apnctl -j line show | jq '.[0].lane[] | select(.index == 0) | .incarnation'; }
if [ "$APN_TRANSPORT" = tcp ]; then
	udevadm settle
	talks >/tmp/resize.talk
	port=$(lane_zero)
	[ -n "$port" ] || fail "which of $(wc -l </tmp/resize.talk) connections is lane 0?"
	before=$(incarnation)
	cut_port gpu sport
	cut_port storage dport
	truncate -s 192M "$file"
	losetup -c "$BACKING"
	another() { [ "$(incarnation)" -gt "$before" ]; }
	within 20 "lane 0 is another one" another
	within 5 "the disk has grown though no notice came" bytes $((192 * 1048576))
	for site in gpu storage; do
		in_ns $site tc qdisc del dev line root
	done
fi

# read-only and back, live
try "the export becomes read-only" on_storage apnctl export set volume --read-only
within 5 "its disk does" read_only 1
must_fail "nothing is written" dd if=/dev/zero of="$DISK" bs=4k count=1 oflag=direct
must_fail "nor can this end undo it" on_gpu apnctl set volume --read-only=no
try "the export becomes writable" on_storage apnctl export set volume --read-only=no
within 5 "its disk does" read_only 0
try "and is written" dd if=/dev/zero of="$DISK" bs=4k count=1 oflag=direct status=none
try "this end may keep from writing" on_gpu apnctl set volume --read-only
within 5 "so it does" read_only 1
try "disconnect" detach "$DISK"

# read-only from the start
try "read-only again" on_storage apnctl export set volume --read-only
attach volume
is 1 "$(blockdev --getro "$DISK")" "a read-only export connects read-only"
try "it is read" dd if="$DISK" of=/dev/null bs=1M count=4 iflag=direct status=none
detach "$DISK"
on_storage apnctl export set volume --read-only=no
attach volume --read-only
is 1 "$(blockdev --getro "$DISK")" "connect --read-only"
detach "$DISK"

# IPv6
later on_storage apnctl port del "[$STORAGE6]:4922"
try "a port of IPv6" on_storage apnctl port add "[$STORAGE6]:4922" --security none
DISK=$(on_gpu apnctl connect "[$STORAGE6]:4922" volume --security none) || fail "no connection by IPv6"
try "a disk by IPv6" same "$DISK" "$BACKING"
is "[$STORAGE6]:4922" "$(disk_field volume address)" "its address"
detach "$DISK"

# what there is
is volume "$(on_gpu apnctl -j discover $STORAGE --security none | jq -r '.[].name')" "discover"

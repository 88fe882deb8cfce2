# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: what was flushed or durably acknowledged survives a power cut of the target, what was lost is not lost in silence
# tier: check
# promises: P4 P5
# kinds: all
# cost: 39 s
# machines: 2
# disks: 64M 256M 128M
# limit: 240
#
# The target's device has a volatile cache that loses what was not flushed: dm-log-writes puts a write into its log when
# it is FUA or a FLUSH covers it, and after a cut the device is made anew from that log. Three exports share it: "lazy"
# (--durability flush), "late" (the same, but its FLUSHes take 2 s) and "sure" (ack).
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

[ "$APN_KIND" != uml-vtime ] || skip "virtual time has no clock that two machines share"
need jq dmsetup python3
disks=(/dev/ubdc /dev/ubdd /dev/ubde)
[ -b "${disks[0]}" ] || disks=(/dev/vdc /dev/vdd /dev/vde)
third=40960 # sectors

# ---- b, the storage site ----

# The log's own end goes with the power: how many entries it has is in its first block.
device() {
	local data=${disks[0]} log=${disks[1]} at
	need_kernel_module dm_log_writes dm_delay
	if [ "$APN_BOOT" = 1 ]; then
		dd if=/dev/zero of="$data" bs=1M count=64 oflag=direct status=none
		mkfs.ext4 -q -F "${disks[2]}"
	fi
	mkdir -p /tmp/states
	mount -t ext4 "${disks[2]}" /tmp/states
	later umount /tmp/states
	if [ "$APN_BOOT" != 1 ]; then
		# what is on the medium: what was there when the log began, and the log
		cp /tmp/states/image /tmp/image
		python3 "$SELFTESTS/flush/replay.py" "$log" /tmp/image 1000000 true >/tmp/replayed
		echo "# $(cat /tmp/replayed)"
		dd if=/tmp/image of="$data" bs=1M oflag=direct status=none
	fi
	dd if="$data" of=/tmp/states/image bs=64k iflag=direct conv=sparse status=none
	sync
	dd if=/dev/zero of="$log" bs=1M count=1 oflag=direct status=none
	dmsetup create apn-cached --table "0 $((3 * third)) log-writes $data $log"
	dmsetup create apn-lazy --table "0 $third linear /dev/mapper/apn-cached 0"
	dmsetup create apn-sure --table "0 $third linear /dev/mapper/apn-cached $third"
	at="/dev/mapper/apn-cached $((2 * third))"
	dmsetup create apn-late --table "0 $third delay $at 0 $at 0 $at 2000"
	later dmsetup remove_all
	udevadm settle
}

serve_all() {
	apnctl export add late --device /dev/mapper/apn-late --durability flush --state-dir /tmp/states
	apnctl export add lazy --device /dev/mapper/apn-lazy --durability flush --state-dir /tmp/states
	apnctl export add sure --device /dev/mapper/apn-sure --durability ack --state-dir /tmp/states
	apnctl port add 0.0.0.0 --security none
	later apnctl port del 0.0.0.0
	later apnctl export del lazy --force
	later apnctl export del sure --force
	later apnctl export del late --force
}

storage() {
	load apn
	load apn_target
	device
	serve_all
	barrier "up$APN_BOOT"
	[ "$APN_BOOT" != 3 ] || {
		barrier order
		rmmod apn_target
		load apn_target
		serve_all
		barrier ordered
		barrier the-end
		return
	}
	sleep 200
	fail "nobody cut the power"
}

# ---- a, the GPU node ----

letter() { head -c 1048576 /dev/zero | tr '\0' "$1"; }
# write X MB DISK: a MiB of it there, acknowledged; lies MB DISK: what lies there
write() { letter "$1" | dd of="$3" bs=1M count=1 seek="$2" iflag=fullblock oflag=direct status=none; }
lies() { dd if="$2" bs=1M count=1 skip="$1" iflag=direct status=none | tr -d '\0' | head -c 1; }
flush() { sync "$1"; }
state() { apnctl -j show "$1" | jq -r .state; }
is_state() { [ "$(state "$1")" = "$2" ]; }
join() { apnctl connect $STORAGE "$1" --security none; }
cut_and_back() {
	vm_power_cut b
	within 40 "the target's power is cut: $2 waits" is_state "$2" waiting
	vm_power_on b
	barrier "up$1" 120
}

gpu() {
	local lazy late sure job
	load apn
	load apnbd
	barrier up1
	lazy=$(join lazy) late=$(join late) sure=$(join sure)
	later apnctl disconnect --all --force
	is "write back" "$(cat "/sys/block/${lazy##*/}/queue/write_cache")" "lazy shows a write cache"
	is "write through" "$(cat "/sys/block/${sure##*/}/queue/write_cache")" "sure shows none"

	write F 0 "$lazy"
	flush "$lazy"
	write L 1 "$lazy"
	write S 0 "$sure"
	write F 0 "$late"
	flush "$late" &
	job=$!
	sleep 0.7
	write L 1 "$late"
	wait $job || fail "the FLUSH failed"
	cut_and_back 2 lazy
	within 60 "lazy, which lost an acknowledged write, is lost" is_state lazy lost
	must_fail "and reads nothing as if all were well" lies 0 "$lazy"
	within 60 "late, too: its FLUSH was issued before the write was acknowledged" is_state late lost
	within 60 "sure is live again" is_state sure live
	is S "$(lies 0 "$sure")" "what sure acknowledged is there"
	try "lazy is disconnected" apnctl disconnect lazy
	try "late is disconnected" apnctl disconnect late
	lazy=$(join lazy)
	is F "$(lies 0 "$lazy")" "connected anew: what was flushed is there"
	is "" "$(lies 1 "$lazy")" "and the cache really lost what was not"

	write G 2 "$lazy"
	flush "$lazy"
	write T 1 "$sure"
	cut_and_back 3 lazy
	within 60 "a power cut after a flush loses nothing: lazy is live again" is_state lazy live
	within 60 "sure, too" is_state sure live
	is G "$(lies 2 "$lazy")" "what was flushed is there"
	is T "$(lies 1 "$sure")" "what was acknowledged is there"

	write O 3 "$lazy"
	barrier order
	barrier ordered 60
	within 60 "an orderly restart with unflushed writes: lazy is live again" is_state lazy live
	is O "$(lies 3 "$lazy")" "and they are there"
	barrier the-end
}

wire_up 1500
if [ "$APN_MACHINE" = b ]; then
	storage
else
	gpu
fi

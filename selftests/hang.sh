# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a device that hangs under an export is named at both ends, and keeps nobody from letting go
# promises: P6
# tier: all
# kinds: all
# cost: 25 s
# limit: 150
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq dmsetup
need_kernel_module dm_mod
load
two_sites --delay 1ms
backing_brd 64
# hangable NAME: a device over BACKING that hang stops
hangable() {
	dmsetup create "$1" --table "0 $(blockdev --getsz "$BACKING") linear $BACKING 0"
	later dmsetup remove --retry "$1"
	later dmsetup resume "$1"
	udevadm settle
}
hangable apnhang
serve one /dev/mapper/apnhang
attach one

hang() { dmsetup suspend --noflush --nolockfs "${1:-apnhang}"; }
# at least N of what "export show" or "show" has under FIELD
export_has() { [ "$(on_storage apnctl -j export show one | jq ".$1")" -ge "$2" ]; }
disk_has() { [ "$(disk_field one "$1")" -ge "$2" ]; }
# Nobody may be in D state because of the disk, once it is gone.
idle() { [ "$(on_storage apnctl -j export show one | jq .busy)" = 0 ]; }
none_in_d() {
	local stuck
	stuck=$(ps -eo stat=,pid=,comm= | awk '$1 ~ /^D/ && $3 != "dmsetup"' || :)
	[ -z "$stuck" ] || fail "in D state: $stuck"
	ok "nobody is in D state"
}

fio --name=verify --filename="$DISK" --rw=randwrite --bsrange=4k-64k --size=32m --verify=crc32c --verify_fatal=1 \
	--iodepth=8 --ioengine=libaio --direct=1 --clocksource=clock_gettime --randseed=7 --do_verify=1 \
	--time_based --runtime=6 >/tmp/hang.fio 2>&1 &
job=$!
sleep 1
hang
within 10 "the target says that its device is stuck" export_has stuck 1000
try "and how many requests it has" export_has busy 1
cut_line
sleep 6
join_line
within 20 "the host says how many writes wait for a fence" disk_has fencing 1
try "and since when" disk_has fencing_since 100
kill -0 $job || fail "fio ended while the device hung: $(tail -n 3 /tmp/hang.fio)"
dmsetup resume apnhang
wait $job || fail "fio: $(tail -n 5 /tmp/hang.fio)"
ok "when the device goes on, all is written once and nothing is lost"
is 0 "$(disk_field one fencing)" "nothing waits for a fence any more"

dd if="$DISK" of=/dev/null bs=4k count=1 iflag=direct status=none
hang
dd if=/dev/zero of="$DISK" bs=64k count=4 oflag=direct status=none 2>/dev/null &
job=$!
within 10 "it hangs again" export_has stuck 1000
start=$(now_ms)
try "the disk is disconnected by force meanwhile" on_gpu apnctl disconnect one --force
took=$(($(now_ms) - start))
[ $took -lt 10000 ] || fail "that took $took ms"
ok "within seconds"
! wait $job || fail "its writer was told that all is well"
ok "its writer got an error"
none_in_d
start=$(now_ms)
! said=$(on_gpu apnctl connect $STORAGE one --security "$APN_SECURITY" 2>&1) || fail "it is connected though its device hangs"
took=$(($(now_ms) - start))
[ $took -lt 9000 ] || fail "to say no took $took ms"
grep -F "the device has not ended yet what was asked of it before" <<<"$said" >/dev/null || fail "connect says: $said"
ok "who connects again is told at once what he waits for"
dmsetup resume apnhang
within 20 "the target lets go when its device does" idle

# One that has a cache, so that a drain flushes it.
backing_null_blk 64 cache_size=8
hangable apnhang2
serve two /dev/mapper/apnhang2
attach two
dd if=/dev/zero of="$DISK" bs=64k count=4 oflag=direct status=none
hang apnhang2
start=$(now_ms)
! said=$(on_storage apnctl export drain two 2>&1) || fail "it is drained though its device hangs"
took=$(($(now_ms) - start))
[ $took -lt 35000 ] || fail "to say so took $took ms"
grep -F "still drains" <<<"$said" >/dev/null || fail "drain says: $said"
ok "a drain whose flush hangs says so"
start=$(now_ms)
try "what the target serves is listed meanwhile" on_storage apnctl export show
try "who is on it, too" on_storage apnctl export show two
took=$(($(now_ms) - start))
[ $took -lt 2000 ] || fail "that took $took ms"
on_storage apnctl export drain two --resume
is serving "$(on_storage apnctl -j export show two | jq -r .state)" "it can be taken back"
dmsetup resume apnhang2
within 10 "it is written again" timeout 5 dd if=/dev/zero of="$DISK" bs=64k count=4 oflag=direct status=none
is serving "$(on_storage apnctl -j export show two | jq -r .state)" "and the drain that was taken back does not come"
try "now it drains" on_storage apnctl export drain two
is drained "$(on_storage apnctl -j export show two | jq -r .state)" "which is done when it is said"

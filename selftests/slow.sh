# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a device that has no room, is throttled or was pulled out harms its own disk alone, not the others of its line
# promises: P5 P10 P13
# tier: check
# kinds: all
# cost: 70 s
# limit: 200
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq
load
two_sites --delay 1ms
backing_brd 16
serve fine "$BACKING"
# four requests of 4 s each: whoever brings a fifth would wait
backing_null_blk 64 submit_queues=1 hw_queue_depth=4 irqmode=2 completion_nsec=4000000000
serve slow "$BACKING"
backing_null_blk 64
pulled=$BACKING
serve pulled "$pulled"
attach fine
fine=$DISK
start=$(now_ms)
attach slow
took=$(($(now_ms) - start))
slow=$DISK
[ $took -lt 8000 ] || fail "to connect took $took ms"
ok "who connects does not wait for a disk that is slow to be read"
try "and it can be opened when that is done" blockdev --getss "$slow"

lanes() { on_gpu apnctl -j line show | jq -c '[.[0].lane[].incarnation]'; }
reads() { timeout 2 dd if="$fine" of=/dev/null bs=4k count=1 iflag=direct status=none; }
before=$(lanes)

fio --name=slow --filename="$slow" --allow_file_create=0 --rw=randwrite --bs=4k --size=1m --number_ios=16 --iodepth=16 \
	--ioengine=libaio --direct=1 --clocksource=clock_gettime >/tmp/slow.fio 2>&1 &
job=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
	reads || fail "the other disk of the line does not answer"
	sleep 0.5
done
ok "the other disk of the line answers all the while"
is "$before" "$(lanes)" "no lane ended"
wait $job || fail "fio: $(grep -m3 -E "err|fio:" /tmp/slow.fio)"
ok "the slow one takes its time"

# without_port: the port is removed and comes back; took: what the first cost
without_port() {
	local start
	start=$(now_ms)
	on_storage apnctl port del 0.0.0.0
	took=$(($(now_ms) - start))
	on_storage apnctl port add 0.0.0.0 --security "$APN_SECURITY"
}
without_port
within 30 "a port that was removed is back" is_state live slow
idle=$took
fio --name=slow --filename="$slow" --allow_file_create=0 --rw=randwrite --bs=4k --size=1m --number_ios=16 --iodepth=16 \
	--ioengine=libaio --direct=1 --clocksource=clock_gettime >/tmp/slow.fio 2>&1 &
job=$!
sleep 1
without_port
[ $took -lt $((idle + 1500)) ] || fail "to remove a port took $took ms while a work waited for the device, and $idle before"
ok "to remove a port takes no longer when a work waits for room in a device"
within 30 "when it is there again the disk is back" is_state live slow
wait $job || fail "fio: $(grep -m3 -E "err|fio:" /tmp/slow.fio)"
ok "and nothing is lost"
before=$(lanes)
try "disconnect" detach "$slow"

attach pulled
pulled_disk=$DISK
try "it is read" dd if="$pulled_disk" of=/dev/null bs=4k count=1 iflag=direct status=none
backing_forget "$pulled"
is 0 "$(blockdev --getsize64 "$pulled" 2>/dev/null || echo 0)" "its device is pulled out at the target"
sleep 3
must_fail "its disk says so" dd if="$pulled_disk" of=/dev/null bs=4k count=1 iflag=direct
is live "$(disk_field pulled state)" "and is not lost for that: a cable may come back"
reads || fail "the other disk of the line does not answer"
ok "the other disk of the line answers"
is "$before" "$(lanes)" "no lane ended"
try "what is on offer can still be listed" on_gpu apnctl discover $STORAGE --security "$APN_SECURITY"
try "it is disconnected" detach "$pulled_disk"
try "and its export removed" on_storage apnctl export del pulled

# 300 writes at 20 a second; what waits for its turn when the line is cut is dropped, not waited for
on_storage apnctl export set fine --limit-iops 20
fio --name=limited --filename="$fine" --allow_file_create=0 --rw=randwrite --bs=4k --size=4m --number_ios=300 \
	--iodepth=300 --ioengine=libaio --direct=1 --clocksource=clock_gettime >/tmp/slow.fio 2>&1 &
job=$!
sleep 1
cut_line
within 20 "the line is cut" is_state waiting fine
join_line
within 20 "and joined" is_state live fine
fenced() { [ "$(disk_field fine fencing)" = 0 ]; }
within 4 "what waited for the limit is not waited for by a fence" fenced
on_storage apnctl export set fine --limit-iops none
wait $job || fail "fio: $(grep -m3 -E "err|fio:" /tmp/slow.fio)"
ok "and is written"

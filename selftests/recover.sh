# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a lost line never becomes an I/O error: cut, flapped, reset, the target's module gone and back
# promises: P1 P2 P5 P6
# tier: check
# kinds: all
# smoke: qemu-6.12
# cost: 42 s
# limit: 600
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq
load
two_sites --delay 1ms
backing_brd 64
later on_storage apnctl port del 0.0.0.0
later on_storage apnctl export del one --force
later on_gpu apnctl disconnect --all --force

serve() {
	on_storage apnctl export add one --device "$BACKING" "$@"
	on_storage apnctl port add 0.0.0.0 --security none
}
state() { on_gpu apnctl -j show one | jq -r .state; }
verify() {
	fio --name=verify --filename="$disk" --rw=randrw --bsrange=4k-1m --size=48m --io_size="$1" --verify=crc32c \
		--verify_fatal=1 --iodepth=16 --ioengine=libaio --direct=1 --clocksource=clock_gettime --randseed=7 \
		--verify_backlog=64
}

try "export and port" serve
disk=$(on_gpu apnctl connect $STORAGE one --security none)
is live "$(state)" "live"

verify 256m >/tmp/recover.fio 2>&1 &
job=$!
later kill $job
sleep 1
cut_line
within 20 "a cut line is noticed" is_state waiting
sleep 3
kill -0 $job || fail "fio ended while the line was cut: $(tail -n 3 /tmp/recover.fio)"
ok "the work waits"
join_line
within 20 "and goes on when it is back" is_state live
for _ in 1 2 3; do
	cut_line
	sleep 0.3
	join_line
	sleep 0.7
done
wait $job || fail "fio: $(tail -n 5 /tmp/recover.fio)"
ok "nothing was lost or damaged over a cut of 3 s and three flaps"

verify 128m >/tmp/recover.fio 2>&1 &
job=$!
sleep 1
try "the port goes, and with it all connections" on_storage apnctl port del 0.0.0.0
within 10 "noticed" is_state waiting
try "the port is back" on_storage apnctl port add 0.0.0.0 --security none
within 20 "live again" is_state live
wait $job || fail "fio: $(tail -n 5 /tmp/recover.fio)"
ok "nothing was lost when the port went"

verify 128m >/tmp/recover.fio 2>&1 &
job=$!
sleep 1
try "the target's module goes" rmmod apn_target
within 10 "noticed" is_state waiting
load apn_target
try "the module is back, the same export" serve
within 20 "live again" is_state live
wait $job || fail "fio: $(tail -n 5 /tmp/recover.fio)"
ok "nothing was lost when the target restarted in order"

attempts() { disk_field one attempt; }
on_storage apnctl port del 0.0.0.0
on_storage apnctl port add 0.0.0.0 --security auth
sleep 5
n=$(attempts)
if [ "$n" -lt 3 ] || [ "$n" -gt 12 ]; then
	fail "a target that says no was asked $n times in 5 s"
fi
ok "a target that says no was asked $n times in 5 s: less and less often"
on_storage apnctl port del 0.0.0.0
on_storage apnctl port add 0.0.0.0 --security none
within 20 "it says yes: live again" is_state live

cut_line
within 20 "cut again" is_state waiting
dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null &
job=$!
sleep 0.5
start=$(now_ms)
try "a disk in use, its line cut, is disconnected by force" on_gpu apnctl disconnect one --force
[ $(($(now_ms) - start)) -lt 5000 ] || fail "that took $(($(now_ms) - start)) ms"
ok "within 5 s"
! wait $job || fail "its reader was told that all is well"
ok "its reader got an error"
join_line

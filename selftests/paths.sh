# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a disk with two paths loses nothing when either dies, at whatever step, and waits a second at most
# promises: P1 P2 P5
# tier: all
# kinds: all
# cost: 60 s
# limit: 900
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

STORAGE2=198.51.100.1
RTT_MS=2
# What an application may see: max(3 RTT, 1 s) + 1 RTT. A machine of real time may be slow beside that.
STALL_MS=$((1000 + RTT_MS))
[ "$APN_KIND" = uml-vtime ] || STALL_MS=4000

need fio jq
load
two_sites --delay $((RTT_MS * 500))us
second_line --delay $((RTT_MS * 500))us
backing_brd 64
serve one "$BACKING"
state() { disk_field one state; }
# path N FIELD
path() { on_gpu apnctl -j path show one | jq -r ".[$1].$2"; }
path_is() { [ "$(path "$1" state)" = "$2" ]; }
# A line is cut as by a digger: nobody is told. lines are "line" and "line2"
dig() { in_ns "$1" tc qdisc change dev "$2" root netem loss 100%; }
mend() { in_ns "$1" tc qdisc change dev "$2" root netem delay $((RTT_MS * 500))us loss 0%; }
cut_line() { dig storage "$1"; dig gpu "$1"; }
join_line() { mend storage "$1"; mend gpu "$1"; }
verify() {
	fio --name=verify --filename="$DISK" --rw=randrw --bsrange=4k-256k --size=48m --io_size="$1" --verify=crc32c \
		--verify_fatal=1 --iodepth=8 --ioengine=libaio --direct=1 --clocksource=clock_gettime --randseed=7 \
		--verify_backlog=64 >/tmp/paths.fio 2>&1
}
verified() { wait "$1" || fail "fio: $(tail -n 5 /tmp/paths.fio)"; }
# The longest wait of a writer that does one thing at a time, while CMD runs beside it
stall_ms() {
	fio --name=stall --filename="$DISK" --rw=randwrite --bs=4k --size=16m --iodepth=1 --ioengine=libaio --direct=1 \
		--clocksource=clock_gettime --time_based --runtime=4 --output-format=json --output=/tmp/stall.fio &
	local job=$!
	sleep 1
	"$@"
	wait $job || fail "fio: $(tail -n 5 /tmp/stall.fio)"
	stall=$(jq '.jobs[0].write.clat_ns.max / 1000000 | floor' /tmp/stall.fio)
}

attach one --also $STORAGE2
within 10 "both paths are live" path_is 1 live
is "$STORAGE2:4921" "$(path 1 address)" "the second is the one that was asked for"
must_fail "a path is not there twice" on_gpu apnctl path add one $STORAGE2
must_fail "an address where nobody listens is refused" on_gpu apnctl path add one $STORAGE2:4
is 2 "$(on_gpu apnctl -j path show one | jq length)" "and leaves nothing behind"
try "a path is taken away" on_gpu apnctl path del one $STORAGE2
must_fail "the last is not" on_gpu apnctl path del one $STORAGE
try "and it is added again" on_gpu apnctl path add one $STORAGE2
is "also = $STORAGE2:4921" "$(on_gpu apnctl show one --config | grep also)" "a file would keep it"

verify 24m &
job=$!
sleep 1
cut_line line
within 10 "a cut path is noticed" path_is 0 waiting
is live "$(state)" "the disk goes on"
join_line line
within 20 "it is used again when it is back" path_is 0 live
cut_line line2
within 10 "the other one is cut" path_is 1 waiting
is live "$(state)" "the disk goes on again"
cut_line line
within 20 "with none it waits" is_state waiting
dd if="$DISK" of=/dev/null bs=4k count=1 iflag=direct status=none &
reader=$!
sleep 1
kill -0 $reader || fail "a reader did not wait while both were cut"
join_line line2
within 20 "and goes on by whichever is back first" is_state live
wait $reader || fail "the reader got an error"
join_line line
verified $job
ok "nothing was lost or damaged"
if [ "$(path 0 losses)" -lt 2 ] || [ "$(path 1 losses)" -lt 1 ]; then
	fail "losses: $(path 0 losses) and $(path 1 losses)"
fi
ok "each loss was counted"

within 20 "both are back" path_is 0 live
within 20 "both" path_is 1 live
stall_ms cut_line line
[ "$stall" -le $STALL_MS ] || fail "a writer waited $stall ms, more than $STALL_MS"
ok "a writer waited $stall ms when the path died that it used"
join_line line
within 20 "it is back" path_is 0 live

# At each step of the other path's life: set-up, attach, requests, fence.
verify 24m &
job=$!
for ms in 0 10 50 900; do
	cut_line line2
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
	join_line line2
	cut_line line
	sleep 0.3
	join_line line
done
verified $job
ok "nothing was lost when they died in turn, at whatever step"

verify 16m &
job=$!
try "a path leaves under load" on_gpu apnctl path del one $STORAGE
try "and comes" on_gpu apnctl path add one $STORAGE
verified $job
ok "nothing was lost by that"

# The host can't take its leave over a line that is dead: it says over the other that the whole disk goes.
cut_line line
within 10 "one is dead" path_is 1 waiting
try "it is disconnected" detach one
join_line line
try "the target knows that it has no writer" on_gpu apnctl connect $STORAGE2 one --name two --identity somebody-else --security none
try "gone" detach two

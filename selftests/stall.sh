# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: when the path dies that a writer uses, it waits no longer than max(3 RTT, 1 s) and a round trip for the fence
# promises: P5
# tier: all
# kinds: uml-vtime
# cost: 90 s
# limit: 300
#
# Exact, since virtual time is: no machine is slow here. The wait is what a write takes longer than its own round trip.
# The path is cut at several places between two beats; the other one is longer, so that the writer uses the first.
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

STORAGE2=198.51.100.1

need fio jq
load
two_sites --delay 1ms
second_line --delay 1ms
backing_brd 16
serve one "$BACKING"
netem() {
	in_ns storage tc qdisc change dev "$1" root netem "${@:2}"
	in_ns gpu tc qdisc change dev "$1" root netem "${@:2}"
}
path_is() { [ "$(on_gpu apnctl -j path show one | jq -r ".[$1].state")" = "$2" ]; }
both_live() { path_is 0 live && path_is 1 live; }

# longest US: what the longest write of one at a time takes, in us, when line is cut that long after its beginning
longest() {
	fio --name=stall --filename="$DISK" --rw=randwrite --bs=4k --size=16m --iodepth=1 --ioengine=libaio --direct=1 \
		--clocksource=clock_gettime --time_based --runtime=9 --output-format=json --output=/tmp/stall.fio &
	local job=$!
	sleep "$(printf '2.%06d' "$1")"
	netem line loss 100%
	wait $job || fail "fio: $(tail -n 5 /tmp/stall.fio)"
	longest=$(jq '.jobs[0].write.clat_ns.max / 1000 | floor' /tmp/stall.fio)
}

# stalls RTT_MS RTT2_MS: of the line that is cut, and of the other
stalls() {
	local rtt=$1 rtt2=$2 limit=$((3 * $1 > 1000 ? 3 * $1 : 1000)) cut worst=0 wait_us
	netem line loss 0% delay $((rtt * 500))us
	netem line2 loss 0% delay $((rtt2 * 500))us
	attach one --also $STORAGE2
	within 20 "round trips of $rtt and $rtt2 ms: both paths are live" both_live
	sleep 20 # what is measured is smooth by then
	for cut in 0 130000 240000; do
		longest $cut
		wait_us=$((longest - rtt2 * 1000))
		echo "# cut after 2 s and $cut us: $wait_us us"
		[ $wait_us -le $worst ] || worst=$wait_us
		netem line loss 0% delay $((rtt * 500))us
		within 30 "it is back" both_live >/dev/null
		sleep 5
	done
	[ $worst -gt $((rtt * 2000)) ] || fail "the writer never waited: $worst us"
	[ $worst -le $(((limit + rtt2) * 1000)) ] || fail "a writer waited $worst us, more than $limit and $rtt2 ms"
	ok "it waited $worst us at most, and may $limit and $rtt2 ms"
	detach one
}

stalls 2 3
stalls 2 30
stalls 60 70
stalls 400 420

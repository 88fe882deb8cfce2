# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: no weather on the line costs a byte: cuts of 1 s, 30 s and 10 min, flapping, loss, reordering, duplicates, damage
# promises: P1 P2 P5
# tier: all
# kinds: uml-vtime
# cost: 90 s
# limit: 400
# memory: 4G
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq
load
two_sites --delay 1ms
backing_brd 32
serve one "$BACKING"
attach one --digest
# What netem does to both directions; a change would keep what it does not name
weather() {
	local site
	for site in storage gpu; do
		in_ns $site tc qdisc del dev line root
		in_ns $site tc qdisc add dev line root netem limit 1000000 "$@"
	done
}
# verify MIB: written and read back at random, each block with its own checksum
verify() {
	fio --name=verify --filename="$DISK" --rw=randrw --bsrange=4k-256k --size=24m --io_size="$1m" --verify=crc32c \
		--verify_fatal=1 --iodepth=8 --ioengine=libaio --direct=1 --clocksource=clock_gettime --randseed=7 \
		--verify_backlog=64 --rate_iops="${2:-0}" >/tmp/weather.fio 2>&1
}
verified() { wait "$1" || fail "fio: $(tail -n 5 /tmp/weather.fio)"; }

# At a few requests a second the work outlasts the cut.
for cut in 1 30 600; do
	verify 16 40 &
	job=$!
	sleep 1
	weather loss 100%
	sleep "$cut"
	kill -0 $job || fail "fio ended while the line was cut: $(tail -n 3 /tmp/weather.fio)"
	weather delay 1ms loss 0%
	verified $job
	ok "cut for $cut s"
done

verify 16 40 &
job=$!
for ((i = 0; i < 10; i++)); do
	weather loss 100%
	sleep 0.$((i + 3))
	weather delay 1ms loss 0%
	sleep 0.$((9 - i))
done
verified $job
ok "flapping"

for sort in "loss 0.1%" "loss 5%" "loss 30%" "reorder 25% 50%" "duplicate 20%" "corrupt 2%"; do
	# shellcheck disable=SC2086
	weather delay 1ms loss 0% $sort
	verify 8 || fail "$sort: $(tail -n 5 /tmp/weather.fio)"
	ok "$sort"
done
weather delay 1ms loss 0%
within 20 "live again" is_state live
same "$DISK" "$BACKING" || fail "the disk and its device differ"
ok "disk and device hold the same"
is 0 "$(on_gpu apnctl -j stat one | jq .errors)" "no request ended with an error"

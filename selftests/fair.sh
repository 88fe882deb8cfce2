# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034	# its variables are those of lab.sh
# title: an export's limits are kept, and small reads of one disk go past the bulk of another
# tier: all
# promises: P13
# kinds: uml-vtime
# cost: 25 s
# limit: 300
# memory: 4G
# shellcheck source=lab/lab.sh
. "$SELFTESTS/lab/lab.sh"

need fio jq
lab_line fair 2000 10
load
backing_null_blk 16384 memory_backed=0
bulk_backing=$BACKING
backing_null_blk 4096 memory_backed=0
serve bulk "$bulk_backing"
serve small "$BACKING"
attach bulk
bulk=$DISK
attach small
small=$DISK

# run DISK RW BS DEPTH REQUESTS [OPTION...]: its report is /tmp/fair.json
run() {
	local file=$1 rw=$2 bs=$3 depth=$4 ios=$5
	shift 5
	rm -f /tmp/fair.json
	fio --name=fair --filename="$file" --rw="$rw" --bs="$bs" --iodepth="$depth" --number_ios="$ios" --direct=1 \
		--ioengine=io_uring --clocksource=clock_gettime --norandommap --size=3G --output-format=json \
		--output=/tmp/fair.json "$@" >/tmp/fair.log 2>&1 || fail "fio: $(tail -n 3 /tmp/fair.log)"
}
# between LOW HIGH VALUE DESC
between() {
	awk -v l="$1" -v h="$2" -v v="$3" 'BEGIN { exit !(v >= l && v <= h) }' || fail "$4: $3, wanted $1 to $2"
	ok "$4: $3"
}
seconds() { jq '.jobs[0].job_runtime / 1000' /tmp/fair.json; }
latency_ms() { jq ".jobs[0].read.clat_ns.percentile[\"$1\"] / 1e6" /tmp/fair.json; }

on_storage apnctl export set small --limit-bps 50000000
run "$small" read 128k 8 1000
between 2.4 2.8 "$(seconds)" "131 MB at 50 MB/s take 2.6 s, reading"
run "$small" write 128k 8 1000
between 2.4 2.8 "$(seconds)" "and writing"
on_storage apnctl export set small --limit-bps none --limit-iops 100
run "$small" randread 4k 8 200
between 1.85 2.1 "$(seconds)" "200 requests at 100 a second take 2 s"
on_storage apnctl export set small --limit-iops none
run "$small" randread 4k 1 200
between 1.9 2.3 "$(latency_ms 90.000000)" "a small read alone: a round trip (ms)"

# 64 MiB outstanding are 52 ms of this line; its queue holds 2 ms.
for rw in read write; do
	fio --name=bulk --filename="$bulk" --rw=$rw --bs=1m --iodepth=64 --number_ios=4000 --direct=1 --size=8G \
		--ioengine=io_uring --clocksource=clock_gettime >/tmp/bulk.fio 2>&1 &
	job=$!
	sleep 0.5
	run "$small" randread 4k 1 100
	kill -0 $job || fail "the bulk ended before the small reads: $(tail -n 3 /tmp/bulk.fio)"
	wait $job || fail "the bulk: $(tail -n 3 /tmp/bulk.fio)"
	between 1.9 10 "$(latency_ms 90.000000)" "nine of ten small reads beside a bulk $rw of another disk (ms)"
done

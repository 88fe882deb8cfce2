# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034	# its variables are those of all files here
# What others on the line make of it, and it of them: small reads beside a stream, other hosts, losses, memory. Sourced.

# p99 of 4 KiB reads, one at a time, while 1 MiB reads hold 95 % of the line.
work_p99() {
	local limit
	limit=$(awk -v rtt="$RTT_US" -v r="$LINE_BYTES_S" 'BEGIN { printf "%.3f", rtt + (4 * 131072 + 4096) / (r * 8948 / 9014) * 1e6 }')
	rm -f /tmp/lab_*.log
	count_begin
	fio --filename="$DISK" --direct=1 --ioengine=io_uring --clocksource=clock_gettime --norandommap --randrepeat=1 --size=60G \
		--output=/tmp/fio.json --output-format=json \
		--name=stream --rw=randread --bs=1m "--iodepth=$(depth)" "--number_ios=$((12 * BDP / 1048576 + 1024))" \
		"--rate=$((LINE_BYTES_S * 95 * 8948 / 901400))" --rate_process=linear \
		--name=small --rw=randread --bs=4k --iodepth=1 --number_ios=100 --write_lat_log=/tmp/lab >/tmp/fio.log 2>&1 ||
		{ cat /tmp/fio.log; fail "fio on $SYSTEM"; }
	count_end
	row "4k read p99, line 95 % full" "$(cut -d, -f2 /tmp/lab_clat.*.log | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f", v[int(NR * 0.99)] / 1000 }')" "$limit" us
}

# What a reader of the disk gets in seconds 10 to 40, in MB/s; more OPTIONs for fio.
SHARE_FROM=10 SHARE_TO=40
share_read() {
	fio --name=share --filename="$1" --rw=randread --bs=256k --iodepth=64 --direct=1 --ioengine=io_uring --norandommap \
		--clocksource=clock_gettime --size=60G --time_based --runtime=$SHARE_TO --write_bw_log="/tmp/share-$2" \
		--log_avg_msec=1000 --output="/tmp/share-$2.json" --output-format=json >/tmp/fio.log 2>&1
}
share_of() {
	awk -F, -v from=$((SHARE_FROM * 1000)) '$1 > from { s += $2; n++ } END { printf "%.2f", n ? s / n * 1024 / 1e6 : 0 }' \
		/tmp/share-"$1"_bw.1.log
}

# The larger by the smaller: 1 is even, 1.5 is what is called fair.
share_row() {
	row "$1" "$(awk -v a="$2" -v b="$3" 'BEGIN { if (a < b) { c = a; a = b; b = c } printf "%.2f", b ? a / b : 99 }')" 1.5 times
	echo "# $1: $2 and $3 MB/s of $(limit_mb_s)"
}

share_tcp() {
	local other
	python3 "$SELFTESTS/lab/bulk.py" "$1" $SHARE_FROM $SHARE_TO >/tmp/share-bulk &
	other=$!
	share_read "$DISK" a
	wait $other
	share_row "beside a bulk $1 flow" "$(share_of a)" "$(cat /tmp/share-bulk)"
}

# Two hosts are two lines that know nothing of each other: another identity has a line of its own.
share_two() {
	local second other
	case $SYSTEM in apnbd*) ;; *) return 0 ;; esac
	on_storage apnctl export add lab2 --device "$BACKING2"
	# shellcheck disable=SC2086
	second=$(on_gpu apnctl connect $STORAGE lab2 --security none --identity another-host $SYSTEM_ARGS)
	share_read "$second" b &
	other=$!
	share_read "$DISK" a
	wait $other
	on_gpu apnctl disconnect lab2
	on_storage apnctl export del lab2
	share_row "two hosts" "$(share_of a)" "$(share_of b)"
}

work_share() {
	local first=$BACKING
	[ -n "${BACKING2:-}" ] || { backing_null_blk 65536 memory_backed=0 && BACKING2=$BACKING BACKING=$first; }
	share_two
	share_tcp cubic
	share_tcp bbr
}

# Losses: each packet alone, since netem would take a whole train of segments for one.
work_loss() {
	local lost site
	for lost in 0.01 0.1; do
		for site in gpu storage; do
			in_ns $site ethtool -K line gso off tso off gro off >/dev/null 2>&1
			in_ns $site tc qdisc change dev line root netem limit 1000000 delay "$((RTT_US / 2))us" \
				rate "${LAB_NIC}gbit" loss "$lost%" seed 4921
		done
		fio_run randread 1m "$(depth)" 2048
		row "read 1m deep, $lost % lost" "$(slope 1048576 "$(depth)")" "$(limit_mb_s)" MB/s
		QUEUE_AT=to-storage
		fio_run randwrite 1m "$(depth)" 2048
		row "write 1m deep, $lost % lost" "$(slope 1048576 "$(depth)")" "$(limit_mb_s)" MB/s
		QUEUE_AT=to-gpu
	done
	for site in gpu storage; do
		in_ns $site ethtool -K line gso on tso on gro on >/dev/null 2>&1
		in_ns $site tc qdisc change dev line root netem limit 1000000 delay "$((RTT_US / 2))us" rate "${LAB_NIC}gbit"
	done
}

# D7: the most that was asked for and not answered, while more was wanted than the line can use; fio's OPTIONs.
most_under_way() {
	local work=$1
	shift
	fio --rw=randread --bs=1m --direct=1 --ioengine=io_uring --norandommap --clocksource=clock_gettime "$@" >/dev/null 2>&1 &
	row "$work" "$(for _ in {1..40}; do
		on_gpu apnctl -j line show | jq '.[0].outstanding'
		sleep 0.01
	done | sort -n | awk 'END { printf "%.1f", $1 / 1e6 }')" "$(awk -v b="$BDP" 'BEGIN { printf "%.1f", 2 * b / 1e6 }')" MB
	wait $!
}

IDLE_DISKS=64 MANY=()
many_backings() {
	local dir i
	for ((i = ${#MANY[@]}; i < IDLE_DISKS; i++)); do
		dir=/sys/kernel/config/nullb/many$i
		mkdir "$dir"
		later rmdir "$dir"
		echo 1024 >"$dir/size"
		echo 1 >"$dir/power"
		if [ -b "/dev/many$i" ]; then
			MANY+=("/dev/many$i")
		else
			MANY+=("/dev/nullb$(cat "$dir/index")")
		fi
	done
}

many_begin() {
	local i
	for ((i = 0; i < IDLE_DISKS; i++)); do
		on_storage apnctl export add many$i --device "${MANY[i]}"
		# shellcheck disable=SC2086
		on_gpu apnctl connect $STORAGE many$i --security none $SYSTEM_ARGS >>/tmp/lab.many
	done
}

many_end() {
	local i
	for ((i = 0; i < IDLE_DISKS; i++)); do
		on_gpu apnctl disconnect many$i
		on_storage apnctl export del many$i
	done
}

free_kb() {
	cold
	awk '$1 == "MemFree:" { print $2 }' /proc/meminfo
}

# An idle disk, at both ends together, which are one machine here; then all of them at once: one line, the same bound.
work_memory() {
	local before jobs=() device
	case $SYSTEM in apnbd*) ;; *) return 0 ;; esac
	most_under_way "most under way, 1 disk" --name=m --filename="$DISK" --iodepth=1024 --size=60G --number_ios=6000
	many_backings
	before=$(free_kb)
	: >/tmp/lab.many
	many_begin
	row "an idle disk of $IDLE_DISKS" "$(awk -v a="$before" -v b="$(free_kb)" -v n=$IDLE_DISKS 'BEGIN { printf "%.3f", (a - b) / n / 1024 }')" 2 MB
	while read -r device; do
		jobs+=("--name=${device##*/}" "--filename=$device" --iodepth=16 --size=1G --number_ios=100)
	done </tmp/lab.many
	most_under_way "most under way, $IDLE_DISKS disks" "${jobs[@]}"
	many_end
}

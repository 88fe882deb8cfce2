# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034	# its variables are those of all files here
# What is asked of a disk over the line, and what came of it. Sourced.

LOG_ENTRIES=65536 # more than any run makes: fio stands still when its log has to grow

# fio_run RW BS DEPTH REQUESTS [OPTION...]: /tmp/lab.json, and /tmp/lab_clat.1.log with a line for each completion
fio_run() {
	local rw=$1 bs=$2 depth=$3 ios=$4
	shift 4
	rm -f /tmp/lab.json /tmp/lab_*.log
	count_begin
	fio --name=lab --filename="$DISK" --rw="$rw" --bs="$bs" --iodepth="$depth" --number_ios="$ios" --direct=1 \
		--ioengine=io_uring --clocksource=clock_gettime --norandommap --randrepeat=1 --size=60G \
		--write_lat_log=/tmp/lab --log_entries="$LOG_ENTRIES" --output-format=json --output=/tmp/lab.json "$@" >/tmp/fio.log 2>&1 ||
		{ cat /tmp/fio.log; fail "fio on $SYSTEM"; }
	count_end
}

# --- what the line says: packets sent again, what stood in its queue, what it dropped ---------------------------

snmp() {
	local ns
	for ns in gpu storage; do
		in_ns $ns nstat -asz TcpOutSegs TcpRetransSegs
	done | awk -v name="$1" '$1 == name { n += $2 } END { print n + 0 }'
}

dropped() {
	in_ns router tc -s qdisc show | awk '/^qdisc tbf/ { t = 1 } t && /dropped/ { sub(",", "", $7); n += $7; t = 0 } END { print n + 0 }'
}

count_begin() {
	SEGS=$(snmp TcpOutSegs) RETRANS=$(snmp TcpRetransSegs) DROPS=$(dropped)
	rm -f /tmp/lab.queue
	mkfifo -m 600 /tmp/lab.pace 2>/dev/null || :
	# no process a look: they are dear here
	(
		while ! read -r -t 0.002 -u 3; do
			echo "qdisc show dev ${QUEUE_AT:-to-gpu}"
		done | in_ns router tc -s -batch - >/tmp/lab.queue
	) 3<>/tmp/lab.pace &
	SAMPLER=$!
}

# The queue is its median while there was one; retransmitted in percent of what was sent.
count_end() {
	echo stop >/tmp/lab.pace
	wait "$SAMPLER"
	RESENT=$(awk -v a="$RETRANS" -v b="$(snmp TcpRetransSegs)" -v c="$SEGS" -v d="$(snmp TcpOutSegs)" \
		'BEGIN { printf "%.3f", (d > c) ? (b - a) / (d - c) * 100 : 0 }')
	DROPPED=$(($(dropped) - DROPS))
	QUEUE_MS=$(sed -n 's/.* backlog \([0-9]*[KMG]*b\).*/\1/p' /tmp/lab.queue | sed 's/Kb$/ 1024/;s/Mb$/ 1048576/;s/Gb$/ 1073741824/;s/b$/ 1/' |
		awk -v r="$LINE_BYTES_S" '{ print $1 * $2 / r * 1000 }' | sort -n |
		awk '$1 > 0.005 { q[n++] = $1 } END { printf "%.2f", n ? q[int(n / 2)] : 0 }')
}

# --- figures from fio's log ------------------------------------------------------------------------------------

# The median, in microseconds.
median_us() { cut -d, -f2 /tmp/lab_clat.1.log | sort -n | awk '{ v[NR] = $1 } END { printf "%.3f", v[int((NR + 1) / 2)] / 1000 }'; }

# slope BYTES-A-REQUEST DEPTH: MB/s of the second half, without the tail where fewer than DEPTH were on their way
slope() {
	cut -d, -f1 /tmp/lab_clat.1.log | sort -n | awk -v bs="$1" -v depth="$2" '
		{ t[NR] = $1 }
		END {
			last = NR - depth > NR * 3 / 4 ? NR - depth : int(NR * 3 / 4)
			a = t[int(NR / 2)]
			b = t[last] - 1
			for (i = 1; i <= NR; i++)
				n += t[i] > a && t[i] <= b
			printf "%.1f", (b > a) ? n * bs / (b - a) / 1000 : 0
		}'
}

# whole BYTES: MB/s from the first request to the last answer
whole() { sort -n -t, -k1 /tmp/lab_clat.1.log | awk -F, -v b="$1" 'END { printf "%.1f", b / ($1 ? $1 : 1) / 1000 }'; }
whole_limit() { awk -v rtt="$RTT_US" -v b="$1" -v r="$LINE_BYTES_S" 'BEGIN { printf "%.1f", b / (rtt + b / (r * 8948 / 9014) * 1e6) }'; }

# --- the works -------------------------------------------------------------------------------------------------

work_latency() {
	fio_run randread 4k 1 "${LAB_ROUNDS:-20}"
	row "read 4k" "$(median_us)" "$(limit_us 4096)" us
	for bs in 4k 64k 1m 4m; do
		fio_run randwrite $bs 1 "${LAB_ROUNDS:-20}"
		row "write $bs" "$(median_us)" "$(limit_us "$(bytes $bs)")" us
	done
}

bytes() {
	case $1 in
	*k) echo $((${1%k} * 1024)) ;;
	*m) echo $((${1%m} * 1048576)) ;;
	esac
}

# Twice the bandwidth-delay product in requests of 1 MiB, 32 at least
depth() {
	local d=$((2 * BDP / 1048576))
	[ $d -ge 32 ] || d=32
	[ $d -le 1024 ] || d=1024
	echo $d
}

work_throughput() {
	local depth ios
	depth=$(depth)
	ios=$((LAB_BYTES / 1048576))
	[ $ios -gt 0 ] || ios=$((16 * BDP / 1048576))
	[ $ios -ge 1024 ] || ios=1024
	fio_run randread 1m "$depth" $ios
	row "read 1m deep" "$(slope 1048576 "$depth")" "$(limit_mb_s)" MB/s
	QUEUE_AT=to-storage
	fio_run randwrite 1m "$depth" $ios
	row "write 1m deep" "$(slope 1048576 "$depth")" "$(limit_mb_s)" MB/s
	QUEUE_AT=to-gpu
}

work_burst() {
	local limit
	limit=$(whole_limit $((512 << 20)))
	system_again
	fio_run randread 1m "$(depth)" 512
	row "first 512m read" "$(whole $((512 << 20)))" "$limit" MB/s
	sleep 5
	fio_run randread 1m "$(depth)" 512
	row "512m read after 5 s" "$(whole $((512 << 20)))" "$limit" MB/s
	QUEUE_AT=to-storage
	system_again
	fio_run randwrite 1m "$(depth)" 512
	row "first 512m written" "$(whole $((512 << 20)))" "$limit" MB/s
	sleep 5
	fio_run randwrite 1m "$(depth)" 512
	row "512m written after 5 s" "$(whole $((512 << 20)))" "$limit" MB/s
	QUEUE_AT=to-gpu
}

# One reader, from the disk itself: the read-ahead is the disk's own.
work_buffered() {
	fio_run read 1m 1 1024 --direct=0 --ioengine=psync
	row "buffered read" "$(whole $((1024 << 20)))" "$(whole_limit $((1024 << 20)))" MB/s
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034	# its variables are those of all files here
# The distance lab, inside a machine with virtual time. A scenario file says what the line is, then "lab".
#
#   gpu  -- netem: the NIC, and half the round trip -->  router  -- tbf + bfifo: the line's rate, its queue -->  storage
#
# and the same the other way. What is measured goes as tab-separated rows to lab.tsv in the machine's own folder:
#   line  system  work  figure  limit  ratio  unit  retransmitted  queue-ms  dropped
# The limit of a latency is RTT + bytes / payload rate, that of a throughput the payload rate.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source-path=SCRIPTDIR source=systems.sh
. "$SELFTESTS/lab/systems.sh"
# shellcheck source-path=SCRIPTDIR source=work.sh
. "$SELFTESTS/lab/work.sh"
# shellcheck source-path=SCRIPTDIR source=files.sh
. "$SELFTESTS/lab/files.sh"
# shellcheck source-path=SCRIPTDIR source=share.sh
. "$SELFTESTS/lab/share.sh"

LAB_NIC=400			# Gbit/s of the sites: faster than the line
LAB_TSV=$APN_SHARED/$APN_MACHINE/lab.tsv
LAB_SYSTEMS="apnbd apnbd-rate nvme-tcp nvme-tcp-bbr nbd"
LAB_WORKS=""			# those that the scenario names
LAB_BYTES=0			# per throughput run; 0: as many as the line needs
# what the host's side wants otherwise
# shellcheck disable=SC1091
[ ! -e "$APN_SHARED/shared/lab.conf" ] || . "$APN_SHARED/shared/lab.conf"

# lab_line NAME RTT_US GBIT [QUEUE_US]: make it; its queue is one bandwidth-delay product, or what fits QUEUE_US.
lab_line() {
	local site
	LINE=$1 RTT_US=$2 GBIT=$3
	LINE_BYTES_S=$((GBIT * 125000000))
	QUEUE_BYTES=$((LINE_BYTES_S * ${4:-$RTT_US} / 1000000))
	[ "$QUEUE_BYTES" -ge 1000000 ] || QUEUE_BYTES=1000000
	BDP=$((LINE_BYTES_S * RTT_US / 1000000))
	two_sites --router
	modprobe -a sch_netem sch_tbf sch_fq
	for site in gpu storage; do
		in_ns "$site" tc qdisc add dev line root netem limit 1000000 delay "$((RTT_US / 2))us" rate "${LAB_NIC}gbit"
		in_ns router tc qdisc add dev "to-$site" root handle 1: tbf rate "${GBIT}gbit" burst 256kb \
			limit "$QUEUE_BYTES"
	done
}

# The line itself: is it what the limits below are made of?
lab_line_check() {
	python3 "$SELFTESTS/lab/line.py" "$RTT_US" "$GBIT" "$QUEUE_BYTES" "$LAB_NIC" ||
		fail "the line of $LINE does to packets what it does not say"
	ok "the line of $LINE does to packets what it says"
}

# What the line itself allows.
limit_us() { awk -v rtt="$RTT_US" -v b="$1" -v r="$LINE_BYTES_S" 'BEGIN { printf "%.3f", rtt + b / (r * 8948 / 9014) * 1e6 }'; }
limit_mb_s() { awk -v r="$LINE_BYTES_S" 'BEGIN { printf "%.1f", r * 8948 / 9014 / 1e6 }'; }

# row WORK FIGURE LIMIT UNIT: a latency is to be small, a throughput large; the ratio is 1 at the limit either way
row() {
	local ratio
	ratio=$(awk -v f="$2" -v l="$3" 'BEGIN { printf "%.3f", f / l }')
	printf '%s\t' "$LINE" "$SYSTEM" "$1" "$2" "$3" "$ratio" "$4" "${RESENT:--}" "${QUEUE_MS:--}" >>"$LAB_TSV"
	echo "${DROPPED:--}" >>"$LAB_TSV"
	echo "# $LINE $SYSTEM $1: $2 $4, limit $3, ratio $ratio; resent ${RESENT:--}, queue ${QUEUE_MS:--} ms, dropped ${DROPPED:--}"
}

# lab WORK...: each of them, with every system
lab() {
	local work
	need fio nvme nbdkit nbd-client
	RMEM=$(on_gpu sysctl -n net.ipv4.tcp_rmem) WMEM=$(on_gpu sysctl -n net.ipv4.tcp_wmem)
	lab_line_check
	load
	backing_null_blk 65536 memory_backed=0
	for SYSTEM in $LAB_SYSTEMS; do
		if ! system_begin; then
			echo "# $LINE: $SYSTEM does not work here"
			continue
		fi
		for work in ${LAB_WORKS:-$@}; do
			"work_$work"
		done
		system_end
	done
	ok "$LINE measured"
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034	# its variables are those of lab.sh
# title: 1,000 km in virtual time: a round trip for each request, and the line filled
# tier: check
# kinds: uml-vtime
# transports: tcp
# cost: 60 s
# limit: 600
# memory: 8G
# shellcheck source=lab/lab.sh
. "$SELFTESTS/lab/lab.sh"

# The figures don't vary, so the bounds are close to what was measured last; a better figure moves its bound.
#
# at_most WORK RATIO, at_least WORK RATIO: of the limit
at_most() { bound "$1" '<=' "$2"; }
at_least() { bound "$1" '>=' "$2"; }

bound() {
	local ratio
	ratio=$(awk -F'\t' -v work="$1" '$3 == work { print $6 }' "$LAB_TSV")
	[ -n "$ratio" ] || fail "$1 was not measured"
	awk -v r="$ratio" -v b="$3" "BEGIN { exit !(r $2 b) }" || fail "$1: $ratio of the limit, wanted $2 $3"
	ok "$1: $ratio of the limit"
}

LAB_SYSTEMS=apnbd
lab_line apn-1000km 15000 100
lab latency throughput burst
at_most "read 4k" 1.03
at_most "write 4k" 1.03
at_most "write 64k" 1.03
at_most "write 1m" 1.03
at_most "write 4m" 1.03
at_least "read 1m deep" 0.97
at_least "write 1m deep" 0.97
at_least "first 512m read" 0.5
at_least "first 512m written" 0.5
at_least "512m read after 5 s" 0.97
at_least "512m written after 5 s" 0.97

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: 64 disks are back within 5 s when their target was restarted, however long it was away
# promises: P5
# tier: all
# kinds: uml-vtime
# cost: 60 s
# limit: 300
# memory: 4G
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq
disks=64
load
two_sites --delay 7500us
backing_brd 1 $disks
later on_storage apnctl port del 0.0.0.0
later on_gpu apnctl disconnect --all --force

serve_all() {
	local i
	for ((i = 0; i < disks; i++)); do
		on_storage apnctl export add "d$i" --device "/dev/ram$i"
	done
}
listen() { on_storage apnctl port add 0.0.0.0 --security none; }
# how many disks are in a state
count() { on_gpu apnctl -j list | jq "map(select(.state == \"$1\")) | length"; }
all_are() { [ "$(count "$1")" = $disks ]; }
# back_within MS: from now until all are live
back_within() {
	local start took
	start=$(now_ms)
	until all_are live; do
		[ $(($(now_ms) - start)) -lt 60000 ] || fail "after a minute $(count live) of $disks are live"
		sleep 0.05
	done
	took=$(($(now_ms) - start))
	echo "# all $disks after $took ms"
	[ $took -le "$1" ] || fail "it took $took ms until all were back"
	ok "all $disks are back within $1 ms"
}

serve_all
listen
for ((i = 0; i < disks; i++)); do
	on_gpu apnctl connect $STORAGE "d$i" --security none >/dev/null
done
is $disks "$(count live)" "$disks disks"

rmmod apn_target
within 10 "all wait" all_are waiting
load apn_target
serve_all
listen
back_within 5000

# Ten minutes during which nothing answers at all
for site in storage gpu; do
	in_ns $site tc qdisc change dev line root netem loss 100%
done
within 20 "the line is cut, all wait" all_are waiting
rmmod apn_target
sleep 600
is $disks "$(count waiting)" "ten minutes later they still do"
load apn_target
serve_all
listen
for site in storage gpu; do
	in_ns $site tc qdisc change dev line root netem delay 7500us loss 0%
done
back_within 5000

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a write that the network keeps for 20 s finds its lane's socket shut
# tier: check
# promises: P2
# kinds: uml-vtime
# cost: 10 s
# limit: 200
#
# netem sorts by the time at which a packet is due: what is sent after its delay was taken away overtakes what waits.
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq
load
two_sites --delay 1ms
backing_brd 16
serve one "$BACKING"
attach one

letter() { head -c 4096 /dev/zero | tr '\0' "$1"; }
write() { letter "$1" | dd of="$DISK" bs=4k count=1 iflag=fullblock oflag=direct status=none; }
lies_there() { dd if="$BACKING" bs=4k count=1 iflag=direct status=none | head -c 1; }
network() { in_ns gpu tc qdisc change dev line root netem limit 1000000 "$@"; }

write 0
network delay 20s
write A &
writer=$!
sleep 0.1
network delay 1ms loss 100%
start=$(now_ms)
within 15 "nothing that is sent arrives: the lanes are given up" is_state waiting
network delay 1ms
within 10 "the network carries again; the old write is still in it" is_state live
wait $writer || fail "the writer got an error"
is A "$(lies_there)" "it was sent again"
write B
is B "$(lies_there)" "a newer one lies over it"
[ $(($(now_ms) - start)) -lt 19000 ] || fail "all that took $(($(now_ms) - start)) ms: the old copy may have come already"
sleep 25
is B "$(lies_there)" "and after the old copy has come, too"

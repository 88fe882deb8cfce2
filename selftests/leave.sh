# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a disk that goes takes its leave, even when its line is lost at that moment; one that could not is let in again at once
# promises: P6 P8
# tier: check
# kinds: all
# cost: 23 s
# limit: 150
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq
load
two_sites --delay 1ms
second_line --delay 1ms
backing_brd 16
serve one "$BACKING"
# A line is cut as by a digger: neither end is told.
netem() { in_ns storage tc qdisc change dev "$1" root netem "${@:2}"; in_ns gpu tc qdisc change dev "$1" root netem "${@:2}"; }
dig() { netem "$1" loss 100%; }
mend() { netem "$1" delay 1ms loss 0%; }
connect() { on_gpu apnctl connect "$@" --security "$APN_SECURITY"; }

# For 6 s, a second longer than silence may last: the lanes that carry its leave die.
attach one
dig line
(sleep 6; mend line) &
try "the line is lost while the host takes its leave" detach one
wait $!
try "and the target knows: the export can be taken back" on_storage apnctl export del one
serve one "$BACKING"

attach one
dig line
try "the network is gone, the disk is disconnected by force" on_gpu apnctl disconnect one --force
mend line
is 1 "$(on_storage apnctl -j session show | jq length)" "the target does not know that yet"
try "its host is let in again at once" connect $STORAGE one
is 1 "$(on_storage apnctl -j session show | jq length)" "in the old one's place"

must_fail "a second disk of the same host is refused while the first is there" connect $STORAGE one --name two
dig line
within 20 "the first waits for its line" is_state waiting
must_fail "as it is by another way while the first waits" connect 198.51.100.1 one --name two
mend line
within 20 "which goes on when its line is back" is_state live
try "with I/O" dd if=/dev/zero of="$DISK" bs=64k count=4 oflag=direct status=none

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: an export has one writer: another waits or takes over, and who was superseded never lands what it still holds
# tier: check
# promises: P8
# kinds: all
# cost: 22 s
# limit: 200
#
# Host A is at the GPU site; host B stands at the storage site itself, so that A can be cut off alone.
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq
load
two_sites --delay 1ms
storage_itself
backing_brd 16
mkdir -p /tmp/states
later rm -rf /tmp/states
serve one "$BACKING" --state-dir /tmp/states

letter() { head -c 4096 /dev/zero | tr '\0' "$1"; }
write() { letter "$1" | dd of="$2" bs=4k count=1 iflag=fullblock oflag=direct status=none; }
lies_there() { dd if="$BACKING" bs=4k count=1 iflag=direct status=none | head -c 1; }
host_a() { on_gpu apnctl connect $STORAGE one --name a --identity host-a --security none "$@"; }
host_b() { on_storage apnctl connect "$ITSELF" one --name b --identity host-b --security none "$@"; }
state() { apnctl -j show "$1" | jq -r .state; }
is_state() { [ "$(state "$1")" = "$2" ]; }
generation() { on_storage apnctl -j export show one | jq .generation; }
later on_gpu apnctl disconnect a --force
later on_storage apnctl disconnect b --force

disk_a=$(host_a) || fail "A cannot connect"
write A "$disk_a"
must_fail "B is told that the export has a writer" host_b
is A "$(lies_there)" "A's write is there"

cut_line
write Q "$disk_a" 2>/dev/null &
queued=$!
within 30 "A is cut off, with a write that waits" is_state a waiting
must_fail "B does not become the writer because A is away" host_b
disk_b=$(host_b --takeover) || fail "B cannot take over"
ok "it does when a person says so"
write B "$disk_b"
cp -a /tmp/states /tmp/states.cut
later rm -rf /tmp/states.cut
try "B is done and takes its leave" on_storage apnctl disconnect b
try "the target goes" rmmod apn_target
# as if its power had been cut when B had written: nothing that was stored later is there
rm -r /tmp/states
mv /tmp/states.cut /tmp/states
load apn_target
_port=
serve one "$BACKING" --state-dir /tmp/states
ok "and is back: what it knows of its writers was durable"
join_line
within 60 "A, which was away, is superseded, though nobody writes now" is_state a superseded
! wait $queued || fail "its writer was told that all is well"
ok "the write that waited is failed"
is B "$(lies_there)" "and never landed"
must_fail "A's disk takes no more" write X "$disk_a"
try "A is disconnected" on_gpu apnctl disconnect a --force

must_fail "B is the writer still, who took its leave of what was cut off" host_a
disk_a=$(host_a --takeover) || fail "A cannot connect anew"
write N "$disk_a"
is N "$(lies_there)" "A, connected anew, is the writer"
try "B takes over while A is there" host_b --takeover
within 20 "A is told at once" is_state a superseded
must_fail "A's disk takes no more" write X "$disk_a"
is N "$(lies_there)" "nothing of it landed"
try "B leaves" on_storage apnctl disconnect b
on_gpu apnctl disconnect a --force

disk_a=$(host_a) || fail "A cannot connect anew"
cut_line
within 30 "A is cut off" is_state a waiting
try "A starts anew: its module goes" rmmod apnbd
load apnbd
join_line
within 10 "the network is back" on_gpu ping -q -c 1 -W 1 $STORAGE
disk_a=$(host_a) || fail "the new boot of A is not let in"
ok "its new boot takes over by itself"
write Z "$disk_a"
is Z "$(lies_there)" "and writes"

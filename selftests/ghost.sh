# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: an old copy of a write that is still with the device never lands over a newer one: it is not sent again before it landed
# tier: check
# promises: P2
# kinds: all
# cost: 25 s
# limit: 150
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=ghost/held.sh
. "$SELFTESTS/ghost/held.sh"

need jq
load
two_sites --delay 1ms
backing_held 16
serve one "$BACKING"
attach one
later let_go

write() { letter "$1" | dd of="$DISK" bs=4k count=1 iflag=fullblock oflag=direct status=none; }
lies_there() { head -c 1 /tmp/held.img; }
is_held() { [ "$(held)" = "$1" ]; }
fences() { on_gpu apnctl -j line show | jq '.[0].fences'; }
has_fenced() { [ "$(fences)" -gt "$before" ]; }

before=$(fences)
write A &
writer=$!
within 20 "a write reaches the device, which holds it" is_held 1
cut_line
within 30 "the line is cut" is_state waiting
join_line
within 30 "and joined again" is_state live
try "other requests go on meanwhile" dd if="$DISK" of=/dev/null bs=4k count=1 skip=16 iflag=direct
for _ in 1 2 3 4 5 6; do
	sleep 0.5
	if ! kill -0 $writer 2>/dev/null; then
		write B
		let_go
		sleep 1
		fail "the write was answered while its old copy is with the device; after a newer B there lies '$(lies_there)'"
	fi
	is_held 1 || fail "a second copy was sent while the first is with the device"
done
ok "nothing of it is sent again while the device has it"

let_go
within 30 "the fence is answered when it has landed" has_fenced
wait $writer || fail "the writer got an error"
is 2 "$(held)" "then it is sent once more"
write B
sleep 1
is B "$(lies_there)" "what was written last lies there"

storage_itself
# The same for ATTACHED: who takes over is let in when the device has given back what it had of the one before.
hold
write A 2>/dev/null &
writer=$!
within 20 "a write reaches the device, which holds it" is_held 3
on_storage apnctl connect "$ITSELF" one --name two --identity another --takeover --security none >/tmp/ghost.two &
taker=$!
later on_storage apnctl disconnect two --force
sleep 3
kill -0 $taker 2>/dev/null || fail "another writer was let in while the device had a write of the one before"
ok "another host that takes over waits for that"
let_go
wait $taker || fail "it was not let in"
letter C | dd of="$(cat /tmp/ghost.two)" bs=4k count=1 iflag=fullblock oflag=direct status=none
sleep 1
is C "$(lies_there)" "it is let in then, and what it wrote lies there"
wait $writer || : # its write landed before; it may be told so or not

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a disk that comes back to another volume under its export's name is lost, and nothing of it lands there
# promises: P7
# tier: check
# kinds: all
# cost: 9 s
# limit: 120
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq
load
two_sites --delay 1ms
backing_brd 16 2
mkdir -p /tmp/volume.a /tmp/volume.b
later rm -rf /tmp/volume.a /tmp/volume.b
# letter X DISK: 4 KiB of it at its beginning
letter() { head -c 4096 /dev/zero | tr '\0' "$1" | dd of="$2" bs=4k count=1 iflag=fullblock oflag=direct status=none; }
lies_on() { dd if="$1" bs=4k count=1 iflag=direct status=none | head -c 1; }
# restart DEVICE DIR: the target's module, with the export "one" on that device, as that folder remembers it
restart() {
	rmmod apn_target
	load apn_target
	_port=
	serve one "$1" --state-dir "$2"
}

serve one /dev/ram0 --state-dir /tmp/volume.a
attach one
letter A "$DISK"
volume=$(disk_field one volume)
letter O /dev/ram1

on_storage apnctl port del 0.0.0.0
within 10 "the target is away" is_state waiting
restart /dev/ram0 /tmp/volume.a
within 20 "back with the same volume: live" is_state live
is "$volume" "$(disk_field one volume)" "it is the one of before"

on_storage apnctl port del 0.0.0.0
within 10 "the target is away again" is_state waiting
letter Q "$DISK" 2>/dev/null &
queued=$!
sleep 0.5
restart /dev/ram1 /tmp/volume.b
within 20 "back with another volume under that name: lost" is_state lost
! wait $queued || fail "the writer was told that all is well"
ok "the write that waited failed"
is O "$(lies_on /dev/ram1)" "and never came to the other volume"
must_fail "nothing is read of it" dd if="$DISK" of=/dev/null bs=4k count=1 iflag=direct
try "the disk can be let go" detach one

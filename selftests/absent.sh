# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a machine that stood still for longer than silence may last does not take its peer for dead
# promises: P5
# tier: check
# kinds: uml-debug uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 26 s
# limit: 120
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq
load
two_sites --delay 1ms
backing_brd 16
serve one "$BACKING"
attach one

lanes() { on_gpu apnctl -j line show | jq -c '[.[0].lane[].incarnation]'; }
carries_all() { [ "$(on_gpu apnctl -j line show | jq '.[0].lane | length')" = 4 ]; }

within 10 "all lanes are there" carries_all
before=$(lanes)
for _ in 1 2; do
	start=$(now_ms)
	vm_stand_still a 8
	sleep 1
	took=$(($(now_ms) - start))
	[ $took -ge 7000 ] || fail "the machine did not stand still: $took ms"
done
ok "both ends stood still for 8 s, twice"
sleep 2
is "$before" "$(lanes)" "no lane ended"
is live "$(disk_field one state)" "the disk is live"
try "and works" dd if=/dev/zero of="$DISK" bs=64k count=8 oflag=direct status=none

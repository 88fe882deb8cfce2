# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: after a disconnect no byte of the export is in the GPU node's memory, where freed pages are cleared
# tier: all
# promises: P11
# kinds: qemu-6.1 qemu-6.12 qemu-7
# cost: 200 s
# machines: 2
# memory: 512M
# cmdline: init_on_free=1
# limit: 400
#
# Every block of the export says the same words. They are looked for in all of the node's memory, by /proc/kcore: while
# the disk is open, which shows that the search finds them, and after the disconnect. Swap and hibernation are off, and the
# card is taken away before that: it keeps what it received last until something else comes (security.rst says so).
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need python3 jq
[ -e /proc/kcore ] || skip "this kernel does not show its memory"

# in two halves, so that the words are in no script's memory
storage() {
	backing_null_blk 32
	python3 -c "import sys; sys.stdout.buffer.write((b'PATIENT-' + b'RECORD-4711').ljust(64, b'.') * (32 << 14))" |
		dd of="$BACKING" bs=1M iflag=fullblock oflag=direct status=none
	serve_here one "$BACKING"
	barrier up
	barrier seen 390
}

found() { python3 "$SELFTESTS/nothing/search.py"; }

gpu() {
	local disk there card
	load apn
	load apnbd
	barrier up
	disk=$(apnctl connect $STORAGE one --security none) || fail "no disk"
	later apnctl disconnect --all --force
	exec 9<"$disk"
	dd if="$disk" of=/dev/null bs=1M count=8 status=none
	dd if="$disk" of=/dev/null bs=1M skip=8 iflag=direct status=none
	there=$(found)
	exec 9<&-
	[ "$there" -ge 131072 ] || fail "the search finds only $there copies in the page cache"
	ok "$there copies are found while the disk is there"
	dd if="$disk" of="$disk" bs=64k count=16 skip=16 seek=32 conv=notrunc,fsync status=none
	try "disconnect" apnctl disconnect one
	card=$(readlink -f /sys/class/net/line/device)
	echo "${card##*/}" >"$card/driver/unbind"
	is 0 "$(found)" "none after it"
	barrier seen
}

wire_up 1500
if [ "$APN_MACHINE" = b ]; then
	storage
else
	gpu
fi

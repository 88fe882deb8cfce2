# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a GPU node whose power is cut finds what it had flushed, and comes in as a new boot
# tier: all
# promises: P4 P8
# kinds: all
# cost: 30 s
# machines: 2
# limit: 160
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

[ "$APN_KIND" != uml-vtime ] || skip "virtual time has no clock that two machines share"
need jq mkfs.ext4

storage() {
	backing_null_blk 128
	serve_here one "$BACKING"
	barrier up1
	barrier written 120
	vm_power_cut a
	vm_power_on a
	barrier seen 180
}

first_boot() {
	local disk
	barrier up1
	disk=$(apnctl connect $STORAGE one --security none)
	mkfs.ext4 -q "$disk"
	mount "$disk" /tmp/at
	dd if=/dev/urandom of=/tmp/at/file bs=1M count=8 conv=fsync status=none
	sha256sum </tmp/at/file >"$APN_SHARED/shared/sum"
	dd if=/dev/zero of=/tmp/at/unflushed bs=1M count=8 status=none
	barrier written
	sleep 100
	fail "nobody cut the power"
}

second_boot() {
	local disk
	disk=$(apnctl connect $STORAGE one --security none) || fail "the new boot is not let in"
	ok "the new boot is let in by itself"
	later apnctl disconnect one --force
	try "its file system is whole" mount "$disk" /tmp/at
	is "$(cat "$APN_SHARED/shared/sum")" "$(sha256sum </tmp/at/file)" "what was flushed is there"
	try "it is unmounted" umount /tmp/at
	try "and nothing is wrong in it" e2fsck -fn "$disk"
	barrier seen
}

wire_up 1500
if [ "$APN_MACHINE" = b ]; then
	storage
else
	load apn
	load apnbd
	mkdir -p /tmp/at
	if [ "$APN_BOOT" = 1 ]; then first_boot; else second_boot; fi
fi

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a disk: export, connect, write, read back, compare at both ends, disconnect, unload
# tier: check
# kinds: all
# smoke: qemu-6.1 qemu-6.12 qemu-7
# cost: 20 s
# limit: 300
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

load
# shellcheck disable=SC2119
two_sites
backing_brd 64
later on_storage apnctl port del 0.0.0.0
later on_storage apnctl export del one --force
later on_gpu apnctl disconnect --all --force

try "export" on_storage apnctl export add one --device "$BACKING"
try "port" on_storage apnctl port add 0.0.0.0 --security none
disk=$(on_gpu apnctl connect $STORAGE one --security none) || fail "connect: $disk"
ok "connected: $disk"
is "$(blockdev --getsize64 "$BACKING")" "$(blockdev --getsize64 "$disk")" "the size is that of the device"

dd if=/dev/urandom of=/tmp/data bs=1M count=64 status=none
later rm -f /tmp/data
try "write 64 MiB, 4 MiB a request" dd if=/tmp/data of="$disk" bs=4M oflag=direct status=none
try "they are at the target" same /tmp/data "$BACKING" "$(stat -c %s /tmp/data)"
try "read them back" cmp /tmp/data "$disk"
try "read direct in 512-byte blocks" dd if="$disk" of=/dev/null bs=512 count=200 iflag=direct status=none

exec 9<"$disk"
must_fail "an open disk is not disconnected" on_gpu apnctl disconnect one
exec 9<&-
try "a closed one is" on_gpu apnctl disconnect one
must_fail "and is gone" test -b "$disk"
try "the export can be taken back" on_storage apnctl export del one
try "the port too" on_storage apnctl port del 0.0.0.0
unload
ok "the modules unload"

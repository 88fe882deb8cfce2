# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: TLS between two machines: each has a kernel, a tlshd and keyrings of its own
# promises: P9
# tier: check
# kinds: uml-debug qemu-debug qemu-6.12 qemu-7
# transports: tcp
# cost: 20 s
# machines: 2
# limit: 200
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=tls/common.sh
. "$SELFTESTS/tls/common.sh"

need jq tlshd
kernel_has CONFIG_NET_HANDSHAKE || skip "this kernel has no handshake service"
wire_up 1500
on_gpu() { "$@"; }
on_storage() { "$@"; }
key=$APN_SHARED/shared/gpu-a.key
later agent_end here

case $APN_MACHINE in
b)
	modprobe nvme-keyring
	agent_start here
	load apn
	load apn_target
	backing_brd 64
	apnctl key generate gpu-a --end target --dir $KEYS >"$key" || fail "no key"
	later apnctl export del one --force
	try "an export" apnctl export add one --device "$BACKING" --allow gpu-a --state-dir $KEYS/state
	later apnctl port del $STORAGE
	try "a port" apnctl port add $STORAGE
	is "good good good" "$(doctor tls state) $(doctor tlshd state) $(doctor keyring state)" "doctor has no complaint"
	barrier ready
	barrier over
	;;
a)
	agent_start here
	load apn
	load apnbd
	barrier ready
	try "the key" apnctl key import --end host --dir $KEYS "$key"
	later apnctl disconnect --all --force
	disk=$(apnctl connect $STORAGE one --lanes 4) || fail "no connection"
	is tls "$(disk_field one security)" "connected by TLS: $disk"
	is "good good good" "$(doctor tls state) $(doctor tlshd state) $(doctor keyring state)" "doctor has no complaint"
	lanes_sealed() { [ "$(awk '/^TlsCurr(Tx|Rx)Sw/ { n += $2 } END { print n / 2 }' /proc/net/tls_stat)" = 4 ]; }
	within 20 "all its lanes" lanes_sealed
	head -c 4M /dev/urandom >/tmp/random
	later rm -f /tmp/random
	try "written" dd if=/tmp/random of="$disk" bs=256k oflag=direct
	try "and read" cmp /tmp/random <(dd if="$disk" bs=256k count=16 iflag=direct status=none)
	try "disconnect" apnctl disconnect one
	barrier over
	;;
esac

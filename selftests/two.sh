# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: two machines on one wire, and a power cut of one of them
# tier: check
# kinds: all
# cost: 20 s
# machines: 2
# disks: 64M
# limit: 300
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

[ "$APN_KIND" != uml-vtime ] || skip "virtual time has no clock that two machines share"
disk=/dev/vdc
[ -b $disk ] || disk=/dev/ubdc

wire_up 1500
case $APN_MACHINE$APN_BOOT in
a1)
	echo "before the cut" | dd of=$disk bs=512 conv=sync oflag=direct status=none
	barrier up
	barrier cut-me
	sleep 100
	fail "nobody cut the power"
	;;
a2)
	is "before the cut" "$(dd if=$disk bs=512 count=1 iflag=direct status=none | tr -d '\0')" "the disk kept it"
	try "b answers again" ping -q -c 1 -W 10 $STORAGE
	barrier again
	;;
b1)
	barrier up
	try "a answers" ping -q -c 1 -W 10 $GPU
	try "by IPv6, too" ping -q -c 1 -W 10 $GPU6
	try "large packets" ping -q -c 3 -s 1400 -W 10 $GPU
	barrier cut-me
	vm_power_cut a
	must_fail "a is gone" ping -q -c 1 -W 2 $GPU
	vm_power_on a
	barrier again
	;;
esac

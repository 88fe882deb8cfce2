# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a bad target over RDMA: it reaches no memory but what a READ named, until that is answered, and ends its lane alone
# promises: P3 P10
# tier: all
# kinds: uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 90 s
# limit: 400
export APN_TRANSPORT=rdma APN_SECURITY=none
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq
[ -e "$APN_BUILD/apn_rdma.ko" ] || skip "this kernel has no InfiniBand"
load
# shellcheck disable=SC2119
two_sites
later _unload apn_rdma_target

bad=/sys/module/apn_rdma_target/parameters
judged() { [ -n "$(<$bad/verdict)" ]; }
# Several requests at a time, of a chunk each; small ones, which have no key; and writes, which are put
read_large() { timeout 90 dd if="$DISK" of=/tmp/rdma.back bs=512k count=1 iflag=direct status=none; }
read_small() { timeout 90 dd if="$DISK" of=/dev/null bs=4k count=1 iflag=direct status=none; }
write() { timeout 90 dd if=/tmp/rdma.data of="$DISK" bs=64k oflag=direct status=none; }
whole() { write && read_large && cmp -n 524288 /tmp/rdma.data /tmp/rdma.back; }

dd if=/dev/urandom of=/tmp/rdma.data bs=64k count=8 status=none
later rm -f /tmp/rdma.data /tmp/rdma.back
on_storage insmod "$APN_BUILD/apn_rdma_target.ko"
attach ram
try "a target that keeps to the rules has a disk that works" whole

tricks="grant-of-nothing grant-too-large grants-without-end grant-skips grant-again grant-grows grant-short
	grant-long other-immediate grant-too-early grant-of-a-made-up-key nothing-at-all short-message too-long
	more-than-said half-a-payload sent-past-the-key put-without-a-key put-for-a-write takes-a-made-up-key
	takes-the-key-early takes-anothers-key answers-twice put-behind-the-end put-elsewhere
	put-with-a-made-up-key put-after-the-answer put-after-a-bare-answer put-after-an-error bare-answer"
for trick in $tricks; do
	echo "$trick" >$bad/trick
	{ read_small && write && read_large; } || fail "$trick: the disk does not work"
	within 15 "$trick" judged
	[[ $(<$bad/verdict) == "ok: "* ]] || fail "$trick: $(<$bad/verdict)"
done
ok "$(wc -w <<<"$tricks") tricks end as they have to"
try "and what is written is there" whole
try "disconnect" detach "$DISK"

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: over RDMA a disk is right, a host that breaks the protocol ends itself alone, and a device may go under load
# promises: P5 P10
# tier: all
# kinds: uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 40 s
# limit: 280
export APN_TRANSPORT=rdma
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq rdma
[ -e "$APN_BUILD/apn_rdma.ko" ] || skip "this kernel has no InfiniBand"
load
# shellcheck disable=SC2119
two_sites
backing_brd 64
later on_storage apnctl port del $STORAGE
later on_storage apnctl export del one --force
later on_gpu apnctl disconnect --all --force

state() { on_gpu apnctl -j show one | jq -r .state; }

# --- levels, and what the disk moves ---

on_storage apnctl export add one --device "$BACKING"
must_fail "a port with TLS is refused" on_storage apnctl port add $STORAGE --security tls
# at an address, so that the listener goes with its device
try "port" on_storage apnctl port add $STORAGE --security none
must_fail "so is a connection" on_gpu apnctl connect $STORAGE one --security tls
disk=$(on_gpu apnctl connect $STORAGE one --security none) || fail "no disk"
is live "$(state)" "live"
is rdma "$(disk_field one transport)" "over RDMA"
is false "$(disk_field one peer_memory)" "RDMA in software does not reach the memory of other devices, and the disk says so"

# sizes on either side of what a message carries, of a chunk and of what one key covers; odd places in memory
work() {
	fio --filename="$disk" --rw=randrw --size=32m --verify=crc32c --verify_fatal=1 --ioengine=libaio --direct=1 \
		--clocksource=clock_gettime --randseed=5 --verify_backlog=32 "$@"
}
try "all sizes, verified" work --name=sizes --bsrange=512-3m --iodepth=8 --io_size=64m
try "buffers that begin anywhere in a page" work --name=odd --bsrange=4k-512k --iodepth=8 --io_size=32m --iomem_align=512
try "4 KiB, many at a time" work --name=small --bs=4k --iodepth=64 --io_size=8m
try "with digests" on_gpu apnctl disconnect one
disk=$(on_gpu apnctl connect $STORAGE one --security none --digest) || fail "no disk with digests"
try "all sizes, with digests" work --name=sizes --bsrange=512-3m --iodepth=8 --io_size=32m

# --- a host that breaks the protocol ---

tricks="no-magic no-private-data other-version short-message half-a-body body-elsewhere more-than-said too-long grant
	odd-immediate made-up-key leaves-at-once put-by-the-rules place-never-granted place-behind-the-last
	place-zero-put across-the-end chunk-of-4-gib chunk-far-away put-and-sent moves-within discard-at-a-place
	behind-the-grant leaves-when-live"
for trick in $tricks; do
	on_gpu insmod "$APN_BUILD/apn_rdma_peer.ko" address=$STORAGE trick="$trick" ||
		fail "$trick: $(dmesg | grep "apn_rdma_peer: $trick" | tail -n 1)"
	rmmod apn_rdma_peer
done
ok "$(wc -w <<<"$tricks") tricks end as they have to"
is live "$(state)" "the honest host has seen nothing of it"
try "and its data are there" work --name=after --bs=64k --iodepth=4 --io_size=4m

# --- a device goes under load ---

for site in gpu storage; do
	work --name=load --bsrange=4k-512k --iodepth=16 --io_size=128m >/tmp/rdma.fio 2>&1 &
	job=$!
	later kill $job
	sleep 0.5
	try "the device at the $site site goes" rdma link delete "rxe-$site"
	within 30 "that is noticed" is_state waiting
	rdma_device "$site"
	within 60 "it is back" is_state live
	wait $job || fail "fio: $(tail -n 5 /tmp/rdma.fio)"
	ok "nothing was lost"
done

try "disconnect" on_gpu apnctl disconnect one
try "the port goes" on_storage apnctl port del $STORAGE
unload
ok "the modules unload"

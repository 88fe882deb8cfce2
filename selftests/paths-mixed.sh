# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a disk has one path over RDMA and one over TCP, and either carries it when the other dies
# promises: P1 P2 P5
# tier: all
# kinds: uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# transports: tcp
# cost: 60 s
# limit: 400
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

STORAGE2=198.51.100.1

need fio jq
# The first line is RDMA's, and so is what names no transport; the second is TCP's.
APN_TRANSPORT=rdma
load
two_sites --delay 500us
APN_TRANSPORT=tcp second_line --delay 500us
backing_brd 64
serve one "$BACKING"
on_storage apnctl port add $STORAGE2 --transport tcp --security "$APN_SECURITY"
later on_storage apnctl port del $STORAGE2 --transport tcp

# path N FIELD
path() { on_gpu apnctl -j path show one | jq -r ".[$1].$2"; }
path_is() { [ "$(path "$1" state)" = "$2" ]; }
dig() { for site in storage gpu; do in_ns $site tc qdisc change dev "$1" root netem limit 1000000 loss 100%; done; }
mend() { for site in storage gpu; do in_ns $site tc qdisc change dev "$1" root netem limit 1000000 delay 500us loss 0%; done; }
verify() {
	fio --name=verify --filename="$DISK" --rw=randrw --bsrange=4k-256k --size=48m --io_size=24m --verify=crc32c \
		--verify_fatal=1 --iodepth=8 --ioengine=libaio --direct=1 --clocksource=clock_gettime --randseed=7 \
		--verify_backlog=64 >/tmp/mixed.fio 2>&1
}
verified() { wait "$1" || fail "fio: $(tail -n 5 /tmp/mixed.fio)"; }

# both_ways FIRST SECOND: the lines of the disk's paths 0 and 1
both_ways() {
	local first=$1 second=$2 job
	verify &
	job=$!
	sleep 1
	dig "$first"
	within 15 "the first path is dead" path_is 0 waiting
	try "the disk goes on by the other" timeout 5 dd if="$DISK" of=/dev/null bs=64k count=4 iflag=direct status=none
	is live "$(disk_field one state)" "and is live"
	mend "$first"
	within 30 "the first is used again when it is back" path_is 0 live
	dig "$second"
	within 15 "the second path is dead" path_is 1 waiting
	try "the disk goes on by the first" timeout 5 dd if="$DISK" of=/dev/null bs=64k count=4 iflag=direct status=none
	dig "$first"
	within 30 "with none it waits" is_state waiting
	mend "$second"
	within 30 "and goes on by whichever is back" is_state live
	mend "$first"
	within 30 "both are back" path_is 0 live
	within 30 "both" path_is 1 live
	verified $job
	ok "nothing was lost or damaged"
}

attach one
try "a path over TCP is added to a disk over RDMA" on_gpu apnctl path add one $STORAGE2 --transport tcp
within 10 "both are live" path_is 1 live
is "rdma tcp" "$(on_gpu apnctl -j path show one | jq -r '[.[].transport] | join(" ")')" "it shows which is which"
both_ways line line2
try "the path over RDMA is taken away" on_gpu apnctl path del one $STORAGE
verify || fail "fio: $(tail -n 5 /tmp/mixed.fio)"
ok "TCP carries it alone"
try "disk and device are the same" same "$DISK" "$BACKING"
try "disconnect" detach one

DISK=$(on_gpu apnctl connect $STORAGE2 one --transport tcp --also $STORAGE,rdma --security "$APN_SECURITY") ||
	fail "not connected over TCP and RDMA"
within 10 "a disk over TCP with a second path over RDMA: both are live" path_is 1 live
is "tcp rdma" "$(on_gpu apnctl -j path show one | jq -r '[.[].transport] | join(" ")')" "it shows which is which"
both_ways line2 line
try "disk and device are the same" same "$DISK" "$BACKING"
try "disconnect" detach one

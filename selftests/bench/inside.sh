#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What selftests/bench/run runs in its machine: three disks over three protocols, then measure.py.
# Without a title, so that selftests/run takes it for no test.

# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

# The same for all: nothing is stored, so that what costs time is the way there and back.
null_disk() { backing_null_blk 65536 memory_backed=0 "submit_queues=$(nproc)" hw_queue_depth=1024 max_sectors=16384; }

conf() { jq -r ".$1" "$APN_SHARED/shared/bench.json"; }

# value FILE...: what it holds, or a dash
value() { cat "$@" 2>/dev/null || echo -; }

# describe NAME DEVICE: no scheduler, for all; then what a reader of the figures has to know of the disk
describe()
{
	local queue=/sys/block/${2##*/}/queue

	echo none >"$queue/scheduler"
	echo "# $1: $2, $(find "${queue%/queue}/mq" -mindepth 1 -maxdepth 1 | wc -l) hardware queues," \
		"$(value "$queue/nr_requests") requests, scheduler $(value "$queue/scheduler")," \
		"largest request $(value "$queue/max_sectors_kb") KiB"
}

# Over RDMA an address has to be that of a device: one end of a cable whose other end nobody needs.
at=127.0.0.1
if [ "$APN_TRANSPORT" = rdma ]; then
	at=192.0.2.1
	modprobe -a veth rdma_rxe
	ip link add line type veth peer name other
	later ip link del line
	ip link set line mtu 9000 up
	ip link set other mtu 9000 up
	ip addr add $at/24 dev line
	rdma link add rxe-line type rxe netdev line
	later rdma link delete rxe-line
fi

start_apnbd()
{
	load
	null_disk
	apnctl export add bench --device "$BACKING"
	later apnctl export del bench --force
	apnctl port add $at --security none --transport "$APN_TRANSPORT"
	later apnctl port del $at --transport "$APN_TRANSPORT"
	disk=$(apnctl connect $at bench --security none --transport "$APN_TRANSPORT")
	later apnctl disconnect --all --force
	disks+=("apnbd=$disk")
	describe apnbd "$disk"
}

start_nvme()
{
	local target=/sys/kernel/config/nvmet set uuid=11111111-2222-3333-4444-555555555555

	modprobe -a "nvme_$APN_TRANSPORT" "nvmet_$APN_TRANSPORT"
	null_disk
	mkdir -p $target/subsystems/bench/namespaces/1 $target/ports/1
	echo 1 >$target/subsystems/bench/attr_allow_any_host
	echo "$BACKING" >$target/subsystems/bench/namespaces/1/device_path
	echo 1 >$target/subsystems/bench/namespaces/1/enable
	later rmdir $target/subsystems/bench
	later rmdir $target/subsystems/bench/namespaces/1
	later rmdir $target/ports/1
	for set in "trtype=$APN_TRANSPORT" adrfam=ipv4 traddr=$at trsvcid=4420; do
		echo "${set#*=}" >"$target/ports/1/addr_${set%=*}"
	done
	ln -s $target/subsystems/bench $target/ports/1/subsystems/bench
	later rm $target/ports/1/subsystems/bench
	nvme connect -t "$APN_TRANSPORT" -a $at -s 4420 -n bench --hostnqn=nqn.2014-08.org.nvmexpress:uuid:$uuid --hostid=$uuid
	later nvme disconnect -n bench
	within 20 "the disk of nvme appears" test -b /dev/nvme0n1
	disks+=("nvme-$APN_TRANSPORT=/dev/nvme0n1")
	describe "nvme-$APN_TRANSPORT" "$(compgen -G '/sys/block/nvme0c*n1' || echo /dev/nvme0n1)"
}

start_nbd()
{
	modprobe nbd nbds_max=1
	null_disk
	nbdkit --threads=16 --ipaddr 127.0.0.1 --pidfile /tmp/nbdkit.pid file "$BACKING" cache=none
	later pkill -F /tmp/nbdkit.pid
	within 10 "nbdkit is there" test -s /tmp/nbdkit.pid
	nbd-client 127.0.0.1 10809 /dev/nbd0 -C "$(nproc)" >/tmp/nbd-client.log 2>&1 ||
		fail "nbd-client: $(tail -n 1 /tmp/nbd-client.log)"
	later nbd-client -d /dev/nbd0
	disks+=(nbd=/dev/nbd0)
	describe nbd /dev/nbd0
}

# the disk itself, without a network: what fio and the block layer cost
start_local()
{
	null_disk
	disks+=("local=$BACKING")
	describe local "$BACKING"
}

need fio jq nvme nbdkit nbd-client python3
disks=()
for peer in $(conf 'peers[]'); do
	"start_${peer%-*}"
done
udevadm settle
python3 -B "$SELFTESTS/bench/measure.py" "$APN_SHARED/shared/bench.json" "$APN_SHARED/shared/raw.tsv" "${disks[@]}"
ok "measured"

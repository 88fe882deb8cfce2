# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: what rxe itself can't do, shown by nvme-rdma: once it had no route it takes no connection any more
# tier: all
# kinds: uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 60 s
# limit: 200
#
# A message that found no route puts its queue pair for management into the error state (rxe_requester()), and that is of no
# use from then on. When this fails the kernel was mended: lib.sh may then cut a line by its link, also over RDMA.
export APN_TRANSPORT=rdma SITES_HERE=y
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need nvme rdma
need_kernel_module rdma_rxe nvme_rdma nvmet_rdma
# shellcheck disable=SC2119
two_sites
backing_null_blk 64
target=/sys/kernel/config/nvmet
uuid=11111111-2222-3333-4444-555555555555
on_storage mkdir -p $target/subsystems/rxe/namespaces/1 $target/ports/1
later rmdir $target/subsystems/rxe
later rmdir $target/subsystems/rxe/namespaces/1
later rmdir $target/ports/1
echo 1 >$target/subsystems/rxe/attr_allow_any_host
echo "$BACKING" >$target/subsystems/rxe/namespaces/1/device_path
echo 1 >$target/subsystems/rxe/namespaces/1/enable
for set in trtype=rdma adrfam=ipv4 traddr=$STORAGE trsvcid=4420; do
	echo "${set#*=}" >"$target/ports/1/addr_${set%=*}"
done
on_storage ln -s $target/subsystems/rxe $target/ports/1/subsystems/rxe
later rm $target/ports/1/subsystems/rxe
later nvme disconnect -n rxe

connect() {
	on_gpu timeout 30 nvme connect -t rdma -a $STORAGE -s 4420 -n rxe --hostnqn=nqn.2014-08.org.nvmexpress:uuid:$uuid \
		--hostid=$uuid --nr-io-queues=1 --reconnect-delay=1 --ctrl-loss-tmo=600 --keep-alive-tmo=2
}
controller() { cat /sys/class/nvme/nvme*/state; }
is_controller() { [ "$(controller)" = "$1" ]; }

try "nvme-rdma connects" connect
within 10 "live" is_controller live
in_ns storage ip link set line down
within 40 "its link is down: that is noticed" is_controller connecting
sleep 3
in_ns storage ip link set line up
ip route add $GPU dev line src $STORAGE table 10
within 10 "the link is up, and the network is back" on_gpu ping -q -c 1 -W 1 $STORAGE
sleep 25
is connecting "$(controller)" "nvme-rdma does not come back in 25 s"
try "nor does it let itself be connected anew" nvme disconnect -n rxe
must_fail "over that device" connect
rdma link delete rxe-storage
rdma_device storage
rm $target/ports/1/subsystems/rxe # nvmet's port has gone with its device
ln -s $target/subsystems/rxe $target/ports/1/subsystems/rxe
within 60 "with a new device it is" connect

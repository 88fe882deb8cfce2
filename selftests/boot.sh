# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: the machine boots and has what the tests stand on
# tier: check
# kinds: all
# transports: tcp
# smoke: qemu-6.1 qemu-6.12 qemu-7
# cost: 20 s
# limit: 300
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio nvme mkfs.ext4 mkfs.xfs tlshd keyctl

backing_brd 16
try "brd: $BACKING" dd if=/dev/zero of="$BACKING" bs=1M count=16 oflag=direct
backing_loop 16
try "loop: $BACKING" dd if=/dev/zero of="$BACKING" bs=1M count=16 oflag=direct
backing_null_blk 400
try "null_blk: $BACKING" dd if=/dev/zero of="$BACKING" bs=1M count=16 oflag=direct
for m in nbd dm_crypt dm_log_writes dm_flakey dm_delay raid1 btrfs xfs tls sch_tbf sch_fq tcp_bbr nvme_tcp nvmet_tcp; do
	try "module $m" modprobe "$m"
done
try "the kernel's configuration can be read" kernel_has CONFIG_NET

two_sites --delay 2ms
rtt=$(on_gpu ping -q -c 3 -i 0.2 $STORAGE | awk -F/ '/^rtt/ { print int($5) }')
[ "$rtt" -ge 4 ] || fail "a delay of 2 ms each way gives an RTT of $rtt ms"
ok "delay: RTT $rtt ms"
try "IPv6" on_gpu ping -q -c 1 $STORAGE6

target=/sys/kernel/config/nvmet
on_storage mkdir -p $target/subsystems/boot/namespaces/1 $target/ports/1
echo 1 >$target/subsystems/boot/attr_allow_any_host
echo "$BACKING" >$target/subsystems/boot/namespaces/1/device_path
echo 1 >$target/subsystems/boot/namespaces/1/enable
later rmdir $target/subsystems/boot
later rmdir $target/subsystems/boot/namespaces/1
later rmdir $target/ports/1
for set in trtype=tcp adrfam=ipv4 traddr=$STORAGE trsvcid=4420; do
	echo "${set#*=}" >"$target/ports/1/addr_${set%=*}"
done
on_storage ln -s $target/subsystems/boot $target/ports/1/subsystems/boot
later rm $target/ports/1/subsystems/boot
later nvme disconnect -n boot
uuid=11111111-2222-3333-4444-555555555555
try "nvme-tcp connects" on_gpu nvme connect -t tcp -a $STORAGE -s 4420 -n boot \
	--hostnqn=nqn.2014-08.org.nvmexpress:uuid:$uuid --hostid=$uuid
disk=/dev/nvme0n1
within 10 "its disk appears" test -b $disk

mkdir -p /tmp/mnt
try "ext4 over it" mkfs.ext4 -q $disk
mount $disk /tmp/mnt
later umount /tmp/mnt
dd if=/dev/urandom of=/tmp/file bs=1M count=8 status=none
cp /tmp/file /tmp/mnt/file
sync
echo 3 >/proc/sys/vm/drop_caches
try "a file comes back as it went" cmp /tmp/file /tmp/mnt/file
umount /tmp/mnt
try "fio" fio --name=boot --filename=$disk --rw=randread --bs=4k --iodepth=8 --ioengine=libaio --direct=1 \
	--number_ios=200 --clocksource=clock_gettime --output=/tmp/fio

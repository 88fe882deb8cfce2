# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: writeback makes progress with little memory: for its program, for TCP and in the whole machine
# tier: all
# promises: P12
# kinds: qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 60 s
# machines: 2
# disks: 800M
# memory: 512M
# limit: 280
#
# The host's machine is not the target's: what one frees the other must not need. The program's group is not smaller, and TCP
# not kept short meanwhile, since Linux kills a program in 32 MiB for any disk of 10 MB/s: its reclaim does not wait for writeback.
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq mkfs.ext4
backing=/dev/vdc
[ -b $backing ] || backing=/dev/ubdc

storage() {
	serve_here one $backing
	sysctl -qw net.ipv4.tcp_mem="16 32 128"
	barrier up
	barrier written 250
}

killed() { awk '/^oom_kill / { print $2 }' /proc/vmstat; }

# Dirty pages of a file system over the disk, in a group that may hold 64 MiB, in a machine that has little more.
gpu() {
	local disk before mem group=/sys/fs/cgroup/little
	load apn
	load apnbd
	barrier up
	disk=$(apnctl connect $STORAGE one --security none) || fail "no disk"
	later apnctl disconnect --all --force
	mkfs.ext4 -q "$disk"
	mkdir -p /tmp/at
	mount "$disk" /tmp/at
	later umount /tmp/at
	mem=$(sysctl -n net.ipv4.tcp_mem)
	sysctl -qw net.ipv4.tcp_mem="16 32 128"
	before=$(killed)
	try "200 MiB written and flushed with half a MiB for all of TCP" dd if=/dev/zero of=/tmp/at/tcp bs=1M count=200 conv=fsync
	[ "$(nstat -az TcpExtTCPMemoryPressures | awk 'END { print $2 }')" -gt 0 ] || fail "TCP was not short of memory"
	sysctl -qw net.ipv4.tcp_mem="$mem"
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p $group
	later rmdir $group
	echo 64M >$group/memory.max
	try "300 MiB by a program that may hold 64" sh -c "echo \$\$ >$group/cgroup.procs
		tr '\\0' x </dev/zero | dd of=/tmp/at/group bs=1M count=300 iflag=fullblock conv=fsync"
	mount -t tmpfs -o size=90% none /mnt
	later umount /mnt
	# what is left of the machine: some 60 MiB
	dd if=/dev/zero of=/mnt/fill bs=1M count=$(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) / 1024 - 60)) status=none
	try "200 MiB with little memory in the machine" sh -c \
		"tr '\\0' y </dev/zero | dd of=/tmp/at/machine bs=1M count=200 iflag=fullblock conv=fsync"
	is "$before" "$(killed)" "nothing was killed for memory"
	rm /mnt/fill
	echo 3 >/proc/sys/vm/drop_caches
	is "$(head -c 300M /dev/zero | tr '\0' x | cksum)" "$(cksum </tmp/at/group)" "what was written is there"
	umount /tmp/at
	try "disconnect" apnctl disconnect one
	barrier written
}

wire_up 1500
if [ "$APN_MACHINE" = b ]; then
	storage
else
	gpu
fi

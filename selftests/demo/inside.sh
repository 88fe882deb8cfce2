#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# title: what "make demo" shows: a disk 40 km away, from the export to fio
# tier: check
# kinds: all
# smoke: qemu-6.12
# cost: 43 s
# limit: 280
#
# Each command is shown as it would be typed on real hosts, before it runs.  The two sites are network namespaces of one
# machine; the line between them has the delay of 40 km of fibre, 0.2 ms each way.

. "$SELFTESTS/lib.sh"

disk_mb=512
file_mb=96
rows=()

# at SITE COMMAND...: show it, run it there, show what it says.
at()
{
	local site=$1 said

	shift
	show "$site" "$*"
	said=$(in_ns "$site" timeout -k 5 60 "$@" 2>&1) || fail "$site# $*: ended with $?: $said"
	[ -z "$said" ] || echo "    ${said//$'\n'/$'\n    '}"
}

show() { printf '%8s# %s\n' "$1" "$2"; }
head_line() { printf '\n-- %s\n' "$*"; }
row() { rows+=("$(printf '%-46s %s' "$1" "$2")"); }

# since MS: seconds that passed, with one digit.
since() { awk -v from="$1" -v to="$(now_ms)" 'BEGIN { printf "%.1f", (to - from) / 1000 }'; }
rate() { awk -v mb="$1" -v from="$2" -v to="$(now_ms)" 'BEGIN { printf "%.0f MB/s", mb * 1048.576 / (to - from) }'; }

# insert SITE MODULE: as insmod on a host; what it needs of the kernel's own is loaded before.
insert()
{
	show "$1" "insmod $2.ko"
	load "$2"
}

# latency RW: the mean of 4 KiB requests, one at a time, in ms.
latency()
{
	in_ns gpu fio --name=latency --filename=/data/file --rw="$1" --bs=4k --direct=1 --ioengine=psync --number_ios=400 \
		--clocksource=clock_gettime --output-format=json >/tmp/fio.json
	jq -r '.jobs[0] | [.read, .write] | map(select(.total_ios > 0))[0].clat_ns.mean / 1e6 * 100 | round / 100' \
		/tmp/fio.json
}

# TLS is the default; where the kernel has none another level has to be typed, at both ends.
level=()
kernel_has CONFIG_NET_HANDSHAKE || level=(--security auth)
# hands SITE: tlshd shakes hands for the kernel; on a host systemd starts it.
hands()
{
	[ ${#level[@]} = 0 ] || return 0
	show "$1" "tlshd &"
	later agent_end "$1"
	agent_start "$1"
}

need fio jq mkfs.xfs
[ -e "$APN_BUILD/apn.ko" ] || skip "the modules are not there yet"

head_line "two sites, 40 km apart: storage is 192.0.2.1, gpu is 192.0.2.2"
two_sites --delay 200us
show gpu "ping -q -c 20 -i 0.1 192.0.2.1"
rtt=$(on_gpu ping -q -c 20 -i 0.1 "$STORAGE" | sed -n 's,^rtt [^=]*= \([0-9.]*\)/.*,\1,p')
echo "    at least $rtt ms"
row "round trip of the line (ping)" "$rtt ms"

head_line "the storage site exports a disk: here a RAM disk, there perhaps an LVM volume"
show storage "modprobe brd rd_size=$((disk_mb * 1024))"
backing_brd "$disk_mb"
insert storage apn
insert storage apn_target
hands storage
show storage "apnctl key generate gpu-a >gpu-a.key"
on_storage apnctl key generate gpu-a >/tmp/gpu-a.key || fail "no key"
later rm -f /tmp/gpu-a.key /etc/apnbd/keys/gpu-a.key
at storage apnctl export add demo --device "$BACKING" --allow gpu-a
at storage apnctl port add "$STORAGE" "${level[@]}"

head_line "the GPU node connects"
insert gpu apnbd
hands gpu
at gpu apnctl key import /tmp/gpu-a.key
show gpu "apnctl connect $STORAGE demo${level[*]:+ ${level[*]}}"
disk=$(on_gpu timeout -k 5 60 apnctl connect "$STORAGE" demo "${level[@]}") || fail "connect ended with $?"
echo "    $disk"
[ -b "$disk" ] || fail "connect printed '$disk', which is no block device"
later on_gpu apnctl disconnect --all --force
at gpu apnctl list
row "encrypted" "$([ "$(disk_field demo security)" = tls ] && echo "TLS 1.3" || echo "no: this kernel can't")"

head_line "and it is a disk"
from=$(now_ms)
at gpu mkfs.xfs -q -f "$disk"
row "mkfs.xfs" "$(since "$from") s"
mkdir -p /data
at gpu mount "$disk" /data
later umount /data
dd if=/dev/urandom of=/tmp/file bs=1M count=$file_mb status=none
sync
show gpu "cp file /data && sync"
from=$(now_ms)
cp /tmp/file /data/file
sync
row "copy $file_mb MB to the disk, synced" "$(rate $file_mb "$from")"
at gpu umount /data
at gpu mount "$disk" /data
show gpu "cmp file /data/file"
from=$(now_ms)
cmp /tmp/file /data/file || fail "the file came back changed"
row "read it back over the line and compare" "$(rate $file_mb "$from")"
echo "    byte for byte the same"

head_line "how long one request takes"
show gpu "fio --name=latency --filename=/data/file --rw=randread --bs=4k --direct=1 --number_ios=400"
read_ms=$(latency randread)
echo "    mean $read_ms ms"
row "4 KiB random read, one at a time" "$read_ms ms"
show gpu "fio --name=latency --filename=/data/file --rw=randwrite --bs=4k --direct=1 --number_ios=400"
write_ms=$(latency randwrite)
echo "    mean $write_ms ms"
row "4 KiB random write, one at a time" "$write_ms ms"

head_line "and away"
at gpu umount /data
at gpu apnctl disconnect --all
at storage apnctl export del demo

printf '\n%s\n' "==============================================================="
printf '%s\n' "${rows[@]}"
printf '%s\n' "==============================================================="
ok "the demo: mkfs, mount, copy, compare, fio over a line of $rtt ms"

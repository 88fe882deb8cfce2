# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Power cuts under an export, by dm-log-writes. Sourced after lib.sh.

# logged FS MB: a file system on a device whose writes are logged from now on; sets BACKING and log
logged() {
	local fs=$1 mb=$2 data
	backing_null_blk 256
	log=$BACKING
	backing_null_blk "$mb"
	data=$BACKING
	case $fs in
	ext4) mkfs.ext4 -q -F -J size=4 -E lazy_itable_init=0,lazy_journal_init=0 "$data" ;;
	xfs) mkfs.xfs -q -f "$data" ;;
	esac
	rm -f /tmp/image
	dd if="$data" of=/tmp/image bs=64k conv=sparse status=none
	truncate -s "$mb"M /tmp/image
	dmsetup create apn-logged --table "0 $(blockdev --getsz "$data") log-writes $data $log"
	later dmsetup remove apn-logged
	BACKING=/dev/mapper/apn-logged
	udevadm settle
}

# Files are written, renamed and removed. After a file's fsync returned there is a mark of its name.
work() {
	local i name
	for i in $(seq "$1"); do
		name=file$i
		dd if=/dev/urandom of="/tmp/at/$name" bs=$((1000 + 7919 * (i % 5))) count=3 conv=fsync status=none
		(cd /tmp/at && sha256sum "$name") >>/tmp/sums
		dmsetup message apn-logged 0 mark "$name"
		dd if=/dev/urandom of="/tmp/at/junk$i" bs=20000 count=1 status=none
		mv "/tmp/at/junk$i" "/tmp/at/moved$((i % 3))"
	done
}

# cuts FS MB DURABILITY FILES EVERY: what was flushed is there, at each point
cuts() {
	local fs=$1 mb=$2 durability=$3 files=$4 every=$5 name=$1-$3 said cache='write back'
	local base
	need_kernel_module dm_log_writes "$fs" loop
	mkdir -p /tmp/at /tmp/look
	rm -f /tmp/sums
	logged "$fs" "$mb"
	serve "$name" "$BACKING" --durability "$durability"
	attach "$name"
	[ "$durability" = flush ] || cache='write through'
	is "$cache" "$(cat "/sys/block/${DISK##*/}/queue/write_cache")" "$name: the disk's cache is $cache"
	try "$name: mount" mount -t "$fs" "$DISK" /tmp/at
	later umount /tmp/at
	work "$files"
	try "$name: umount" umount /tmp/at
	base=$(export_stat "$name" flushes)
	if [ "$durability" = ack ]; then
		is 0 "$base" "$name: no FLUSH travelled"
	else
		[ "$base" -ge "$files" ] || fail "$name: only $base FLUSHes reached the target, for $files fsyncs"
		ok "$name: $base FLUSHes reached the target"
	fi
	try "$name: disconnect" detach "$DISK"
	try "$name: the export goes" on_storage apnctl export del "$name"
	dmsetup remove --retry apn-logged
	said=$(python3 "$SELFTESTS/flush/replay.py" "$log" /tmp/image "$every" bash "$SELFTESTS/flush/look.sh" "$fs" \
		/tmp/image /tmp/sums 2>&1) || fail "$name: $said"
	ok "$name: $said: all whole"
	rm -f /tmp/image
}

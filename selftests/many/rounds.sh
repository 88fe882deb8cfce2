# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Many disks. Sourced after lib.sh.

need sfdisk fio jq
load
two_sites
disks=64
mb=4

# What is free once caches are dropped, in KiB.
free_kb() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.5
	awk '/^MemFree:/ { print $2 }' /proc/meminfo
}

# the partitions of one device, each an export
partitions() {
	local i
	backing_null_blk $((disks * mb + 4))
	{
		echo "label: gpt"
		echo "table-length: $disks"
		for ((i = 0; i < disks; i++)); do
			echo "size=${mb}MiB"
		done
	} | sfdisk -q "$BACKING"
	udevadm settle
	within 5 "$disks devices" test -b "${BACKING}p$disks"
}

# Idle memory: that of the exports is the target's alone, that of disks is both ends'.
sixty_four() {
	local i before served attached name list each
	partitions
	serve p1 "${BACKING}p1"
	attach p1
	before=$(free_kb)
	for ((i = 2; i <= disks; i++)); do
		serve "p$i" "${BACKING}p$i"
	done
	ok "$disks exports"
	served=$(free_kb)
	list=("$DISK")
	for ((i = 2; i <= disks; i++)); do
		attach "p$i"
		list+=("$DISK")
	done
	ok "$disks disks"
	udevadm settle
	attached=$(free_kb)
	each=$(((before - attached) / (disks - 1)))
	echo "# an idle disk holds $each KiB at both ends together, $(((before - served) / (disks - 1))) of them before it is attached"
	if [[ $APN_KIND != *debug ]]; then
		[ $each -lt 1024 ] || fail "an idle disk holds $each KiB"
		ok "an idle disk holds less than 1 MiB"
	fi

	is 1 "$(on_gpu apnctl -j line show | jq length)" "one line"
	is $disks "$(on_gpu apnctl -j line show | jq '.[0].disks')" "$disks disks share it"
	is "$(disk_field p1 lanes)" "$(on_gpu apnctl -j line show | jq '.[0].lane | map(select(.state == "live")) | length')" \
		"it has the lanes that were wanted"
	is $disks "$(on_storage apnctl -j session show | jq length)" "$disks sessions at the target"

	local jobs=()
	for name in "${list[@]}"; do
		jobs+=(--name="${name##*/}" --filename="$name")
	done
	try "all of them work at a time" fio --rw=randwrite --bs=4k --size=256k --ioengine=libaio --iodepth=4 --direct=1 \
		--verify=crc32c --verify_fatal=1 --clocksource=clock_gettime --output=/tmp/fio.out "${jobs[@]}"
	rm -f /tmp/fio.out
	for i in 1 17 $disks; do
		try "disk $i is the same at the target" same "${list[i - 1]}" "${BACKING}p$i"
	done
	try "all disconnect" on_gpu apnctl disconnect --all
	is 0 "$(on_gpu apnctl -j line show | jq length)" "the line goes with the last"
	try "and free their exports" on_storage apnctl export del p1
	serve p1 "${BACKING}p1"
}

# come_and_go TIMES: disks of one line, while another disk of it is busy
come_and_go() {
	local i before after held=0
	attach p1
	touch /tmp/many.go
	later rm -f /tmp/many.go /tmp/many.fio
	while [ -e /tmp/many.go ]; do
		fio --name=busy --filename="$DISK" --rw=randrw --bs=4k --size=2m --ioengine=libaio --iodepth=4 --direct=1 \
			--verify=crc32c --verify_fatal=1 --clocksource=clock_gettime || exit 1
	done >/tmp/many.fio 2>&1 &
	local busy=$!
	for ((i = 0; i < $1; i++)); do
		on_gpu apnctl connect "$STORAGE" p2 --security none >/dev/null || fail "connect number $i"
		on_gpu apnctl disconnect p2 || fail "disconnect number $i"
		if [ $i = 10 ]; then
			before=$(free_kb)
		fi
	done
	after=$(free_kb)
	ok "$1 times connected and disconnected"
	held=$((before - after))
	echo "# $held KiB less are free after them"
	if [[ $APN_KIND != *debug ]]; then
		[ $held -lt $((4096 + $1 * 8)) ] || fail "$held KiB less are free"
		ok "nothing stays behind"
	fi
	rm -f /tmp/many.go
	wait $busy || fail "the other disk was disturbed: $(grep -m1 -E 'verify|err=' /tmp/many.fio)"
	ok "the other disk was not disturbed"
	try "disconnect" on_gpu apnctl disconnect --all
}

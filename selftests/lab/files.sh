# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034	# its variables are those of all files here
# What file systems make of the line: whole files, one reader, random reads, fsync. Sourced.

FILE_MB=146 FILES=8 LARGE_MB=1024
FILES_AT=/tmp/lab-files

# The files are written at the storage site, not over the line: what is measured is the reading.
files_make() {
	local fs=$1 at=$FILES_AT i
	mkdir -p $at
	case $fs in
	xfs) mkfs.xfs -q -f "$BACKING" >/tmp/mkfs.log 2>&1 ;;
	ext4) mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$BACKING" >/tmp/mkfs.log 2>&1 ;;
	esac || fail "mkfs.$fs: $(tail -n 1 /tmp/mkfs.log)"
	mount "$BACKING" $at
	for ((i = 0; i < FILES; i++)); do
		dd if=/dev/zero of=$at/f$i bs=1M count=$FILE_MB status=none
	done
	dd if=/dev/zero of=$at/large bs=1M count=$LARGE_MB status=none
	umount $at
	sync
}

cold() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

# files_fio NAME OPTION...: buffered readers; their log as fio_run leaves it, one file a job
files_fio() {
	rm -f /tmp/lab.json /tmp/lab_*.log
	cold
	count_begin
	fio --ioengine=psync --direct=0 --clocksource=clock_gettime --randrepeat=1 --invalidate=0 \
		--write_lat_log=/tmp/lab --log_entries="$LOG_ENTRIES" --output-format=json --output=/tmp/lab.json "$@" >/tmp/fio.log 2>&1 ||
		{ cat /tmp/fio.log; fail "fio on $SYSTEM"; }
	count_end
}

# The last answer of all jobs, in milliseconds after the first began.
last_ms() { cat /tmp/lab_clat.*.log | cut -d, -f1 | sort -n | tail -n 1; }
mean_us() { cat /tmp/lab_clat.*.log | awk -F, '{ s += $2 } END { printf "%.3f", s / NR / 1000 }'; }
over_all() { awk -v b="$1" -v ms="$(last_ms)" 'BEGIN { printf "%.1f", b / (ms ? ms : 1) / 1000 }'; }

# Four readers, each two whole files one after the other, so much a call: what a training job does.
files_whole() {
	local fs=$1 bs=$2 word=$3 i jobs=()
	for i in 0 1 2 3; do
		jobs+=("--name=r$i" "--filename=$FILES_AT/f$i:$FILES_AT/f$((i + 4))" --file_service_type=sequential --rw=read
			"--bs=$bs" "--size=$((2 * FILE_MB))m")
	done
	files_fio "${jobs[@]}"
	row "$fs: $FILES files, 4 readers, $word" "$(over_all $((FILES * FILE_MB << 20)))" \
		"$(whole_limit $((FILES * FILE_MB << 20)))" MB/s
}

files_one() {
	files_fio --name=r --filename=$FILES_AT/large --rw=read --bs=1m --size=${LARGE_MB}m
	row "$1: one reader, 1 GiB" "$(over_all $((LARGE_MB << 20)))" "$(whole_limit $((LARGE_MB << 20)))" MB/s
}

# Round trips a read; one is possible, since the place of each is known once the file is open.
files_random() {
	local i jobs=()
	for i in 0 1 2 3 4 5 6 7; do
		jobs+=("--name=r$i" "--filename=$FILES_AT/f$i" --rw=randread --bs=114k "--size=${FILE_MB}m" --number_ios=20)
	done
	files_fio "${jobs[@]}"
	row "$1: random 114k, 8 readers" "$(awk -v us="$(mean_us)" -v r="$RTT_US" 'BEGIN { printf "%.3f", us / r }')" 1 trips
}

# Round trips an append of 4 KiB, made durable. The device has a volatile cache and takes FUA.
files_append() {
	files_fio --name=a "--filename=$FILES_AT/log${2:+-flush}" --rw=write --bs=4k --size=128k --fsync=1 --file_append=1 --create_on_open=1
	row "$1: append and fsync${2:-}" "$(awk -v ms="$(jq '.jobs[0].job_runtime' /tmp/lab.json)" -v r="$RTT_US" \
		'BEGIN { printf "%.2f", ms * 1000 / 32 / r }')" 1 trips
}

# The same where an acknowledged write is not durable yet and FLUSH travels.
files_flush() {
	case $SYSTEM in apnbd*) ;; *) return 0 ;; esac
	umount $FILES_AT
	system_end
	EXPORT_ARGS='--durability flush'
	system_begin || fail "$SYSTEM is gone"
	mount "$DISK" $FILES_AT
	files_append "$1" ", flush"
	EXPORT_ARGS=''
}

work_files() {
	local fs zero=$BACKING
	[ "$SYSTEM" != nbd ] || return 0
	backing_null_blk $((FILES * FILE_MB + LARGE_MB + 1024)) cache_size=64
	for fs in xfs ext4; do
		system_end
		files_make $fs
		system_begin || fail "$SYSTEM is gone"
		mount "$DISK" $FILES_AT
		files_whole $fs 1m "1 MiB a call"
		files_whole $fs ${FILE_MB}m "a file a call"
		files_one $fs
		files_random $fs
		files_append $fs
		files_flush $fs
		umount $FILES_AT
	done
	system_end
	backing_forget "$BACKING"
	BACKING=$zero
	system_begin || fail "$SYSTEM is gone"
}

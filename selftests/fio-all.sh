# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: fio verifies what it wrote: every engine with every block size, depth and number of jobs
# promises: P1
# tier: all
# kinds: uml-debug uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 400 s
# limit: 1800
# memory: 4G
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=fio/jobs.sh
. "$SELFTESTS/fio/jobs.sh"

need fio jq
load
# shellcheck disable=SC2119
two_sites
later rm -f /tmp/fio.out

# as much of a block size as is worth waiting for
size_of() { echo $(($1 < 65536 ? $1 * 512 : $1 < 1048576 ? 16777216 : 67108864)); }

for block in 512 4096; do
	disk_of $block 512 --depth 8192
	for engine in io_uring libaio psync; do
		for bs in 512 4096 16384 131072 1048576 4194304 16777216; do
			[ $bs -ge $block ] || continue
			for direct in 0 1; do
				verified "$engine, $bs bytes, direct=$direct, blocks of $block" --ioengine=$engine --bs=$bs \
					--direct=$direct --iodepth=16 --size="$(size_of $bs)" --invalidate=1
			done
		done
		verified "$engine, odd sizes, blocks of $block" --ioengine=$engine --bsrange=$block-4m \
			--blockalign=$block --offset=$((block * 73)) --iodepth=64 --size=128m
	done
	for depth in 1 8 64 256 1024 4096; do
		for jobs in 1 4; do
			verified "depth $depth, $jobs jobs, blocks of $block" --ioengine=libaio --bs=4k --iodepth=$depth \
				--numjobs=$jobs --size=16m --offset_increment=64m
		done
	done
	try "disconnect" detach "$DISK"
done

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: fio verifies what it wrote: engines, direct and buffered, 512 bytes to 16 MiB, odd sizes and offsets, deep queues
# promises: P1
# tier: check
# kinds: all
# cost: 39 s
# limit: 600
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=fio/jobs.sh
. "$SELFTESTS/fio/jobs.sh"

need fio jq
load
# shellcheck disable=SC2119
two_sites
later rm -f /tmp/fio.out

disk_of 512 96
verified "libaio, 4 KiB, depth 32" --ioengine=libaio --bs=4k --iodepth=32 --size=8m
verified "io_uring, 512 bytes, depth 128" --ioengine=io_uring --bs=512 --iodepth=128 --size=512k
verified "psync, 64 KiB" --ioengine=psync --bs=64k --size=8m
verified "libaio, 16 MiB requests" --ioengine=libaio --bs=16m --iodepth=4 --size=64m
verified "io_uring, odd sizes at odd offsets" --ioengine=io_uring --bsrange=512-96k --blockalign=512 \
	--offset=37376 --iodepth=64 --size=12m
verified "buffered, odd sizes" --ioengine=psync --direct=0 --bsrange=512-64k --bs_unaligned=1 --size=8m --invalidate=1
verified "depth 1024, four jobs" --ioengine=libaio --bs=4k --iodepth=1024 --numjobs=4 --size=2m --offset_increment=8m
try "disconnect" detach "$DISK"

disk_of 4096 64 --digest
must_fail "no request of 512 bytes" dd if=/dev/zero of="$DISK" bs=512 count=1 oflag=direct
verified "4096-byte blocks with digests" --ioengine=libaio --bsrange=4k-256k --blockalign=4k \
	--iodepth=32 --size=16m
verified "4096-byte blocks, buffered" --ioengine=io_uring --direct=0 --bs=4k --iodepth=8 --size=4m --invalidate=1
try "disconnect" detach "$DISK"

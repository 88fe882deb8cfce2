# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034	# DISK and BACKING are lib.sh's
# fio with verification, in one line a job. Sourced by the tests of fio, after lib.sh.

# disk_of BLOCK MB [OPTION...]: a null_blk of that block size behind an export; sets DISK and BACKING
disk_of() {
	local block=$1 mb=$2
	shift 2
	backing_null_blk "$mb" "blocksize=$block" discard=1
	serve "blocks$block" "$BACKING"
	attach "blocks$block" "$@"
	is "$block" "$(blockdev --getss "$DISK")" "blocks of $block bytes"
}

# verified DESC OPTION...: write with checksums, read back and check them, compare with the target's device
verified() {
	local desc=$1
	shift
	blockdev --flushbufs "$DISK"
	try "$desc" fio --name=verified --filename="$DISK" --clocksource=clock_gettime --verify=crc32c --verify_fatal=1 \
		--do_verify=1 --end_fsync=1 --rw=randwrite --direct=1 "$@" --output=/tmp/fio.out
	try "$desc: the same at the target" same "$DISK" "$BACKING"
}

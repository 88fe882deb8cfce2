# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: what was flushed is durable: FLUSH and FUA reach the device in order, and each cut of its log is a whole file system
# promises: P4
# tier: check
# kinds: all
# cost: 58 s
# limit: 500
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=flush/cuts.sh
. "$SELFTESTS/flush/cuts.sh"

need dmsetup python3 mkfs.ext4 mkfs.xfs jq
load
# shellcheck disable=SC2119
two_sites
cuts ext4 32 flush 12 1
cuts ext4 32 ack 6 4
cuts xfs 320 flush 4 2

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: what was flushed is durable: ext4 and XFS, flush and ack, every point of the log
# promises: P4
# tier: all
# kinds: uml-debug uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 400 s
# limit: 2000
# memory: 4G
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=flush/cuts.sh
. "$SELFTESTS/flush/cuts.sh"

need dmsetup python3 mkfs.ext4 mkfs.xfs jq
load
# shellcheck disable=SC2119
two_sites
for fs in ext4 xfs; do
	for durability in flush ack; do
		cuts $fs 320 $durability 40 1
	done
done

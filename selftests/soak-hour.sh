# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: an hour of mixed faults on a kernel that looks for races
# tier: soak
# promises: P1 P2 P4 P5 P6 P8
# kinds: qemu-debug
# cost: 3700 s
# limit: 1500
# memory: 3G
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=soak/faults.sh
. "$SELFTESTS/soak/faults.sh"

soak 3600

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a day of mixed faults in virtual time, with verification all the while: nothing is lost, damaged or hung
# tier: soak
# promises: P1 P2 P5 P6 P8
# kinds: uml-vtime
# cost: 6000 s
# limit: 36000
# memory: 4G
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=soak/faults.sh
. "$SELFTESTS/soak/faults.sh"

soak $((24 * 3600))

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: ten minutes of mixed faults in virtual time, with verification all the while: nothing is lost, damaged or hung
# tier: all
# promises: P1 P2 P5 P6 P8
# kinds: uml-vtime
# cost: 120 s
# limit: 1800
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=soak/faults.sh
. "$SELFTESTS/soak/faults.sh"

soak 600

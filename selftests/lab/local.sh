# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# in one room: round trip 0.05 ms, 100 Gbit/s
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$SELFTESTS/lab/lab.sh"

lab_line local 50 100
lab latency throughput

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 40 km of fibre: round trip 0.4 ms, 100 Gbit/s
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$SELFTESTS/lab/lab.sh"

lab_line apn-40km 400 100
lab latency throughput burst

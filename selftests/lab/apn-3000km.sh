# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 3,000 km: round trip 30.6 ms, 100 Gbit/s
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$SELFTESTS/lab/lab.sh"

lab_line apn-3000km 30600 100
lab latency throughput burst

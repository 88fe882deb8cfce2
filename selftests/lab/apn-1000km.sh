# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# 1,000 km as it was seen, not as the crow flies: round trip 15 ms, 100 Gbit/s
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$SELFTESTS/lab/lab.sh"

lab_line apn-1000km 15000 100
lab latency throughput burst p99 files memory loss

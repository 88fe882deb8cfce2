# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# the Internet, as it is rented: round trip 10 ms, 1 Gbit/s
# shellcheck source-path=SCRIPTDIR source=lab.sh
. "$SELFTESTS/lab/lab.sh"

lab_line internet 10000 1
lab latency throughput share

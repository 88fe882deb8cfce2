# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: each mutant of selftests/mutants applies, and the tables in testing.rst are what they and the tests say
# tier: check
# kinds: host
# cost: 1 s
# limit: 60
. "$SELFTESTS/lib.sh"

need python3 patch
try "every mutant applies, and the tables are true" "$SELFTESTS/mutants/run" --check

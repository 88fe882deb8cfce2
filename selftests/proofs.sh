# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: the protocol's text, two programs and the module come to the same keys and proofs
# promises: P9
# tier: check
# kinds: host
# cost: 5 s
. "$SELFTESTS/lib.sh"

need gcc make python3
out=$(mktemp -d)
later rm -rf "$out"

try "a second implementation in C, and one in Python" make -s -C "$SELFTESTS/auth" OUT="$out" check

# The module tests itself when a debug build is loaded, by the first case of that file.
table() { awk -v name="$1" '$0 ~ name { on = 1; next } /^};/ { on = 0 } on' "$SELFTESTS/../drivers/apn/auth_test.c" | grep -o '0x..' | sed 's/0x//' | paste -sd ''; }
first() { awk -v name="$1" '$1 == name { print $2; exit }' "$SELFTESTS/auth/vectors.txt"; }
is "$(first host-proof)" "$(table vector_host_proof)" "the module's own test has the same proof of a host"
is "$(first target-proof)" "$(table vector_target_proof)" "and of a target"

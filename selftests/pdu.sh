# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: the wire's rules hold: unit test with sanitizers, then fuzzing of both directions
# promises: P10
# tier: check
# kinds: host
# cost: 25 s
. "$SELFTESTS/lib.sh"

need gcc make
out=$(mktemp -d)
later rm -rf "$out"

pdu() { make -s -C "$SELFTESTS/pdu" OUT="$out" "$@"; }

try "every rule of pdu.c, with gcc and the sanitizers" pdu check

need clang
try "the same, built by clang" pdu compiled
try "fuzzing from a fixed seed finds nothing" pdu fuzz

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: the line's pacer: full at once where it was declared, found out elsewhere, fair to others
# tier: check
# kinds: host
# promises: P13
# cost: 15 s
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need gcc make
out=$(mktemp -d)
later rm -rf "$out"

make -s -C "$SELFTESTS/steer" OUT="$out" "$out/steer" || fail "it does not compile"
wrong=()
while read -r line; do
	case $line in
	"ok - "*) ok "${line#ok - }" ;;
	*) wrong+=("${line#not ok - }") ;;
	esac
done < <("$out/steer")
[ ${#wrong[@]} = 0 ] || fail "$(printf "%s; " "${wrong[@]}")"

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: apnctl's face holds: unit tests with sanitizers, its manual and its completion name all it has
# tier: check
# kinds: host
# cost: 15 s
. "$SELFTESTS/lib.sh"

need gcc make pkg-config
pkg-config --exists libmnl json-c || skip "libmnl-dev and libjson-c-dev are not installed"

tool=$SELFTESTS/../tools/apnctl
try "unit tests against a kernel in the place of libmnl's socket" make -s -C "$tool" check
try "it builds" make -s -C "$tool" all

# The completion is made from the same tables as the commands: what it offers, the manual must name.
manual=$(sed 's/\\//g' "$tool/apnctl.8")
named() {
	local word
	while read -r word; do
		grep -qF -- "$word" <<<"$manual" || fail "the manual does not name \"$word\""
	done
}
grep -o -- '--[a-z][a-z-]*' "$tool/apnctl.bash" | sort -u | named
ok "the manual names every option"
"$tool/apnctl" help | awk '/^  [a-z]/ { print $1 ($2 ~ /^[a-z]+$/ && !/^  [a-z]+   /? " " $2 : "") }' | named
ok "the manual names every command"

# complete WORD...: what bash offers for the last one.
complete_words() {
	COMP_WORDS=(apnctl "$@") COMP_CWORD=$# COMPREPLY=()
	_apnctl
	echo "${COMPREPLY[*]}"
}
PATH=$tool:$PATH
# shellcheck source=/dev/null
. "$tool/apnctl.bash"
is "connect" "$(complete_words con)" "a command is completed"
is "drain" "$(complete_words export dr)" "and its second word"
is "--fail-after" "$(complete_words disk connect 192.0.2.1 x --fa)" "an option"
is "tls auth none" "$(complete_words port add 0.0.0.0 --security '')" "and its value"
is "" "$(complete_words bogus x)" "nothing is offered for what is unknown"

code() { local n=0; "$@" >/dev/null 2>&1 || n=$?; echo $n; }
is 1 "$(code "$tool/apnctl" lis)" "a wrong command ends with 1"
is 0 "$(code "$tool/apnctl" -V)" "and a right one with 0"
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
	is 2 "$(code setpriv --reuid 65534 --clear-groups "$tool/apnctl" list)" "not root: 2"
fi

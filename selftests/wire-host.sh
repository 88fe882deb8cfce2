# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a bad target: nothing that it says harms the host, and the disk works again when it behaves
# promises: P10
# tier: check
# kinds: uml-debug
# cost: 70 s
# limit: 600
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

wirepeer=$SELFTESTS/wire/wirepeer
[ -x "$wirepeer" ] || skip "wirepeer was not built"
load
# shellcheck disable=SC2119
two_sites
later on_gpu apnctl disconnect --all --force
dir=$(mktemp -d)
later rm -rf "$dir"

AT_ONCE=8 # most of them wait most of the time

# Which disk may fail for good: it is another one now, or less than it was.
changes='later-other-volume|later-smaller|later-smaller-io|later-block-4096'

connect() { on_gpu timeout 40 apnctl connect "$STORAGE:$1" ram --name "bad$1" --digest --security none; }
reads() { timeout 40 dd if="$1" of=/dev/null bs=64k count=8 iflag=direct 2>/dev/null; }

# A trick that spoils a set-up is over with the first or second connection.
comes_up() {
	local i
	for ((i = 0; i < 5; i++)); do
		! connect "$1" 2>"$dir/$1.connect" || return 0
		sleep 0.3
	done
	return 1
}

# said FILE PATTERN: the peer says it within 40 s
said() {
	local i
	for ((i = 0; i < 400; i++)); do
		! grep -E "$2" "$1" || return 0
		sleep 0.1
	done
	return 1
}

# judge TRICK PORT: the disk comes up, now or at a later try; the trick is played; then it works, or is gone for good.
judge() {
	local trick=$1 port=$2 disk verdict
	disk=$(comes_up "$port") || { echo "the disk does not come up: $(cat "$dir/$port.connect")"; return; }
	reads "$disk" || [[ $trick =~ ^($changes)$ ]] || { echo "the disk does not read"; return; }
	verdict=$(said "$dir/$port" '^(not )?ok') || { echo "the trick was not played"; return; }
	[[ $trick =~ ^($changes)$ ]] || reads "$disk" || verdict="$verdict, then the disk does not read"
	on_gpu timeout 40 apnctl disconnect "bad$port" --force >/dev/null 2>&1 || :
	! on_gpu apnctl show "bad$port" >/dev/null 2>&1 || verdict="the disk does not go"
	echo "$verdict"
}

one() {
	local trick=$1 port=$2 peer verdict
	on_storage "$wirepeer" target "$port" "$trick" >"$dir/$port" 2>&1 &
	peer=$!
	said "$dir/$port" ready >/dev/null || :
	verdict=$(judge "$trick" "$port")
	kill $peer || :
	wait $peer 2>/dev/null || :
	[[ $verdict == "ok "* ]] || echo "$trick: $verdict" >"$dir/$port.bad"
}

tricks=$("$wirepeer" --list | awk '$1 == "target" && $2 != "good" { print $2 }')
port=5000
while read -r trick; do
	port=$((port + 1))
	one "$trick" $port </dev/null &
	[ $((port - 5000)) -lt $AT_ONCE ] || wait -n || :
done <<<"$tricks"
wait
cat "$dir"/*.bad 2>/dev/null | sed 's/^/# /' || :
bad=$(find "$dir" -name '*.bad' -exec cut -d: -f1 {} +)
[ -z "$bad" ] || fail "$(wc -w <<<"$bad") of $((port - 5000)) tricks: $(paste -sd' ' <<<"$bad")"
ok "$((port - 5000)) tricks of a bad target end as they have to"

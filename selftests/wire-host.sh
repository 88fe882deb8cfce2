# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a bad target: nothing that it says harms the host, and the disk works again when it behaves
# promises: P10
# tier: all
# kinds: uml-debug qemu-debug
# transports: tcp
# cost: 160 s
# limit: 900
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

# judge TRICK PORT FD: the disk comes up, now or at a later try; the trick is played; then it works, or is gone for good.
judge() {
	local trick=$1 port=$2 peer=$3 disk verdict
	disk=$(comes_up "$port") || { echo "the disk does not come up: $(<"$dir/$port.connect")"; return; }
	reads "$disk" || [[ $trick =~ ^($changes)$ ]] || { echo "the disk does not read"; return; }
	until [[ ${verdict:-} =~ ^(not )?ok ]]; do
		read -r -t 40 -u "$peer" verdict || { echo "the trick was not played"; return; }
	done
	[[ $trick =~ ^($changes)$ ]] || reads "$disk" || verdict="$verdict, then the disk does not read"
	on_gpu timeout 40 apnctl disconnect "bad$port" --force >/dev/null 2>&1 || verdict="the disk does not go"
	echo "$verdict"
}

one() {
	local trick=$1 port=$2 peer pid verdict
	exec {peer}< <(exec nsenter --net=/run/netns/storage "$wirepeer" target "$port" "$trick" 2>"$dir/$port.peer")
	pid=$!
	read -r -t 40 -u "$peer" verdict || :
	verdict=$(judge "$trick" "$port" "$peer")
	kill $pid 2>/dev/null || :
	[[ $verdict == "ok "* ]] || echo "$trick: $verdict" >"$dir/$port.bad"
}

tricks=$("$wirepeer" --list | awk '$1 == "target" && $2 != "good" && $2 !~ /proof/ { print $2 }')
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

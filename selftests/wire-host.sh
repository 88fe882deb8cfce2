# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a bad target: nothing that it says harms the host, and the disk works again when it behaves
# promises: P10
# tier: all
# kinds: uml-debug
# cost: 200 s
# limit: 900
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

wirepeer=$SELFTESTS/wire/wirepeer
[ -x "$wirepeer" ] || skip "wirepeer was not built"
load
# shellcheck disable=SC2119
two_sites
later rm -f /tmp/trick.out

connect() { timeout 30 nsenter --net=/run/netns/gpu apnctl connect "$STORAGE:$1" ram --name bad --digest --security none; }
disk() { on_gpu apnctl -j list | grep -o '/dev/apnbd[0-9]*' | head -n 1; }
reads() { timeout 20 dd if="$(disk)" of=/dev/null bs=64k count=4 iflag=direct; }

# Which disk may fail for good: it is another one now, or less than it was.
changes='later-other-volume|later-smaller|later-smaller-io|later-block-4096'

# one TRICK PORT: the disk comes up, now or at the second try; the trick is played; then it works, or is gone for good.
one() {
	local trick=$1 port=$2 peer verdict='' i
	on_storage "$wirepeer" target "$port" "$trick" >/tmp/trick.out 2>&1 &
	peer=$!
	for ((i = 0; i < 50; i++)); do
		! grep -q ready /tmp/trick.out || break
		sleep 0.1
	done
	comes_up "$port" || verdict="the disk does not come up"
	[ -n "$verdict" ] || reads >/dev/null 2>&1 || [[ $trick =~ ^($changes)$ ]] || verdict="the disk does not read"
	for ((i = 0; i < 160 && ${#verdict} == 0; i++)); do
		! grep -qE '^(not )?ok' /tmp/trick.out || break
		sleep 0.1
	done
	[ -n "$verdict" ] || verdict=$(grep -E '^(not )?ok' /tmp/trick.out || echo "the trick was not played")
	timeout 30 nsenter --net=/run/netns/gpu apnctl disconnect bad --force >/dev/null 2>&1 || :
	[ -z "$(disk)" ] || verdict="the disk does not go"
	kill "$peer" 2>/dev/null || :
	wait "$peer" 2>/dev/null || :
	[[ $verdict == "ok "* ]] && return
	echo "# $trick: $verdict"
	return 1
}

# A trick that spoils a set-up is over with the first or second connection.
comes_up() {
	local try
	for try in 1 2 3 4 5; do
		! connect "$1" >"/tmp/connect.$try" 2>&1 || return 0
		sleep 0.3
	done
	cat /tmp/connect.*
	return 1
}

good=0 bad=() port=5000
for trick in $("$wirepeer" --list | awk '$1 == "target" && $2 != "good" { print $2 }'); do
	port=$((port + 1))
	if one "$trick" $port; then
		good=$((good + 1))
	else
		bad+=("$trick")
	fi
done
[ ${#bad[@]} = 0 ] || fail "${#bad[@]} of $((good + ${#bad[@]})) tricks: ${bad[*]}"
ok "$good tricks of a bad target end as they have to"

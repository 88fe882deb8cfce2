# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a hostile host: no byte sequence harms the target, leaks, or disturbs another session
# promises: P10
# tier: check
# kinds: uml-debug qemu-debug qemu-6.1 qemu-6.12 qemu-7
# transports: tcp
# cost: 111 s
# limit: 900
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

wirepeer=$SELFTESTS/wire/wirepeer
[ -x "$wirepeer" ] || skip "wirepeer was not built"
need fio
load
# shellcheck disable=SC2119
two_sites
backing_null_blk 64 discard=1
hostile=$BACKING
backing_null_blk 64
quiet=$BACKING
later on_storage apnctl port del 0.0.0.0
later on_storage apnctl export del quiet
later on_storage apnctl export del hostile --force

try "an export for the quiet one" on_storage apnctl export add quiet --device "$quiet"
try "an export for the hostile one" on_storage apnctl export add hostile --device "$hostile"
try "a port" on_storage apnctl port add 0.0.0.0 --security none
try "the quiet one connects" on_gpu apnctl connect $STORAGE quiet --security none
later on_gpu apnctl disconnect --all --force
disk=$(on_gpu apnctl -j list | grep -o '/dev/apnbd[0-9]*' | head -n 1)
[ -b "$disk" ] || fail "there is no disk"

# The quiet one works all the while, and looks at what it reads.
touch /tmp/wire.go
later rm -f /tmp/wire.go /tmp/wire.slow /tmp/wire.fio
verify() {
	while [ -e /tmp/wire.go ]; do
		fio --name=quiet --filename="$disk" --rw=randrw --bs=4k --size=8m --verify=crc32c --verify_fatal=1 \
			--iodepth=4 --ioengine=libaio --direct=1 --rate_iops=200 --clocksource=clock_gettime || return
	done
}
verify >/tmp/wire.fio 2>&1 &
verifier=$!
later kill $verifier

play() { timeout 60 nsenter --net=/run/netns/gpu "$wirepeer" client $STORAGE hostile "$1"; }

slow='no-hello|slow-hello|hello-then-nothing'
floods='never-reads|ping-flood|pong-flood|list-flood|too-many-requests'
cases=$("$wirepeer" --list | awk '$1 == "client" { print $2 }')

# They wait for a deadline, and disturb nobody meanwhile.
for case in ${slow//|/ }; do
	play "$case"
done >/tmp/wire.slow 2>&1 &
waiter=$!

good=0 bad=()
while read -r case; do
	if said=$(play "$case" 2>&1); then
		good=$((good + 1))
	else
		bad+=("${said:-$case}")
		echo "# ${said:-not ok $case: it did not end}"
	fi
done < <(grep -vxE "$slow|$floods|crowd" <<<"$cases")
[ ${#bad[@]} = 0 ] || fail "${#bad[@]} of $((good + ${#bad[@]})) cases: ${bad[0]}"
ok "$good hostile cases end as they have to"

wait $waiter || fail "$(grep -m1 'not ok' /tmp/wire.slow)"
ok "who says nothing, or says it slowly, is sent away in time"
try "a crowd that never says HELLO leaves room for others" play crowd

# What a peer may make the target hold is bounded. (A debug kernel keeps freed memory for a while.)
held_kb() { awk '/^SUnreclaim:/ { print $2 }' /proc/meminfo; }
limit=$((8 * 1024))
[[ $APN_KIND != *debug ]] || limit=$((128 * 1024))
for case in ${floods//|/ }; do
	before=$(held_kb)
	most=$before
	play "$case" >/tmp/wire.slow 2>&1 &
	flood=$!
	while kill -0 $flood 2>/dev/null; do
		now=$(held_kb)
		[ "$now" -le "$most" ] || most=$now
		sleep 0.2
	done
	wait $flood || fail "$(cat /tmp/wire.slow)"
	[ $((most - before)) -lt $limit ] || fail "$case makes the target hold $((most - before)) KiB"
	ok "$case: the target holds $((most - before)) KiB more at most"
done

try "by the rules, it is served as before" play good
rm -f /tmp/wire.go
wait $verifier || fail "the quiet session was disturbed: $(grep -m1 -E 'verify|err=' /tmp/wire.fio)"
ok "the quiet session read what it wrote, all the while"
reasons=$(dmesg | grep -c 'apn.*\(header\|payload\|body\|out of\)' || :)
[ "$reasons" -gt 0 ] || fail "the log gives no reason for any lane that was ended"
ok "the log says why ($reasons lines)"
try "disconnect" on_gpu apnctl disconnect --all
try "the exports can go" on_storage apnctl export del hostile --force
try "both of them" on_storage apnctl export del quiet
try "and the port" on_storage apnctl port del 0.0.0.0

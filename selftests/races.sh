# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: disconnect races with recovery, force, drain, the export's end and the module's: each is over in seconds
# tier: all
# promises: P1 P6
# kinds: all
# cost: 150 s
# limit: 900
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq
load
two_sites --delay 1ms
backing_brd 32

# What races with a disconnect by force; each returns at once or fails, and may fail.
race_recover() { cut_line; sleep 0.0"$1"; join_line; }
race_force() { on_gpu apnctl disconnect one --force; }
race_plain() { on_gpu apnctl disconnect one; }
race_drain() { on_storage apnctl export drain one; }
race_del() { on_storage apnctl export del one --force; }
race_port() { on_storage apnctl port del 0.0.0.0; }
race_connect() { on_gpu apnctl connect $STORAGE one --security "$APN_SECURITY"; }
race_set() { on_gpu apnctl set one --fail-after "$1ms"; }
race_rmmod() { rmmod apnbd; }
race_target() { rmmod apn_target; }

busy() {
	local reads writes
	read -r reads writes <"/sys/block/${DISK##*/}/inflight"
	[ $((reads + writes)) -gt 0 ]
}

begin() {
	load_again
	on_storage apnctl export add one --device "$BACKING" 2>/dev/null || on_storage apnctl export drain one --resume 2>/dev/null || :
	on_storage apnctl port add 0.0.0.0 --security "$APN_SECURITY" 2>/dev/null || :
	join_line
	DISK=$(on_gpu apnctl connect $STORAGE one --security "$APN_SECURITY") || fail "$1: not connected again"
}
load_again() {
	local m
	for m in apn_target apnbd; do
		grep -q "^$m " /proc/modules || load $m
	done
}
end_all() {
	on_gpu apnctl disconnect --all --force
	on_storage apnctl export del one --force
	on_storage apnctl port del 0.0.0.0
}
later end_all

for with in recover force plain drain del port connect set rmmod target; do
	for after in 1 4 9; do
		begin $with
		fio --name=race --filename="$DISK" --allow_file_create=0 --rw=randrw --bs=4k --size=8m --iodepth=8 \
			--ioengine=libaio --direct=1 --clocksource=clock_gettime --time_based --runtime=60 >/dev/null 2>&1 &
		job=$!
		within 30 "$with, $after: the disk is busy" busy
		start=$(now_ms)
		"race_$with" "$after" >/dev/null 2>&1 &
		racer=$!
		sleep "0.0$after"
		on_gpu apnctl disconnect one --force >/dev/null 2>&1 || :
		wait $racer || :
		wait $job 2>/dev/null || :
		took=$(($(now_ms) - start))
		[ $took -lt 20000 ] || fail "with $with: $took ms"
	done
	ok "with $with"
done
begin "at last"
try "after all of them a disk works" dd if=/dev/zero of="$DISK" bs=1M count=4 oflag=direct

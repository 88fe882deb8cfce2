# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Mixed faults by a seed. Sourced after lib.sh.
#
# Two disks are written and verified all the while: "one" over one line, "two" over two of them. APN_SEED (selftests/run
# --seed N, which says which it was) decides what happens when; the same seed makes the same days, to the microsecond where
# time is virtual.

SECOND=198.51.100.1
# The pace, which is the target's: something is always outstanding, and a day is affordable. fio's own rate spins, and a spin in
# virtual time is dear.
IOPS=10

# draw N: 0 to N - 1; its own generator, since RANDOM may differ between shells
draw() {
	_seed=$(((_seed * 1103515245 + 12345) % 2147483648))
	DRAWN=$(((_seed >> 8) % $1))
}

# netem SITE LINE WORD...: what that site's end of the line does from now on; a change would keep what it does not name
netem() {
	in_ns "$1" tc qdisc del dev "$2" root
	in_ns "$1" tc qdisc add dev "$2" root netem limit 1000000 "${@:3}"
}
calm() {
	local site
	for site in gpu storage; do
		netem $site "${1:-line}" delay 20ms
	done
}
pause() { draw "$1"; sleep "$((DRAWN / 10)).$((DRAWN % 10))"; }
connect() { on_gpu apnctl connect "$STORAGE" "$@" --security none >/dev/null || fail "connect $*"; }
# await SECONDS DESC CMD...: within, which says nothing when all is well
await() {
	local said
	said=$(within "$@") || fail "${said#* - }"
}

# ---- what may happen; each takes some seconds and leaves all as it was ----

fault_cut() { cut_line; pause 400; join_line; }
fault_long() { cut_line; sleep 90; join_line; }
fault_flap() {
	local i
	for i in 1 2 3 4 5; do
		cut_line
		pause 10
		join_line
		pause 20
	done
}
fault_loss() {
	local site
	for site in gpu storage; do
		draw 20
		netem $site line delay 20ms loss "$((DRAWN + 1))%"
	done
	pause 300
	calm
}
fault_order() { netem gpu line delay 20ms 5ms reorder 25% duplicate 5%; pause 300; calm; }
fault_delay() { netem gpu line delay 300ms; pause 200; calm; }
fault_deaf() { netem storage line loss 100%; pause 200; calm; }
# the other line dies, and the first one before or after it is back
fault_second() {
	netem gpu line2 loss 100%
	pause 100
	netem storage line loss 100%
	pause 100
	calm line2
	pause 50
	calm
}
fault_path() {
	on_gpu apnctl path del two "$STORAGE" || fail "a path cannot be taken away"
	pause 50
	on_gpu apnctl path add two "$STORAGE" || fail "and not be added"
}
fault_port() {
	on_storage apnctl port del 0.0.0.0
	pause 100
	on_storage apnctl port add 0.0.0.0 --security none
}
fault_target() {
	rmmod apn_target || fail "the target's module does not go"
	pause 100
	load apn_target
	serve_all
}
fault_drain() {
	on_storage apnctl export drain one || fail "one does not drain"
	pause 100
	on_storage apnctl export drain one --resume || fail "one does not resume"
}
# a third disk comes and goes
fault_disk() {
	connect three
	pause 20
	on_gpu apnctl disconnect three --force || fail "three cannot be disconnected"
}
# another host takes it, writes and leaves; the first one is superseded for good
fault_takeover() {
	local disk
	connect three --name first
	disk=$(on_storage apnctl connect 127.0.0.1 three --name second --identity second --takeover --security none) ||
		fail "nobody can take over"
	dd if=/dev/zero of="$disk" bs=64k count=4 oflag=direct status=none || fail "who took over cannot write"
	await 20 "a takeover supersedes the first writer" is_state superseded first
	on_storage apnctl disconnect second --force || fail "second cannot be disconnected"
	on_gpu apnctl disconnect first --force || fail "first cannot be disconnected"
}
fault_limit() {
	on_storage apnctl export set two --limit-iops 3
	pause 200
	on_storage apnctl export set two --limit-iops $IOPS
}
faults=(cut flap loss order delay deaf second path port target drain disk takeover limit cut loss flap long)

# ---- the work ----

serve_all() {
	local name i=0
	for name in one two three; do
		on_storage apnctl export add $name --device "/dev/ram$i" --limit-iops $IOPS || fail "export $name"
		i=$((i + 1))
	done
	on_storage apnctl port add 0.0.0.0 --security none || fail "no port"
}

# Until the sign to stop; each round is a whole verification of what it wrote. A long one: fio measures the clock when it starts,
# and in virtual time that costs seconds.
worker() {
	local name=$1 disk=$2 round=0
	while [ ! -e /tmp/soak.stop ]; do
		round=$((round + 1))
		fio --name="$name" --filename="$disk" --rw=randrw --bsrange=4k-256k --size=32m --io_size=512m --iodepth=4 \
			--verify=crc32c --verify_fatal=1 --verify_backlog=32 --ioengine=libaio --direct=1 --randseed="$round" \
			--clocksource=clock_gettime --end_fsync=1 >"/tmp/soak.$name" 2>&1 || exit 1
		echo "$round" >"/tmp/soak.$name.rounds"
	done
}

said() { grep -m2 -E 'verify|err=' "/tmp/soak.$1" | paste -sd' '; }
requests() { awk '{ print $1 + $5 }' "/sys/block/${1##*/}/stat"; }
moved() { [ "$(requests "$1")" -gt "$2" ]; }
# works PID NAME DISK: it is live, fio goes on, and requests end
works() {
	await 120 "$2: live again" is_state live "$2"
	kill -0 "$1" 2>/dev/null || fail "$2: fio ended: $(said "$2")"
	await 60 "$2: its requests end" moved "$3" "$(requests "$3")"
}
both_paths() { [ "$(on_gpu apnctl -j path show two | jq -c 'map(.state) | sort')" = '["live","live"]' ]; }

free_kb() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk '/^MemFree:/ { print $2 }' /proc/meminfo
}

# soak SECONDS: of the machine's clock
soak() {
	local end one two disk_one disk_two n=0 what before held
	need fio jq
	_seed=${APN_SEED:-1}
	echo "# seed $_seed"
	rm -f /tmp/soak.*
	load
	two_sites --delay 20ms
	second_line --delay 20ms
	backing_brd 40 3
	for what in 0 1 2; do # all of it, so that none of it is taken for a leak later
		dd if=/dev/zero of=/dev/ram$what bs=1M count=40 oflag=direct status=none
	done
	later on_storage apnctl port del 0.0.0.0
	later on_gpu apnctl disconnect --all --force
	serve_all
	connect one
	connect two --also $SECOND
	disk_one=$(disk_field one device)
	disk_two=$(disk_field two device)
	worker one "$disk_one" &
	one=$!
	worker two "$disk_two" &
	two=$!
	later kill $one $two
	later touch /tmp/soak.stop
	sleep 20
	before=$(free_kb)
	end=$(($(now_ms) + $1 * 1000))
	while [ "$(now_ms)" -lt "$end" ]; do
		draw ${#faults[@]}
		what=${faults[DRAWN]}
		n=$((n + 1))
		echo "# $(($(now_ms) / 1000)) s: $what"
		"fault_$what"
		works $one one "$disk_one"
		works $two two "$disk_two"
		await 120 "both paths are back" both_paths
		pause 50
	done
	held=$((before - $(free_kb)))
	: >/tmp/soak.stop
	wait $one || fail "one: $(said one)"
	wait $two || fail "two: $(said two)"
	ok "$n faults; $(cat /tmp/soak.one.rounds) and $(cat /tmp/soak.two.rounds) rounds were written and verified"
	try "one is the same at the target" same "$disk_one" /dev/ram0
	try "two is the same at the target" same "$disk_two" /dev/ram1
	echo "# $held KiB less are free than before"
	[ $held -lt 32768 ] || fail "$held KiB less are free than before"
	ok "no memory is lost"
}

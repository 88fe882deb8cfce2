# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Mixed faults by a seed. Sourced after lib.sh.
#
# Two disks of one line are written and verified all the while. APN_SEED (selftests/run --seed N, which says which it was)
# decides what happens when; the same seed makes the same days, to the microsecond where time is virtual.

# draw N: 0 to N - 1; its own generator, since RANDOM may differ between shells
draw() {
	_seed=$(((_seed * 1103515245 + 12345) % 2147483648))
	DRAWN=$(((_seed >> 8) % $1))
}

state() { on_gpu apnctl -j show "$1" 2>/dev/null | jq -r .state; }
is_state() { [ "$(state "$1")" = "$2" ]; }
come_back() { within 120 "$1: live again" is_state two live; }
netem() { in_ns "$1" tc qdisc change dev line root netem limit 1000000 delay 20ms "${@:2}"; }
pause() { draw "$1"; sleep "$((DRAWN / 10)).$((DRAWN % 10))"; }
join_line() {
	in_ns storage ip link set line up
	in_ns storage ip addr add "$STORAGE6/128" dev line nodad 2>/dev/null || :
}

# ---- what may happen; each takes some seconds and leaves all as it was ----

fault_cut() { in_ns storage ip link set line down; pause 400; join_line; }
fault_long() { in_ns storage ip link set line down; sleep 90; join_line; }
fault_flap() {
	local i
	for i in 1 2 3 4 5; do
		in_ns storage ip link set line down
		pause 10
		join_line
		pause 20
	done
}
fault_loss() { draw 20; netem gpu loss "$((DRAWN + 1))%"; netem storage loss "$((DRAWN + 1))%"; pause 300; netem gpu; netem storage; }
fault_order() { netem gpu delay 20ms 5ms reorder 25% duplicate 5%; pause 300; netem gpu; }
fault_delay() { netem gpu delay 300ms; pause 200; netem gpu; }
fault_deaf() { netem storage loss 100%; pause 200; netem storage; }
fault_port() { on_storage apnctl port del 0.0.0.0; pause 100; on_storage apnctl port add 0.0.0.0 --security none; }
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
	on_gpu apnctl connect "$STORAGE" three --security none >/dev/null || return 0
	pause 20
	on_gpu apnctl disconnect three --force || fail "three cannot be disconnected"
}
# another host takes it, writes and leaves; the first one is superseded for good and connects anew
fault_takeover() {
	local disk
	on_gpu apnctl connect "$STORAGE" three --name first --security none >/dev/null || return 0
	disk=$(on_storage apnctl connect 127.0.0.1 three --name second --identity second --takeover --security none) ||
		{ on_gpu apnctl disconnect first --force; return 0; }
	dd if=/dev/zero of="$disk" bs=64k count=4 oflag=direct status=none || fail "who took over cannot write"
	is_state first superseded || sleep 2
	is_state first superseded || fail "a takeover left the first writer $(state first)"
	on_storage apnctl disconnect second --force
	on_gpu apnctl disconnect first --force
}
fault_limit() { on_storage apnctl export set two --limit-iops 200; pause 200; on_storage apnctl export set two --limit-iops none; }
faults=(cut flap loss order delay deaf port target drain disk takeover limit cut loss flap long)

# ---- the work ----

serve_all() {
	local name i=0
	for name in one two three; do
		on_storage apnctl export add $name --device "/dev/ram$i" || fail "export $name"
		i=$((i + 1))
	done
	on_storage apnctl port add 0.0.0.0 --security none || fail "no port"
}

# Until the sign to stop; each round is a whole verification of what it wrote. The round trip of 40 ms sets the pace: fio's
# own rate spins, and a spin in virtual time is dear.
worker() {
	local name=$1 disk=$2 round=0
	while [ ! -e /tmp/soak.stop ]; do
		round=$((round + 1))
		fio --name="$name" --filename="$disk" --rw=randrw --bsrange=4k-256k --size=32m --io_size=16m --iodepth=2 \
			--verify=crc32c --verify_fatal=1 --verify_backlog=32 --ioengine=libaio --direct=1 --randseed="$round" \
			--clocksource=clock_gettime --end_fsync=1 >"/tmp/soak.$name" 2>&1 || exit 1
		echo "$round" >"/tmp/soak.$name.rounds"
	done
}

alive() {
	kill -0 "$1" 2>/dev/null || fail "$2: fio ended: $(grep -m2 -E 'verify|err=' "/tmp/soak.$2" | paste -sd' ')"
}

# soak SECONDS: of the machine's clock
soak() {
	local end one two disk_one disk_two n=0 what
	need fio jq
	_seed=$APN_SEED
	echo "# seed $_seed"
	rm -f /tmp/soak.*
	load
	two_sites --delay 20ms
	backing_brd 40 3
	later on_storage apnctl port del 0.0.0.0
	later on_gpu apnctl disconnect --all --force
	serve_all
	disk_one=$(on_gpu apnctl connect "$STORAGE" one --security none)
	disk_two=$(on_gpu apnctl connect "$STORAGE" two --security none)
	worker one "$disk_one" &
	one=$!
	worker two "$disk_two" &
	two=$!
	later kill $one $two
	end=$(($(now_ms) + $1 * 1000))
	while [ "$(now_ms)" -lt "$end" ]; do
		draw ${#faults[@]}
		what=${faults[DRAWN]}
		n=$((n + 1))
		echo "# $(($(now_ms) / 1000)) s: $what"
		"fault_$what"
		come_back "$what" >/dev/null
		is_state one live || within 120 "$what: live again" is_state one live >/dev/null
		alive $one one
		alive $two two
		pause 50
	done
	: >/tmp/soak.stop
	wait $one || fail "one: $(grep -m2 -E 'verify|err=' /tmp/soak.one | paste -sd' ')"
	wait $two || fail "two: $(grep -m2 -E 'verify|err=' /tmp/soak.two | paste -sd' ')"
	ok "$n faults; $(cat /tmp/soak.one.rounds) and $(cat /tmp/soak.two.rounds) rounds were written and verified"
	try "one is the same at the target" same "$disk_one" /dev/ram0
	try "two is the same at the target" same "$disk_two" /dev/ram1
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Both modules against a peer that does what the dice say.

wirepeer=$SELFTESTS/wire/wirepeer
[ -x "$wirepeer" ] || skip "wirepeer was not built"

# bad_hosts SEED GAMES
bad_hosts() {
	local said
	[ -n "${BACKING:-}" ] || backing_null_blk 64 discard=1
	serve fuzz "$BACKING"
	said=$(on_gpu "$wirepeer" fuzz "$STORAGE" fuzz "$1" "$2" 2>&1) || fail "$said"
	ok "the target: ${said#ok fuzz: }"
	try "the export can go" on_storage apnctl export del fuzz --force
}

connect() { on_gpu timeout 25 apnctl connect "$STORAGE:$1" ram --name "wild$1" --security none "${@:2}"; }
ends() { on_gpu timeout 60 apnctl disconnect "wild$1" --force; }
is_gone() { ! on_gpu apnctl show "wild$1" >/dev/null 2>&1; }

# use DISK: what a user does; it may fail, and it may wait for ever until the disk is disconnected. nocreat: once it is
# gone, a file of that name would be in the way of the next one.
use() {
	dd if="$1" of=/dev/null bs=256k count=20 iflag=direct
	dd if=/dev/zero of="$1" bs=256k count=20 oflag=direct conv=nocreat
	dd if=/dev/zero of="$1" bs=4k count=50 oflag=direct conv=fsync,nocreat
	blkdiscard -o 1M -l 1M "$1"
}

# wild_round PORT [OPTION]: one connect, if it comes to that, and its end by force
wild_round() {
	local disk user
	disk=$(connect "$@" 2>/dev/null) || return 0
	use "$disk" >/dev/null 2>&1 &
	user=$!
	sleep 1
	ends "$1" >/dev/null 2>&1 || is_gone "$1" || { echo "the disk does not go by force"; return 1; }
	wait $user || :
}

# works PORT: the target is good from now on, and so is a new disk
works() {
	local disk i
	for ((i = 0; i < 10; i++)); do
		if disk=$(connect "$1" --digest 2>/tmp/wild.said); then
			timeout 40 dd if="$disk" of=/dev/null bs=256k count=20 iflag=direct 2>/dev/null || echo "it can't be read"
			ends "$1" >/dev/null || echo "it can't be disconnected"
			return
		fi
		sleep 0.5
	done
	echo "it can't be connected: $(cat /tmp/wild.said)"
}

# one_wild SEED PORT ROUNDS: against a target that this seed drives
one_wild() {
	local seed=$1 port=$2 rounds=$3 peer i wrong=''
	# not by on_storage, whose shell would hear the signal
	nsenter --net=/run/netns/storage "$wirepeer" target "$port" "wild:$seed" >/dev/null 2>&1 &
	peer=$!
	sleep 0.3
	for ((i = 0; i < rounds && ${#wrong} == 0; i++)); do
		if ((i % 2)); then
			wrong=$(wild_round "$port" --digest) || :
		else
			wrong=$(wild_round "$port") || :
		fi
	done
	kill -USR1 $peer
	[ -n "$wrong" ] || wrong=$(works "$port")
	kill $peer || :
	wait $peer 2>/dev/null || :
	[ -z "$wrong" ] || echo "seed $seed: $wrong"
}

# bad_targets SEED HOW_MANY ROUNDS: so many at a time
bad_targets() {
	local i said
	said=$(for ((i = 0; i < $2; i++)); do
		one_wild $(($1 + i)) $((6000 + i)) "$3" &
	done; wait)
	later rm -f /tmp/wild.said
	[ -z "$said" ] || fail "$(paste -sd';' <<<"$said")"
	ok "the host: $2 targets, $3 connects each, from seed $1 on"
}

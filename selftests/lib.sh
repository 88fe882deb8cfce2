# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What a test script says in one word. Sourced first: . "$SELFTESTS/lib.sh"
#
#   ok DESC			one thing is shown
#   fail REASON			the test ends here
#   skip REASON			it cannot be tried here
#   is WANT GOT DESC		ok if equal, else fail
#   try DESC CMD...		ok if CMD succeeds, else fail with its last line
#   must_fail DESC CMD...	ok if CMD fails
#   within SECONDS DESC CMD...	ok as soon as CMD succeeds, fail when the time is over
#   need PROG...		skip unless they are installed
#   later CMD...		run CMD when the test ends, last one first
# A command that fails by itself, outside of these, fails the test too, with its line.

set -eu -o pipefail
: "${APN_TRANSPORT:=tcp}"
shopt -s inherit_errexit

_n=0
_later=()

ok() { _n=$((_n + 1)); echo "ok $_n - $*"; }
skip() { echo "# skip: $*"; exit 4; }
fail() {
	_n=$((_n + 1))
	echo "not ok $_n - $*"
	exit 1
}

is() {
	[ "$1" = "$2" ] || fail "$3: wanted '$1', got '$2'"
	ok "$3"
}

try() {
	local desc=$1 said
	shift
	said=$("$@" 2>&1) || fail "$desc: '$*' ended with $?: $(tail -n 3 <<<"$said" | paste -sd' ')"
	ok "$desc"
}

must_fail() {
	local desc=$1
	shift
	if "$@" >/dev/null 2>&1; then
		fail "$desc: '$*' succeeded"
	fi
	ok "$desc"
}

within() {
	local limit=$1 desc=$2 end
	shift 2
	end=$(($(now_ms) + limit * 1000))
	until "$@" >/dev/null 2>&1; do
		[ "$(now_ms)" -lt "$end" ] || fail "$desc: not within $limit s"
		sleep 0.1
	done
	ok "$desc"
}

# The clock of the machine, which is the virtual one where time is virtual.
now_ms() { awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime; }

need() {
	local prog
	for prog; do
		command -v "$prog" >/dev/null || skip "$prog is not installed"
	done
}

need_kernel_module() {
	local m
	for m; do
		modprobe -q "$m" || skip "this kernel has no $m"
	done
}

# kernel_has CONFIG_X: is it built in or a module?
kernel_has() {
	if [ -e /proc/config.gz ]; then
		zcat /proc/config.gz
	else
		cat "/lib/modules/$(uname -r)/config"
	fi | grep "^$1=[ym]" >/dev/null
}

later() { _later+=("$(printf '%q ' "$@")"); }

_end() {
	local code=$? i
	trap - EXIT ERR
	set +e
	for ((i = ${#_later[@]} - 1; i >= 0; i--)); do
		eval "${_later[i]}" >/dev/null 2>&1
	done
	if [ "$code" = 0 ]; then
		echo "1..$_n"
	fi
	exit "$code"
}
trap _end EXIT
trap 'echo "# fail: line $LINENO: $BASH_COMMAND"' ERR

# --- two sites -------------------------------------------------------------------------------------------------
#
#   gpu                                  storage
#   192.0.2.2, 2001:db8::2  <- veth ->   192.0.2.1, 2001:db8::1
#
# two_sites [--delay 200us] [--rate 1gbit] [--mtu N] [--router]
# The delay is that of one way. With --router a third namespace, "router", stands between them, with the interfaces
# to-gpu and to-storage: a bottleneck goes there (netem on a sender's own side hides drops, see the traps in
# Documentation/testing.rst). The interface in each site is called "line".

STORAGE=192.0.2.1 STORAGE6=2001:db8::1
GPU=192.0.2.2 GPU6=2001:db8::2

in_ns() {
	local ns=$1 by=()
	shift
	if _names_transport "$@"; then
		by=(--transport "$APN_TRANSPORT")
	fi
	if [ -n "${_sites_here:-}" ]; then
		_at_here "$ns" "$@" "${by[@]}"
		return
	fi
	# not "ip netns exec": it mounts /sys again and hides configfs
	nsenter --net="/run/netns/$ns" "$@" "${by[@]}"
}

# Also where no site is named.
apnctl() {
	if _names_transport apnctl "$@"; then
		set -- "$@" --transport "$APN_TRANSPORT"
	fi
	command apnctl "$@"
}

# Is it a command of apnctl that names a transport, and does not? So the switch --transport reaches every test.
_names_transport() {
	[ "$APN_TRANSPORT" != tcp ] || return
	case "$*" in
	*\ --transport\ *) false ;;
	apnctl\ connect\ * | apnctl\ discover\ * | apnctl\ port\ add\ * | apnctl\ port\ del\ *) ;;
	apnctl\ -j\ connect\ * | apnctl\ -j\ discover\ *) ;;
	*) false ;;
	esac
}
on_storage() { in_ns storage "$@"; }
on_gpu() { in_ns gpu "$@"; }

two_sites() {
	local delay='' rate='' mtu=9000 router='' site netem=()
	while [ $# -gt 0 ]; do
		case $1 in
		--delay) delay=$2; shift ;;
		--rate) rate=$2; shift ;;
		--mtu) mtu=$2; shift ;;
		--router) router=y ;;
		*) fail "two_sites: $1?" ;;
		esac
		shift
	done
	modprobe -a veth sch_netem
	if [ "$APN_TRANSPORT" = rdma ] && { [ -n "${SITES_HERE:-}" ] || ! _rxe_knows_namespaces; }; then
		_both_here
		_cable_here line $STORAGE $GPU "$mtu" 10
		_ends_here -6 line $STORAGE6 $GPU6 20
	else
		_make_sites "$mtu" "$router"
	fi
	[ "$APN_TRANSPORT" != rdma ] || _rdma_sites line
	[ -z "$delay" ] || netem+=(delay "$delay")
	[ -z "$rate" ] || netem+=(rate "$rate")
	_line_netem=("${netem[@]}")
	[ ${#netem[@]} -gt 0 ] || return 0
	for site in storage gpu; do
		in_ns "$site" tc qdisc add dev line root netem limit 1000000 "${netem[@]}"
	done
}

_make_sites() {
	local mtu=$1 router=$2 site
	for site in storage gpu ${router:+router}; do
		ip netns add "$site"
		later ip netns del "$site"
		in_ns "$site" ip link set lo up
	done
	if [ -n "$router" ]; then
		_cable storage line router to-storage
		_cable gpu line router to-gpu
	else
		_cable storage line gpu line
	fi
	_address storage $STORAGE $STORAGE6 "$mtu" $GPU $GPU6 "$router"
	_address gpu $GPU $GPU6 "$mtu" $STORAGE $STORAGE6 "$router"
	[ -z "$router" ] || _route "$mtu"
}

# Is each site a network namespace of its own? See _both_here.
sites_apart() { [ -z "${_sites_here:-}" ]; }

# --- RDMA over Ethernet on the line ------------------------------------------------------------------------------

_rxe_knows_namespaces() {
	modprobe -q rdma_rxe || skip "this kernel has no RDMA over Ethernet"
	grep -q ' rxe_ns_pernet_sk4' /proc/kallsyms # 7.1
}

# _rdma_sites LINE: at each end of it a device, rxe-SITE on "line", rxe-SITE-LINE on another
_rdma_sites() {
	local site
	need rdma
	for site in storage gpu; do
		rdma_device "$site" "$1"
		later _rdma_gone "$(_device_of "$site" "$1")"
	done
}

_device_of() { [ "$2" = line ] && echo "rxe-$1" || echo "rxe-$1-$2"; }
# rdma_device SITE [LINE]: it is there, also again
rdma_device() { in_ns "$1" rdma link add "$(_device_of "$1" "${2:-line}")" type rxe netdev "$(_end_of "$1" "${2:-line}")"; }
_rdma_gone() { [ ! -e "/sys/class/infiniband/$1" ] || rdma link delete "$1"; }

# Older kernels hear RDMA over Ethernet in the first namespace alone, and nvmet is never elsewhere (SITES_HERE=y). Both
# sites are there then, with the ends "line" (storage) and "line-gpu"; what one address says to the other goes over the
# cable, though both are this machine's.
_both_here() {
	local family
	_sites_here=y
	echo 1 >/proc/sys/net/ipv4/conf/all/accept_local
	echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
	for family in -4 -6; do
		later ip $family rule del pref 100
		ip $family rule add pref 100 lookup local
		later ip $family rule add pref 0 lookup local
		ip $family rule del pref 0
	done
}

_end_of() { sites_apart || [ "$1" = storage ] && echo "$2" || echo "$2-gpu"; }

# What a command for one site calls "line" is, at the gpu site, the other end here.
_at_here() {
	local site=$1 last='' word command=()
	shift
	for word; do
		case "$last $word" in
		"dev line"* | "set line"* | "netdev line"*) [[ $word == *-gpu ]] || word=$(_end_of "$site" "$word") ;;
		esac
		command+=("$word")
		last=$word
	done
	"${command[@]}"
}

# _cable_here LINE STORAGE GPU MTU N: a cable with these addresses; N keeps its rules and tables from the others'
_cable_here() {
	local line=$1 file
	ip link add "$line" type veth peer name "$line-gpu"
	later ip link del "$line"
	ip link set "$line" mtu "$4" up
	ip link set "$line-gpu" mtu "$4" up
	for file in "$line" "$line-gpu"; do
		echo 1 >"/proc/sys/net/ipv4/conf/$file/accept_local"
		echo 0 >"/proc/sys/net/ipv4/conf/$file/rp_filter"
	done
	_ends_here -4 "$line" "$2" "$3" "$5"
}

# _ends_here FAMILY LINE STORAGE GPU N: what comes by the line is for here, what goes to the other end takes the line
_ends_here() {
	local family=$1 line=$2 storage=$3 gpu=$4 n=$5 more=''
	[ "$family" = -4 ] || more=nodad
	# shellcheck disable=SC2086
	ip addr add "$storage" dev "$line" $more
	# shellcheck disable=SC2086
	ip addr add "$gpu" dev "$line-gpu" $more
	_rule "$family" "$n" iif "$line" lookup local
	_rule "$family" $((n + 1)) iif "$line-gpu" lookup local
	_rule "$family" $((n + 2)) to "$storage" lookup "$n"
	_rule "$family" $((n + 3)) to "$gpu" lookup "$n"
	ip "$family" route add "$storage" dev "$line-gpu" src "$gpu" table "$n"
	ip "$family" route add "$gpu" dev "$line" src "$storage" table "$n"
}

_rule() {
	local family=$1 pref=$2
	shift 2
	later ip "$family" rule del pref "$pref"
	ip "$family" rule add pref "$pref" "$@"
}

# second_line [--delay 200us] [--rate 1gbit]: another cable between the two, "line2": 198.51.100.1 and .2
second_line() {
	local site netem=()
	while [ $# -gt 0 ]; do
		netem+=("${1#--}" "$2")
		shift 2
	done
	if sites_apart; then
		_cable storage line2 gpu line2
		in_ns storage ip addr add 198.51.100.1/24 dev line2
		in_ns gpu ip addr add 198.51.100.2/24 dev line2
	else
		_cable_here line2 198.51.100.1 198.51.100.2 9000 30
	fi
	for site in storage gpu; do
		in_ns "$site" ip link set line2 mtu 9000 up
		[ ${#netem[@]} = 0 ] || in_ns "$site" tc qdisc add dev line2 root netem limit 1000000 "${netem[@]}"
	done
	[ "$APN_TRANSPORT" != rdma ] || _rdma_sites line2
}

# storage_itself: sets ITSELF, the address at which the storage site reaches itself. Over RDMA that is a device's too: one
# end of a cable whose other end nobody needs.
storage_itself() {
	ITSELF=127.0.0.1
	[ "$APN_TRANSPORT" = rdma ] || return 0
	ITSELF=203.0.113.1
	in_ns storage ip link add own type veth peer name own-far
	later in_ns storage ip link del own
	in_ns storage ip link set own-far up
	in_ns storage ip link set own mtu 9000 up
	in_ns storage ip addr add $ITSELF/24 dev own
	in_ns storage rdma link add rxe-own type rxe netdev own
	later _rdma_gone rxe-own
}

_cable() { ip link add "$2" netns "$1" type veth peer name "$4" netns "$3"; }

_address() {
	local ns=$1 addr=$2 addr6=$3 mtu=$4 peer=$5 peer6=$6 router=$7
	in_ns "$ns" ip link set line mtu "$mtu" up
	in_ns "$ns" ip addr add "$addr/${router:+32}${router:-24}" dev line 2>/dev/null ||
		in_ns "$ns" ip addr add "$addr/32" dev line
	in_ns "$ns" ip addr add "$addr6/128" dev line nodad
	if [ -n "$router" ]; then
		in_ns "$ns" ip route add 192.0.2.254 dev line
		in_ns "$ns" ip route add "$peer" via 192.0.2.254
		in_ns "$ns" ip -6 route add 2001:db8::fe dev line
		in_ns "$ns" ip -6 route add "$peer6" via 2001:db8::fe
	else
		in_ns "$ns" ip -6 route add "$peer6" dev line
	fi
}

_route() {
	local to
	in_ns router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	for to in to-storage to-gpu; do
		in_ns router ip link set $to mtu "$1" up
		in_ns router ip addr add 192.0.2.254/32 dev $to
		in_ns router ip addr add 2001:db8::fe/128 dev $to nodad
	done
	in_ns router ip route add $STORAGE dev to-storage
	in_ns router ip route add $GPU dev to-gpu
	in_ns router ip -6 route add $STORAGE6 dev to-storage
	in_ns router ip -6 route add $GPU6 dev to-gpu
}

# The line is cut, and joined again, at the storage site (cut_line_at SITE: at another one). What a link that is down forgets
# is told it anew. Over RDMA it is cut as by a digger: rxe never speaks again of connections once it had no route (rxe.sh).
cut_line() { cut_line_at storage; }
join_line() { join_line_at storage; }
cut_line_at() {
	if [ "$APN_TRANSPORT" = rdma ]; then
		_both_ends loss 100%
	else
		in_ns "$1" ip link set line down
	fi
}
join_line_at() {
	local address6=$STORAGE6
	if [ "$APN_TRANSPORT" = rdma ]; then
		_both_ends "${_line_netem[@]}"
		return
	fi
	[ "$1" = storage ] || address6=$GPU6
	in_ns "$1" ip link set line up
	in_ns "$1" ip addr add "$address6/128" dev line nodad 2>/dev/null || :
}
_both_ends() {
	local site
	for site in storage gpu; do
		in_ns "$site" tc qdisc replace dev line root netem limit 1000000 "$@"
	done
}

# --- our modules -----------------------------------------------------------------------------------------------

# load [MODULE [PARAM=VALUE...]]: all of ours by insmod, or the one; what they need of the kernel's by modprobe.
load() {
	local m needed
	if [ $# = 0 ]; then
		[ -e "$APN_BUILD/apn.ko" ] || skip "the modules are not there yet"
		for m in apn apn_target apnbd; do
			load "$m"
		done
		return
	fi
	m=$1
	shift
	[ -e "$APN_BUILD/$m.ko" ] || skip "this kernel has no $m.ko"
	for needed in $(modinfo -F depends "$APN_BUILD/$m.ko" | tr ',' ' '); do
		[[ $needed == apn* ]] || modprobe -q "$needed" || :
	done
	insmod "$APN_BUILD/$m.ko" "$@"
	# where it lies: the symbols of a leak's trace are gone once it is unloaded
	echo "<6>apn-test: $(grep "^$m " /proc/modules)" >/dev/kmsg
	later _unload "$m"
	[ "$m-$APN_TRANSPORT" != apn-rdma ] || load apn_rdma
}

_unload() { ! grep -q "^$1 " /proc/modules || rmmod "$1"; }

unload() {
	local m needed
	for m in apnbd apn_target apn_rdma apn; do
		_unload "$m"
	done
}

# --- what stands under an export: each sets BACKING to the device -----------------------------------------------

# backing_null_blk MB [ATTR=VALUE...]: a RAM disk with a configurable character (memory_backed, cache_size, discard ...)
backing_null_blk() {
	local mb=$1 dir attr i=0
	shift
	modprobe null_blk nr_devices=0
	while ! mkdir "/sys/kernel/config/nullb/apn$i" 2>/dev/null; do
		i=$((i + 1))
		[ $i -lt 100 ] || fail "no null_blk device"
	done
	dir=/sys/kernel/config/nullb/apn$i
	for attr in "size=$mb" blocksize=512 memory_backed=1 "$@"; do
		echo "${attr#*=}" >"$dir/${attr%%=*}"
	done
	echo 1 >"$dir/power"
	later rmdir "$dir"
	if [ -b "/dev/apn$i" ]; then
		BACKING=/dev/apn$i
	else
		BACKING=/dev/nullb$(cat "$dir/index")
	fi
	udevadm settle
}

# backing_forget DEVICE: one of those is pulled out
backing_forget() {
	local dir
	for dir in /sys/kernel/config/nullb/apn*; do
		[ "/dev/${dir##*/}" != "$1" ] && [ "/dev/nullb$(cat "$dir/index")" != "$1" ] || echo 0 >"$dir/power"
	done
}

# backing_brd MB [NUMBER]: RAM disks that never forget a page
backing_brd() {
	_unload brd
	modprobe brd rd_size=$(($1 * 1024)) rd_nr="${2:-1}" max_part=1
	later _unload brd
	BACKING=/dev/ram0
}

# backing_loop MB: a file on tmpfs
backing_loop() {
	local file
	modprobe loop
	file=$(mktemp /tmp/backing.XXXXXX)
	truncate -s "$1M" "$file"
	BACKING=$(losetup --find --show "$file")
	later losetup -d "$BACKING"
	later rm -f "$file"
}

# --- exports and disks -----------------------------------------------------------------------------------------

# Both sites are one kernel and one file system here: each end of a key gets a folder of its own.
KEYS=/tmp/apn-keys

# identity NAME: a key of it, at both ends
identity() {
	local key
	key=$(on_storage apnctl key generate "$1" --end target --dir $KEYS/storage) || fail "no key of $1"
	on_gpu apnctl key import --end host --dir $KEYS/gpu <<<"$key" || fail "the key of $1 can't be imported"
	later rm -rf $KEYS
}

# agents: tlshd at both sites; it speaks for the sockets of its own network namespace. agent_start, agent_end SITE: one of
# them, or this machine's where there is no such namespace.
agents() {
	local site
	for site in storage gpu; do
		later agent_end $site
		agent_start $site
	done
}
agent_start() {
	local pid end=$((SECONDS + 20)) by=()
	# not by in_ns, whose shell it would be that is ended
	[ ! -e "/run/netns/$1" ] || by=(nsenter --net="/run/netns/$1")
	"${by[@]}" tlshd --stderr >>"/tmp/tlshd.$1" 2>&1 &
	pid=$!
	echo $pid >"/tmp/tlshd.$1.pid"
	# once it has a netlink socket (libnl numbers it by the process, and more above that) it has looked for its keyrings
	until "${by[@]}" cat /proc/net/netlink |
		awk -v pid=$pid '$3 % 4194304 == pid { n++ } END { exit !n }'; do
		[ $SECONDS -lt $end ] || fail "tlshd does not come up at $1"
		sleep 0.1
	done
}
agent_end() {
	local pid
	pid=$(cat "/tmp/tlshd.$1.pid")
	kill "$pid"
	wait "$pid" 2>/dev/null || :
}

# serve NAME DEVICE [OPTION...]: an export at the storage site, and the first time a port. Its level is APN_SECURITY;
# where somebody has to be somebody it is "gpu".
serve() {
	local name=$1 device=$2
	shift 2
	if [ -z "${_port:-}" ]; then
		later on_storage apnctl port del 0.0.0.0
		on_storage apnctl port add 0.0.0.0 --security "$APN_SECURITY" || fail "no port"
		[ "$APN_SECURITY" = none ] || identity gpu
		[ "$APN_SECURITY" != tls ] || agents
		_port=y
	fi
	[ "$APN_SECURITY" = none ] || set -- "$@" --allow gpu
	later on_storage apnctl export del "$name" --force
	on_storage apnctl export add "$name" --device "$device" "$@" || fail "$device cannot be exported as $name"
}

# serve_here NAME DEVICE: the same where this machine is the storage site
serve_here() {
	load apn
	load apn_target
	apnctl export add "$1" --device "$2"
	apnctl port add 0.0.0.0 --security none
	later apnctl port del 0.0.0.0
	later apnctl export del "$1" --force
}

# attach EXPORT [OPTION...]: sets DISK
attach() {
	DISK=$(on_gpu apnctl connect $STORAGE "$@" --security "$APN_SECURITY") || fail "$1 cannot be connected"
	later on_gpu apnctl disconnect "$DISK" --force
}

detach() { on_gpu apnctl disconnect "$1"; }

# export_stat NAME COUNTER, disk_field NAME FIELD: as "show" has them
export_stat() { on_storage apnctl -j export show "$1" | jq -r ".stat.$2"; }
disk_field() { on_gpu apnctl -j show "$1" | jq -r ".$2"; }
# is_state STATE [DISK]: of disk "one", unless another is named; for within
is_state() { [ "$(disk_field "${2:-one}" state)" = "$1" ]; }

# same FILE FILE [BYTES]: what lies there: the cache of a device may have a page that udev read before
same() {
	sync "$1"
	cmp <(_lies_in "$1" "${3:-}") <(_lies_in "$2" "${3:-}")
}
_lies_in() {
	local flags=count_bytes
	[ ! -b "$1" ] || flags+=,direct
	dd if="$1" bs=1M iflag=$flags ${2:+count="$2"} status=none
}

# --- two machines (# machines: 2): the same script runs on both; APN_MACHINE is a (gpu) or b (storage) -----------

# barrier NAME [SECONDS]: wait for the other one here
barrier() {
	local other=b end
	[ "$APN_MACHINE" = a ] || other=a
	: >"$APN_SHARED/shared/$1.$APN_MACHINE"
	end=$((SECONDS + ${2:-120}))
	until [ -e "$APN_SHARED/shared/$1.$other" ]; do
		[ $SECONDS -lt $end ] || fail "machine $other did not come to '$1' within ${2:-120} s"
		sleep 0.1
	done
}

# The cable between them: 192.0.2.2 on a, 192.0.2.1 on b, interface "line".
wire_up() {
	local dev
	for dev in vec0 eth0 enp0s3; do
		[ -e /sys/class/net/$dev ] || continue
		ip link set $dev name line
		ip link set line mtu "${1:-1500}" up
		case $APN_MACHINE in
		a) ip addr add $GPU/24 dev line; ip addr add $GPU6/64 dev line nodad ;;
		b) ip addr add $STORAGE/24 dev line; ip addr add $STORAGE6/64 dev line nodad ;;
		esac
		if [ "$APN_TRANSPORT" = rdma ]; then
			need_kernel_module rdma_rxe
			rdma link add rxe-line type rxe netdev line
			later _rdma_gone rxe-line
		fi
		return
	done
	fail "this machine has no wire"
}

# A power cut: the machine is gone at once; its disks (# disks: 1G ...) keep what reached them.
# On the boot that follows the same script runs there again with APN_BOOT=2, 3 ...
vm_power_cut() { _host "cut $1"; }
vm_power_on() { _host "on $1"; }
# vm_stand_still a|b SECONDS: it does not run for so long, and its clock goes on
vm_stand_still() { _host "still $1 $2"; }
_host() {
	local ask=$APN_SHARED/host/$APN_MACHINE$RANDOM end=$((SECONDS + 60))
	echo "$1" >"$ask.part"
	mv "$ask.part" "$ask.ask"
	until [ -e "$ask.done" ]; do
		[ $SECONDS -lt $end ] || fail "nobody answers to '$1'"
		sleep 0.1
	done
}

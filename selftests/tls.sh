# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: TLS is the default: nothing in the clear, every lane, anew after each loss; never without the key, never lowered
# promises: P9
# tier: check
# kinds: all
# cost: 40 s
# limit: 280
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq openssl tcpdump tlshd
load
# shellcheck disable=SC2119
two_sites
backing_brd 64
later on_storage apnctl port del 0.0.0.0
later on_storage apnctl export del one --force
later on_gpu apnctl disconnect --all --force

# What a refusal says, without the rest.
said() { ! "$@" 2>&1; }
says() {
	local what=$1 desc=$2 text
	shift 2
	text=$(said "$@") || fail "$desc: '$*' succeeded"
	[[ $text == *$what* ]] || fail "$desc: it says '$text'"
	ok "$desc"
}

if ! kernel_has CONFIG_NET_HANDSHAKE; then
	on_storage apnctl export add one --device "$BACKING"
	says "type --security" "a kernel without TLS: the target says what to type" on_storage apnctl port add 0.0.0.0
	says "type --security" "and so does the host" on_gpu apnctl connect $STORAGE one
	unload
	ok "the modules unload"
	exit 0
fi

random_key() { on_gpu apnctl key generate "$1" --end host --dir "$KEYS/gpu" --replace >/dev/null; }
connect() { on_gpu apnctl connect "$@"; }
state() { on_gpu apnctl -j show one | jq -r .state; }
is_state() { [ "$(state)" = "$1" ]; }
reason_has() { on_gpu apnctl -j line show | jq -r '.[].reason' | grep -q "$1"; }
# sockets inside TLS in both directions, as the kernel counts them
sealed() { in_ns "$1" awk '/^TlsCurr(Tx|Rx)Sw/ { n += $2 } END { print n / 2 }' /proc/net/tls_stat; }
all_sealed() { [ "$(sealed gpu)" = "$1" ] && [ "$(sealed storage)" = "$1" ]; }
cut_line() { in_ns storage ip link set line down; }
join_line() { in_ns storage ip link set line up; }
log_has() { dmesg | grep -q "$1"; }

agents
identity gpu-a
try "export" on_storage apnctl export add one --device "$BACKING" --allow gpu-a
try "port, without a word of security" on_storage apnctl port add 0.0.0.0
disk=$(connect $STORAGE one --identity gpu-a --lanes 8) || fail "no connection"
ok "connected: $disk"
is tls "$(disk_field one security)" "it says tls"
within 30 "eight lanes, each inside TLS at both ends" all_sealed 8

# ---- nothing in the clear
pattern=apnbd-bytes-that-nobody-else-may-see
capture() { # capture FILE CMD...: what goes over the line meanwhile
	local file=$1 dump
	shift
	nsenter --net=/run/netns/gpu tcpdump -Z root -B 32768 -i line -U -w "$file" tcp port 4921 2>/tmp/tcpdump.log &
	dump=$!
	within 20 "listening" grep -q "listening on" /tmp/tcpdump.log
	"$@" >/dev/null
	sleep 0.5
	kill $dump
	wait $dump || :
}
{ yes "$pattern" || :; } | head -c 8M >/tmp/pattern
later rm -f /tmp/pattern /tmp/tls.pcap
capture /tmp/tls.pcap dd if=/tmp/pattern of="$disk" bs=1M oflag=direct status=none
[ "$(stat -c %s /tmp/tls.pcap)" -gt 1000000 ] || fail "the capture is too small to have seen it"
must_fail "what was written is not seen on the line" grep -qa "$pattern" /tmp/tls.pcap
try "and is at the target" grep -qa "$pattern" "$BACKING"

# ---- data, and a lost line
verify() {
	fio --name=verify --filename="$disk" --rw=randrw --bsrange=4k-1m --size=32m --io_size="$1" --verify=crc32c \
		--verify_fatal=1 --iodepth=16 --ioengine=libaio --direct=1 --clocksource=clock_gettime --randseed=7 \
		--verify_backlog=64
}
try "data" verify 64m
verify 128m >/tmp/tls.fio 2>&1 &
job=$!
later kill $job
sleep 0.5
cut_line
within 30 "a cut line" is_state waiting
agent_end gpu
join_line
within 30 "without tlshd it waits, and says for what" reason_has tlshd
agent_start gpu
within 60 "it goes on when tlshd is back" is_state live
wait $job || fail "fio: $(tail -n 5 /tmp/tls.fio)"
ok "nothing was lost or damaged meanwhile"
within 30 "all lanes are back inside TLS" all_sealed 8

# ---- who has no key, or another one
says "no key of identity 'gpu-b'" "no key, no connection" connect $STORAGE one --name x --identity gpu-b
random_key gpu-b
says "TLS handshake failed" "an identity that the target does not know" connect $STORAGE one --name x --identity gpu-b
identity gpu-c
random_key gpu-c
says "TLS handshake failed" "another key" connect $STORAGE one --name x --identity gpu-c
try "the target has said why" log_has "apn: no TLS with 192.0.2.2: the TLS handshake failed"

# ---- the level is what was typed, at both ends
says "security 'tls'" "in the clear to a port of TLS" connect $STORAGE one --name x --identity gpu-a --security none
later on_storage apnctl port del 0.0.0.0:4922
on_storage apnctl port add 0.0.0.0:4922 --security none
says "not one of TLS" "TLS to a port in the clear" connect $STORAGE:4922 one --name x --identity gpu-a

# ---- peers of another make: what openssl says after a handshake that holds
psk() {
	local key
	key=$(awk '$1 == "apnbd-key" { print $3 }' "$KEYS/gpu/gpu-a.key")
	printf 'apnbd tls psk\x01' | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -r | cut -d' ' -f1
}
foreign() { # foreign LINE...: sent inside TLS; s_client takes K for KeyUpdate and Q for the end
	{ sleep 2; printf '%s\n' "$@"; sleep 2; } |
		in_ns gpu timeout 20 openssl s_client -connect $STORAGE:4921 -tls1_3 -psk "$(psk)" \
			-psk_identity "apnbd <gpu-a>" -ciphersuites TLS_AES_128_GCM_SHA256 2>&1 || :
}
text=$(foreign Q)
[[ $text == *"Reused"* || $text == *"TLSv1.3"* ]] || fail "no handshake with openssl: $text"
ok "openssl shakes hands by protocol.rst alone"
foreign K >/dev/null
foreign "no PDU at all, but long enough to be taken for the header of one: 0123456789" >/dev/null
within 40 "their lanes are gone" all_sealed 8
is live "$(state)" "who was there before was not disturbed"
try "data, still" verify 16m

# ---- revoked
try "the key is deleted at the target" on_storage apnctl key del gpu-a --end target --dir $KEYS/storage
within 30 "which ends the line, and is no way back" reason_has "TLS handshake failed"
try "the key is there again" on_storage apnctl key import $KEYS/gpu/gpu-a.key --end target --dir $KEYS/storage
within 60 "and the disk goes on" is_state live
try "disconnect" on_gpu apnctl disconnect one
on_storage apnctl export del one
on_storage apnctl port del 0.0.0.0
within 30 "no socket is left inside TLS" all_sealed 0
unload
ok "the modules unload"

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: TLS lets in who holds the key and nobody else: no wrong one, no lower level, no false handshake, no record out of place
# promises: P9 P10
# tier: check
# kinds: uml-debug qemu-debug qemu-6.12 qemu-7
# transports: tcp
# cost: 69 s
# limit: 300
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=tls/common.sh
. "$SELFTESTS/tls/common.sh"

need fio jq openssl python3 tlshd
kernel_has CONFIG_NET_HANDSHAKE || skip "this kernel has no handshake service"
load
# shellcheck disable=SC2119
two_sites
backing_brd 64
later on_storage apnctl port del 0.0.0.0
later on_storage apnctl export del one --force
later on_gpu apnctl disconnect --all --force
agents
identity gpu-a
try "an export for gpu-a" on_storage apnctl export add one --device "$BACKING" --allow gpu-a --state-dir $KEYS/state
try "a port of TLS" on_storage apnctl port add 0.0.0.0
disk=$(connect $STORAGE one --lanes 2) || fail "gpu-a does not get in"
ok "gpu-a gets in: $disk"
within 30 "by two lanes" all_sealed 2

# ---- who has no key, or another one

failed="the TLS handshake failed"
random_key() { on_gpu apnctl key generate "$1" --end host --dir "$KEYS/wrong" --replace >/dev/null; }
right_key() { on_gpu apnctl key import "$KEYS/gpu/$1.key" --end host --dir "$KEYS/gpu"; }
says "no key of identity 'gpu-b'" "no key, no connection" connect $STORAGE one --name x --identity gpu-b
random_key gpu-b
says "$failed" "an identity that the target does not know" connect $STORAGE one --name x --identity gpu-b
identity gpu-c
says "no such export for it" "one whom it knows, and who may not use this export" connect $STORAGE one --name x --identity gpu-c
random_key gpu-c
says "$failed" "another key" connect $STORAGE one --name x --identity gpu-c
try "the target has said why" log_has "audit refuse: .*192.0.2.2.*: $failed"

# ---- the level is what was typed, at both ends

says "this port has security 'tls', and the host came without TLS" "in the clear to a port of TLS" \
	connect $STORAGE one --name x --identity gpu-a --security none
says "this port has security 'tls', and the host came without TLS" "with a key, and in the clear" \
	connect $STORAGE one --name x --identity gpu-a --security auth
peer() { # peer CASE IDENTITY: in the clear, by the protocol's text
	KEY_FILE=$KEYS/gpu/$2.key timeout 60 nsenter --net=/run/netns/gpu "$SELFTESTS/auth/peer.py" client $STORAGE "$1"
}
is "refused 35 this port has security 'tls', and the host came without TLS" "$(peer clear gpu-a)" \
	"who says TLS and speaks in the clear"
later on_storage apnctl port del 0.0.0.0:4922
on_storage apnctl port add 0.0.0.0:4922 --security none
says "no port of TLS there" "TLS to a port in the clear" connect $STORAGE:4922 one --name x --identity gpu-a
later on_storage apnctl port del 0.0.0.0:4923
on_storage apnctl port add 0.0.0.0:4923 --security auth
says "no port of TLS there" "TLS to a port of another level" connect $STORAGE:4923 one --name x --identity gpu-a

# ---- who says that a handshake is done, and made none

serial() { awk -v name="apnbd <$1>:" '$8 == "psk" && index($0, name) { print "0x" $1 }' /proc/keys | head -n 1; }
[ -n "$(serial gpu-a)" ] || fail "/proc/keys shows no key of gpu-a"
false_daemon() { # false_daemon SITE KEY
	nsenter --net="/run/netns/$1" timeout 60 python3 "$SELFTESTS/tls/false.py" "$2" >/tmp/false 2>&1 &
	liar=$!
	later kill $liar
	within 20 "a false tlshd at $1" grep -q ready /tmp/false
}
agent_end gpu
false_daemon gpu 0
says "is said to be done, and the connection is not inside TLS 1.3" "the host believes no word of it" \
	connect $STORAGE one --name x --identity gpu-c
wait $liar || fail "the false tlshd: $(cat /tmp/false)"
agent_start gpu
try "the right key again" right_key gpu-c
agent_end storage
false_daemon storage "$(serial gpu-a)"
says "$failed" "nobody gets in by it" connect $STORAGE one --name x --identity gpu-c
wait $liar || fail "the false tlshd: $(cat /tmp/false)"
try "nor does the target" log_has "audit refuse: .*192.0.2.2.*: the handshake is said to be done"
agent_start storage

# ---- a tlshd that hangs

hung=$(cat /tmp/tlshd.storage.pid)
later kill -CONT "$hung"
kill -STOP "$hung"
says "$failed" "a target whose tlshd hangs is not waited for" connect $STORAGE one --name x --identity gpu-c
kill -CONT "$hung"
is live "$(disk_field one state)" "what stands goes on without it"

# ---- inside TLS one proves it once more, for that connection

inside() { TLS=1 TLS_KEY_FILE=$KEYS/gpu/${3:-$2}.key peer "$1" "$2"; } # inside CASE IDENTITY [TLS-IDENTITY]
words='unknown identity, wrong key, or no such export for it'
is live "$(inside good gpu-c)" "a host written from the protocol's text alone gets in by TLS"
is "refused 32 $words" "$(inside good gpu-c gpu-a)" "one who is gpu-a in TLS and says that he is gpu-c does not"
is "refused 32 $words" "$(inside wrong-key gpu-c)" "nor one whom only TLS believes"
is "refused 32 $words" "$(inside other-channel gpu-c)" "nor with a proof for another connection"

# ---- who begins many handshakes and ends none

on_gpu ip address add 192.0.2.3/24 dev line
nsenter --net=/run/netns/gpu python3 -c "
import socket, time
held = [socket.create_connection(('$STORAGE', 4921), source_address=('192.0.2.3', 0)) for _ in range(30)]
for each in held:
    each.sendall(bytes.fromhex('16030102000100'))
time.sleep(60)" &
crowd=$!
later kill $crowd
daemons() { pgrep -c -P "$(cat /tmp/tlshd.storage.pid)" tlshd || :; }
eight() { [ "$(daemons)" = 8 ]; }
within 20 "thirty from one address get eight processes of tlshd" eight
is live "$(inside good gpu-c)" "somebody from another address gets in meanwhile"
within 5 "and there are no more of them" eight
kill $crowd

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
text=$(in_ns gpu timeout 20 openssl s_client -connect $STORAGE:4921 -tls1_2 </dev/null 2>&1) || :
[[ $text == *"Cipher is (NONE)"* ]] || fail "TLS 1.2 was spoken: $text"
ok "TLS 1.2 is not spoken"
# a record of type handshake with nothing of a handshake in it
in_ns gpu timeout 20 bash -c "exec 3<>/dev/tcp/$STORAGE/4921
	{ printf '\x16\x03\x01\x02\x00'; head -c 512 /dev/urandom; } >&3; cat <&3" >/dev/null 2>&1 || :
no_strangers() { [ "$(on_storage apnctl -j port show | jq 'map(.strangers) | add')" = 0 ]; }
within 60 "their connections are gone" no_strangers
within 40 "and their lanes" all_sealed 2
is live "$(disk_field one state)" "who was there before was not disturbed"
try "data, still" verify "$disk" 16m

# ---- a key that is gone, and access that is revoked

try "the key is deleted at the target" on_storage apnctl key del gpu-a --end target --dir $KEYS/storage
within 30 "which ends the line, and is no way back" reason_has "$failed"
try "the key is there again" on_storage apnctl key import $KEYS/gpu/gpu-a.key --end target --dir $KEYS/storage
within 60 "and the disk goes on" is_state live
try "its access is revoked" on_storage apnctl export revoke one gpu-a --dir $KEYS
within 20 "for good" is_state revoked
says "no such export for it" "and it does not get in again" connect $STORAGE one --name x --identity gpu-a
try "disconnect" on_gpu apnctl disconnect one
within 30 "no socket is left inside TLS" all_sealed 0
! grep -rqs "$(psk)" <(dmesg) /proc/keys <(on_gpu apnctl -j show) <(apnctl -j key list) || fail "a key is shown"
ok "no log and no list shows a key"

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: nobody gets in who can't prove who he is, and no target is believed that can't
# promises: P9
# tier: check
# kinds: uml-debug qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 29 s
# limit: 500
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq python3
REFUSED=7
words='unknown identity, wrong key, or no such export for it'

load
# shellcheck disable=SC2119
two_sites
backing_null_blk 64
identity gpu
identity other
later on_storage apnctl export del one --force
later on_storage apnctl port del 0.0.0.0
later on_gpu apnctl disconnect --all --force
try "an export for gpu" on_storage apnctl export add one --device "$BACKING" --allow gpu \
	--state-dir $KEYS/state
try "a port where one proves who he is" on_storage apnctl port add 0.0.0.0 --security auth

connect() { on_gpu apnctl connect $STORAGE "$@"; }
# refused WORDS CMD...: so it ends, with one sentence that has these words
refused() {
	local wanted=$1 said code=0
	shift
	said=$("$@" 2>&1) || code=$?
	if [ $code != $REFUSED ] || [[ $said != "apnctl: "*"$wanted"* || $said == *$'\n'* ]]; then
		fail "'$*' ended with $code: $said"
	fi
	ok "refused: ${said#apnctl: }"
}
port() { on_storage apnctl -j port show | jq ".[0].$1"; }

# -- as it should be

disk=$(connect one --security auth --identity gpu) || fail "gpu does not get in"
is live "$(disk_field one state)" "who has the key gets in"
is auth "$(disk_field one security)" "and sees by which level"
try "a block is written" dd if=/dev/urandom of="$disk" bs=4k count=16 oflag=direct
try "and is there" same "$disk" "$BACKING"
is gpu "$(on_storage apnctl -j session show | jq -r '.[0].identity')" "the target knows who it is"

# -- who does not get in, by our own host

must_fail "without a key there is nothing to connect with" connect two --security auth --identity nobody
try "a key that the target does not have" on_gpu apnctl key generate gpu --replace --end host --dir $KEYS/wrong
refused "$words" connect two --security auth --identity gpu
try "the right one again" on_gpu apnctl key import $KEYS/gpu/gpu.key --end host --dir $KEYS/gpu
refused "$words" connect two --security auth --identity gpu
refused "$words" connect nothing --security auth --identity gpu
refused "this port has security 'auth', the host asked for 'none'" connect one --name two --security none
try "a port that asks nobody" on_storage apnctl port add 0.0.0.0:4922 --security none
later on_storage apnctl port del 0.0.0.0:4922
refused "this port has security 'none', the host asked for 'auth'" \
	on_gpu apnctl connect $STORAGE:4922 one --name two --security auth --identity gpu
refused "$words" on_gpu apnctl connect $STORAGE:4922 one --name two --security none
is '[]' "$(on_gpu apnctl -j discover $STORAGE --security auth --identity other | jq -c .)" "other is offered nothing"
is '["one"]' "$(on_gpu apnctl -j discover $STORAGE --security auth --identity gpu | jq -c 'map(.name)')" "gpu is"

# -- who does not get in, by a host that cheats; it speaks TCP

peer() { KEY_FILE=$KEYS/gpu/$2.key timeout 60 nsenter --net=/run/netns/gpu "$SELFTESTS/auth/peer.py" client $STORAGE "$1"; }
cheating_hosts() {
	local case session before wrong unknown
	is live "$(peer good other)" "a host written from the protocol's text alone gets in"
	for case in wrong-key unknown no-proof reflected replayed other-hello same-words; do
		is "refused 32 $words" "$(peer $case gpu)" "$case"
	done
	is "refused 35 this port has security 'auth', the host asked for 'none'" "$(peer lower gpu)" "lower"
	is "refused 32 $words" "$(EXPORT=one peer no-export other)" "not allowed, and not there: the same bytes"
	on_storage apnctl export set one --allow other
	is attached "$(EXPORT=one peer attach other)" "once other is allowed it may attach"
	session=$(on_storage apnctl -j session show | jq -r '.[] | select(.identity == "gpu") | .uuid')
	is "refused 32 $words" "$(EXPORT=one SESSION=$session peer other-session other)" "by another one's session it may not"
	is live "$(disk_field one state)" "whose session goes on"

	# Counted, since a clock would tell no more than the machine's mood.
	before=$(port proofs)
	peer wrong-key gpu >/dev/null
	wrong=$(($(port proofs) - before))
	peer unknown gpu >/dev/null
	unknown=$(($(port proofs) - before - wrong))
	[ $wrong -gt 0 ] || fail "no proof is computed for a wrong key"
	is $wrong $unknown "an unknown identity costs the target as many proofs as a wrong key"
}

# -- who has said nothing yet takes little of the target's memory

room() { on_storage ss -tmnH state established sport = :4921 | grep -o 'rb[0-9]*' | cut -c3- | sort -n | "$1" -n 1; }
at_the_door() { [ "$(port strangers)" = "$1" ]; }
within 20 "nobody is at the door" at_the_door 0
on_gpu bash -c "exec 3<>/dev/tcp/$STORAGE/4921; exec sleep 20" &
stranger=$!
within 10 "a stranger is" at_the_door 1
[ "$(room head)" -le 131072 ] || fail "a stranger may send $(room head) bytes"
ok "and may send 128 KiB"
[ "$(room tail)" -ge $((64 << 20)) ] || fail "a host may send only $(room tail) bytes"
ok "where a host that is known may send what a long line carries"
kill $stranger

# -- a target that can't prove it either takes the place of the real one

rogue() { timeout 90 nsenter --net=/run/netns/storage "$SELFTESTS/auth/peer.py" target 4921 "$1"; }
false_targets() {
	local case
	export KEY_FILE=$KEYS/gpu/gpu.key
	for case in no-key lower reflected; do
		on_storage apnctl port del 0.0.0.0
		within 20 "the target is away" is_state waiting
		is "ready left" "$(rogue $case | paste -sd' ')" "a false target ($case) is left at once"
		is waiting "$(disk_field one state)" "and what it said reached no disk"
		try "the real one is back" on_storage apnctl port add 0.0.0.0 --security auth
		within 30 "so is the disk" is_state live
	done
	try "it has what it had" same "$disk" "$BACKING"
}
if [ "$APN_TRANSPORT" = tcp ]; then
	cheating_hosts
	false_targets
fi

# -- a key that is gone

try "the key is deleted at the target" on_storage apnctl key del gpu --end target --dir $KEYS/storage
within 20 "the disk is out" is_state waiting
none_of_gpu() { on_storage apnctl -j session show | jq -e 'all(.identity != "gpu")'; }
within 20 "no session is left" none_of_gpu
told() { disk_field one reason | grep "$words" >/dev/null || on_gpu apnctl -j line show | grep "$words" >/dev/null; }
within 20 "and is told why" told
try "the key is back" on_storage apnctl key import $KEYS/gpu/gpu.key --end target --dir $KEYS/storage
within 30 "so is the disk" is_state live

try "its access is revoked" on_storage apnctl export revoke one gpu --dir $KEYS
within 20 "for good" is_state revoked
try "and the key goes" on_storage apnctl key del gpu --end target --dir $KEYS/storage
retired() { [ "$(on_gpu apnctl -j line show | jq -r '[.[] | select(.identity == "gpu")] | .[0].state')" = closing ]; }
within 30 "a host with nothing left to gain stops to knock" retired
knocks=$(port refused)
sleep 6
is "$knocks" "$(port refused)" "not one knock in 6 s"
try "its disk can be disconnected" on_gpu apnctl disconnect one

within 20 "nobody is left at the door" at_the_door 0
! grep -rqs "$(awk '/^apnbd-key/ { print $3 }' $KEYS/gpu/gpu.key)" <(dmesg) <(on_gpu apnctl -j show) \
	<(on_storage apnctl -j port show) <(apnctl -j key list) || fail "a key is shown"
ok "no log and no list shows a key"

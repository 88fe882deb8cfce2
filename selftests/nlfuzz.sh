# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: no netlink message harms either module, whoever sends it, also while they go
# promises: P10
# tier: all
# kinds: uml-debug qemu-debug qemu-6.1 qemu-7
# transports: tcp
# cost: 40 s
# limit: 600
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need python3 jq
fuzz() { timeout 200 python3 "$SELFTESTS/nlfuzz/fuzz.py" "$@"; }
[ -e "$SELFTESTS/nlfuzz/families.json" ] || skip "families.json was not built"
load
backing_null_blk 16
ip link set lo up
export FUZZ_DEVICE=$BACKING

# Whatever the dice made is taken down again.
clean() {
	apnctl disconnect --all --force
	apnctl -j port show | jq -r '.[].address' | while read -r address; do apnctl port del "$address"; done
	apnctl -j export show | jq -r '.[].name' | while read -r name; do apnctl export del "$name" --force; done
}
later clean

# shown WHAT CMD...: it succeeds, and its last line is the proof
shown() {
	local what=$1 said
	shift
	said=$("$@" 2>&1) || fail "$what: $(tail -n 3 <<<"$said" | paste -sd' ')"
	ok "$what: $(tail -n 1 <<<"$said")"
}

shown "each attribute missing, twice, short, long, wrongly nested" fuzz each
shown "what the dice choose, seed ${APN_SEED:=4921}" fuzz random "$APN_SEED" "${APN_ROUNDS:-600}"
try "what they made can be taken down" clean
is "[][][]" "$(apnctl -j list | jq -c .)$(apnctl -j export show | jq -c .)$(apnctl -j port show | jq -c .)" "nothing is left"

# As a program and not by a function: another user runs it.
shown "nobody is denied" setpriv --reuid 65534 --regid 65534 --clear-groups \
	python3 "$SELFTESTS/nlfuzz/fuzz.py" denied
shown "the root of a user namespace is denied" unshare --user --map-root-user \
	python3 "$SELFTESTS/nlfuzz/fuzz.py" denied

fuzz get 12 >/tmp/nlfuzz.get 2>&1 &
asker=$!
later rm -f /tmp/nlfuzz.get
for m in apnbd apn_target apnbd apn_target apnbd apn_target; do
	within 20 "$m goes while it is asked" rmmod $m
	load $m
done
wait $asker || fail "the asker: $(tail -n 2 /tmp/nlfuzz.get | paste -sd' ')"
ok "it was asked all the while: $(tail -n 1 /tmp/nlfuzz.get)"

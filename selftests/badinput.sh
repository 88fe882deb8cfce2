# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: bad input: one sentence that names the thing, the documented exit status, and nothing half done
# promises: P10
# tier: check
# kinds: all
# transports: tcp
# smoke: qemu-6.1
# cost: 18 s
# limit: 500
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq mkfs.ext4
USAGE=1 DENIED=2 MODULE=3 ABSENT=4 IN_USE=5 EXISTS=6 REFUSED=7 UNREACHABLE=8 INVALID=9

# refused STATUS WORDS CMD...: so it ends, and says so in one line that has WORDS. All are tried, also after a bad one.
wrong=()
refused() {
	local want=$1 words=$2 said code=0
	shift 2
	said=$("$@" 2>&1 >/tmp/said.out) || code=$?
	if [ $code != "$want" ] || [[ $said != "apnctl: "*"$words"* || $said == *$'\n'* ]] || [ -s /tmp/said.out ]; then
		wrong+=("'$*' ended with $code, not $want with '$words': $said $(cat /tmp/said.out)")
		echo "# ${wrong[-1]}"
	else
		ok "${said#apnctl: }"
	fi
}
later rm -f /tmp/said.out

add() { on_storage apnctl export add "$@"; }
connect() { on_gpu apnctl connect "$@" --security none; }
state() {
	on_storage apnctl -j export show | jq 'map({name, device, durability})'
	on_storage apnctl -j port show | jq 'map(.address)'
	on_storage apnctl -j session show | jq 'map(.export)'
	on_gpu apnctl -j list | jq 'map({name, export, state})'
	on_gpu apnctl -j line show | jq 'map(.disks)'
	echo /sys/block/apnbd*
}

# shellcheck disable=SC2119
two_sites
refused $MODULE apn_target on_storage apnctl export show
refused $MODULE apnbd on_gpu apnctl list
load

backing_null_blk 64
free=$BACKING
backing_null_blk 64
busy=$BACKING
backing_null_blk 64
used=$BACKING
backing_loop 1
empty=$BACKING
truncate -s 0 "$(losetup -nO BACK-FILE "$empty")"
losetup -c "$empty"
serve good "$used"
mkfs.ext4 -q "$busy"
mkdir -p /tmp/at
attach good
good=$DISK
before=$(state)

# devices
refused $ABSENT /dev/nosuch add one --device /dev/nosuch
refused $INVALID /etc/passwd add one --device /etc/passwd
refused $INVALID /dev/null add one --device /dev/null
refused $INVALID /tmp add one --device /tmp
refused $INVALID "$empty" add one --device "$empty"
refused $IN_USE "$used" add one --device "$used"
mount "$busy" /tmp/at
later umount /tmp/at
refused $IN_USE "$busy" add one --device "$busy"
umount /tmp/at

# names
long=$(printf 'n%.0s' {1..64})
refused $USAGE "$long" add "$long" --device "$free"
for name in a/b 'a b' .hidden '' ä; do
	refused $USAGE "$name" add "$name" --device "$free"
done
refused $EXISTS good add good --device "$free"
refused $USAGE "$long" connect $STORAGE good --name "$long"
refused $USAGE a/b connect $STORAGE a/b
refused $USAGE apnbd7 connect $STORAGE good --name apnbd7
refused $USAGE 'a b' connect $STORAGE good --identity 'a b'

# exports, disks, ports
refused $REFUSED nosuch connect $STORAGE nosuch
refused $IN_USE good connect $STORAGE good --name again
refused $EXISTS good connect $STORAGE other --name good
refused $IN_USE good on_storage apnctl export del good
refused $IN_USE good on_storage apnctl export set good --durability flush
refused $ABSENT nosuch on_storage apnctl export del nosuch
refused $ABSENT nosuch on_storage apnctl export show nosuch
refused $ABSENT nosuch on_storage apnctl export set nosuch --read-only
refused $ABSENT nosuch on_storage apnctl export drain nosuch
refused $ABSENT nosuch on_storage apnctl export revoke nosuch somebody
refused $ABSENT somebody on_storage apnctl export set good --deny somebody
refused $ABSENT nosuch on_gpu apnctl show nosuch
refused $ABSENT nosuch on_gpu apnctl disconnect nosuch
refused $ABSENT nosuch on_gpu apnctl set nosuch --read-only
refused $ABSENT nosuch on_gpu apnctl stat nosuch
refused $ABSENT 77 on_gpu apnctl line show 77
refused $EXISTS 0.0.0.0 on_storage apnctl port add 0.0.0.0 --security none
refused $EXISTS $STORAGE on_storage apnctl port add $STORAGE --security none
refused $UNREACHABLE 192.0.2.77 on_storage apnctl port add 192.0.2.77:5000 --security none
refused $ABSENT 5000 on_storage apnctl port del $STORAGE:5000
exec 9<"$good"
refused $IN_USE good on_gpu apnctl disconnect good
exec 9<&-

# addresses
refused $UNREACHABLE $STORAGE:5000 connect $STORAGE:5000 good --name one
refused $UNREACHABLE "nobody listens" connect $STORAGE:5001 good --name one
refused $UNREACHABLE 198.51.100.1 connect 198.51.100.1 good --name one
refused $UNREACHABLE 198.51.100.1 on_gpu apnctl discover 198.51.100.1 --security none
refused $UNREACHABLE $STORAGE connect $STORAGE good --name one --source 203.0.113.1
refused $UNREACHABLE 192.0.2.300 connect 192.0.2.300 good --name one
refused $USAGE 99999 connect $STORAGE:99999 good --name one
refused $USAGE port connect $STORAGE: good --name one
for address in '[2001:db8::1' ''; do
	refused $USAGE "$address" connect "$address" good --name one
done

# options, values, units
refused $USAGE --read-only connect $STORAGE good --readonly
refused $USAGE connect on_gpu apnctl conect $STORAGE good
refused $USAGE EXPORT on_gpu apnctl connect $STORAGE
refused $USAGE device add one
refused $USAGE parsecs connect $STORAGE good --name one --fail-after 5parsecs
refused $USAGE 100x connect $STORAGE good --name one --rate 100x
refused $USAGE 99 connect $STORAGE good --name one --lanes 99
refused $USAGE never add one --device "$free" --durability never
refused $USAGE 5q add one --device "$free" --limit-bps 5q
refused $USAGE perhaps on_storage apnctl export set good --read-only=perhaps
refused $USAGE pigeon on_storage apnctl port add 0.0.0.0:5000 --security pigeon
refused $INVALID pigeon on_storage apnctl port add 0.0.0.0:5000 --security none --transport pigeon
refused $INVALID pigeon connect $STORAGE good --name one --transport pigeon
# the default is TLS: there is no key yet, or the kernel can't
if kernel_has CONFIG_NET_HANDSHAKE; then
	refused $REFUSED "no key" on_gpu apnctl connect $STORAGE good --name one
else
	refused $INVALID "type --security" on_storage apnctl port add 0.0.0.0:5000
	refused $INVALID "type --security" on_gpu apnctl connect $STORAGE good --name one
fi

# who: not root, and root of a namespace of its own
for as in "setpriv --reuid 65534 --regid 65534 --clear-groups" "unshare --user --map-root-user"; do
	for words in list "export show" "port show" "export del good" "disconnect good" "monitor" "line show"; do
		# shellcheck disable=SC2086
		refused $DENIED CAP_SYS_ADMIN on_gpu $as apnctl $words
	done
	# shellcheck disable=SC2086
	refused $DENIED CAP_SYS_ADMIN on_gpu $as apnctl connect $STORAGE good --security none --name one
done

is "$before" "$(state)" "nothing of all that was half done"
try "and the disk works" same "$good" "$used"
try "disconnect" detach "$good"

# a read-only device is served, for reading
truncate -s 1M "$(losetup -nO BACK-FILE "$empty")"
losetup -d "$empty"
dd if=/dev/zero of=/tmp/image bs=1M count=1 status=none
empty=$(losetup --find --show --read-only /tmp/image)
later losetup -d "$empty"
later rm -f /tmp/image
serve reading "$empty"
attach reading
is 1 "$(blockdev --getro "$DISK")" "a read-only device makes a read-only disk"
refused $INVALID reading on_gpu apnctl set reading --read-only=no
try "disconnect" detach "$DISK"
[ ${#wrong[@]} = 0 ] || fail "${#wrong[@]} wrong answers, the first: ${wrong[0]}"
ok "each was refused as documented"

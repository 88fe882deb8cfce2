# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a page goes back to its owner when no packet can carry it any more
# promises: P3
# tier: check
# kinds: uml-debug qemu-6.1 qemu-6.12 qemu-7
# transports: tcp
# cost: 32 s
# limit: 300
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need python3 tc
load
# shellcheck disable=SC2119
two_sites
backing_null_blk 64
serve pages "$BACKING"
attach pages --name pages

# tell_to FILE WORD...: pages.py in the background, when it has said its first word; sets PEER
tell_to() {
	local file=$1
	shift
	"$@" >"$file" 2>&1 &
	PEER=$!
	later rm -f "$file"
	later kill $PEER
	within 10 "$(basename "$file") begins" grep -q . "$file"
}

pages=$SELFTESTS/pages/pages.py
tell_to /tmp/pages.watch nsenter --net=/run/netns/storage python3 "$pages" watch line
watcher=$PEER

# What was sent waits in the host's own queue for longer than its socket lives.
on_gpu tc qdisc add dev line root netem delay 4s limit 100000
tell_to /tmp/pages.write python3 "$pages" write "$DISK"
waits() { on_gpu tc -s qdisc show dev line | grep -E 'backlog ([0-9]{5,}b|[0-9]+K)' >/dev/null; }
within 10 "the write's packets wait in a queue" waits
try "the disk is disconnected by force" on_gpu apnctl disconnect pages --force
within 10 "the write has failed" grep -q failed /tmp/pages.write
empty() { on_gpu tc -s qdisc show dev line | grep 'backlog 0b' >/dev/null; }
within 30 "the queue runs empty" empty

kill $watcher
within 10 "the watcher counts" grep -E '^[0-9]+ [0-9]+$' /tmp/pages.watch
read -r before after < <(tail -n 1 /tmp/pages.watch)
is 0 "$after" "packets that carried what came into the page afterwards"
[ "$before" -gt 0 ] || fail "no packet carried what was written: nothing is shown"
ok "$before packets carried what was written"

# A READ that is taken back while what it asked for comes, at 4 s a MiB.
on_gpu tc qdisc del dev line root
attach pages --name pages
on_storage tc qdisc add dev line root netem rate 2mbit limit 100000
tell_to /tmp/pages.read python3 "$pages" read "$DISK"
sleep 0.5
try "the disk is disconnected by force while a read is being filled" on_gpu apnctl disconnect pages --force
within 10 "the read has failed" grep -q failed /tmp/pages.read
within 20 "its reader has looked" grep -qE 'kept|overwritten' /tmp/pages.read
is kept "$(tail -n 1 /tmp/pages.read)" "what its reader put there since"

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a disk ends when it is told to: in use, its network gone, its namespace deleted, its address changed
# promises: P6
# tier: all
# kinds: all
# cost: 30 s
# limit: 150
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq mkfs.ext4
load
two_sites --delay 1ms
backing_brd 64
serve one "$BACKING"
attach one
# quick SECONDS DESC CMD...: it succeeds, and in time
quick() {
	local limit=$1 desc=$2 start took
	shift 2
	start=$(now_ms)
	try "$desc" "$@"
	took=$(($(now_ms) - start))
	[ $took -lt $((limit * 1000)) ] || fail "$desc: that took $took ms"
}
none_in_d() {
	local stuck
	sleep 0.5
	stuck=$(ps -eo stat=,pid=,comm= | awk '$1 ~ /^D/' || :)
	[ -z "$stuck" ] || fail "in D state: $stuck"
	ok "nobody is in D state"
}

mkfs.ext4 -q "$DISK"
mkdir -p /tmp/ends
later rmdir /tmp/ends
mount "$DISK" /tmp/ends
later umount -l /tmp/ends
must_fail "a mounted disk is not disconnected" detach one
must_fail "nor is its module unloaded" rmmod apnbd
umount /tmp/ends
# udev looks at a disk that was just closed: that is waited out
quick 5 "right after the umount it is" detach one

attach one
cut_line_at gpu
within 20 "the interface is down: it waits" is_state waiting
join_line_at gpu
within 20 "up again: live" is_state live
change_address() {
	in_ns gpu ip addr add 192.0.2.3/24 dev line
	in_ns gpu ip addr del $GPU/24 dev line
	in_ns gpu ip addr add 192.0.2.3/24 dev line 2>/dev/null || :
	within 30 "the host's address changed: it goes on from the new one" is_state live
	try "with I/O" dd if="$DISK" of=/dev/null bs=1M count=8 iflag=direct status=none
	in_ns gpu ip addr add $GPU/24 dev line
}
! sites_apart || change_address

# Shutdown with the network already gone: in order, and what does not answer is not waited for
cut_line_at gpu
quick 15 "unused, its network gone: it is disconnected" detach one
join_line_at gpu
# the target was not told, and knows the disk that is gone as the writer
attach one
ok "it is connected again at once"
mount "$DISK" /tmp/ends
cut_line_at gpu
sh -c 'echo x >/tmp/ends/x; sync /tmp/ends/x' &
job=$!
sleep 1
quick 10 "mounted, its network gone: it is disconnected by force" on_gpu apnctl disconnect one --force
wait $job || ok "who waited for it got an error"
quick 10 "the file system can be taken away" umount /tmp/ends
none_in_d
join_line_at gpu
sites_apart || exit 0

# The namespace that the disk was connected from is deleted
attach one
dd if=/dev/zero of="$DISK" bs=64k oflag=direct status=none 2>/dev/null &
job=$!
sleep 0.5
ip netns del gpu
must_fail "its name is gone" ip netns exec gpu true
quick 10 "its namespace deleted, a disk in use ends by force" apnctl disconnect one --force
! wait $job || fail "its writer was told that all is well"
is "[]" "$(apnctl -j line show | jq -c .)" "no line is left"
none_in_d
quick 10 "the modules unload" unload

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: each allocation of a connect fails in turn, then some of all while lines come back: nothing hangs, leaks or is damaged
# tier: all
# promises: P1 P12
# kinds: uml-debug
# cost: 200 s
# limit: 900
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq
kernel_has CONFIG_FAILSLAB || skip "this kernel has no failslab"
load
two_sites --delay 1ms
backing_brd 32
serve one "$BACKING"
slab=/sys/kernel/debug/failslab
later sh -c "echo 0 >$slab/probability; echo N >$slab/task-filter"

has_lines() { [ "$(on_gpu apnctl -j line show | jq length)" = "$1" ]; }

echo N >$slab/ignore-gfp-wait
echo 0 >$slab/verbose

# connect_without N: what connect does in the kernel for the caller, with its N-th allocation failing; 77: it has fewer
connect_without() {
	NTH=$1 LD_PRELOAD=$SELFTESTS/oom/nth.so on_gpu apnctl connect $STORAGE one --security none >/tmp/oom.log 2>&1
}
# one after the other while it is the connect's own, then a disk is made in sysfs, which are hundreds
for ((n = 1; n < 5000; n += n < 150 ? 1 : 17)); do
	code=0
	connect_without $n || code=$?
	[ $code != 78 ] || fail "fail-nth does not work here"
	disks=$(on_gpu apnctl -j list | jq length)
	[ "$disks" = 0 ] || on_gpu apnctl disconnect one || fail "what was connected at step $n cannot be disconnected"
	[ $code != 77 ] || break
done
[ $n -gt 10 ] || fail "a connect has only $n allocations?"
[ $n -lt 5000 ] || fail "a connect has more than $n allocations"
ok "a connect without one of its allocations, of which it has $n at most"
within 20 "nothing is left of them" has_lines 0

attach one
fio --name=oom --filename="$DISK" --rw=randrw --bsrange=4k-128k --size=24m --time_based --runtime=20 --verify=crc32c --verify_fatal=1 \
	--iodepth=8 --ioengine=libaio --direct=1 --clocksource=clock_gettime --verify_backlog=64 >/tmp/oom.fio 2>&1 &
job=$!
later kill $job
# from now on of what kernel threads ask for, in their own name, one in fifty
for thread in /proc/[0-9]*; do
	case $(cat "$thread/comm" 2>/dev/null) in
	kworker* | kthreadd) echo 1 >"$thread/make-it-fail" 2>/dev/null || : ;;
	esac
done
echo Y >$slab/task-filter
echo 50 >$slab/interval
echo 1000000 >$slab/times
echo 100 >$slab/probability
for _ in 1 2 3; do
	sleep 1
	kill -0 $job || fail "fio has ended already: $(tail -n 3 /tmp/oom.fio)"
	on_storage apnctl port del 0.0.0.0 2>/dev/null || :
	sleep 0.5
	until on_storage apnctl port add 0.0.0.0 --security none 2>/dev/null; do sleep 0.2; done
done
echo 0 >$slab/probability
failed=$((1000000 - $(cat $slab/times)))
[ $failed -gt 20 ] || fail "only $failed allocations failed"
within 60 "the disk is back" is_state live
wait $job || fail "fio: $(tail -n 3 /tmp/oom.fio)"
ok "three losses of all lanes, one allocation in fifty failing: nothing was damaged"
try "disconnect" detach "$DISK"

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: the gate notices each mistake, and nothing where there is none
# tier: check
# kinds: uml-debug qemu-debug
# transports: tcp
# cost: 60 s
# limit: 400
# gate: self
# (The kernel's log after this test is bad on purpose: the agent judges by the exit status and starts the machine anew.)
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

[ -e "$APN_BUILD/apn_gate.ko" ] || skip "no apn_gate.ko was built"

# make FAULT: load the module, unload it, let the gate judge what the kernel said meanwhile; sets FOUND
make_fault() {
	local mark="gate: $1 begins $RANDOM"

	# what the kernel itself has lost is forgotten first
	[ "$1" != leak ] || { scan; echo clear >/sys/kernel/debug/kmemleak; }
	echo "<6>$mark" >/dev/kmsg
	insmod "$APN_BUILD/apn_gate.ko" fault="$1"
	rmmod apn_gate
	[ "$1" != leak ] || scan
	dmesg | sed -n "/$mark/,\$p" >/tmp/slice
	FOUND=$(bash "$SELFTESTS/vm/gate" "$SELFTESTS/vm/noise" </tmp/slice) && CLEAN=yes || CLEAN=no
}

# What is younger than five seconds is never reported.
scan() {
	local i
	for i in 1 2; do
		sleep 6
		echo scan >/sys/kernel/debug/kmemleak
	done
}

caught() {
	make_fault "$1"
	[ "$CLEAN" = no ] || fail "$1 went through the gate"
	grep -qE "$2" <<<"$FOUND" || fail "$1 was noticed by something else: $(head -n 3 <<<"$FOUND" | paste -sd' ')"
	ok "$1: $(grep -m1 -oE "$2" <<<"$FOUND")"
}

make_fault none
[ "$CLEAN" = yes ] || fail "the gate found something where there was nothing: $FOUND"
ok "nothing is noticed where nothing is wrong"

# lockdep speaks once and then falls silent, KASAN silences it, too: these two first
caught unlocked 'WARNING: .*'
caught order 'possible circular locking dependency detected'
caught sleep 'BUG: (sleeping function called|scheduling while atomic).*'
caught warn 'WARNING: .*'
caught refcount 'refcount_t: .*'
caught object 'created and never freed: gate [0-9a-f]+'
caught overrun 'BUG: KASAN: [a-z-]+'
# qemu-debug runs without kmemleak
if echo scan 2>/dev/null >/sys/kernel/debug/kmemleak; then
	caught leak 'kmemleak: [0-9]{1,2} new suspected memory leaks'
fi
if [ "$(nproc)" -gt 1 ]; then
	caught race 'list_(add|del) corruption.*|KASAN: [a-z-]+|BUG: .*|general protection.*'
fi

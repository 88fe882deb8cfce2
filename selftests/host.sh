# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the tests that run on the host share: the testbed's roots to work in, and KTAP to answer with. Sourced, with the
# top of the tree as the current folder.

. selftests/vm/common.sh
. selftests/vm/apt.sh
. selftests/vm/roots.sh
. selftests/vm/kernels.sh
. selftests/vm/products.sh

SKIP=4
TREE_ID=$(stamp_of "$PWD") # several trees are checked at a time

# kernel_of RELEASE SERIES: the newest kernel of that series whose headers that root has.
kernel_of()
{
	local dir

	dir=$(find "$CACHE/$1/lib/modules/" -mindepth 1 -maxdepth 1 -name "$2.*" | sort -V | tail -n 1)
	[ -n "$dir" ] || { echo "there are no headers of Linux $2 in the root of $1" >&2; return 1; }
	basename "$dir"
}

have_drivers() { [ -e drivers/apn/Kbuild ]; }
have_apnctl()  { [ -e tools/apnctl/Makefile ]; }

# ktap_run PREFIX CHECK...: run each check_CHECK; its output is shown when it fails, and kept. 4 as a status means
# that the last line says why it did not run.  Not to be called on the left of || or &&, nor in a condition.
ktap_run()
{
	local prefix=$1 number=0 passed=0 failed='' skipped=0 name log start status seconds

	shift
	mkdir -p "$CACHE/log"
	echo "KTAP version 1"
	echo "1..$#"
	for name; do
		number=$((number + 1))
		log=$CACHE/log/$prefix-$name-$TREE_ID.log
		start=$SECONDS
		# not "(...) || status=$?": on the left of || nothing stops at an error, whatever set -e says
		(set -e; "check_$name") >"$log" 2>&1 &
		status=0
		wait $! || status=$?
		seconds=$((SECONDS - start))
		case $status in
		0)
			passed=$((passed + 1))
			echo "ok $number $prefix-$name # $seconds s" ;;
		"$SKIP")
			skipped=$((skipped + 1))
			echo "ok $number $prefix-$name # SKIP $(tail -n 1 "$log")" ;;
		*)
			failed+=" $name"
			sed -E '/^ +(CC|LD|AR|CHECK|MODPOST|BTF) |^g?cc |^make.*: (Entering|Leaving|\*\*\* \[)|^make -C /d' "$log" | tail -n 60 | sed 's/^/# /'
			echo "not ok $number $prefix-$name # $seconds s, log: $log" ;;
		esac
	done
	echo "# Totals: pass:$passed fail:$(wc -w <<<"$failed") xfail:0 xpass:0 skip:$skipped error:0"
	if [ -n "$failed" ]; then
		echo "# fail:$failed"
		return 1
	elif [ "$passed" -eq 0 ]; then
		echo "# skip: $(tail -n 1 "$log")"
		return $SKIP
	fi
}

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
# What every script of the testbed says and does the same way. Sourced.

CACHE=${APNBD_CACHE:-$HOME/.cache/apnbd}
CACHE=$(realpath -m "$CACHE")
VM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# step NAME USUAL CMD...: run CMD, its output in a log that is shown only when it fails.
step() {
	local name=$1 usual=$2 log start=$SECONDS
	shift 2
	mkdir -p "$CACHE/log"
	log=$CACHE/log/${name//[^A-Za-z0-9._-]/-}.log
	say "testbed: $name (usually $usual; log: $log) ..."
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 30 "$log" >&2
		die "$name failed after $((SECONDS - start)) s; the whole log is $log"
	fi
	say "testbed: $name: done in $((SECONDS - start)) s"
}

# locked NAME CMD...: two invocations never build the same thing; the second waits, and finds it made.
locked() {
	local name=$1
	shift
	mkdir -p "$CACHE/lock" || die "cannot create $CACHE; choose another place with APNBD_CACHE=DIR"
	(
		flock -n 9 || { say "testbed: $name is being made by another process; waiting for it"; flock 9; }
		"$@"
	) 9>"$CACHE/lock/$name"
}

# A thing in the cache is whole when its stamp says what it was made from.
stamp_of() { printf '%s\n' "$@" | sha256sum | cut -c1-16; }
fresh() { [ "$(cat "$1/.stamp" 2>/dev/null)" = "$2" ]; }

# finish PARTIAL FINAL STAMP: what was built under another name becomes the thing, in one rename.
finish() {
	echo "$3" >"$1/.stamp"
	sync -f "$1"
	if [ -e "$2" ]; then
		rm -rf --one-file-system "$2.old"
		mv "$2" "$2.old"
	fi
	mv "$1" "$2"
	rm -rf --one-file-system "$2.old"
}

need_root() {
	[ "$(id -u)" = 0 ] || die "building the testbed needs root (it makes Debian roots with chroot): type 'sudo $0 $*'"
}

need_proc() {
	[ -e /proc/self ] || die "/proc is not mounted here; type: mount -t proc proc /proc"
	[ -c /dev/null ] || die "/dev/null is no device here; type: mount -t devtmpfs dev /dev"
}

# need_space GB
need_space() {
	local want=$1 have
	mkdir -p "$CACHE" || die "cannot create $CACHE; choose another place with APNBD_CACHE=DIR"
	have=$(df --output=avail -BG "$CACHE" | tail -n 1 | tr -dc 0-9)
	[ "$have" -ge "$want" ] ||
		die "$CACHE needs $want GB and its disk has $have GB free; free some or type APNBD_CACHE=/other/disk $0"
}

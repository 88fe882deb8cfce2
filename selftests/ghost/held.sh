# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A device that holds what it is told to hold. Sourced after lib.sh.
#
# backing_held MB: sets BACKING. A write that begins with "A" is counted by a line in /tmp/held.seen and lands when
# /tmp/held.go is there; all else lands at once. What lies on it is /tmp/held.img.

# shellcheck disable=SC2016	# the server's shell reads these
backing_held() {
	local i=0
	need nbdkit nbd-client
	need_kernel_module nbd
	rm -f /tmp/held.*
	truncate -s "$1M" /tmp/held.img
	: >/tmp/held.seen
	nbdkit --unix /tmp/held.sock --pidfile /tmp/held.pid eval \
		thread_model='echo parallel' get_size="echo $1M" can_write='exit 0' can_flush='exit 0' flush='exit 0' \
		pread='dd if=/tmp/held.img iflag=count_bytes,skip_bytes skip=$4 count=$3 bs=64k status=none' \
		pwrite='new=$(mktemp /tmp/held.new.XXXXXX)
			cat >$new
			if [ "$(head -c 1 $new | tr "\0" 0)" = A ]; then
				echo A >>/tmp/held.seen
				until [ -e /tmp/held.go ]; do sleep 0.05; done
			fi
			dd if=$new of=/tmp/held.img oflag=seek_bytes seek=$4 bs=64k conv=notrunc status=none
			rm $new'
	later _held_end
	while ! nbd-client -unix /tmp/held.sock "/dev/nbd$i" -block-size 4096 -connections 1 >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 4 ] || fail "no nbd device"
	done
	BACKING=/dev/nbd$i
	later nbd-client -d "$BACKING"
	udevadm settle
}

_held_end() { kill "$(cat /tmp/held.pid)"; }

# What is to land, lands; called before the clean-up, which would wait for it.
let_go() { : >/tmp/held.go; }
hold() { rm /tmp/held.go; }
held() { wc -l </tmp/held.seen; }

# letter X: 4 KiB of it
letter() { head -c 4096 /dev/zero | tr '\0' "$1"; }

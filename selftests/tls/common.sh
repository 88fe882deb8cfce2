# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the tests of level tls say in one word. Sourced behind lib.sh.

# says WORDS DESC CMD...: it fails, with these words
says() {
	local what=$1 desc=$2 text code=0
	shift 2
	text=$("$@" 2>&1) || code=$?
	[ $code != 0 ] || fail "$desc: '$*' succeeded"
	[[ $text == *"$what"* ]] || fail "$desc: it says '$text'"
	[[ $text != *$'\n'* ]] || fail "$desc: more than one sentence: $text"
	ok "$desc"
}

doctor() { { on_storage apnctl -j doctor 2>/dev/null || :; } | jq -r ".[] | select(.check == \"$1\") | .$2"; }
connect() { on_gpu apnctl connect "$@"; }
reason_has() { on_gpu apnctl -j line show | jq -r '.[].reason' | grep "$1" >/dev/null; }
log_has() { dmesg | grep "$1" >/dev/null; }

# Sockets inside TLS in both directions, as the kernel counts them.
sealed() { in_ns "$1" cat /proc/net/tls_stat | awk '/^TlsCurr(Tx|Rx)Sw/ { n += $2 } END { print n / 2 }'; }
all_sealed() { [ "$(sealed gpu)" = "$1" ] && [ "$(sealed storage)" = "$1" ]; }

verify() { # verify DISK BYTES
	fio --name=verify --filename="$1" --rw=randrw --bsrange=4k-1m --size=32m --io_size="$2" --verify=crc32c \
		--verify_fatal=1 --iodepth=16 --ioengine=libaio --direct=1 --clocksource=clock_gettime --randseed=7 \
		--verify_backlog=64
}

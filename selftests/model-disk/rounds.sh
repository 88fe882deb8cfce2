# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Two rounds of the model, OPS operations each. Sourced after lib.sh. APN_SEED repeats a run.

# A file on ext4, by way of loop: it knows zeroes with and without unmap.
file_on_ext4() {
	backing_null_blk 128 discard=1
	mkfs.ext4 -q "$BACKING"
	mkdir -p /tmp/under
	mount "$BACKING" /tmp/under
	later umount /tmp/under
	modprobe loop
	truncate -s "$1M" /tmp/under/file
	BACKING=$(losetup --find --show --direct-io=on /tmp/under/file)
	later losetup -d "$BACKING"
}

# round NAME OPS OPTION...
round() {
	local name=$1 ops=$2 said
	shift 2
	serve "$name" "$BACKING"
	attach "$name" "$@"
	said=$("$SELFTESTS/model-disk/model-disk" --seed "${APN_SEED:-$RANDOM}" --ops "$ops" --threads 12 --twin "$BACKING" \
		"$DISK" 2>&1) || fail "$name: $(paste -sd' ' <<<"$said")"
	ok "$name: $(paste -sd' ' <<<"$said")"
	is 0 "$(export_stat "$name" errors)" "$name: no request failed at the target"
	try "$name: disconnect" detach "$DISK"
}

# rounds OPS
rounds() {
	[ -x "$SELFTESTS/model-disk/model-disk" ] || skip "model-disk was not built"
	need jq
	load
	two_sites
	backing_null_blk 32 discard=1
	round null_blk "$1"
	file_on_ext4 32
	round loop "$1" --digest
	unload
	ok "the modules unload"
}

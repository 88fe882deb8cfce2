# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: doctor says what of this machine has to be mended, and by which command
# promises: P11
# tier: check
# kinds: all
# transports: tcp
# cost: 8 s
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq
UNSOUND=11

says() { { apnctl -j doctor 2>/dev/null || :; } | jq -r ".[] | select(.check == \"$1\") | .$2"; }
code() { local n=0; "$@" >/dev/null 2>&1 || n=$?; echo $n; }

is bad "$(says modules state)" "no module is loaded"
is "modprobe apnbd on a GPU node, modprobe apn_target at a storage site" "$(says modules mend)" "and how to mend that"
is $UNSOUND "$(code apnctl doctor)" "the exit status says that something is wrong"
load
is good "$(says modules state)" "now they are"
is good "$(says kernel state)" "the kernel is one that is served"
wiped=bad
! grep -qw init_on_free=1 /proc/cmdline || wiped=good
is $wiped "$(says init-on-free state)" "init_on_free is as the command line has it"
is good "$(says swap state)" "there is no swap"
is $UNSOUND "$(code apnctl doctor)" "it stays bad while anything is"

# What a kernel without TLS lacks is said in a row of its own, and that no tlshd runs is then no fault.
aside='clock'
kernel_has CONFIG_NET_HANDSHAKE || aside='clock|tls'
if [ $aside = clock ]; then
	is good "$(says tls state)" "this kernel can do TLS"
else
	is bad "$(says tls state)" "this kernel can't do TLS"
fi

# A node as it should be, and what may be wrong with it: files in the place of /proc, /sys and /etc.
node=$(mktemp -d)
later rm -rf "$node"
mkdir -p "$node"/proc/77 "$node"/sys/module/apnbd "$node"/sys/power "$node"/sys/class/block/dm-0/dm "$node"/etc/apnbd/keys
echo tlshd >"$node/proc/77/comm"
echo "quiet init_on_free=1" >"$node/proc/cmdline"
echo "Filename Type Size Used Priority" >"$node/proc/swaps"
echo "[disabled]" >"$node/sys/power/disk"
echo CRYPT-PLAIN-swap >"$node/sys/class/block/dm-0/dm/uuid"
echo x >"$node/etc/apnbd/keys/gpu-a.key"
chmod 700 "$node/etc/apnbd/keys"
chmod 600 "$node/etc/apnbd/keys/gpu-a.key"
at() { { apnctl -j doctor --root "$node" 2>/dev/null || :; } | jq -r ".[] | select(.check == \"$1\") | .state"; }
others() { { apnctl -j doctor --root "$node" 2>/dev/null || :; } | jq -r --arg but "^($aside)$" '[.[] | select((.check | test($but) | not) and .state != "good")] | length'; }
is 0 "$(others)" "nothing is wrong with a node as it should be"
# wrong CHECK FILE TEXT: with this in that file it is bad; then as before
wrong() {
	local before
	before=$(cat "$node$2" 2>/dev/null) || before=''
	printf '%s\n' "$3" >"$node$2"
	is bad "$(at "$1")" "$1: $3"
	printf '%s\n' "$before" >"$node$2"
}
[ $aside != clock ] || wrong tlshd /proc/77/comm sh
wrong init-on-free /proc/cmdline "quiet init_on_free=0"
wrong init-on-free /proc/cmdline "quiet xinit_on_free=1"
wrong swap /proc/swaps $'Filename Type Size Used Priority\n/swapfile file 1 0 -2'
wrong hibernation /sys/power/disk "[platform] shutdown"
mkdir -p "$node/sys/kernel"
wrong crash-dump /sys/kernel/kexec_crash_loaded 1
printf '%s\n' "Filename Type Size Used Priority" "/dev/dm-0 partition 1 0 -2" "/dev/zram0 partition 1 0 -2" >"$node/proc/swaps"
is good "$(at swap)" "encrypted swap and swap in memory leave nothing behind"
chmod 640 "$node/etc/apnbd/keys/gpu-a.key"
is bad "$(at keys)" "a key that others can read"
chmod 600 "$node/etc/apnbd/keys/gpu-a.key"
is 0 "$(others)" "all is well again"

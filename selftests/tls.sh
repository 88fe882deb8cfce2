# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: TLS is the default: nothing in the clear, every lane, anew after each loss, whatever tlshd's order and fate
# promises: P9
# tier: check
# kinds: uml-debug uml qemu-debug qemu-6.1 qemu-6.12 qemu-7
# transports: tcp
# smoke: qemu-6.1
# cost: 71 s
# limit: 300
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"
# shellcheck source=tls/common.sh
. "$SELFTESTS/tls/common.sh"

need fio jq tcpdump tlshd
# shellcheck disable=SC2119
two_sites
backing_brd 64 3
later on_storage apnctl port del 0.0.0.0
later on_gpu apnctl disconnect --all --force

if ! kernel_has CONFIG_NET_HANDSHAKE; then
	load
	later on_storage apnctl export del one --force
	on_storage apnctl export add one --device "$BACKING"
	says "type --security" "a kernel without TLS: the target says what to type" on_storage apnctl port add 0.0.0.0
	says "type --security" "and so does the host" connect $STORAGE one
	is bad "$(doctor tls state)" "doctor says so, too"
	is good "$(doctor tlshd state)" "and asks for no tlshd"
	exit 0
fi

# ---- tlshd and the modules, in any order

if ! grep -q '^nvme_keyring ' /proc/modules || modprobe -qr nvme-keyring; then
	agents
	load
	is bad "$(doctor keyring state)" "tlshd before all else: doctor says that it finds no key"
	is "systemctl restart tlshd" "$(doctor keyring mend)" "and how to mend that"
	agent_end storage
	agent_start storage
	keyring_is_good() { [ "$(doctor keyring state)" = good ]; }
	within 20 "once it was restarted it does" keyring_is_good
	agent_end storage
	agent_end gpu
	unload
fi
modprobe nvme-keyring # as the drop-in of tlshd.service does
agents
load
is "good good good" "$(doctor tls state) $(doctor tlshd state) $(doctor keyring state)" "with .nvme there the order does not matter"
is bad "$({ apnctl -j doctor 2>/dev/null || :; } | jq -r '.[] | select(.check == "tlshd") | .state')" \
	"doctor knows that the first network namespace has no tlshd"

identity gpu-a
serve_to() { # serve_to IDENTITY EXPORT DEVICE
	later on_storage apnctl export del "$2" --force
	on_storage apnctl export add "$2" --device "$3" --allow "$1"
}
try "export" serve_to gpu-a one /dev/ram0
try "port, without a word of security" on_storage apnctl port add 0.0.0.0
disk=$(connect $STORAGE one --lanes 8) || fail "no connection"
ok "connected: $disk"
is tls "$(disk_field one security)" "it says tls"
within 30 "eight lanes, each inside TLS at both ends" all_sealed 8

# ---- nothing in the clear

pattern=apnbd-bytes-that-nobody-else-may-see
capture() { # capture FILE CMD...: what goes over the line meanwhile
	local file=$1 dump
	shift
	nsenter --net=/run/netns/gpu tcpdump -Z root -B 32768 -i line -U -w "$file" tcp port 4921 2>/tmp/tcpdump.log &
	dump=$!
	within 20 "listening" grep -q "listening on" /tmp/tcpdump.log
	"$@" >/dev/null
	sleep 0.5
	kill $dump
	wait $dump || :
}
{ yes "$pattern" || :; } | head -c 8M >/tmp/pattern
later rm -f /tmp/pattern /tmp/tls.pcap
capture /tmp/tls.pcap dd if=/tmp/pattern of="$disk" bs=1M oflag=direct status=none
[ "$(stat -c %s /tmp/tls.pcap)" -gt 8000000 ] || fail "the capture is too small to have seen it"
must_fail "what was written is not seen on the line" grep -qa "$pattern" /tmp/tls.pcap
try "and is at the target" grep -qa "$pattern" /dev/ram0

# ---- data, and a lost line

try "data" verify "$disk" 64m
verify "$disk" 128m >/tmp/tls.fio 2>&1 &
job=$!
later kill $job
sleep 0.5
cut_line
within 30 "a cut line" is_state waiting
agent_end gpu
join_line
within 30 "without tlshd it waits, and says for what" reason_has tlshd
sleep 4
attempts=$(disk_field one attempt)
[ "$attempts" -lt 15 ] || fail "it knocked $attempts times in 4 s"
ok "and does not knock all the time"
agent_start gpu
within 60 "it goes on when tlshd is back" is_state live
wait $job || fail "fio: $(tail -n 5 /tmp/tls.fio)"
ok "nothing was lost or damaged meanwhile"
within 30 "all lanes are back inside TLS" all_sealed 8

# ---- many handshakes at once

disks=("$disk")
for n in 1 2; do
	identity "gpu-b$n"
	serve_to "gpu-b$n" "more$n" "/dev/ram$n"
	disks+=("$(connect $STORAGE "more$n" --identity "gpu-b$n" --lanes 8)") || fail "no connection of gpu-b$n"
done
within 60 "three identities, eight lanes each" all_sealed 24
agent_end storage
agent_start storage
cut_line
within 30 "a cut line for all of them" is_state waiting more2
join_line
within 100 "tlshd restarted, 24 handshakes at once" all_sealed 24
for n in 0 1 2; do
	try "data on ${disks[n]}" verify "${disks[n]}" 16m
done
try "the keys of a live line can change" on_storage apnctl key generate gpu-b1 --end target --dir $KEYS/storage --replace
is live "$(disk_field more1 state)" "it goes on as it was"

# ---- the end

try "disconnect" on_gpu apnctl disconnect --all
on_storage apnctl port del 0.0.0.0
within 30 "no socket is left inside TLS" all_sealed 0
for n in one more1 more2; do
	on_storage apnctl export del "$n"
done
unload
ok "the modules unload"

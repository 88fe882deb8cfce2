# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a declared rate is kept to at both ends, shown, changed and taken back while the disk is used; a port believes no more than it gives
# tier: check
# kinds: uml-debug qemu-debug qemu-6.1 qemu-6.12 qemu-7
# transports: tcp
# promises: P13
# cost: 17 s
# limit: 400
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

load
two_sites --delay 2ms
backing_brd 64 2
later on_storage apnctl port del 0.0.0.0
later on_storage apnctl export del one --force
later on_storage apnctl export del two --force
later on_gpu apnctl disconnect --all --force

try "export" on_storage apnctl export add one --device "$BACKING"
try "port" on_storage apnctl port add 0.0.0.0 --security none

congestion() { on_gpu apnctl -j line show | jq -r '.[0].congestion'; }
target_rate() { on_gpu apnctl -j line show | jq '.[0].receive_rate'; }
told() { [ "$(target_rate)" -gt 0 ]; }
by_itself() { [[ $(congestion) =~ ^(finding|steady)$ ]]; }

reserved() { [ "$(congestion)" = reserved ]; }
by_kernel() { [ "$(congestion)" = kernel ]; }

disk=$(on_gpu apnctl connect $STORAGE one --security none) || fail "connect: $disk"
within 5 "no rate: a long line finds it" by_itself
on_gpu apnctl disconnect one

disk=$(on_gpu apnctl connect $STORAGE one --security none --rate 400m) || fail "connect: $disk"
ok "connected: $disk"
within 5 "what was declared is what is sent" reserved
within 10 "the target has heard it" told

dd if=/dev/urandom of=/tmp/data bs=1M count=16 status=none
later rm -f /tmp/data
start=$(now_ms)
try "write 16 MiB" dd if=/tmp/data of="$disk" bs=4M oflag=direct status=none
took=$(($(now_ms) - start))
[ $took -ge 300 ] || fail "16 MiB went in $took ms: that is more than 400 Mbit/s"
ok "not faster than declared: $took ms"
start=$(now_ms)
try "read them back" cmp -n 16777216 /tmp/data "$disk"
took=$(($(now_ms) - start))
[ $took -ge 300 ] || fail "16 MiB came in $took ms: that is more than 400 Mbit/s"
ok "nor is the target: $took ms"

reserves() { [ "$(on_storage apnctl -j port show | jq '.[0].reserved')" = "$1" ]; }
try "the port says what was declared" reserves 50000000
try "it gives less" on_storage apnctl port set 0.0.0.0 --rate 10m
within 5 "the line gets that" reserves 1250000
start=$(now_ms)
try "read some of it" cmp -n 4194304 /tmp/data "$disk"
took=$(($(now_ms) - start))
[ $took -ge 2500 ] || fail "4 MiB came in $took ms: that is more than 10 Mbit/s"
ok "the target does not send faster than its port gives: $took ms"
try "a second export" on_storage apnctl export add two --device /dev/ram1
try "another host declares as well" on_gpu apnctl connect $STORAGE two --security none --identity other --rate 50m
sleep 1
try "and nothing is left for it" reserves 1250000
try "the port gives more" on_storage apnctl port set 0.0.0.0 --rate 430m
within 5 "the second gets what the first leaves" reserves 53750000
try "the second goes" on_gpu apnctl disconnect two
within 5 "and leaves it again" reserves 50000000
try "any rate again" on_storage apnctl port set 0.0.0.0 --rate none

try "a higher rate" on_gpu apnctl set one --rate 10g
try "read with it" dd if="$disk" of=/dev/null bs=1M count=16 iflag=direct status=none
try "none any more" on_gpu apnctl set one --rate none
try "write without" dd if=/tmp/data of="$disk" bs=4M oflag=direct status=none
try "they are at the target" same /tmp/data "$BACKING" 16777216
try "read-ahead by hand" on_gpu apnctl set one --read-ahead 4M
is 4096 "$(cat "/sys/block/${disk#/dev/}/queue/read_ahead_kb")" "is the disk's own"

try "disconnected" on_gpu apnctl disconnect one
for site in gpu storage; do
	in_ns $site tc qdisc del dev line root
done
try "over a short line" on_gpu apnctl connect $STORAGE one --security none
sleep 1
try "the kernel decides" by_kernel
try "disconnected" on_gpu apnctl disconnect one
try "the export can be taken back" on_storage apnctl export del one
try "and the other" on_storage apnctl export del two
try "the port too" on_storage apnctl port del 0.0.0.0
unload
ok "the modules unload"

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: an export is for those on its list; who is taken off is out at once, and for good; each coming and going is told
# promises: P9
# tier: check
# kinds: uml-debug qemu-debug qemu-6.1 qemu-6.12 qemu-7
# cost: 22 s
# limit: 400
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need jq fio
load
# shellcheck disable=SC2119
two_sites
backing_null_blk 64
identity gpu
identity reader
later on_storage apnctl export del one --force
later on_storage apnctl port del 0.0.0.0
later on_gpu apnctl disconnect --all --force

apnctl -j monitor >/tmp/access.events 2>/dev/null &
monitor=$!
later kill $monitor
later rm -f /tmp/access.events
# told EVENT IDENTITY [CONDITION]: an audit line says so
told() { jq -se "[.[].audit? | select(.event == \"$1\" and .identity == \"$2\" and (${3:-true}))] != []" /tmp/access.events; }
state() { disk_field "$1" state; }
is_state() { [ "$(state "$1")" = "$2" ]; }
connect() { on_gpu apnctl connect $STORAGE one --security auth "$@"; }
read_only() { [ "$(disk_field writer read_only)" = "$1" ]; }

# -- the list

try "an export that names nobody" on_storage apnctl export add one --device "$BACKING" --state-dir $KEYS/state
try "a port" on_storage apnctl port add 0.0.0.0 --security auth
must_fail "is nobody's where one proves who he is" connect --identity gpu
within 10 "that he was refused is told" told refuse gpu '.export == "one"'
try "allowed while it is served" on_storage apnctl export set one --allow gpu --allow reader:ro
disk=$(connect --identity gpu --name writer) || fail "gpu does not get in"
within 10 "who attached is told" told attach gpu '.export == "one"'
is false "$(disk_field writer read_only)" "gpu writes"
copy=$(connect --identity reader --name reader) || fail "reader does not get in"
is true "$(disk_field reader read_only)" "reader only reads"
is true "$(on_gpu apnctl -j discover $STORAGE --security auth --identity reader | jq '.[0].read_only')" "and is offered so"
must_fail "it can't be made to write" on_gpu apnctl set reader --read-only=no
try "a megabyte is written" dd if=/dev/urandom of="$disk" bs=1M count=1 oflag=direct
try "and read there" same "$disk" "$copy" 1048576

try "gpu may only read from now on" on_storage apnctl export set one --allow gpu:ro
within 10 "the disk knows" read_only true
try "and may write again" on_storage apnctl export set one --allow gpu
within 10 "the disk knows" read_only false
try "writing goes on" dd if=/dev/urandom of="$disk" bs=4k count=1 oflag=direct

try "an export with a list, where nobody proves anything" on_storage apnctl port add 0.0.0.0:4922 --security none
later on_storage apnctl port del 0.0.0.0:4922
must_fail "is nobody's" on_gpu apnctl connect $STORAGE:4922 one --name open --security none

# -- revoked

mkdir -p $KEYS/conf
try "what there is is saved" on_storage apnctl save --dir $KEYS/conf
fio --name=busy --filename="$disk" --rw=randwrite --bs=64k --size=32m --io_size=64g --iodepth=8 --ioengine=libaio \
	--direct=1 --clocksource=clock_gettime >/tmp/access.fio 2>&1 &
job=$!
later rm -f /tmp/access.fio
written() { [ "$(export_stat one writes)" -gt 100 ]; }
within 20 "gpu writes" written
try "gpu is revoked" on_storage apnctl export revoke one gpu --dir $KEYS/conf
is 0 "$(on_storage apnctl -j session show | jq '[.[] | select(.identity == "gpu")] | length')" "it has no session any more"
within 20 "its disk is over" is_state writer revoked
! wait $job || fail "its writer was told that all is well"
ok "its writer got an error"
writes=$(export_stat one writes)
must_fail "nothing is written any more" dd if=/dev/zero of="$disk" bs=4k count=1 oflag=direct
is "$writes" "$(export_stat one writes)" "no write reached the target since"
within 10 "who was revoked is told, with what he had" told revoke gpu '.written > 1000000'
must_fail "it does not come back" connect --identity gpu --name again
is live "$(state reader)" "the other one is not disturbed"
grep -q 'allow = reader:ro' $KEYS/conf/target.conf || fail "reader is gone from the file"
! grep -q 'allow = gpu' $KEYS/conf/target.conf || fail "gpu is let in again at the next start"
ok "the file of the next start has forgotten gpu, and gpu alone"
try "another one becomes the writer without a takeover" on_storage apnctl export set one --allow reader
try "reader goes" on_gpu apnctl disconnect reader
within 10 "who went is told, with what he read" told detach reader '.read > 1000000'
connect --identity reader --name next >/dev/null || fail "reader does not become the writer"
is false "$(disk_field next read_only)" "reader writes now"

# -- revoked while it is away

try "gpu is allowed once more" on_storage apnctl export set one --allow gpu
try "the writer goes" on_gpu apnctl disconnect next
try "the old disk goes" on_gpu apnctl disconnect writer
disk=$(connect --identity gpu --name writer) || fail "gpu does not get in again"
try "the target is away" on_storage apnctl port del 0.0.0.0
within 20 "gpu waits" is_state writer waiting
try "gpu is revoked meanwhile" on_storage apnctl export revoke one gpu --dir $KEYS/conf
try "the target is back" on_storage apnctl port add 0.0.0.0 --security auth
within 30 "gpu is told when it comes back" is_state writer revoked

lines=$(dmesg | grep -c 'apn_target: audit ')
[ "$lines" -gt 5 ] || fail "the log has $lines audit lines"
ok "the log has them too"

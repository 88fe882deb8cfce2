# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# title: a clock that jumps disturbs nothing: no lane ends, no request fails
# tier: all
# promises: P5
# kinds: all
# cost: 8 s
# limit: 100
# shellcheck source=lib.sh
. "$SELFTESTS/lib.sh"

need fio jq
load
two_sites --delay 1ms
backing_brd 32
serve one "$BACKING"
attach one

since() { on_gpu apnctl -j line show | jq '[.[0].lane[] | .incarnation]' | paste -sd' '; }
lanes=$(since)
fio --name=clock --filename="$DISK" --rw=randrw --bs=4k --size=8m --verify=crc32c --verify_fatal=1 --iodepth=8 \
	--ioengine=libaio --direct=1 --clocksource=clock_gettime --loops=40 >/tmp/clock.fio 2>&1 &
job=$!
later kill $job
for jump in "+1 day" "-2 days" "+1 hour" "-1 hour" "+1 day"; do
	sleep 0.7
	date -s "$jump" >/dev/null
done
sleep 0.7
kill -INT $job 2>/dev/null || :
wait $job || [ $? -ge 128 ] || fail "fio: $(tail -n 3 /tmp/clock.fio)"
! grep -q 'verify:\|err=[^ 0]' /tmp/clock.fio || fail "fio: $(grep -m1 'verify:\|err=[^ 0]' /tmp/clock.fio)"
ok "five jumps under load: nothing was damaged"
is live "$(disk_field one state)" "the disk is live"
is "$lanes" "$(since)" "its lanes are those of before"

// SPDX-License-Identifier: GPL-2.0
/* Signs of life of a line: asked for by the host, missed by either end. */
#include "beat.h"
#include "cost.h"

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/sched/mm.h>

enum {
	TRY_MS = 50, /* how often an overdue answer, or a rate, is looked for */
	SPARE_MARGIN_MS = 250, /* for that, and for whatever is slow at this end */
	ABSENT_MS = 500, /* a beat that comes later than this was not there to hear anything */
};

void apn_beat_pong(struct apn_line *line, u64 sent_ns)
{
	u64 now = ktime_get_ns();
	u32 us = now > sent_ns ? min_t(u64, div_u64(now - sent_ns, NSEC_PER_USEC), U32_MAX) : 0;

	if (!line->rtt_us)
		line->rtt_us = us;
	WRITE_ONCE(line->rtt_us, line->rtt_us - line->rtt_us / 8 + us / 8);
	if (!line->rtt_min_us || us < line->rtt_min_us)
		WRITE_ONCE(line->rtt_min_us, us ?: 1);
}

bool apn_beat_floods(struct apn_lane *lane)
{
	if (!lane->signs || time_after(jiffies, lane->signs_since + HZ)) {
		lane->signs_since = jiffies;
		lane->signs = 0;
	}
	return ++lane->signs > APN_SIGNS_PER_S;
}

void apn_beat_ping(struct apn_lane *lane)
{
	struct apn_hdr hdr = { .op = APN_OP_PING, .ping.sent_ns = cpu_to_le64(ktime_get_ns()) };

	if (lane->rates && !lane->index)
		hdr.ping.rate = cpu_to_le64(READ_ONCE(lane->line->rate));
	apn_msg_send(lane, &hdr, NULL, 0);
}

static bool silence_over(unsigned long since, u32 limit_ms)
{
	return time_after(jiffies, since + msecs_to_jiffies(limit_ms));
}

static bool silent(const struct apn_lane *lane, u32 limit_ms)
{
	return silence_over(READ_ONCE(lane->heard), limit_ms);
}

static u32 patience_ms(const struct apn_line *line)
{
	return max_t(u32, APN_SILENCE_MS, 3 * (READ_ONCE(line->rtt_us) / 1000));
}

/*
 * While there is another path, an application is to see a stall of three round trips
 * or a second, and one more for the fence. A request may have been sent half a round
 * trip before the last sign of life came, and silence is looked at each TRY_MS.
 */
static u32 impatience_ms(const struct apn_line *line)
{
	u32 rtt_ms = READ_ONCE(line->rtt_us) / 1000;

	return max_t(u32, APN_SPARE_SILENCE_MS, 3 * rtt_ms) - rtt_ms / 2 - SPARE_MARGIN_MS;
}

static unsigned long later_by(unsigned long then, unsigned long late)
{
	return time_before(then + late, jiffies) ? then + late : jiffies;
}

/*
 * A machine that stood still asked nobody, and what came meanwhile has yet to be read:
 * it does not take that time for its peer's silence.
 */
static void leave_out_absence(struct apn_line *line)
{
	long late = jiffies - line->beat_due;
	unsigned int i;

	if (late < (long)msecs_to_jiffies(ABSENT_MS))
		return;
	guard(rcu)();
	for (i = 0; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = apn_line_lane_at(line, i);

		if (!lane)
			continue;
		WRITE_ONCE(lane->heard, later_by(READ_ONCE(lane->heard), late));
		lane->still_since = later_by(lane->still_since, late);
	}
}

/* Lane 0 is silent though it was asked: so are those that heard nothing either. */
static void check_silence(struct apn_line *line, u32 limit_ms)
{
	unsigned int i;

	guard(rcu)();
	for (i = 0; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = apn_line_lane_at(line, i);

		if (lane && silent(lane, limit_ms))
			apn_lane_die(lane, -ETIMEDOUT, "no sign of life from the peer");
	}
}

bool apn_line_heard(struct apn_line *line)
{
	struct apn_lane *lane;

	guard(rcu)();
	lane = apn_line_lane_at(line, 0);
	return lane && !silent(lane, impatience_ms(line));
}
EXPORT_SYMBOL_GPL(apn_line_heard);

/* A long line is used, and its target does not know yet what it carries. */
static bool rate_due(struct apn_line *line)
{
	return READ_ONCE(line->pacer.on) && !READ_ONCE(line->peer_rate) &&
	       atomic64_read(&line->window.out);
}

/* No more often than usual when the beat comes more often because an answer is due. */
static void ping_control(struct apn_line *line, struct apn_lane *lane, bool overdue)
{
	if (overdue && time_before(jiffies, line->pinged + msecs_to_jiffies(APN_PING_MS)))
		return;
	line->pinged = jiffies;
	apn_beat_ping(lane);
}

/* In how many ms to come again: sooner while an answer is overdue. */
static unsigned int beat_control(struct apn_line *line)
{
	struct apn_lane *lane = apn_line_lane(line, 0);
	bool overdue;

	if (!lane)
		return APN_PING_MS;
	overdue = silent(lane, APN_PING_MS + TRY_MS);
	WRITE_ONCE(line->overdue, overdue);
	apn_cost_measure(line);
	if (silent(lane, patience_ms(line)))
		check_silence(line, patience_ms(line));
	else if (silent(lane, impatience_ms(line)) && line->ops->spare(line))
		check_silence(line, impatience_ms(line));
	else
		ping_control(line, lane, overdue);
	line->ops->measured(line);
	apn_lane_put(lane);
	return overdue || rate_due(line) ? TRY_MS : APN_PING_MS;
}

/* What has nothing to do is left alone, but where lane 0 is gone, which answers for all of them. */
static bool is_asked(struct apn_line *line, struct apn_lane *lane)
{
	if (atomic_long_read(&lane->load) || apn_lane_pending(lane))
		return true;
	guard(rcu)();
	return !apn_line_lane_at(line, 0);
}

static bool stands_still(struct apn_line *line, struct apn_lane *lane)
{
	s64 moved = atomic64_read(&lane->sent_bytes) + atomic64_read(&lane->received_bytes);
	s64 ours = lane->pinged ? sizeof(struct apn_hdr) : 0; /* our PING is no progress */

	if (is_asked(line, lane) && moved - lane->moved <= ours)
		return true;
	lane->moved = moved;
	lane->still_since = jiffies;
	lane->pinged = false;
	return false;
}

/*
 * Something is due by this lane and no byte moves: the device is slow, or the peer is
 * not there. One PING tells: its PONG moves bytes, and the rest is silence.
 */
static void beat_bulk(struct apn_line *line, struct apn_lane *lane)
{
	if (!stands_still(line, lane))
		return;
	if (!lane->pinged && time_after(jiffies, lane->still_since + HZ)) {
		apn_beat_ping(lane);
		lane->pinged = true;
	} else if (silence_over(lane->still_since, patience_ms(line))) {
		apn_lane_die(lane, -ETIMEDOUT, "nothing moves, and no sign of life from the peer");
	}
}

static unsigned int beat_host(struct apn_line *line)
{
	unsigned int again_ms = beat_control(line), i;

	apn_line_pages_out(line); /* forgets those that are not */
	for (i = 1; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = apn_line_lane(line, i);

		if (!lane)
			continue;
		beat_bulk(line, lane);
		apn_lane_put(lane);
	}
	return again_ms;
}

/* One that carried nothing when its last lane went is not remembered. */
static bool kept_long_enough(struct apn_line *line)
{
	guard(mutex)(&line->lock);
	if (line->live)
		return false;
	if (line->state == APN_LINE_WAITING && xa_empty(&line->sessions))
		return true;
	return time_after(jiffies, line->since + msecs_to_jiffies(APN_LINE_KEEP_MS));
}

/* A target forgets a line that stays away; its host attaches anew if it returns. */
static unsigned int beat_target(struct apn_line *line)
{
	struct apn_lane *lane = apn_line_lane(line, 0);

	if (lane) {
		if (silent(lane, patience_ms(line)))
			apn_lane_die(lane, -ETIMEDOUT, "no sign of life from the peer");
		apn_lane_put(lane);
	}
	if (!READ_ONCE(line->live))
		apn_line_declare(line, 0); /* others may have it until the host is back */
	if (kept_long_enough(line) && apn_line_mark_closing(line, "forgotten"))
		queue_work(apn_control_wq, &line->forget);
	return APN_PING_MS;
}

void apn_beat_work(struct work_struct *work)
{
	struct apn_line *line = container_of(to_delayed_work(work), struct apn_line, beat);
	unsigned int noio = memalloc_noio_save();
	unsigned int again_ms;

	leave_out_absence(line);
	again_ms = line->host ? beat_host(line) : beat_target(line);
	memalloc_noio_restore(noio);
	line->beat_due = jiffies + msecs_to_jiffies(again_ms);
	if (READ_ONCE(line->state) != APN_LINE_CLOSING)
		queue_delayed_work(apn_control_wq, &line->beat, msecs_to_jiffies(again_ms));
}

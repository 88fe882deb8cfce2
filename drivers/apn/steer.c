// SPDX-License-Identifier: GPL-2.0
/*
 * How much may be under way on a line, by one rule for all its lanes.
 *
 * Declared: the window is what the rate fills, and is sent at that rate from the first
 * byte. Undeclared (FINDING): the window goes out in a small part of a round trip; as long
 * as that makes no queue, the next one is four times as large. If it makes one, what comes
 * through meanwhile tells the rate. Then (STEADY) it follows the round trip time: the
 * queue that all this makes at the bottleneck is held at a few hundred microseconds, less
 * for one who has much, so that several hosts come to equal parts.
 *
 * A queue that stays above a millisecond, or a loss of more than two in a hundred, says
 * that the line is shared, or slower than declared: RESERVED then becomes STEADY, and
 * STEADY, if that does not help within a few round trips, SHARED: one cubic flow, as
 * fair to another bulk flow as that one is. Every ten seconds it makes itself small for
 * three round trips and looks: if the queue is gone, it was its own, and it is STEADY
 * again. If twice the same is seen, that is no queue but a longer way.
 */
#include "steer.h"

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

enum {
	START_PACKETS = 64, /* the first window */
	STEP = 4, /* finding: the next window by this one */
	HASTE = 16, /* finding: one is sent in this part of a round trip */
	LEAST_PACKETS = 10,
	FRAME_BYTES = 90, /* of a full packet that are not payload: Ethernet, IP, TCP */
	HIGH_RESERVED = 3, /* round trips until a reserved line is thought to be shared */
	HIGH_STEADY = 6,
	CALM_MAX = 5, /* growth is doubled so often */
	GROWTH = 8, /* a round trip, at most one in so many */
	LOSSY = 50, /* one in so many */
	LOOK_US = 10 * USEC_PER_SEC,
	LOOK_ROUNDS = 3,
	QUEUE_SCALE = 20000, /* microseconds of queue at a window of one byte */
	QUEUE_MIN_US = 50,
	QUEUE_MAX_US = 800,
	QUEUE_BOUND_US = 1000,
};

#define WINDOW_MAX (4ULL << 30)

/* The queue that we want to stand, and the one that is too long. */
static u32 wanted_us(const struct apn_steer *s)
{
	u32 root = int_sqrt(int_sqrt64(s->window)) ?: 1;
	u32 most = clamp_t(u32, s->base_us / 4, QUEUE_MIN_US, QUEUE_MAX_US);

	return clamp_t(u32, QUEUE_SCALE / root, QUEUE_MIN_US, most);
}

static u32 bound_us(const struct apn_steer *s)
{
	return clamp_t(u32, s->base_us / 4, 8 * QUEUE_MIN_US, QUEUE_BOUND_US);
}

static u64 carries(u64 rate, u64 us)
{
	return mul_u64_u64_div_u64(rate, us, USEC_PER_SEC);
}

static u64 per_second(u64 bytes, u32 us)
{
	return mul_u64_u64_div_u64(bytes, USEC_PER_SEC, us ?: 1);
}

static u64 declared_window(const struct apn_steer *s)
{
	return carries(s->declared, s->base_us + bound_us(s) / 2) + (256 << 10);
}

/* Pacing: enough above what the window alone would make that the window decides. */
static void set_rate(struct apn_steer *s)
{
	u64 rate = per_second(s->window, s->base_us);

	if (s->state == APN_STEER_FINDING)
		rate = per_second(HASTE * s->train_window, s->base_us);
	else if (s->state == APN_STEER_SHARED)
		rate += rate / 4;
	else
		rate += rate / 16;
	if (s->declared && (s->state == APN_STEER_RESERVED || rate > s->declared))
		rate = s->declared;
	s->rate = max_t(u64, rate, s->mss * 100);
}

static void set_window(struct apn_steer *s, u64 window)
{
	u64 most = s->declared ? declared_window(s) : WINDOW_MAX;

	s->window = clamp_t(u64, window, LEAST_PACKETS * s->mss, min_t(u64, most, WINDOW_MAX));
	set_rate(s);
}

static void become(struct apn_steer *s, enum apn_steer_state state, u64 window)
{
	s->state = state;
	s->settle = 2;
	s->high = 0;
	s->calm = 0;
	s->lossy = 0;
	set_window(s, window);
}

/* ---- what was heard ---- */

static u32 least_recent(const struct apn_steer *s)
{
	u32 i, least = s->recent_us[0];

	for (i = 1; i < APN_STEER_RECENT; i++)
		least = min(least, s->recent_us[i]);
	return least;
}

static void take_rtt(struct apn_steer *s, u32 rtt_us)
{
	if (rtt_us < s->base_us)
		s->base_us = rtt_us;
	if (!s->rtt_us || rtt_us < s->rtt_us)
		s->rtt_us = rtt_us;
	s->recent_us[s->samples++ % APN_STEER_RECENT] = rtt_us;
}

static void take(struct apn_steer *s, const struct apn_heard *h)
{
	s->acked += h->acked;
	s->lost += h->lost;
	if (h->rtt_us)
		take_rtt(s, h->rtt_us);
	if (h->in_flight + h->acked >= s->window - s->window / 8)
		s->full = true;
}

static void begin_round(struct apn_steer *s, u64 now_us)
{
	s->round_us = now_us;
	s->round_end_us = now_us + max(s->rtt_us, s->base_us);
	s->acked = 0;
	s->lost = 0;
	s->rtt_us = 0;
	s->full = false;
}

static bool much_lost(const struct apn_steer *s)
{
	return s->lost > 16 * s->mss && s->lost * LOSSY > s->acked;
}

static u32 queue_us(const struct apn_steer *s)
{
	return s->rtt_us > s->base_us ? s->rtt_us - s->base_us : 0;
}

/* ---- finding ---- */

static bool queue_seen(const struct apn_steer *s)
{
	return s->samples >= APN_STEER_RECENT &&
	       least_recent(s) > s->base_us + bound_us(s) / 2;
}

/* A window is on its way; what is acknowledged from now on lets the next one go. */
static void begin_train(struct apn_steer *s)
{
	s->train_acked = 0;
	s->train_end = s->window;
	s->train_window = STEP * s->window;
}

/* While there is a queue, however short, acknowledgements come at the line's rate. */
static void note_busy(struct apn_steer *s, const struct apn_heard *h)
{
	if (h->rtt_us && h->rtt_us <= s->base_us + bound_us(s) / 8) {
		s->busy_us = 0;
	} else if (s->busy_us) {
		s->busy_acked += h->acked;
	} else if (h->rtt_us) {
		s->busy_us = h->now_us;
		s->busy_acked = 0;
	}
}

static void found(struct apn_steer *s, u64 now_us)
{
	u64 carried = s->window / 2;

	if (s->busy_us && now_us > s->busy_us)
		carried = mul_u64_u64_div_u64(s->busy_acked, s->base_us + wanted_us(s),
					      now_us - s->busy_us);

	become(s, APN_STEER_STEADY, carried);
	begin_round(s, now_us);
}

static void find(struct apn_steer *s, const struct apn_heard *h)
{
	note_busy(s, h);
	if (!s->full)
		return;
	if (s->train_acked >= s->train_end)
		begin_train(s);
	s->train_acked += h->acked;
	set_window(s, min(s->window + (STEP - 1) * h->acked, s->train_window));
	if (much_lost(s) || queue_seen(s))
		found(s, h->now_us);
}

/* ---- shared: cubic ---- */

static u32 cube_root(u64 x)
{
	u64 root = 0, bit;

	for (bit = 1ULL << 20; bit; bit >>= 1)
		if ((root + bit) * (root + bit) * (root + bit) <= x)
			root += bit;
	return root;
}

static u32 packets(const struct apn_steer *s, u64 bytes)
{
	return div_u64(bytes, s->mss);
}

/* The curve begins at the present window, and is flat at @plateau packets. */
static void begin_curve(struct apn_steer *s, u64 now_us, u32 plateau)
{
	u32 at = packets(s, s->window);

	s->epoch_us = now_us;
	s->plateau = max(plateau, at);
	s->plateau_ms = cube_root((u64)(s->plateau - at) * 5 / 2 * 1000000000ULL);
	s->plain = at * 16;
}

static u32 on_curve(const struct apn_steer *s, u64 us)
{
	s64 ms = div_u64(us - s->epoch_us, USEC_PER_MSEC) - s->plateau_ms;
	s64 off;

	ms = clamp_t(s64, ms, -1000000, 1000000);
	off = div_s64(ms * ms / 1000 * ms, 2500000);
	return clamp_t(s64, s->plateau + off, 0, U32_MAX / 16);
}

static void share(struct apn_steer *s, u64 now_us)
{
	become(s, APN_STEER_SHARED, s->window);
	begin_curve(s, now_us, 0);
	s->look_us = now_us + LOOK_US;
	s->looked_us = 0;
}

/* Somewhat more than cubic does: who is paced is the one who loses less often. */
static void cut(struct apn_steer *s, u64 now_us)
{
	u32 at = packets(s, s->window), plateau = at < s->plateau ? at - at / 6 : at;

	set_window(s, s->window * 13 / 20);
	begin_curve(s, now_us, plateau);
	s->settle = 1;
}

static void grow_shared(struct apn_steer *s, u64 now_us)
{
	u32 rtt_us = max(s->rtt_us, s->base_us);
	u64 want;

	s->plain += 8; /* half a packet a round trip, for a cut of three tenths */
	want = (u64)max(on_curve(s, now_us + rtt_us), s->plain / 16) * s->mss;
	if (want > s->window)
		set_window(s, min(want, s->window + s->window / 2));
}

/* The queue was ours, or it is no queue: go on alone. */
static void alone(struct apn_steer *s)
{
	become(s, APN_STEER_STEADY, s->kept);
}

static void look(struct apn_steer *s, u64 now_us)
{
	if (--s->looking)
		return;
	s->look_us = now_us + LOOK_US;
	if (queue_us(s) < wanted_us(s)) {
		alone(s);
		return;
	}
	if (s->looked_us && abs((s64)s->rtt_us - s->looked_us) < bound_us(s) / 4) {
		s->base_us = s->rtt_us;
		alone(s);
		return;
	}
	s->looked_us = s->rtt_us;
	set_window(s, s->kept);
	begin_curve(s, now_us, s->plateau);
	s->settle = 1;
}

static void round_shared(struct apn_steer *s, u64 now_us)
{
	if (s->looking) {
		look(s, now_us);
	} else if (now_us >= s->look_us) {
		s->kept = s->window;
		s->looking = LOOK_ROUNDS;
		set_window(s, s->window / 4);
	} else if (s->settle) {
		s->settle--;
	} else if (s->lost) {
		cut(s, now_us);
	} else if (s->full) {
		grow_shared(s, now_us);
	}
}

/* ---- alone ---- */

/* The last few bytes of a burst may be acknowledged late, which is no queue. */
static bool tells(const struct apn_steer *s)
{
	return s->rtt_us && s->acked > s->window / 8;
}

/* One that becomes shorter is on its way out. */
static void note_trouble(struct apn_steer *s)
{
	u32 queue = tells(s) ? queue_us(s) : 0;

	if (queue <= bound_us(s))
		s->high = 0;
	else if (queue > s->queue_us - s->queue_us / 16)
		s->high++;
	s->queue_us = queue;
	s->lossy = much_lost(s) ? s->lossy + 1 : 0;
}

static u64 followed(const struct apn_steer *s)
{
	return mul_u64_u64_div_u64(s->window, s->base_us + wanted_us(s),
				   s->base_us + queue_us(s));
}

static void grow_steady(struct apn_steer *s, u64 want)
{
	u64 more = want - s->window;

	if (least_recent(s) > s->base_us + wanted_us(s) / 4)
		s->calm = 0;
	else if (s->calm < CALM_MAX)
		s->calm++;
	set_window(s, s->window + min(more << s->calm, s->window / GROWTH));
}

static void round_steady(struct apn_steer *s, u64 now_us)
{
	u64 want;

	if (s->settle) {
		s->settle--;
		return;
	}
	note_trouble(s);
	if (s->high >= HIGH_STEADY || s->lossy >= HIGH_RESERVED) {
		share(s, now_us);
		return;
	}
	want = tells(s) ? followed(s) : s->window;
	if (want <= s->window)
		set_window(s, (s->window + want) / 2);
	else if (s->full)
		grow_steady(s, want);
	if (s->declared && s->window >= declared_window(s))
		become(s, APN_STEER_RESERVED, s->window);
}

static void round_reserved(struct apn_steer *s)
{
	if (s->settle) {
		s->settle--;
		return;
	}
	note_trouble(s);
	if (s->high >= HIGH_RESERVED || s->lossy >= HIGH_RESERVED)
		become(s, APN_STEER_STEADY, followed(s));
}

/* ---- from outside ---- */

void apn_steer_start(struct apn_steer *s, u32 rtt_us, u32 mss)
{
	memset(s, 0, sizeof(*s));
	s->mss = mss;
	s->base_us = rtt_us ?: 1;
	s->train_window = START_PACKETS * mss;
	become(s, APN_STEER_FINDING, START_PACKETS * mss);
}

void apn_steer_declare(struct apn_steer *s, u64 rate)
{
	s->declared = mul_u64_u64_div_u64(rate, s->mss, s->mss + FRAME_BYTES);
	if (s->declared)
		become(s, APN_STEER_RESERVED, declared_window(s));
	else if (s->state == APN_STEER_RESERVED)
		become(s, APN_STEER_STEADY, s->window);
}

void apn_steer_heard(struct apn_steer *s, const struct apn_heard *h)
{
	take(s, h);
	if (s->state == APN_STEER_FINDING)
		find(s, h);
	if (h->now_us < s->round_end_us)
		return;
	switch (s->state) {
	case APN_STEER_STEADY:
		round_steady(s, h->now_us);
		break;
	case APN_STEER_RESERVED:
		round_reserved(s);
		break;
	case APN_STEER_SHARED:
		round_shared(s, h->now_us);
		break;
	default:
		break;
	}
	begin_round(s, h->now_us);
}

u64 apn_steer_known_rate(const struct apn_steer *s)
{
	if (s->state <= APN_STEER_FINDING)
		return 0;
	return min(s->rate, per_second(s->looking ? s->kept : s->window,
				       s->base_us + wanted_us(s)));
}

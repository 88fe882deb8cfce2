// SPDX-License-Identifier: GPL-2.0
/*
 * Which lane a request takes, and when: the window that the target grants, counted in
 * bytes of WRITEs from the line's set-up on at both ends.
 */
#include "line.h"
#include "rules.h"

#include <linux/export.h>
#include <linux/math64.h>

/* ---- which lane ---- */

static long load_of(struct apn_lane *lane)
{
	return atomic_long_read(&lane->load);
}

static struct apn_lane *least_loaded(struct apn_line *line, unsigned int from)
{
	struct apn_lane *best = NULL;
	unsigned int i;

	for (i = from; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = apn_line_lane_at(line, i);

		if (lane && (!best || load_of(lane) < load_of(best)))
			best = lane;
	}
	return best;
}

/* Small requests by lane 0, bulk by the others; any, if those are not there. */
static struct apn_lane *pick(struct apn_line *line, u32 load)
{
	struct apn_lane *lane = NULL;

	if (load <= APN_SMALL_BYTES)
		lane = apn_line_lane_at(line, 0);
	return lane ?: least_loaded(line, 1) ?: apn_line_lane_at(line, 0);
}

static bool window_admits(const struct apn_window *w, const struct apn_tx *tx)
{
	return tx->hdr.op != APN_OP_WRITE || apn_rule_has_room(w->granted, w->sent, tx->bytes);
}

static s64 turn_of(const struct apn_tx *tx)
{
	return APN_OUT_ONE + tx->load;
}

/* Small ones fit always: they wait for bulk nowhere else either. One alone does, too. */
static bool fits(const struct apn_line *line, const struct apn_tx *tx, s64 out)
{
	u64 bound = READ_ONCE(line->window.bound), bytes = out & APN_OUT_BYTES;

	return out >> APN_OUT_SHIFT <= READ_ONCE(line->requests) &&
	       (!bound || bytes <= bound || tx->load <= APN_SMALL_BYTES || bytes == tx->load);
}

/*
 * One of the requests that the target admits at a time, and no more bytes than the line
 * has use for: what is asked for beyond that waits here, where a small one overtakes it.
 */
static bool take_turn(struct apn_line *line, const struct apn_tx *tx)
{
	if (fits(line, tx, atomic64_add_return(turn_of(tx), &line->window.out)))
		return true;
	atomic64_sub(turn_of(tx), &line->window.out);
	return false;
}

/*
 * Count first, then queue: a fence of the lane waits for this RCU section, so what
 * is counted and never arrives is taken back by its answer.
 */
static int give(struct apn_line *line, struct apn_tx *tx)
{
	struct apn_lane *lane = pick(line, tx->load);

	if (!lane)
		return -ENOTCONN;
	if (tx->hdr.op == APN_OP_WRITE) {
		line->window.sent += tx->bytes;
		lane->writes += tx->bytes;
	}
	tx->lane = lane;
	atomic_long_add(tx->load, &lane->load);
	if (!apn_lane_queue(lane, tx))
		return 0;
	atomic_long_sub(tx->load, &lane->load);
	tx->lane = NULL;
	return -EAGAIN; /* it died just now; the next pick won't see it */
}

/* With a turn, which is given back if no lane takes it. */
static int give_any(struct apn_line *line, struct apn_tx *tx)
{
	int ret;

	do {
		ret = give(line, tx);
	} while (ret == -EAGAIN);
	if (ret)
		atomic64_sub(turn_of(tx), &line->window.out);
	return ret;
}

static void wait_in_line(struct apn_window *w, struct apn_tx *tx, bool first)
{
	if (first)
		list_add(&tx->queued, &w->waiting);
	else
		list_add_tail(&tx->queued, &w->waiting);
	w->queued++;
}

static struct apn_tx *first_waiting(struct apn_window *w)
{
	return list_first_entry_or_null(&w->waiting, struct apn_tx, queued);
}

static void stop_waiting(struct apn_window *w, struct apn_tx *tx)
{
	list_del_init(&tx->queued);
	w->queued--;
}

/* Under window.lock and RCU: whoever fits now goes, in order. */
static void admit_waiting(struct apn_line *line)
{
	struct apn_window *w = &line->window;
	struct apn_tx *tx;

	while ((tx = first_waiting(w)) && window_admits(w, tx) && take_turn(line, tx)) {
		stop_waiting(w, tx);
		if (!give_any(line, tx))
			continue;
		wait_in_line(w, tx, true);
		return;
	}
}

/* A small one passes those who wait, but for who waits for the window: it would never open. */
static bool may_go(struct apn_window *w, const struct apn_tx *tx)
{
	if (list_empty(&w->waiting))
		return window_admits(w, tx);
	return tx->load <= APN_SMALL_BYTES && window_admits(w, first_waiting(w)) &&
	       window_admits(w, tx);
}

/*
 * Under window.lock. What does not fit waits, and all behind it. Who ends a request
 * looks for those who wait after it gave its turn back; so look again after queueing.
 */
static int submit_or_wait(struct apn_line *line, struct apn_tx *tx)
{
	struct apn_window *w = &line->window;

	if (may_go(w, tx) && take_turn(line, tx))
		return give_any(line, tx);
	if (!apn_line_live(line))
		return -ENOTCONN;
	wait_in_line(w, tx, false);
	smp_mb(); /* pairs with apn_line_done() */
	admit_waiting(line);
	return 0;
}

static int submit(struct apn_line *line, struct apn_tx *tx)
{
	guard(rcu)();
	tx->lane = NULL;
	if (tx->hdr.op != APN_OP_WRITE && take_turn(line, tx))
		return give_any(line, tx);
	guard(spinlock_bh)(&line->window.lock);
	return submit_or_wait(line, tx);
}

/* @tx was given to a lane and is its owner's again: the next one's turn. */
void apn_line_done(struct apn_line *line, const struct apn_tx *tx)
{
	atomic64_sub(turn_of(tx), &line->window.out);
	smp_mb__after_atomic(); /* pairs with submit_or_wait() */
	if (unlikely(READ_ONCE(line->window.queued)))
		apn_line_window_open(line, NULL, 0);
}
EXPORT_SYMBOL_GPL(apn_line_done);

int apn_line_submit(struct apn_line *line, struct apn_tx *tx, bool last)
{
	int ret = submit(line, tx);

	if (last)
		apn_line_kick(line);
	return ret;
}
EXPORT_SYMBOL_GPL(apn_line_submit);

static struct apn_lane *pending_lane(struct apn_line *line, unsigned int index)
{
	struct apn_lane *lane;

	guard(rcu)();
	lane = apn_line_lane_at(line, index);
	return lane && apn_lane_pending(lane) && kref_get_unless_zero(&lane->ref) ? lane : NULL;
}

/* Send what was submitted; from a context that may sleep. */
void apn_line_kick(struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < READ_ONCE(line->lanes); i++) {
		struct apn_lane *lane = pending_lane(line, i);

		if (!lane)
			continue;
		apn_lane_kick(lane, true);
		apn_lane_put(lane);
	}
}
EXPORT_SYMBOL_GPL(apn_line_kick);

/* ---- when ---- */

static void kick_all(struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < READ_ONCE(line->lanes); i++) {
		struct apn_lane *lane = apn_line_lane_at(line, i);

		if (lane && apn_lane_pending(lane))
			apn_lane_kick(lane, false);
	}
}

/* The line's pacer: bulk that waited may go. Each time another lane is the first. */
void apn_line_kick_waiting(struct apn_pacer *pacer)
{
	struct apn_line *line = container_of(pacer, struct apn_line, pacer);
	unsigned int i, first = pacer->turn++;

	guard(rcu)();
	for (i = 0; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = apn_line_lane_at(line, (first + i) % APN_LANES_MAX);

		if (lane && (apn_lane_pending(lane) || READ_ONCE(lane->waits_for_room)))
			apn_lane_kick(lane, false);
	}
}

enum { BOUND_LEAST = 32 << 20 }; /* storage takes its time, too */

#define RATE_FAST 12500000000ULL /* bytes a second: of a line that may be any */

/*
 * Twice what the line carries in a round trip: once for what is under way, once for what
 * storage has, or the other direction. A short line is not paced, and carries little.
 */
void apn_line_bound(struct apn_line *line)
{
	u64 in = READ_ONCE(line->peer_rate) ?: RATE_FAST;
	u64 rate = max(in, apn_pacer_known_rate(&line->pacer));
	u64 bytes = mul_u64_u32_div(rate, 2 * READ_ONCE(line->rtt_min_us), USEC_PER_SEC);

	if (READ_ONCE(line->pacer.on))
		WRITE_ONCE(line->window.bound, max_t(u64, bytes, BOUND_LEAST));
}

/*
 * From any context; @granted is what a header that came by @lane said, old or new. A
 * lane that is dead may speak of counts that were begun anew since.
 */
void apn_line_window_open(struct apn_line *line, struct apn_lane *lane, u64 granted)
{
	struct apn_window *w = &line->window;
	bool gave;

	guard(rcu)();
	spin_lock_bh(&w->lock);
	if (lane && !apn_lane_dead(lane) && apn_rule_grants_more(w->granted, granted))
		w->granted = granted;
	gave = w->queued;
	admit_waiting(line);
	spin_unlock_bh(&w->lock);
	if (gave)
		kick_all(line);
}

/* The target's end: what it has granted and the host has not used. */
u64 apn_line_window_left(struct apn_line *line)
{
	struct apn_window *w = &line->window;
	s64 left;

	guard(spinlock_bh)(&w->lock);
	left = READ_ONCE(w->granted) - w->sent;
	return max(left, 0);
}

/* The target counts anew: so do we. The lanes of before are dead, and of another epoch. */
void apn_line_window_restart(struct apn_line *line, u64 granted)
{
	struct apn_window *w = &line->window;
	unsigned int i;

	guard(spinlock_bh)(&w->lock);
	line->epoch++;
	w->granted = granted;
	w->sent = 0;
	for (i = 0; i < APN_LANES_MAX; i++)
		line->slot[i].writes = 0;
}

/* A lane is closed: what it carried is its place's from now on. */
void apn_line_window_fold(struct apn_line *line, struct apn_lane *lane)
{
	guard(spinlock_bh)(&line->window.lock);
	if (lane->epoch == line->epoch)
		line->slot[lane->index].writes += lane->writes;
}

/* Fenced: what the dead lanes of this place were given and never came is taken back. */
void apn_line_window_lost(struct apn_line *line, struct apn_slot *slot, u64 received)
{
	struct apn_window *w = &line->window;
	u64 lost;

	spin_lock_bh(&w->lock);
	lost = apn_rule_never_came(slot->writes, received, w->sent);
	w->sent -= lost;
	slot->writes -= lost;
	spin_unlock_bh(&w->lock);
	apn_line_window_open(line, NULL, 0);
}

bool apn_line_cancel(struct apn_line *line, struct apn_tx *tx)
{
	struct apn_window *w = &line->window;
	struct apn_tx *at;

	guard(spinlock_bh)(&w->lock);
	list_for_each_entry(at, &w->waiting, queued) {
		if (at == tx) {
			stop_waiting(w, tx);
			return true;
		}
	}
	return false;
}
EXPORT_SYMBOL_GPL(apn_line_cancel);

/* No lane is left: those who wait are their owners' again. */
void apn_line_waiting_fail(struct apn_line *line)
{
	struct apn_window *w = &line->window;
	struct apn_tx *tx;
	LIST_HEAD(failed);

	spin_lock_bh(&w->lock);
	list_splice_init(&w->waiting, &failed);
	w->queued = 0;
	spin_unlock_bh(&w->lock);
	while ((tx = list_first_entry_or_null(&failed, struct apn_tx, queued))) {
		list_del_init(&tx->queued);
		tx->sent(tx, -ENOTCONN);
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Which lane a request takes, and when: the window that the target grants, counted in
 * bytes of WRITEs from the line's set-up on at both ends.
 */
#include "line.h"

#include <linux/export.h>

/* ---- which lane ---- */

static struct apn_lane *least_loaded(struct apn_line *line, unsigned int from)
{
	struct apn_lane *best = NULL;
	unsigned int i;

	for (i = from; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = apn_line_lane_at(line, i);

		if (lane && (!best || atomic_long_read(&lane->load) < atomic_long_read(&best->load)))
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

static bool window_admits(const struct apn_window *w, u32 bytes)
{
	return w->granted - w->sent >= bytes;
}

/*
 * Count first, then queue: a fence of the lane waits for this RCU section, so what
 * is counted and never arrives is taken back by its answer.
 */
static int give(struct apn_line *line, struct apn_tx *tx, u32 load)
{
	struct apn_lane *lane = pick(line, load);

	if (!lane)
		return -ENOTCONN;
	if (tx->hdr.op == APN_OP_WRITE) {
		line->window.sent += tx->bytes;
		line->slot[lane->index].writes += tx->bytes;
	}
	tx->lane = lane;
	if (!apn_lane_queue(lane, tx)) {
		atomic_long_add(load, &lane->load);
		return 0;
	}
	tx->lane = NULL;
	return -EAGAIN; /* it died just now; the next pick won't see it */
}

static int give_any(struct apn_line *line, struct apn_tx *tx, u32 load)
{
	int ret;

	do {
		ret = give(line, tx, load);
	} while (ret == -EAGAIN);
	return ret;
}

/* Under window.lock. What does not fit waits, and all behind it. */
static int submit_write(struct apn_line *line, struct apn_tx *tx, u32 load)
{
	struct apn_window *w = &line->window;

	if (list_empty(&w->waiting) && window_admits(w, tx->bytes))
		return give_any(line, tx, load);
	if (!apn_line_live(line))
		return -ENOTCONN;
	list_add_tail(&tx->queued, &w->waiting);
	w->queued++;
	return 0;
}

static int submit(struct apn_line *line, struct apn_tx *tx, u32 load)
{
	guard(rcu)();
	tx->lane = NULL;
	if (tx->hdr.op != APN_OP_WRITE)
		return give_any(line, tx, load);
	guard(spinlock_bh)(&line->window.lock);
	return submit_write(line, tx, load);
}

int apn_line_submit(struct apn_line *line, struct apn_tx *tx, u32 load, bool last)
{
	int ret = submit(line, tx, load);

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

	while ((tx = first_waiting(w)) && window_admits(w, tx->bytes)) {
		u32 load = tx->bytes;

		stop_waiting(w, tx);
		if (!give_any(line, tx, load))
			continue;
		list_add(&tx->queued, &w->waiting);
		w->queued++;
		return;
	}
}

static void kick_all(struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < READ_ONCE(line->lanes); i++) {
		struct apn_lane *lane = apn_line_lane_at(line, i);

		if (lane && apn_lane_pending(lane))
			apn_lane_kick(lane, false);
	}
}

/* From any context; @granted is what a header said, old or new. */
void apn_line_window_open(struct apn_line *line, u64 granted)
{
	struct apn_window *w = &line->window;
	bool gave;

	guard(rcu)();
	spin_lock_bh(&w->lock);
	if ((s64)(granted - w->granted) > 0)
		w->granted = granted;
	gave = w->queued;
	admit_waiting(line);
	spin_unlock_bh(&w->lock);
	if (gave)
		kick_all(line);
}

/* The target counts anew: so do we. No lane of before is alive. */
void apn_line_window_restart(struct apn_line *line, u64 granted)
{
	struct apn_window *w = &line->window;
	unsigned int i;

	guard(spinlock_bh)(&w->lock);
	w->granted = granted;
	w->sent = 0;
	for (i = 0; i < APN_LANES_MAX; i++)
		line->slot[i].writes = 0;
}

/* Fenced: what was counted for this lane and never came there is taken back. */
void apn_line_window_lost(struct apn_line *line, struct apn_slot *slot, u64 received)
{
	struct apn_window *w = &line->window;

	spin_lock_bh(&w->lock);
	if (slot->writes >= received && slot->writes - received <= w->sent) {
		w->sent -= slot->writes - received;
		slot->writes = received;
	}
	spin_unlock_bh(&w->lock);
	apn_line_window_open(line, 0);
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

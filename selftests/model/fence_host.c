// SPDX-License-Identifier: GPL-2.0
/* What the host's end does: apn/slot.c, apnbd/flow.c and apnbd/recover.c, a step a move. */
#include "fence.h"

#include <apn/rules.h>
#include <apnbd/rules.h>

static bool become(struct world *w, enum apnbd_disk_state to)
{
	if (!apnbd_rule_may_become(w->disk, to))
		return false;
	w->disk = to;
	return true;
}

static void end_write(struct world *w, bool ok)
{
	w->twice |= w->where == W_ENDED;
	w->where = W_ENDED;
	if (ok)
		w->acked = w->issued;
}

static bool any_lane(const struct world *w, enum host_lane state)
{
	unsigned int i;

	for (i = 0; i < LANES; i++)
		if (w->lane[i].host == state)
			return true;
	return false;
}

static bool place_is_empty(const struct world *w, unsigned int place)
{
	unsigned int i;

	for (i = 0; i < INCARNATIONS; i++)
		if (w->lane[place * INCARNATIONS + i].host != H_NONE)
			return false;
	return true;
}

/* ---- the disk ---- */

static void issue(struct search *s, const struct world *w)
{
	struct world next = *w;

	if (w->where != W_ENDED || w->issued == WRITES || apnbd_rule_is_over(w->disk))
		return;
	next.issued++;
	next.where = W_HELD;
	fence_take(s, "a write is issued", &next);
}

static void send(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	if (w->where != W_HELD || w->disk != APNBD_STATE(LIVE) || w->lane[i].host != H_LIVE)
		return;
	if (!put(&next.lane[i], next.lane[i].to_target, M_WRITE + w->issued))
		return;
	next.where = W_SENT;
	next.on = i;
	fence_take(s, "the write is sent over a lane", &next);
}

static void give_up(struct search *s, const struct world *w)
{
	struct world next = *w;

	if (w->bad_days == BAD_DAYS || !become(&next, APNBD_STATE(FAILED)))
		return;
	next.bad_days++;
	if (w->where == W_HELD || w->where == W_UNFENCED)
		end_write(&next, false);
	fence_take(s, "fail-after has passed", &next);
}

static void attach(struct search *s, const struct world *w)
{
	struct world next = *w;
	unsigned int i;

	if (w->attached || !any_lane(w, H_LIVE))
		return;
	for (i = 0; i < LANES; i++) /* sessions that ended are waited for */
		if (w->lane[i].target == T_CLOSED && w->lane[i].bios)
			return;
	next.attached = 1;
	fence_take(s, "the disk is attached", &next);
}

static bool unfenced(const struct world *w)
{
	return w->unfenced[0] || w->unfenced[1];
}

static void come_alive(struct search *s, const struct world *w)
{
	struct world next = *w;

	if (!w->attached || !any_lane(w, H_LIVE))
		return;
	if (w->disk == APNBD_STATE(FAILED) && unfenced(w) && mutant != BACK_UNFENCED)
		return;
	if (become(&next, APNBD_STATE(LIVE)))
		fence_take(s, "the disk is live", &next);
}

/* ---- lanes ---- */

static void connect(struct search *s, const struct world *w, unsigned int place)
{
	struct world next = *w;
	struct lane *lane;
	bool control = false; /* is the first place taken? */
	unsigned int i;

	for (i = 0; i < INCARNATIONS; i++)
		control |= w->lane[i].host == H_LIVE;
	if (!place_is_empty(w, place) || w->incarnation[place] == INCARNATIONS ||
	    w->asked_by[place] || (place && !control))
		return;
	lane = &next.lane[lane_at(place, ++next.incarnation[place])];
	lane->host = H_SETUP;
	put(lane, lane->to_target, M_HELLO);
	fence_take(s, "a lane is connected", &next);
}

static void forget_asks(struct world *w, unsigned int by)
{
	unsigned int place;

	for (place = 0; place < PLACES; place++)
		if (w->asked_by[place] == by + 1)
			w->asked_by[place] = 0;
}

static void die(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	if (incarnation_of(i) == INCARNATIONS)
		return;
	if (w->lane[i].host == H_SETUP) {
		next.lane[i].host = H_NONE;
		fence_take(s, "a lane's set-up is given up", &next);
	} else if (w->lane[i].host == H_LIVE) {
		next.lane[i].host = H_DEAD;
		forget_asks(&next, i);
		fence_take(s, "the host takes a lane for dead", &next);
	}
}

static void take_back(struct world *w)
{
	if (apnbd_rule_is_over(w->disk))
		end_write(w, false);
	else
		w->where = mutant == RETRIED_UNFENCED ? W_HELD : W_UNFENCED;
}

static void bury(struct search *s, const struct world *w, unsigned int i)
{
	unsigned int place = place_of(i);
	struct world next = *w;

	if (w->lane[i].host != H_DEAD || w->asked_by[place])
		return;
	next.lane[i].host = H_NONE;
	next.unfenced[place] = incarnation_of(i);
	if (w->where == W_SENT && w->on == i)
		take_back(&next);
	if (!any_lane(&next, H_LIVE) && !any_lane(&next, H_DEAD))
		become(&next, APNBD_STATE(WAITING));
	fence_take(s, "a dead lane is buried", &next);
}

static void ask_fence(struct search *s, const struct world *w, unsigned int place, unsigned int by)
{
	struct world next = *w;

	if (!w->unfenced[place] || w->asked_by[place] || w->lane[by].host != H_LIVE ||
	    mutant == NEVER_FENCED)
		return;
	if (!put(&next.lane[by], next.lane[by].to_target,
		 M_FENCE + 8 * place + w->unfenced[place]))
		return;
	next.asked_by[place] = by + 1;
	fence_take(s, "the host asks for a fence", &next);
}

/* ---- what comes ---- */

static void acknowledged(struct world *w, unsigned int i, bool fresh)
{
	unsigned int other;

	if (w->lane[i].host != H_SETUP)
		return;
	w->lane[i].host = fresh && place_of(i) ? H_NONE : H_LIVE;
	if (!fresh)
		return;
	w->attached = 0;
	for (other = 0; other < LANES; other++) {
		if (other == i || w->lane[other].host != H_LIVE)
			continue;
		w->lane[other].host = H_DEAD;
		forget_asks(w, other);
	}
}

static void fenced(struct world *w, unsigned int by, unsigned int place)
{
	if (w->asked_by[place] != by + 1)
		return;
	w->asked_by[place] = 0;
	w->unfenced[place] = 0;
	if (w->where == W_UNFENCED && place_of(w->on) == place)
		w->where = W_HELD;
}

static void replied(struct world *w, unsigned int i, uint8_t write)
{
	if (w->where == W_SENT && w->on == i && w->issued == write)
		end_write(w, true);
}

static void receive(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;
	uint8_t message;

	if (!w->lane[i].to_host[0])
		return;
	message = get(next.lane[i].to_host);
	if (w->lane[i].host == H_NONE)
		; /* it is closed */
	else if (message >= M_WRITE)
		replied(&next, i, message - M_WRITE);
	else if (message >= M_FENCED)
		fenced(&next, i, message - M_FENCED);
	else
		acknowledged(&next, i, message == M_ACK_FRESH);
	fence_take(s, "the host receives", &next);
}

void fence_host_moves(struct search *s, const struct world *w)
{
	unsigned int i, place;

	issue(s, w);
	give_up(s, w);
	attach(s, w);
	come_alive(s, w);
	for (i = 0; i < LANES; i++) {
		send(s, w, i);
		die(s, w, i);
		bury(s, w, i);
		receive(s, w, i);
		for (place = 0; place < PLACES; place++)
			ask_fence(s, w, place, i);
	}
	for (place = 0; place < PLACES; place++)
		connect(s, w, place);
}

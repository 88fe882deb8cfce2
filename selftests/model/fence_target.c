// SPDX-License-Identifier: GPL-2.0
/* What the target's end does: apn/slot.c, apn/fence.c and apn_target/io.c, a step a move. */
#include "fence.h"

#include <apn/rules.h>

/* ---- lanes ---- */

static bool stands_another(const struct world *w, unsigned int i)
{
	unsigned int other;

	for (other = 0; other < LANES; other++)
		if (other != i && place_of(other) == place_of(i) &&
		    (w->lane[other].target == T_STANDS || w->lane[other].target == T_DYING))
			return true;
	return false;
}

static void kill_older(struct world *w, unsigned int place, uint8_t fenced)
{
	unsigned int i;

	for (i = 0; i < LANES; i++)
		if (place_of(i) == place && w->lane[i].target == T_STANDS &&
		    apn_rule_is_fenced(fenced, incarnation_of(i)))
			w->lane[i].target = T_DYING;
}

static void claim(struct world *w, unsigned int i)
{
	unsigned int place = place_of(i);

	if (!apn_rule_may_stand(w->highest[place], incarnation_of(i)) || (place && !w->known)) {
		w->lane[i].target = T_CLOSED;
		return;
	}
	kill_older(w, place, incarnation_of(i));
	w->highest[place] = incarnation_of(i);
	w->lane[i].target = T_CLAIMS;
}

static void stand(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;
	struct lane *lane = &next.lane[i];

	if (lane->target != T_CLAIMS)
		return;
	if (w->highest[place_of(i)] != incarnation_of(i)) {
		lane->target = T_CLOSED;
		fence_take(s, "a claim is too old by now", &next);
		return;
	}
	if (stands_another(w, i) || !put(lane, lane->to_host, w->known ? M_ACK : M_ACK_FRESH))
		return;
	lane->target = T_STANDS;
	next.known = 1;
	fence_take(s, "a lane takes its place at the target", &next);
}

static void die(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	if (incarnation_of(i) == INCARNATIONS || w->lane[i].target != T_STANDS)
		return;
	next.lane[i].target = T_DYING;
	fence_take(s, "the target takes a lane for dead", &next);
}

static void shut(struct lane *lane)
{
	lane->target = T_CLOSED;
	lane->ready = 0;
	memset(lane->to_target, 0, QUEUE);
	memset(lane->question, 0, PLACES);
}

static void close(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	if (w->lane[i].target != T_DYING)
		return;
	shut(&next.lane[i]);
	fence_take(s, "a dead lane is closed at the target", &next);
}

/* ---- requests ---- */

static void submit(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;
	struct lane *lane = &next.lane[i];

	if (!lane->ready)
		return;
	lane->bios |= lane->ready;
	lane->ready = 0;
	fence_take(s, "what is whole goes to the device", &next);
}

static void land(struct search *s, const struct world *w, unsigned int i, uint8_t write)
{
	struct world next = *w;
	struct lane *lane = &next.lane[i];

	if (!(lane->bios & 1 << write))
		return;
	lane->bios &= ~(1 << write);
	next.ghost |= write < w->value;
	next.value = write;
	if (lane->target != T_CLOSED && !put(lane, lane->to_host, M_WRITE + write))
		return;
	fence_take(s, "a write lands", &next);
}

/* ---- the fence ---- */

static bool quiet(const struct world *w, unsigned int place, uint8_t fenced)
{
	unsigned int i;

	for (i = 0; i < LANES; i++) {
		const struct lane *lane = &w->lane[i];

		if (place_of(i) != place || !apn_rule_is_fenced(fenced, incarnation_of(i)))
			continue;
		if ((lane->target == T_STANDS || lane->target == T_DYING) &&
		    mutant != DEAD_LANE_NOT_SHUT)
			return false;
		if (lane->bios && mutant != FENCED_UNDRAINED)
			return false;
	}
	return true;
}

static void begin_fence(struct world *w, unsigned int by, unsigned int place, uint8_t fenced)
{
	w->highest[place] = apn_rule_fence(w->highest[place], fenced);
	if (mutant != DEAD_LANE_NOT_SHUT)
		kill_older(w, place, fenced);
	if (w->lane[by].target == T_STANDS)
		w->lane[by].question[place] = fenced;
}

static void answer_fence(struct search *s, const struct world *w, unsigned int by,
			 unsigned int place)
{
	struct world next = *w;
	struct lane *lane = &next.lane[by];

	if (!lane->question[place] || !quiet(w, place, lane->question[place]))
		return;
	lane->question[place] = 0;
	if (put(lane, lane->to_host, M_FENCED + place))
		fence_take(s, "the target answers: fenced", &next);
}

/* ---- what comes ---- */

static void receive(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;
	struct lane *lane = &next.lane[i];
	uint8_t message;

	if (!lane->to_target[0] || lane->target == T_CLAIMS)
		return;
	message = get(lane->to_target);
	if (lane->target == T_CLOSED)
		; /* it finds a closed socket */
	else if (message == M_HELLO)
		claim(&next, i);
	else if (message >= M_FENCE)
		begin_fence(&next, i, (message - M_FENCE) / 8, (message - M_FENCE) % 8);
	else
		lane->ready |= 1 << (message - M_WRITE);
	fence_take(s, "the target receives", &next);
}

/* ---- its own end ---- */

static bool last_ones(const struct world *w)
{
	return w->incarnation[0] == INCARNATIONS || w->incarnation[1] == INCARNATIONS;
}

/* A kernel that is gone, or a module that could unload: no bio is left. */
static void restart(struct search *s, const struct world *w)
{
	struct world next = *w;
	unsigned int i;

	if (w->bad_days == BAD_DAYS || last_ones(w) || !w->known)
		return;
	for (i = 0; i < LANES; i++) {
		struct lane *lane = &next.lane[i];

		if (lane->target == T_NONE && !lane->to_target[0])
			continue;
		shut(lane);
		lane->bios = 0;
		lane->cut = 1;
		memset(lane->to_host, 0, QUEUE);
	}
	memset(next.highest, 0, PLACES);
	next.known = 0;
	next.bad_days++;
	fence_take(s, "the target restarts", &next);
}

static void forget(struct search *s, const struct world *w)
{
	struct world next = *w;
	unsigned int i;

	if (w->bad_days == BAD_DAYS || last_ones(w) || !w->known)
		return;
	for (i = 0; i < LANES; i++)
		if (w->lane[i].target != T_NONE && w->lane[i].target != T_CLOSED)
			return;
	memset(next.highest, 0, PLACES);
	next.known = 0;
	next.bad_days++;
	fence_take(s, "the target forgets the line", &next);
}

void fence_target_moves(struct search *s, const struct world *w)
{
	unsigned int i, k;

	restart(s, w);
	forget(s, w);
	for (i = 0; i < LANES; i++) {
		receive(s, w, i);
		stand(s, w, i);
		die(s, w, i);
		close(s, w, i);
		submit(s, w, i);
		for (k = 1; k <= WRITES; k++)
			land(s, w, i, k);
		for (k = 0; k < PLACES; k++)
			answer_fence(s, w, i, k);
	}
}

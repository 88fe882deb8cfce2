// SPDX-License-Identifier: GPL-2.0
/*
 * P1, P2: writes to one block over lanes that die, are fenced and come back, with a target
 * that restarts or forgets the line: no old copy lands over a newer one, each write ends once.
 */
#include "fence.h"

#include <apnbd/rules.h>

static const char *const mutants[] = {
	[FENCED_UNDRAINED - 1] = "FENCED is sent before the bios have ended",
	[DEAD_LANE_NOT_SHUT - 1] = "the dead lane's socket is not shut",
	[RETRIED_UNFENCED - 1] = "a write is sent again before FENCED came",
	[BACK_UNFENCED - 1] = "after fail-after the disk is back before the fence",
	[NEVER_FENCED - 1] = "nobody asks for the fence",
	NULL,
};

/* What nobody will ever look at again is the same in all states. */
static void forget_past(struct lane *lane, bool used)
{
	if (used && lane->host == H_NONE)
		memset(lane->to_host, 0, QUEUE);
	if (lane->target == T_CLOSED)
		memset(lane->to_target, 0, QUEUE);
	if (used && lane->host == H_NONE && lane->target == T_CLOSED)
		lane->cut = 1;
}

void fence_take(struct search *s, const char *move, struct world *next)
{
	unsigned int i;

	for (i = 0; i < LANES; i++)
		forget_past(&next->lane[i], incarnation_of(i) <= next->incarnation[place_of(i)]);
	if (next->where == W_ENDED || next->where == W_HELD)
		next->on = 0;
	take(s, move, next);
}

static void first(void *state)
{
	struct world *w = state;

	w->disk = APNBD_STATE(WAITING);
}

static bool may_cut(const struct world *w, unsigned int i)
{
	return incarnation_of(i) < INCARNATIONS && !w->lane[i].cut &&
	       (w->lane[i].to_target[0] || w->lane[i].to_host[0]);
}

static void network_moves(struct search *s, const struct world *w)
{
	unsigned int i;

	for (i = 0; i < LANES; i++) {
		struct world next = *w;
		struct lane *lane = &next.lane[i];

		if (!may_cut(w, i))
			continue;
		lane->cut = 1;
		memset(lane->to_target, 0, QUEUE);
		memset(lane->to_host, 0, QUEUE);
		fence_take(s, "the network loses all that a lane carries", &next);
	}
}

static void moves(struct search *s, const void *state)
{
	fence_host_moves(s, state);
	network_moves(s, state);
	fence_target_moves(s, state);
}

static const char *wrong(const void *state)
{
	const struct world *w = state;

	if (w->ghost)
		return "an old copy of a write landed over a newer one";
	if (w->twice)
		return "a write ended twice";
	if (w->acked > w->value)
		return "a write was acknowledged and is not on the device";
	return NULL;
}

/* All was written, and nothing is left that could still land. */
static bool ended(const void *state)
{
	const struct world *w = state;
	unsigned int i;

	for (i = 0; i < LANES; i++)
		if (w->lane[i].bios || w->lane[i].ready || w->lane[i].to_target[0])
			return false;
	return w->issued == WRITES && w->where == W_ENDED && w->disk == APNBD_STATE(LIVE);
}

const struct scene fence_scene = {
	.name = "fence",
	.promises = "P1, P2: no ghost write, each ends once, no deadlock",
	.bytes = sizeof(struct world),
	.first = first,
	.moves = moves,
	.wrong = wrong,
	.ended = ended,
	.mutants = mutants,
};

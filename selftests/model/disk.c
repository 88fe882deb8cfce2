// SPDX-License-Identifier: GPL-2.0
/* A disk's states: what is final stays so, and from everywhere there is a way out. */
#include "env.h"
#include "search.h"

#include <apnbd/rules.h>

struct world {
	uint8_t state; /* enum apnbd_disk_state */
	uint8_t was_final;
	uint8_t was_live;
	uint8_t before; /* the state that it came from */
};

enum { LIVE_AGAIN = 1 };

static const char *const mutants[] = { "a disk that was superseded may come back", NULL };

static bool may_become(uint8_t from, uint8_t to)
{
	if (mutant == LIVE_AGAIN && from == APNBD_STATE(SUPERSEDED) && to == APNBD_STATE(LIVE))
		return true;
	return apnbd_rule_may_become(from, to);
}

static void first(void *state)
{
	struct world *w = state;

	w->state = APNBD_STATE(IDLE);
	w->before = APNBD_STATE(IDLE);
}

static void moves(struct search *s, const void *state)
{
	const struct world *now = state;
	uint8_t to;

	for (to = APNBD_STATE(IDLE); to <= APNBD_STATE(CLOSING); to++) {
		struct world next = *now;

		if (!may_become(now->state, to))
			continue;
		next.state = to;
		next.before = now->state;
		next.was_final |= apnbd_rule_is_final(now->state);
		next.was_live |= now->state == APNBD_STATE(LIVE);
		take(s, "it changes", &next);
	}
}

static const char *wrong(const void *state)
{
	const struct world *w = state;

	if (w->was_final && w->state != APNBD_STATE(CLOSING))
		return "what is final did not stay so";
	if (w->state == APNBD_STATE(FAILED) && w->before != APNBD_STATE(WAITING))
		return "I/O failed without having waited";
	if (w->was_live && (w->state == APNBD_STATE(IDLE) || w->state == APNBD_STATE(CONNECTING)))
		return "a disk that was there is not there yet";
	if (apnbd_rule_is_over(w->state) &&
	    (w->state == APNBD_STATE(LIVE) || w->state == APNBD_STATE(WAITING)))
		return "I/O fails while there is hope";
	return NULL;
}

static bool ended(const void *state)
{
	const struct world *w = state;

	return w->state == APNBD_STATE(CLOSING);
}

const struct scene disk_scene = {
	.name = "disk",
	.promises = "P5, P8: the table of a disk's states",
	.bytes = sizeof(struct world),
	.first = first,
	.moves = moves,
	.wrong = wrong,
	.ended = ended,
	.mutants = mutants,
};

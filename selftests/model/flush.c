// SPDX-License-Identifier: GPL-2.0
/*
 * P4: writes and FLUSHes to a device with a volatile cache, and a target that restarts in
 * order or loses its power. What a FLUSH confirmed is there; what else was lost is never
 * lost in silence; an orderly restart costs nothing.
 */
#include "env.h"
#include "search.h"

#include <apnbd/rules.h>

enum { WRITES = 3, FLUSHES = 2, RESTARTS = 2 };
enum flush_step { F_NONE, F_ASKED, F_DONE };

struct world {
	/* the host */
	uint8_t disk; /* enum apnbd_disk_state */
	uint8_t issued, acked, flushed; /* writes */
	uint8_t writing; /* one is on its way there */
	uint8_t answer; /* its answer is on its way back */
	uint8_t flush; /* enum flush_step */
	uint8_t covers;
	uint8_t flushes;
	uint8_t knows; /* the target's instance, as last attached */
	uint8_t promised; /* writes that a FLUSH has confirmed to the program */
	/* the target */
	uint8_t instance;
	uint8_t used; /* the record says that it writes */
	uint8_t record, record_orderly; /* durable */
	uint8_t before, before_orderly; /* as read when it started */
	uint8_t cache; /* bit n: write n is in the cache */
	uint8_t medium; /* bit n: and there it lasts */
};

enum { AT_COMPLETION = 1, ORDERLY_UNFLUSHED, ONE_INSTANCE, ORDERLY_IGNORED };

static const char *const mutants[] = {
	[AT_COMPLETION - 1] = "a FLUSH covers what was acknowledged when it completes",
	[ORDERLY_UNFLUSHED - 1] = "an orderly end is recorded without a flush",
	[ONE_INSTANCE - 1] = "another instance is not noticed",
	[ORDERLY_IGNORED - 1] = "an orderly end is not believed",
	NULL,
};

static void first(void *state)
{
	struct world *w = state;

	w->disk = APNBD_STATE(LIVE);
	w->instance = 1;
	w->knows = 1;
	w->record = 1;
	w->used = 1;
}

static void write_moves(struct search *s, const struct world *w)
{
	struct world next = *w;

	if (w->disk == APNBD_STATE(LIVE) && w->issued < WRITES && !w->writing && !w->answer) {
		next.issued++;
		next.writing = 1;
		take(s, "a write is sent", &next);
	}
	next = *w;
	if (w->writing && w->knows == w->instance) {
		next.writing = 0;
		next.cache |= 1 << w->issued;
		next.answer = 1;
		take(s, "it is in the cache", &next);
	}
	next = *w;
	if (w->answer) {
		next.answer = 0;
		next.acked++;
		take(s, "it is acknowledged", &next);
	}
}

static void flush_moves(struct search *s, const struct world *w)
{
	struct world next = *w;

	if (w->disk == APNBD_STATE(LIVE) && w->flush == F_NONE && w->flushes < FLUSHES) {
		next.flush = F_ASKED;
		next.covers = w->acked;
		next.flushes++;
		take(s, "a FLUSH is sent", &next);
	}
	next = *w;
	if (w->flush == F_ASKED && w->knows == w->instance) {
		next.flush = F_DONE;
		next.medium |= w->cache;
		take(s, "the device is flushed", &next);
	}
	next = *w;
	if (w->flush == F_DONE) {
		next.flush = F_NONE;
		next.flushed = apnbd_rule_flushed(w->flushed, mutant == AT_COMPLETION ? w->acked :
											w->covers);
		next.promised = w->covers > w->promised ? w->covers : w->promised;
		take(s, "the FLUSH is answered", &next);
	}
}

/* Answers that were on their way may still be heard, or not. */
static void begin_again(struct search *s, const char *how, struct world *w)
{
	w->instance++;
	w->before = w->record;
	w->before_orderly = w->record_orderly;
	w->used = 0;
	w->cache = w->medium;
	if (w->disk == APNBD_STATE(LIVE))
		w->disk = APNBD_STATE(WAITING);
	take(s, how, w);
	if (w->answer) {
		w->answer = 0;
		w->writing = 1;
	}
	if (w->flush == F_DONE)
		w->flush = F_ASKED;
	take(s, how, w);
}

static void restart_moves(struct search *s, const struct world *w)
{
	struct world next = *w;

	if (w->instance > RESTARTS)
		return;
	begin_again(s, "the power goes", &next);
	next = *w;
	if (w->used) {
		if (mutant != ORDERLY_UNFLUSHED)
			next.medium |= w->cache;
		next.record = w->instance;
		next.record_orderly = 1;
	}
	begin_again(s, "the target restarts in order", &next);
}

static void attach(struct search *s, const struct world *w)
{
	struct world next = *w;
	bool same = w->knows == w->instance || mutant == ONE_INSTANCE;
	bool orderly = w->before_orderly && w->before == w->knows && mutant != ORDERLY_IGNORED;

	if (w->disk != APNBD_STATE(WAITING) || w->answer || w->flush == F_DONE)
		return;
	next.used = 1;
	next.record = w->instance;
	next.record_orderly = 0;
	if (apnbd_rule_lost_writes(true, same, orderly, w->acked, w->flushed)) {
		next.disk = APNBD_STATE(LOST);
		take(s, "the disk is lost", &next);
		return;
	}
	next.knows = w->instance;
	next.disk = APNBD_STATE(LIVE);
	take(s, "the disk is attached again", &next);
}

static void moves(struct search *s, const void *state)
{
	write_moves(s, state);
	flush_moves(s, state);
	restart_moves(s, state);
	attach(s, state);
}

/* Writes are numbered from 1 and acknowledged in order. */
static bool all_there(uint8_t where, uint8_t n)
{
	return (where >> 1 & ((1 << n) - 1)) == (1 << n) - 1;
}

static const char *wrong(const void *state)
{
	const struct world *w = state;

	if (!all_there(w->medium, w->promised))
		return "a FLUSH confirmed what is not on the medium";
	if (w->disk == APNBD_STATE(LIVE) && !all_there(w->cache | w->medium, w->acked))
		return "an acknowledged write was lost in silence";
	if (w->disk == APNBD_STATE(LOST) && w->before == w->knows && w->before_orderly)
		return "an orderly restart is taken for a loss";
	return NULL;
}

static bool ended(const void *state)
{
	const struct world *w = state;

	return w->disk == APNBD_STATE(LOST) ||
	       (w->disk == APNBD_STATE(LIVE) && w->acked == WRITES && w->flush == F_NONE);
}

const struct scene flush_scene = {
	.name = "flush",
	.promises = "P4: flushed is durable, a loss is seen",
	.bytes = sizeof(struct world),
	.first = first,
	.moves = moves,
	.wrong = wrong,
	.ended = ended,
	.mutants = mutants,
};

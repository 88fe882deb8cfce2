// SPDX-License-Identifier: GPL-2.0
/*
 * P8: two hosts and the new boot of one of them want to write to one export; lines are cut
 * with writes on their way, the target restarts. One writes at a time; who was superseded
 * never lands anything over the newer one's writes, and never comes back.
 */
#include "env.h"
#include "search.h"

#include <apn_target/rules.h>

enum { A, B, A_AGAIN, HOSTS, GENERATIONS = 4 };
enum host_state { OUT, LIVE, WAITING, SUPERSEDED, GONE };

struct host {
	uint8_t state; /* enum host_state */
	uint8_t generation; /* that its ATTACHED said */
	uint8_t pending; /* a write was issued and not acknowledged */
	uint8_t born; /* under which generation */
	uint8_t flying; /* it is on its way */
	uint8_t line; /* the target has a lane of it */
	uint8_t present; /* the target has its session, which may write */
	uint8_t bio; /* a write of it is with the device */
	uint8_t was_over; /* it was told that it is superseded */
};

struct world {
	struct host host[HOSTS];
	uint8_t rebooted; /* A is gone, A_AGAIN may come */
	uint8_t generation; /* the record: durable */
	uint8_t writer; /* host + 1 */
	uint8_t recorded_as; /* identity of the last writer */
	uint8_t landed; /* the generation whose write landed last */
	uint8_t ghost;
	uint8_t restarted;
};

enum { UNCHECKED = 1, OLD_STAYS, NOT_AWAITED, NOT_DURABLE };

static const char *const mutants[] = {
	[UNCHECKED - 1] = "no generation check at attach",
	[OLD_STAYS - 1] = "a takeover lets the old writer go on",
	[NOT_AWAITED - 1] = "the new writer is let in before the old one's bios have ended",
	[NOT_DURABLE - 1] = "the generation does not outlive the target",
	NULL,
};

static uint8_t identity_of(unsigned int host)
{
	return host == B ? 2 : 1;
}

static void first(void *state)
{
	memset(state, 0, sizeof(struct world));
}

/* ---- attach ---- */

static int present_writer(const struct world *w)
{
	int i;

	for (i = 0; i < HOSTS; i++)
		if (w->host[i].present)
			return i;
	return -1;
}

static struct apn_writer_facts facts_of(const struct world *w, unsigned int i, bool takeover)
{
	int old = present_writer(w);
	struct apn_writer_facts f = {
		.generation = w->generation,
		.held = mutant == UNCHECKED ? 0 : w->host[i].generation,
		.recorded = w->writer,
		.is_recorded = w->writer == i + 1,
		.by_same_identity = w->recorded_as == identity_of(i),
		.by_same_boot = w->writer == i + 1, /* A_AGAIN is another boot of A */
		.present = old >= 0,
		.takeover = takeover,
	};

	if (old < 0)
		return f;
	f.present_same_identity = identity_of(old) == identity_of(i);
	f.present_same_boot = (unsigned int)old == i;
	return f;
}

static void depose(struct world *w)
{
	unsigned int i;

	if (mutant == OLD_STAYS)
		return;
	for (i = 0; i < HOSTS; i++)
		w->host[i].present = 0;
}

static bool busy(const struct world *w)
{
	unsigned int i;

	for (i = 0; i < HOSTS; i++)
		if (w->host[i].bio && !w->host[i].present)
			return mutant != NOT_AWAITED;
	return false;
}

static void let_in(struct world *w, unsigned int i)
{
	struct host *host = &w->host[i];

	host->present = 1;
	host->state = LIVE;
	host->line = 1;
	host->generation = w->generation;
}

static void become_writer(struct world *w, unsigned int i)
{
	w->generation++;
	w->writer = i + 1;
	w->recorded_as = identity_of(i);
	let_in(w, i);
}

static void attach(struct search *s, const struct world *w, unsigned int i, bool takeover)
{
	struct apn_writer_facts facts = facts_of(w, i, takeover);
	struct world next = *w;

	if (w->host[i].state != OUT && w->host[i].state != WAITING)
		return;
	if (i == A_AGAIN && !w->rebooted)
		return;
	switch (apn_writer_judge(&facts)) {
	case APN_WRITER_STAYS:
		if (busy(w))
			return;
		let_in(&next, i);
		take(s, "the writer is back", &next);
		break;
	case APN_WRITER_BECOMES:
		if (w->generation == GENERATIONS)
			return;
		depose(&next);
		if (!busy(&next))
			become_writer(&next, i);
		take(s, takeover ? "a host takes over" : "a host becomes the writer", &next);
		break;
	case APN_WRITER_SUPERSEDED:
		next.host[i].state = SUPERSEDED;
		next.host[i].was_over = 1;
		next.host[i].pending = 0;
		take(s, "a host is told that it is superseded", &next);
		break;
	default:
		break;
	}
}

/* ---- writes ---- */

static void send(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	struct host *host = &next.host[i];

	if (host->state != LIVE || host->flying || host->bio)
		return;
	if (!host->pending)
		host->born = host->generation;
	host->pending = 1;
	host->flying = 1;
	take(s, "a host sends a write", &next);
}

static void arrive(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;
	struct host *host = &next.host[i];

	if (!host->flying || host->bio)
		return;
	host->flying = 0;
	host->bio = host->present && host->line;
	if (!host->present && host->state == LIVE)
		host->state = WAITING; /* told so: it has to attach */
	take(s, host->bio ? "a write goes to the device" : "a write is refused", &next);
}

static void land(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	if (!w->host[i].bio)
		return;
	next.host[i].bio = 0;
	next.ghost |= w->host[i].born < w->landed;
	next.landed = w->host[i].born;
	take(s, "a write lands, and its answer is lost", &next);
	if (w->host[i].state != LIVE)
		return;
	next.host[i].pending = 0;
	take(s, "a write lands", &next);
}

/* ---- bad days ---- */

static void cut(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	if (w->host[i].state == LIVE) {
		next.host[i].state = WAITING;
		take(s, "a host loses its line, and what it sent is still on its way", &next);
	}
	if (w->host[i].line && w->host[i].state != LIVE) {
		next = *w;
		next.host[i].line = 0;
		next.host[i].flying = 0;
		take(s, "the target finds a line dead", &next);
	}
	if (!w->host[i].line && w->host[i].present) {
		next = *w;
		next.host[i].present = 0;
		take(s, "the target forgets a line", &next);
	}
}

static void reboot(struct search *s, const struct world *w)
{
	struct world next = *w;

	if (w->rebooted)
		return;
	next.rebooted = 1;
	next.host[A].state = GONE;
	take(s, "host A starts anew", &next);
}

static void restart(struct search *s, const struct world *w)
{
	struct world next = *w;
	unsigned int i;

	if (w->restarted)
		return;
	next.restarted = 1;
	for (i = 0; i < HOSTS; i++) {
		struct host *host = &next.host[i];

		host->line = 0;
		host->present = 0;
		host->bio = 0;
		host->flying = 0;
		if (host->state == LIVE)
			host->state = WAITING;
	}
	if (mutant == NOT_DURABLE) {
		next.generation = 0;
		next.writer = 0;
	}
	take(s, "the target restarts", &next);
}

static void detach(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	if (w->host[i].state != LIVE || !w->host[i].present || w->writer != i + 1 ||
	    w->host[i].flying || w->host[i].bio)
		return;
	next.host[i].state = GONE;
	next.host[i].present = 0;
	next.host[i].line = 0;
	next.writer = 0;
	take(s, "a host takes its leave", &next);
}

static void moves(struct search *s, const void *state)
{
	const struct world *w = state;
	unsigned int i;

	for (i = 0; i < HOSTS; i++) {
		attach(s, w, i, false);
		attach(s, w, i, true);
		send(s, w, i);
		arrive(s, w, i);
		land(s, w, i);
		cut(s, w, i);
		detach(s, w, i);
	}
	reboot(s, w);
	restart(s, w);
}

static const char *wrong(const void *state)
{
	const struct world *w = state;
	unsigned int i, writers = 0;

	for (i = 0; i < HOSTS; i++) {
		writers += w->host[i].present;
		if (w->host[i].was_over && w->host[i].state == LIVE)
			return "one that was superseded is back";
	}
	if (writers > 1)
		return "there are two writers";
	return w->ghost ? "an old writer's write landed over a newer one's" : NULL;
}

/* Nothing is under way; somebody is always able to get there. */
static bool ended(const void *state)
{
	const struct world *w = state;
	unsigned int i;

	for (i = 0; i < HOSTS; i++)
		if (w->host[i].flying || w->host[i].bio)
			return false;
	return true;
}

const struct scene writer_scene = {
	.name = "writer",
	.promises = "P8: one writer, and the old one never comes back",
	.bytes = sizeof(struct world),
	.first = first,
	.moves = moves,
	.wrong = wrong,
	.ended = ended,
	.mutants = mutants,
};

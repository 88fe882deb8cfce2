// SPDX-License-Identifier: GPL-2.0
/*
 * The window: WRITEs of one unit over lanes that die with some on their way. The target is
 * never sent more than it granted, and when all is quiet the window is as wide as at first.
 */
#include "env.h"
#include "search.h"

#include <apn/rules.h>

enum { LANES = 3, WINDOW = 2, REQUESTS = 4, ANSWERS = 4 };
enum host_lane { H_NONE, H_LIVE, H_DEAD };
enum target_lane { T_NONE, T_STANDS, T_CLOSED };

struct lane { /* one incarnation of the one place */
	uint8_t host, target;
	uint8_t given; /* the host's count of this lane */
	uint8_t out; /* given and not answered */
	uint8_t flying; /* on their way */
	uint8_t begun; /* the target's count of this lane */
	uint8_t working; /* with the device */
	uint8_t said[ANSWERS]; /* answers on their way: what each says of the window, + 1 */
};

struct world {
	uint8_t todo;
	uint8_t newest; /* lanes connected */
	uint8_t unfenced;
	uint8_t sent, granted, folded; /* the host's: in all, and of the lanes that are buried */
	uint8_t begun, grants, t_folded; /* the target's */
	uint8_t overdrawn;
	struct lane lane[LANES];
};

enum { DIFFERENCES = 1, NOT_TAKEN_BACK, LIVING_TOO, TAKEN_BACK_UNHEARD };

static const char *const mutants[] = {
	[DIFFERENCES - 1] = "the window is told as differences, and one is lost",
	[NOT_TAKEN_BACK - 1] = "what never came is not taken back",
	[LIVING_TOO - 1] = "FENCED speaks of what the living lane carried, too",
	[TAKEN_BACK_UNHEARD - 1] = "all that the dead lane was given is taken back",
	NULL,
};

static void first(void *state)
{
	struct world *w = state;

	w->todo = REQUESTS;
	w->granted = WINDOW;
	w->grants = WINDOW;
}

/* ---- the host ---- */

static void hear(struct world *w, uint8_t said)
{
	if (mutant == DIFFERENCES)
		w->granted++;
	else if (apn_rule_grants_more(w->granted, said))
		w->granted = said;
}

static struct lane *live_lane(struct world *w)
{
	struct lane *lane = w->newest ? &w->lane[w->newest - 1] : NULL;

	return lane && lane->host == H_LIVE ? lane : NULL;
}

/* Its set-up says what is granted by now. */
static void connect(struct search *s, struct world next)
{
	struct lane *lane;

	if (live_lane(&next) || next.newest == LANES ||
	    (next.newest && next.lane[next.newest - 1].host != H_NONE))
		return;
	lane = &next.lane[next.newest++];
	lane->host = H_LIVE;
	lane->target = T_STANDS;
	if (mutant != DIFFERENCES)
		hear(&next, next.grants);
	take(s, "a lane is connected", &next);
}

static void send(struct search *s, struct world next)
{
	struct lane *lane = live_lane(&next);

	if (!lane || !next.todo || !apn_rule_has_room(next.granted, next.sent, 1))
		return;
	next.todo--;
	next.sent++;
	lane->given++;
	lane->out++;
	lane->flying++;
	take(s, "a write is sent", &next);
}

static void answered(struct search *s, struct world next, unsigned int i)
{
	struct lane *lane = &next.lane[i];

	if (lane->host != H_LIVE || !lane->said[0])
		return;
	hear(&next, lane->said[0] - 1);
	memmove(lane->said, lane->said + 1, ANSWERS - 1);
	lane->said[ANSWERS - 1] = 0;
	lane->out--;
	take(s, "an answer comes", &next);
}

static void die(struct search *s, struct world next, unsigned int i)
{
	if (next.lane[i].host != H_LIVE || i == LANES - 1)
		return;
	next.lane[i].host = H_DEAD;
	memset(next.lane[i].said, 0, ANSWERS);
	take(s, "the lane dies", &next);
	next.lane[i].flying = 0;
	take(s, "the lane dies, and what is on its way is lost", &next);
}

/* What it carried is held until the fence; of no matter here in which order it goes again. */
static void bury(struct search *s, struct world next, unsigned int i)
{
	struct lane *lane = &next.lane[i];

	if (lane->host != H_DEAD)
		return;
	lane->host = H_NONE;
	next.folded += lane->given;
	next.unfenced = i + 1;
	take(s, "the dead lane is buried", &next);
}

/* ---- the target ---- */

static void arrive(struct search *s, struct world next, unsigned int i)
{
	struct lane *lane = &next.lane[i];

	if (!lane->flying || lane->target != T_STANDS)
		return;
	lane->flying--;
	lane->begun++;
	lane->working++;
	next.begun++;
	next.overdrawn |= (int8_t)(next.grants - next.begun) < 0;
	take(s, "a write arrives", &next);
}

static void finish(struct search *s, struct world next, unsigned int i)
{
	struct lane *lane = &next.lane[i];
	unsigned int k = 0;

	if (!lane->working)
		return;
	lane->working--;
	next.grants++;
	while (k < ANSWERS && lane->said[k])
		k++;
	if (lane->host == H_LIVE && k < ANSWERS)
		lane->said[k] = next.grants + 1;
	take(s, "a write is done", &next);
}

/* Found out by itself, by a newer lane or by the fence: it comes to the same. */
static void shut(struct search *s, struct world next, unsigned int i)
{
	struct lane *lane = &next.lane[i];

	if (lane->target != T_STANDS || lane->host == H_LIVE)
		return;
	lane->target = T_CLOSED;
	lane->flying = 0;
	next.t_folded += lane->begun;
	take(s, "the dead lane is closed at the target", &next);
}

static bool drained(const struct world *w, uint8_t fenced)
{
	unsigned int i;

	for (i = 0; i < LANES; i++)
		if (apn_rule_is_fenced(fenced, i + 1) &&
		    (w->lane[i].target == T_STANDS || w->lane[i].working))
			return false;
	return true;
}

/* Question and answer in one: an answer that is lost is asked for again. */
static void fence(struct search *s, struct world next)
{
	struct lane *by = live_lane(&next);
	uint8_t came = next.t_folded, lost, i;

	if (!next.unfenced || !by || !drained(&next, next.unfenced))
		return;
	if (mutant == LIVING_TOO)
		came += by->begun;
	if (mutant == TAKEN_BACK_UNHEARD)
		came = 0;
	lost = apn_rule_never_came(next.folded, came, next.sent);
	if (mutant != NOT_TAKEN_BACK) {
		next.sent -= lost;
		next.folded -= lost;
	}
	if (mutant != DIFFERENCES)
		hear(&next, next.grants);
	for (i = 0; i < next.unfenced; i++) {
		next.todo += next.lane[i].out;
		next.lane[i].out = 0;
	}
	next.unfenced = 0;
	take(s, "the dead lanes are fenced", &next);
}

static void moves(struct search *s, const void *state)
{
	const struct world *w = state;
	unsigned int i;

	connect(s, *w);
	send(s, *w);
	fence(s, *w);
	for (i = 0; i < LANES; i++) {
		answered(s, *w, i);
		die(s, *w, i);
		bury(s, *w, i);
		arrive(s, *w, i);
		finish(s, *w, i);
		shut(s, *w, i);
	}
}

static const char *wrong(const void *state)
{
	const struct world *w = state;

	if (w->overdrawn)
		return "more was sent than the target had granted";
	if (w->sent > w->granted)
		return "the host counts more than it was granted";
	return NULL;
}

static bool ended(const void *state)
{
	const struct world *w = state;
	unsigned int i;

	for (i = 0; i < LANES; i++)
		if (w->lane[i].out || w->lane[i].working)
			return false;
	return !w->todo && !w->unfenced && w->granted - w->sent == WINDOW;
}

const struct scene window_scene = {
	.name = "window",
	.promises = "never overdrawn, never narrower",
	.bytes = sizeof(struct world),
	.first = first,
	.moves = moves,
	.wrong = wrong,
	.ended = ended,
	.mutants = mutants,
};

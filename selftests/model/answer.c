// SPDX-License-Identifier: GPL-2.0
/*
 * P1, P3: one READ between its sender, the receivers of two lanes and the one who buries a
 * lane, step by step, with a target that answers twice. It ends once, and nothing is put
 * into its pages after that.
 */
#include "env.h"
#include "search.h"

enum { LANES = 2 };
enum { SENT = 1, ANSWERED = 2, DONE = 4 }; /* enum apnbd_request_bit */
enum lane_state { L_NONE, L_LIVE, L_DEAD, L_CLOSED, L_BURIED };
enum receiver { R_IDLE, R_FILLS, R_FILLED, R_LOOKS };
enum sender { S_NONE, S_SENDS, S_SENT };

struct world {
	uint8_t bits;
	uint8_t on; /* the lane that carries it + 1; 0: none */
	uint8_t over; /* the session is: who takes it back ends it */
	uint8_t held; /* it waits for the next lane */
	uint8_t ended; /* its pages are its owner's again */
	uint8_t ends;
	uint8_t bad; /* a page that is not ours was written to */
	uint8_t lane[LANES]; /* enum lane_state */
	uint8_t receiver[LANES]; /* enum receiver */
	uint8_t answers[LANES]; /* on their way */
	uint8_t sender; /* enum sender: of the present journey */
};

enum { BACK_WHILE_FILLED = 1, ANSWERED_TWICE, NOT_ONCE, SENDER_UNSEEN };

static const char *const mutants[] = {
	[BACK_WHILE_FILLED - 1] = "a read is taken back while its pages are being filled",
	[ANSWERED_TWICE - 1] = "a second answer finds the request",
	[NOT_ONCE - 1] = "nobody asks who ends it",
	[SENDER_UNSEEN - 1] = "it ends while its header is being sent",
	NULL,
};

static void first(void *state)
{
	struct world *w = state;

	w->lane[0] = L_LIVE;
	w->held = 1;
}

static void end(struct world *w)
{
	w->ended = 1;
	w->ends++;
	w->on = 0;
}

static void try_finish(struct world *w)
{
	uint8_t need = mutant == SENDER_UNSEEN ? ANSWERED : SENT | ANSWERED;

	if ((w->bits & need) != need || (w->bits & DONE && mutant != NOT_ONCE))
		return;
	w->bits |= DONE;
	end(w);
}

/* ---- sending ---- */

static void submit(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	if (!w->held || w->lane[i] != L_LIVE || w->sender != S_NONE)
		return;
	next.held = 0;
	next.bits = 0;
	next.on = i + 1;
	next.sender = S_SENDS;
	next.answers[i] = i ? 1 : 2; /* the first target is a liar */
	take(s, "the request is sent", &next);
}

/* Two steps, since another may look in between. */
static void sent(struct search *s, const struct world *w)
{
	struct world next = *w;

	if (w->sender == S_SENDS) {
		next.sender = S_SENT;
		next.bits |= SENT;
		take(s, "its header is in the network", &next);
	} else if (w->sender == S_SENT) {
		next.sender = S_NONE;
		try_finish(&next);
		take(s, "the sender looks whether it was answered", &next);
	}
}

/* ---- receiving ---- */

static bool finds(const struct world *w, unsigned int i)
{
	return w->on == i + 1 && (!(w->bits & ANSWERED) || mutant == ANSWERED_TWICE);
}

static void receive(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	switch (w->receiver[i]) {
	case R_IDLE:
		if (!w->answers[i] || w->lane[i] != L_LIVE)
			return;
		next.answers[i]--;
		if (finds(w, i))
			next.receiver[i] = R_FILLS;
		else
			next.lane[i] = L_DEAD; /* it lies */
		take(s, "an answer begins", &next);
		break;
	case R_FILLS:
		next.bad |= w->ended || w->on != i + 1;
		next.receiver[i] = R_FILLED;
		take(s, "its pages are filled", &next);
		if (w->lane[i] == L_LIVE)
			break;
		next = *w;
		next.receiver[i] = R_IDLE;
		take(s, "the rest of the answer never comes", &next);
		break;
	case R_FILLED:
		next.receiver[i] = R_LOOKS;
		next.bits |= ANSWERED;
		take(s, "it is answered", &next);
		break;
	case R_LOOKS:
		next.receiver[i] = R_IDLE;
		try_finish(&next);
		take(s, "the receiver looks whether it was sent", &next);
		break;
	}
}

/* ---- burial ---- */

/* The transport's close waits for who sends and who receives. */
static bool may_close(const struct world *w, unsigned int i)
{
	if (w->receiver[i] != R_IDLE && mutant != BACK_WHILE_FILLED)
		return false;
	return w->on != i + 1 || w->sender == S_NONE;
}

static void take_back(struct world *w, unsigned int i)
{
	if (w->on != i + 1 || w->bits & ANSWERED)
		return;
	w->bits |= ANSWERED;
	w->on = 0;
	if (w->over)
		end(w);
	else
		w->held = 1;
}

static void bury(struct search *s, const struct world *w, unsigned int i)
{
	struct world next = *w;

	switch (w->lane[i]) {
	case L_LIVE:
		if (i == LANES - 1)
			return;
		next.lane[i] = L_DEAD;
		take(s, "the lane dies", &next);
		break;
	case L_DEAD:
		if (!may_close(w, i))
			return;
		next.lane[i] = L_CLOSED;
		next.answers[i] = 0;
		take(s, "the lane is closed", &next);
		break;
	case L_CLOSED:
		next.lane[i] = L_BURIED;
		take_back(&next, i);
		if (i + 1 < LANES)
			next.lane[i + 1] = L_LIVE;
		take(s, "what it carried is taken back", &next);
		break;
	}
}

static void give_up(struct search *s, const struct world *w)
{
	struct world next = *w;

	if (w->over || w->ended)
		return;
	next.over = 1;
	if (w->held) {
		next.held = 0;
		end(&next);
	}
	take(s, "the session is over", &next);
}

static void moves(struct search *s, const void *state)
{
	unsigned int i;

	sent(s, state);
	give_up(s, state);
	for (i = 0; i < LANES; i++) {
		submit(s, state, i);
		receive(s, state, i);
		bury(s, state, i);
	}
}

static const char *wrong(const void *state)
{
	const struct world *w = state;

	if (w->ends > 1)
		return "it ended twice";
	if (w->bad)
		return "a page was filled that is its owner's again";
	if (w->ended && w->sender == S_SENDS)
		return "it ended while its header was being sent";
	return NULL;
}

static bool ended(const void *state)
{
	return ((const struct world *)state)->ends == 1;
}

const struct scene answer_scene = {
	.name = "answer",
	.promises = "P1, P3: a request ends once, and is left alone after that",
	.bytes = sizeof(struct world),
	.first = first,
	.moves = moves,
	.wrong = wrong,
	.ended = ended,
	.mutants = mutants,
};

// SPDX-License-Identifier: GPL-2.0
/* Breadth first, so that the way to what is wrong is the shortest. */
#include "search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATES_MAX = 4 << 20, SLOTS = 2 * STATES_MAX };

struct edge {
	uint32_t from, to;
};

struct search {
	const struct scene *scene;
	uint8_t *states;
	const char **by; /* the move that led there first */
	uint32_t *before; /* and from where */
	uint32_t *table; /* hash to state + 1 */
	struct edge *edges;
	size_t n, room, n_edges, edge_room;
	uint32_t now; /* the state whose moves are being made */
};

unsigned int mutant;

static void *grown(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);

	if (!p) {
		fprintf(stderr, "no memory for %zu bytes\n", bytes);
		exit(2);
	}
	return p;
}

static uint8_t *state_at(const struct search *s, size_t i)
{
	return s->states + i * s->scene->bytes;
}

static uint32_t hash(const uint8_t *p, size_t bytes)
{
	uint64_t h = 14695981039346656037u;

	while (bytes--)
		h = (h ^ *p++) * 1099511628211u;
	return h ^ h >> 32;
}

/* Where it stands in the table, or where it would. */
static uint32_t *place(struct search *s, const void *state)
{
	uint32_t i = hash(state, s->scene->bytes) % SLOTS;

	while (s->table[i] && memcmp(state_at(s, s->table[i] - 1), state, s->scene->bytes))
		i = (i + 1) % SLOTS;
	return &s->table[i];
}

static void make_room(struct search *s)
{
	if (s->n == STATES_MAX) {
		fprintf(stderr, "%s: more states than can be looked at\n", s->scene->name);
		exit(2);
	}
	if (s->n < s->room)
		return;
	s->room = s->room ? 2 * s->room : 1024;
	s->states = grown(s->states, s->room * s->scene->bytes);
	s->by = grown(s->by, s->room * sizeof(*s->by));
	s->before = grown(s->before, s->room * sizeof(*s->before));
}

static void note_edge(struct search *s, uint32_t to)
{
	if (s->n_edges == s->edge_room) {
		s->edge_room = s->edge_room ? 2 * s->edge_room : 4096;
		s->edges = grown(s->edges, s->edge_room * sizeof(*s->edges));
	}
	s->edges[s->n_edges++] = (struct edge){ s->now, to };
}

void take(struct search *s, const char *move, const void *state)
{
	uint32_t *at = place(s, state);

	if (!*at) {
		make_room(s);
		memcpy(state_at(s, s->n), state, s->scene->bytes);
		s->by[s->n] = move;
		s->before[s->n] = s->now;
		*at = ++s->n;
	}
	note_edge(s, *at - 1);
}

static void tell_way(const struct search *s, uint32_t to)
{
	if (to)
		tell_way(s, s->before[to]);
	printf("#   %s\n", to ? s->by[to] : "(it begins)");
}

/* Backwards over the edges from all that ended; the first state that is not met can't end. */
static uint32_t first_endless(struct search *s)
{
	uint8_t *ends = calloc(s->n, 1);
	bool more = true;
	uint32_t i;

	for (i = 0; i < s->n; i++)
		ends[i] = s->scene->ended(state_at(s, i));
	while (more) {
		size_t e;

		more = false;
		for (e = s->n_edges; e--;) {
			if (!ends[s->edges[e].to] || ends[s->edges[e].from])
				continue;
			ends[s->edges[e].from] = 1;
			more = true;
		}
	}
	for (i = 0; i < s->n && ends[i]; i++)
		;
	free(ends);
	return i;
}

static const char *look_at_all(struct search *s, uint32_t *where)
{
	for (s->now = 0; s->now < s->n; s->now++) {
		const char *wrong = s->scene->wrong(state_at(s, s->now));
		uint8_t copy[s->scene->bytes]; /* take() may move the states */

		*where = s->now;
		if (wrong)
			return wrong;
		memcpy(copy, state_at(s, s->now), sizeof(copy));
		s->scene->moves(s, copy);
	}
	*where = first_endless(s);
	return *where < s->n ? "from here it can't come to an end any more" : NULL;
}

struct found search(const struct scene *scene, bool tell)
{
	struct search s = { .scene = scene, .table = calloc(SLOTS, sizeof(uint32_t)) };
	struct found found = {};
	uint8_t first[scene->bytes];
	uint32_t where;

	memset(first, 0, sizeof(first));
	scene->first(first);
	take(&s, "(it begins)", first);
	s.n_edges = 0;
	found.wrong = look_at_all(&s, &where);
	found.states = s.n;
	found.moves = s.n_edges;
	if (found.wrong && tell)
		tell_way(&s, where);
	free(s.states);
	free(s.by);
	free(s.before);
	free(s.table);
	free(s.edges);
	return found;
}

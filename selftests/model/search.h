/* SPDX-License-Identifier: GPL-2.0 */
/* Every state that a scene can come to, from its first one. */
#ifndef SEARCH_H
#define SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct search;

/* A small world: states of a fixed size, compared byte by byte, so every byte counts. */
struct scene {
	const char *name;
	const char *promises;
	size_t bytes;
	void (*first)(void *state);
	/* Whatever may happen next: each by take(). */
	void (*moves)(struct search *s, const void *state);
	/* What is broken in this state, or NULL. */
	const char *(*wrong)(const void *state);
	/* All is done that was to be done; from every state there has to be a way to such a one. */
	bool (*ended)(const void *state);
	/* What the rules' opposite is called; numbered from 1. */
	const char *const *mutants;
};

/* The mutant in force; 0: none. */
extern unsigned int mutant;

void take(struct search *s, const char *move, const void *state);

struct found {
	const char *wrong; /* NULL: nothing */
	uint32_t states;
	uint32_t moves;
};

/* With @tell: how it came to what is wrong, a move a line. */
struct found search(const struct scene *scene, bool tell);

extern const struct scene fence_scene, window_scene, writer_scene, flush_scene, answer_scene,
	disk_scene;

#endif /* SEARCH_H */

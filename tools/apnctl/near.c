// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "near.h"

enum { WORD_MAX = 64 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t near_distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], *before = rows[0], *above = rows[1], *row = rows[2];
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (j = 0; j <= lb; j++)
		above[j] = j;
	for (i = 1; i <= la; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (j = 1; j <= lb; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[lb];
}

/* A third of the letters may be wrong: more is another word, not a slip. */
void near_start(struct near *near, const char *typed)
{
	near->typed = typed;
	near->word = NULL;
	near->distance = strlen(typed) / 3 + 2;
}

void near_offer(struct near *near, const char *word)
{
	size_t distance = near_distance(near->typed, word);
	size_t typed = strlen(near->typed);

	/* The beginning of a word is nearer than any slip. */
	if (typed > 1 && !strncmp(near->typed, word, typed))
		distance = 1;
	if (distance < near->distance) {
		near->distance = distance;
		near->word = word;
	}
}

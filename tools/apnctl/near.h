/* SPDX-License-Identifier: GPL-2.0 */
/* Which of the words we know was meant. */
#ifndef APNCTL_NEAR_H
#define APNCTL_NEAR_H

#include <stddef.h>

/* Insertions, deletions, replacements and swaps of neighbours between two words. */
size_t near_distance(const char *a, const char *b);

/* Feed it all words that would have been right; what is left in @word is the nearest, or NULL. */
struct near {
	const char *typed;
	const char *word;
	size_t distance;
};

void near_start(struct near *near, const char *typed);
void near_offer(struct near *near, const char *word);

#endif

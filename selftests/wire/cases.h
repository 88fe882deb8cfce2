/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What a bad host may do to a target, and how that has to end. */
#ifndef CASES_H
#define CASES_H

#include "client.h"

struct play {
	const char *name;
	enum stage stage; /* set up so far by the rules */
	int want;
	int (*play)(struct client *c);
};

/* One PDU with one thing wrong. */
struct slip {
	const char *name;
	enum stage stage;
	__u8 op;
	int want;
	struct {
		__u16 at; /* in the PDU; the header has 64 bytes */
		__u8 bytes; /* zero: none; over 8: so many, all of the value's lowest */
		__u64 value;
	} patch[2];
};

extern const struct slip slips[];
extern const size_t slip_count;
extern const struct play plays[];
extern const size_t play_count;

int good_play(struct client *c);
int client_main(const char *address, const char *export, const char *name);
/* So many games from this seed on; zero: somebody who keeps to the rules is served after them. */
int fuzz_main(const char *address, const char *export, const char *seed, const char *games);

#endif /* CASES_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Chance that can be repeated, and a PDU that it has spoiled. */
#ifndef DICE_H
#define DICE_H

#include "peer.h"

struct dice {
	__u64 state;
};

void dice_seed(struct dice *d, __u64 seed);
/* 0 to @sides - 1 */
__u32 dice(struct dice *d, __u32 sides);
/* A number that is likely to be at somebody's limit. */
__u64 dice_value(struct dice *d);
void dice_fill(struct dice *d, void *to, size_t bytes);

/*
 * Change a field or some bytes of it, or none. What was not spoiled on purpose is right
 * afterwards; the bytes of data that are to be sent, whatever the header says.
 */
size_t dice_spoil(struct dice *d, struct pdu *pdu, bool digest);

#endif /* DICE_H */

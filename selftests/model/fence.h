/* SPDX-License-Identifier: GPL-2.0 */
/* The world of the fence: a host, a target, two places for lanes, a few incarnations of each. */
#ifndef FENCE_H
#define FENCE_H

#include "env.h"
#include "search.h"

enum {
	PLACES = 2,
	INCARNATIONS = 2, /* of each place; the last one never fails by itself */
	LANES = PLACES * INCARNATIONS,
	WRITES = 3, /* to the same block, one after the other */
	QUEUE = 2,
	BAD_DAYS = 2,
};

enum host_lane { H_NONE, H_SETUP, H_LIVE, H_DEAD };
enum target_lane { T_NONE, T_CLAIMS, T_STANDS, T_DYING, T_CLOSED };
enum place_of_write { W_ENDED, W_HELD, W_SENT, W_UNFENCED };

enum message {
	M_HELLO = 1,
	M_ACK,
	M_ACK_FRESH,
	M_FENCED, /* + place */
	M_WRITE = 8, /* + its number; its REPLY the other way */
	M_FENCE = 16, /* + 8 x place + incarnation */
};

/* One connection, as each end sees it, and what is on its way between them. */
struct lane {
	uint8_t host; /* enum host_lane */
	uint8_t target; /* enum target_lane */
	uint8_t cut; /* nothing comes through any more */
	uint8_t ready; /* bit v: write v is whole and not submitted */
	uint8_t bios; /* bit v: write v is with the device */
	uint8_t question[PLACES]; /* FENCE that came by it and is not answered */
	uint8_t to_target[QUEUE];
	uint8_t to_host[QUEUE];
};

struct world {
	/* the host */
	uint8_t disk; /* enum apnbd_disk_state */
	uint8_t issued; /* the newest write */
	uint8_t where; /* enum place_of_write */
	uint8_t on; /* the lane that carries it, or carried it */
	uint8_t attached;
	uint8_t incarnation[PLACES];
	uint8_t unfenced[PLACES];
	uint8_t asked_by[PLACES]; /* lane + 1 */
	/* the network */
	struct lane lane[LANES];
	/* the target */
	uint8_t highest[PLACES];
	uint8_t known; /* it remembers the line */
	uint8_t bad_days; /* it restarted, forgot the line, or the host gave up */
	uint8_t value; /* what lies on the device: a write's number */
	/* what must not be */
	uint8_t ghost;
	uint8_t twice;
	uint8_t acked; /* the newest write that was acknowledged */
};

enum fence_mutant {
	FENCED_UNDRAINED = 1,
	DEAD_LANE_NOT_SHUT,
	RETRIED_UNFENCED,
	BACK_UNFENCED,
	NEVER_FENCED,
};

static inline unsigned int place_of(unsigned int lane)
{
	return lane / INCARNATIONS;
}

static inline uint8_t incarnation_of(unsigned int lane)
{
	return lane % INCARNATIONS + 1;
}

static inline unsigned int lane_at(unsigned int place, uint8_t incarnation)
{
	return place * INCARNATIONS + incarnation - 1;
}

/* False: there is no room now. What is cut swallows it. */
static inline bool put(const struct lane *lane, uint8_t *queue, uint8_t message)
{
	unsigned int i;

	if (lane->cut)
		return true;
	for (i = 0; i < QUEUE; i++) {
		if (queue[i])
			continue;
		queue[i] = message;
		return true;
	}
	return false;
}

static inline uint8_t get(uint8_t *queue)
{
	uint8_t message = queue[0];

	memmove(queue, queue + 1, QUEUE - 1);
	queue[QUEUE - 1] = 0;
	return message;
}

void fence_take(struct search *s, const char *move, struct world *next);
void fence_host_moves(struct search *s, const struct world *w);
void fence_target_moves(struct search *s, const struct world *w);

#endif /* FENCE_H */

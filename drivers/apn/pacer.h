/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When the next bulk payload may go out on a line, whatever lane it takes. Off, which is
 * what it is on a short line for which no rate was declared, it is one look at one flag.
 */
#ifndef APN_PACER_H
#define APN_PACER_H

#include "steer.h"

#include <linux/hrtimer.h>
#include <linux/spinlock.h>

#define APN_RATE_MAX 10000000000000ULL /* bytes a second; what is said beyond is a joke */

enum {
	APN_PACER_ROOM = 128 << 10, /* for less of it a socket may rather wait */
};

struct apn_pacer {
	bool on; /* never again off */
	spinlock_t lock; /* all below */
	bool armed;
	u64 due_ns; /* when the next may go */
	u64 ns_per_mib;
	u64 reserved; /* bytes a second on the line that were declared; zero: none */
	u64 in_flight; /* sent and not acknowledged, of all lanes */
	u64 resent; /* bytes that were lost */
	struct apn_steer steer;
	struct hrtimer timer;
	void (*kick)(struct apn_pacer *pacer); /* it may be time; softirq */
	bool wanted; /* a lane has something that waits for room in the window */
	unsigned int turn; /* ->kick()'s own: who was first */
};

/* For those who show it. */
struct apn_pacer_view {
	enum apn_steer_state state;
	u64 rate; /* bytes of payload a second */
	u64 window;
	u64 in_flight;
	u64 resent;
	u32 base_us;
};

void apn_pacer_init(struct apn_pacer *p, void (*kick)(struct apn_pacer *pacer));
/* No lane is left, so nobody asks any more. */
void apn_pacer_stop(struct apn_pacer *p);
/* Zero: the line is not reserved. */
void apn_pacer_declare(struct apn_pacer *p, u64 rate);
void apn_pacer_look(struct apn_pacer *p, struct apn_pacer_view *view);
/* Bytes of payload a second; zero: not known. */
u64 apn_pacer_known_rate(struct apn_pacer *p);

/*
 * A lane that hears acknowledgements joins. False: the line is short and not reserved,
 * its transport goes by itself.
 */
bool apn_pacer_join(struct apn_pacer *p, u32 rtt_us, u32 mss);
/*
 * What a lane heard, whose bytes under way changed by @change; how many more that lane
 * may have under way. @rate: bytes a second that it may send, at most.
 */
u64 apn_pacer_heard(struct apn_pacer *p, struct apn_heard *h, s64 change, u64 *rate);
/* A lane goes, or is about to send: what it may have under way more than it has. */
u64 apn_pacer_room(struct apn_pacer *p, s64 change);

/* A lane has no room for what it has. */
static inline void apn_pacer_want(struct apn_pacer *p)
{
	if (!READ_ONCE(p->wanted))
		WRITE_ONCE(p->wanted, true);
}

/* A lane has room and nothing to fill it with. */
void apn_pacer_leave(struct apn_pacer *p, u64 room);

bool apn_pacer_due(struct apn_pacer *p);
void apn_pacer_spend(struct apn_pacer *p, u32 bytes);

/* @p may be NULL. If not, ->kick() is called when it may be. */
static inline bool apn_pacer_may_send(struct apn_pacer *p)
{
	return !p || !READ_ONCE(p->on) || apn_pacer_due(p);
}

static inline void apn_pacer_sent(struct apn_pacer *p, u32 bytes)
{
	if (p && READ_ONCE(p->on))
		apn_pacer_spend(p, bytes);
}

#endif /* APN_PACER_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much may be under way on a line in one direction, and how fast it is sent: learned
 * from what was delivered, what was lost and how long it took. Arithmetic only; whoever
 * has it guards it.
 */
#ifndef APN_STEER_H
#define APN_STEER_H

#include <linux/types.h>

enum apn_steer_state {
	APN_STEER_OFF, /* the kernel's own congestion control does it */
	APN_STEER_FINDING, /* four times as much each round trip until a queue is seen */
	APN_STEER_STEADY, /* as much as the line carries, with a small queue */
	APN_STEER_RESERVED, /* the rate that was declared, from the first byte */
	APN_STEER_SHARED, /* there are others: as one fair flow */
};

enum {
	APN_STEER_RECENT = 8,
	APN_RATE_UNKNOWN = 1250000000, /* bytes a second, of a line of which nothing is known */
};

/* What one acknowledgment told. */
struct apn_heard {
	u64 now_us;
	u64 in_flight; /* of all lanes, after it */
	u32 acked; /* bytes */
	u32 lost; /* bytes */
	u32 rtt_us; /* zero: not known */
};

struct apn_steer {
	enum apn_steer_state state;
	u32 mss;
	u64 declared; /* bytes of payload a second; zero: not */
	u64 window; /* bytes */
	u64 rate; /* bytes a second at which is sent */
	u32 base_us; /* a round trip without a queue */

	/* This round trip. */
	u64 round_us; /* since when */
	u64 round_end_us;
	u64 acked;
	u64 lost;
	u32 rtt_us; /* the least */
	bool full; /* the window held us back */
	u32 recent_us[APN_STEER_RECENT];
	u32 samples;

	/* Finding. */
	u64 train_acked; /* of the window before */
	u64 train_end; /* all of that */
	u64 train_window; /* the one that is being sent */
	u64 busy_us; /* since when there is a queue; zero: there is none */
	u64 busy_acked;

	u32 settle; /* round trips whose news are of an older window */
	u32 high; /* round trips in a row with a queue that is too long, but for when it fell */
	u32 queue_us; /* in the round trip before */
	u32 calm; /* ... without any */
	u32 lossy; /* ... in which much was lost */
	u64 steady_us; /* since when it is steady */

	/* Shared: a cubic curve, in packets and milliseconds. */
	u64 epoch_us;
	u32 plateau;
	u32 plateau_ms;
	u32 plain; /* what a Reno flow would have, in sixteenths of packets */
	u64 look_us; /* when to look next whether we are alone */
	u32 looking; /* round trips left with a small window */
	u64 kept; /* the window meanwhile */
	u32 looked_us; /* what was seen the last time */
};

/* A line with this round trip; @mss bytes of payload are in a packet. */
void apn_steer_start(struct apn_steer *s, u32 rtt_us, u32 mss);
/* Once started: bytes a second on the line, packets' headers included; zero: not reserved. */
void apn_steer_declare(struct apn_steer *s, u64 rate);
void apn_steer_heard(struct apn_steer *s, const struct apn_heard *h);
/* Bytes of payload a second that the line is known to carry, at least; zero: not known yet. */
u64 apn_steer_known_rate(const struct apn_steer *s);

#endif /* APN_STEER_H */

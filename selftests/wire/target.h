/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* A target with a RAM disk, as protocol.rst wants it; a trick makes it do one thing wrong, once. */
#ifndef TARGET_H
#define TARGET_H

#include "peer.h"

enum {
	LINES = 8,
	CONNECTIONS = 32,
	SESSIONS = 16,
	DISK_BYTES = 64 << 20,
	IO_BYTES = 4 << 20,
	WINDOW_BYTES = 16 << 20,
	REQUESTS = 256,
	LANES = 4,
};

struct line {
	__u8 uuid[APN_UUID_BYTES];
	char identity[APN_NAME_BYTES];
	bool known;
	__u64 received; /* summed length of the WRITEs begun */
	__u64 held; /* of those that are not complete */
	__u64 lane_received[APN_LANES_MAX];
	__u32 incarnation[APN_LANES_MAX]; /* the highest seen or fenced */
	__u8 session[SESSIONS + 1][APN_UUID_BYTES]; /* by handle */
};

struct partial {
	struct apn_hdr hdr; /* of its first chunk */
	char *data; /* NULL: the place is free */
	__u64 next;
	bool damaged;
};

struct connection {
	struct peer peer;
	struct line *line; /* once it is live */
	struct apn_hello hello;
	__u16 lane;
	struct partial partial[APN_PARTIAL_MAX];
	struct apn_hdr asked; /* the request that is being answered */
	bool dumb; /* reads, and says nothing any more */
};

enum how {
	PATCH, /* change the answer */
	INSTEAD, /* play in its place */
	AFTER, /* send it, then play */
};

enum reaction {
	CLOSES, /* the host ends the connection */
	GOES_ON,
};

enum when {
	AT_ONCE,
	ON_BULK, /* on another lane than 0 */
	LATER, /* be good until a READ comes, then cut all and begin anew */
	LATER_RESUMED, /* until one comes by a bulk lane, then cut lane 0 alone */
};

struct trick {
	const char *name;
	__u8 op; /* of the answer that sets it off */
	enum how how;
	enum reaction want;
	struct {
		__u16 at; /* in the PDU; the header has 64 bytes */
		__u8 bytes; /* zero: no patch; over 8: so many, all of the value's lowest */
		__u64 value;
	} patch[2];
	void (*play)(struct connection *c, struct pdu *answer);
	enum when when;
};

extern const struct trick tricks[];
extern const size_t trick_count;

int target_main(const char *port, const char *name);
/* Past the trick: what a play function sends by. */
void target_send(struct connection *c, struct pdu *pdu);
void target_build(struct connection *c, struct pdu *pdu, __u8 op);

/* Every answer as the dice say, until SIGUSR1. */
void wild_begin(const char *seed);
bool wild_is(void);
void wild_answer(struct connection *c, struct pdu *pdu);

#endif /* TARGET_H */

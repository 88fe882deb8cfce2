/* SPDX-License-Identifier: GPL-2.0 */
/* Where connections come in, and those that have not yet said who they are. */
#ifndef APN_GATE_H
#define APN_GATE_H

#include "auth.h"
#include "line.h"

enum {
	APN_STRANGERS_MAX = 1024, /* a gate */
	APN_STRANGERS_EACH = 64, /* a gate and address */
	APN_STRANGER_MS = 10000, /* to get from connect to AUTH */
	APN_STRANGER_TLS_MS = 30000, /* the same, with a handshake that a daemon makes */
	APN_HANDSHAKES_MAX = 64, /* a gate, at a time: each takes a process of the daemon */
	APN_HANDSHAKES_EACH = 8, /* a gate and address */
	APN_FAREWELL_MS = 1000, /* for a refused one to read why */
};

/* Filled by its owner before apn_gate_open(). */
struct apn_gate {
	const struct apn_line_ops *ops; /* for the lines that come in */
	enum apn_security security;
	const u8 *instance;
	unsigned int lanes; /* granted to a line at most */
	u32 io_bytes;
	u32 requests;
	/* Bytes of WRITEs that a new line may have on the way; given back by ops->forget(). */
	u64 (*window)(struct apn_line *line);
	/* Somebody was turned away, who claimed to be @identity, or "". May sleep. */
	void (*refused)(const struct sockaddr_storage *peer, const char *identity,
			const char *reason);

	/* The gate's own. */
	struct apn_listener *listener;
	spinlock_t lock; /* strangers, their counts */
	struct list_head strangers;
	unsigned int count;
	unsigned int handshakes; /* strangers who were allowed one and are not known yet */
	bool closed;
	wait_queue_head_t empty;
	atomic64_t accepted;
	atomic64_t turned_away;
	atomic64_t proofs; /* computed for those who asked, known or not */
};

/* A connection on its way from accept to AUTH. */
struct apn_stranger {
	struct apn_gate *gate;
	struct apn_lane *lane;
	struct list_head node; /* gate->lock */
	struct delayed_work work; /* ends it: at its death or its deadline */
	struct sockaddr_storage peer;
	struct apn_hello hello;
	struct apn_transcript said;
	char identity[APN_NAME_BYTES]; /* as claimed */
	bool handshake; /* gate->lock: was allowed one */
	bool waits; /* gate->lock: for that */
	struct rcu_head rcu;
};

/* -EPROTONOSUPPORT: there is no such transport. */
int apn_gate_open(struct apn_gate *gate, const char *transport, struct net *net,
		  const struct sockaddr_storage *address);
/* When it returns, no line of this gate is left and its struct may go. */
void apn_gate_close(struct apn_gate *gate);
/* Open connections, known or not. */
unsigned int apn_gate_connections(struct apn_gate *gate);

/*
 * For attach.c, in the lane's receive context. Leave: true if the lane is the
 * caller's now, who puts it in its slot and calls known(), or can't and calls
 * return(). False: it is being closed.
 */
bool apn_gate_stranger_leave(struct apn_lane *lane);
void apn_gate_stranger_return(struct apn_lane *lane);
void apn_gate_stranger_known(struct apn_lane *lane);
/* False: too many have one already; the lane asks again. */
bool apn_gate_handshake(struct apn_lane *lane);
/* It gets a moment to read why. */
void apn_gate_stranger_refused(struct apn_lane *lane);
void apn_gate_stranger_died(struct apn_lane *lane);

#endif /* APN_GATE_H */

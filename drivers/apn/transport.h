/* SPDX-License-Identifier: GPL-2.0 */
/* One way of moving PDUs and pages, and what it promises to those above. */
#ifndef APN_TRANSPORT_H
#define APN_TRANSPORT_H

#include <linux/list.h>
#include <linux/module.h>
#include <linux/socket.h>
#include <net/net_namespace.h>

#include "proto.h"

struct apn_lane;
struct apn_listener;
struct apn_out;
struct apn_pacer;
struct apn_tx;

/* Where a connection goes and what it goes through. */
struct apn_route {
	struct net *net; /* referenced by whoever holds the route */
	struct sockaddr_storage peer;
	struct sockaddr_storage source; /* AF_UNSPEC: any */
	enum apn_security security;
	const char *identity; /* whose key TLS is made with */
};

/**
 * struct apn_transport - a way of moving PDUs and pages, for both ends alike
 *
 * A transport takes what is due from apn_lane_next() and hands what comes to
 * apn_lane_header() and the payload's cursor; it knows no op, request or session.
 *
 * @refuses says why a security level can't be had here, in a sentence that names what
 *	to type instead; NULL: it can.
 * @connect may sleep; zero promises that the lane sends and receives until @close, and
 *	with security tls that nothing of it is in the clear: lane->sealed_as is set.
 * @kick says that apn_lane_next() has something; called from any context that may
 *	not sleep, and with @direct from one that may.
 * @close may sleep, is called once for every lane that connected or was accepted,
 *	and when it returns no callback of that lane runs or will run, and the peer
 *	can't be reached over it any more.
 * @pace may sleep; the lane is live and not being closed. It sets lane->pacer if this
 *	lane's bulk shall wait for it, which then hears what was delivered and lost until
 *	@close. Called again when the line's rate was declared.
 * @release: may be NULL; the last reference to the lane goes. Any context.
 * @pages_out: may be NULL; of a lane that is closed: can pages that were sent over it
 *	still go out? Once false, it stays so.
 * @listen: zero promises ->accepted() calls of the listener until @unlisten returns.
 * @admit: the target's end; the peer has proved who it is, and may be given @bytes of
 *	memory ahead. From its receive context.
 *
 * A transport whose peers put payload into each other's memory has these as well:
 *
 * @plain_bytes: payload up to here travels in the PDU and never waits for a place.
 * @place fills in where the next piece of @tx's payload goes, or, in a READ, where the
 *	peer shall put it; returns the bytes of that piece. -EAGAIN: there is no place
 *	now, and a kick follows when it is worth asking again. Under tx_lock.
 * @answered: the answer to a @tx that has ->placed came. The peer can't reach what
 *	was placed for it once @tx had both this and its ->sent(), which may come later.
 * @reaches: of one that sets lane->peer_bytes, and asked of such lanes alone: can it move
 *	this page, which is another device's memory? Positive: yes. -EAGAIN: the lane is
 *	ending. Before such a tx is submitted. May sleep.
 */
struct apn_transport {
	const char *name;
	struct module *owner;
	struct list_head node; /* transports_lock */
	size_t lane_bytes; /* its own struct, with struct apn_lane as first member */
	size_t listener_bytes; /* likewise */
	u32 plain_bytes;
	const char *(*refuses)(enum apn_security security);
	int (*connect)(struct apn_lane *lane, const struct apn_route *route);
	void (*kick)(struct apn_lane *lane, bool direct);
	void (*close)(struct apn_lane *lane);
	void (*release)(struct apn_lane *lane);
	bool (*pages_out)(struct apn_lane *lane);
	void (*addresses)(struct apn_lane *lane, struct sockaddr_storage *source,
			  struct sockaddr_storage *peer);
	void (*admit)(struct apn_lane *lane, u64 bytes);
	u32 (*rtt_us)(struct apn_lane *lane);
	void (*pace)(struct apn_lane *lane, struct apn_pacer *pacer); /* may be NULL */
	int (*listen)(struct apn_listener *listener);
	void (*unlisten)(struct apn_listener *listener);
	int (*place)(struct apn_lane *lane, struct apn_tx *tx, struct apn_out *out);
	void (*answered)(struct apn_lane *lane, struct apn_tx *tx);
	int (*reaches)(struct apn_lane *lane, struct page *page);
};

/* A place where connections come in. */
struct apn_listener {
	const struct apn_transport *transport;
	struct net *net;
	struct sockaddr_storage address;
	enum apn_security security; /* tls: a lane that comes without it has no sealed_as */
	void *owner;
	/* Makes the lane that a connection shall become; NULL turns it away. */
	struct apn_lane *(*lane)(struct apn_listener *listener,
				 const struct sockaddr_storage *peer);
	/* Said once for every such lane: it is open, or it came to nothing. Process context. */
	void (*accepted)(struct apn_listener *listener, struct apn_lane *lane, bool open);
};

extern const struct cred *apn_kernel_cred; /* to send as */

int apn_transport_register(struct apn_transport *transport);
void apn_transport_unregister(struct apn_transport *transport);
const struct apn_transport *apn_transport_find(const char *name);
void apn_transport_put(const struct apn_transport *transport);

/* True, and a sentence in @reason (APN_REASON_BYTES): this level can't be had there. */
bool apn_transport_refuses(const char *name, enum apn_security security, char *reason);

struct apn_listener *apn_listener_alloc(const char *transport);
void apn_listener_free(struct apn_listener *listener);

#endif /* APN_TRANSPORT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* One connection of a line: its send queue, what it is receiving, its death. */
#ifndef APN_LANE_H
#define APN_LANE_H

#include "pacer.h"
#include "payload.h"
#include "pdu.h"
#include "transport.h"

#include <linux/kref.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct apn_lane;
struct apn_line;

/*
 * One PDU, or the row of PDUs that carries one payload, on its way out. Filled by
 * its owner, who gets it back by ->sent(), once, whatever happens.
 */
struct apn_tx {
	union {
		struct llist_node fresh; /* lane->fresh */
		struct list_head queued; /* one of the lane's lists, under tx_lock */
	};
	struct apn_hdr hdr; /* but for data_len, data_crc, granted, crc, chunk */
	struct apn_payload payload;
	struct apn_lane *lane; /* the one that was picked, to compare with; no reference */
	u32 left; /* payload bytes that no chunk has taken yet */
	u32 bytes; /* of payload, in all */
	u32 load; /* payload bytes that it moves, in either direction */
	bool peer; /* its pages are another device's: no CPU looks at them */
	/* Where the peer put, or wants to have, its payload, and what of ours it can reach. */
	u32 place;
	u32 place_start;
	void *placed; /* the transport's; set from ->place() to ->answered() */
	/*
	 * The transport needs @tx and its header no more. Its pages may still be
	 * referenced by the network until the peer has answered or the lane is closed.
	 * @error is zero when all of it was handed to the network.
	 */
	void (*sent)(struct apn_tx *tx, int error);
};

/* A PDU on its way in. */
struct apn_rx {
	struct apn_hdr hdr;
	struct apn_payload to; /* where its data goes; set by ->begin() */
	void *owner; /* of the data; for ->end() */
	u32 left;
	bool damaged; /* the digest does not fit the data */
	bool landed; /* its data was put into memory by the peer: at its place, or at @at */
	struct apn_tx *tx; /* whose answer it is; set by ->begin() if that was placed */
	const struct bio_vec *at; /* target: ->begin() takes references */
	unsigned int at_entries;
};

/* What a lane tells those who use it. */
struct apn_lane_user {
	/*
	 * A valid header came: say where its data goes. The transport may hold its
	 * own locks: never wait for another PDU here. -EAGAIN: there is no memory
	 * now; ->wait() is called without those locks, then ->begin() again. Another
	 * error ends the lane.
	 */
	int (*begin)(struct apn_lane *lane, struct apn_rx *rx);
	/* All of its data is there. True: receive nothing more before ->settle(). */
	bool (*end)(struct apn_lane *lane, struct apn_rx *rx);
	/* What ->end() collected can be worked off: no lock is held, sleeping is fine. */
	void (*settle)(struct apn_lane *lane);
	void (*wait)(struct apn_lane *lane, struct apn_rx *rx);
	/* From any context, once: somebody must call apn_lane_close(). */
	void (*died)(struct apn_lane *lane);
	/* The last reference went. */
	void (*release)(struct apn_lane *lane);
	/* The receiver's window, cumulative; what the next header shall say. */
	u64 (*granted)(struct apn_lane *lane);
	/* The target's: may one that came in have a handshake, which takes a process? Or later. */
	bool (*handshake)(struct apn_lane *lane);
};

enum apn_lane_bit {
	APN_LANE_DEAD, /* nothing new is taken; the reason is set */
	APN_LANE_CLOSED, /* the transport has let go of it */
};

/*
 * Made by apn_lane_alloc() with room for the transport's own part behind it.
 * Reference counted; the transport's work and the line's slot hold one each.
 */
struct apn_lane {
	const struct apn_transport *transport;
	const struct apn_lane_user *user;
	struct apn_line *line; /* the user's; set once, before the lane is live */
	struct kref ref;
	u32 incarnation;
	u16 index;
	bool host; /* we are the host's end */
	char sealed_as[APN_NAME_BYTES]; /* inside TLS by this identity's key; empty: in the clear */

	unsigned long bits; /* enum apn_lane_bit */
	int error; /* why it died: set before APN_LANE_DEAD can be seen */
	const char *reason;

	struct llist_head fresh;
	struct mutex tx_lock; /* urgent, bulk and the transport's send state */
	struct list_head urgent;
	struct list_head bulk;
	struct apn_pacer *pacer; /* the line's, when the transport has joined it; else NULL */
	bool waits_for_room; /* the transport has something of it that waits for the pacer */
	struct list_head unplaced; /* their payload waits for a place; in order */
	atomic_long_t load; /* payload bytes asked of it, both directions */
	atomic64_t sent_bytes;
	atomic64_t received_bytes;
	u64 writes; /* bytes of WRITEs: host: given to it; target: begun. window.lock */
	u32 epoch; /* line->epoch when it took its place */

	struct apn_bounds bounds; /* what may come; the receiver's own */
	struct apn_rx rx;
	struct apn_payload rx_start; /* rx.to as it was, for the digest */
	unsigned long heard; /* jiffies */
	struct kvec body_vec;
	u8 body[APN_BODY_BYTES_MAX];

	bool control_due; /* a body waits in @body for user->settle(); the receiver's own */
	/* Signs of life: the receiver's count within a second; then the beat's own. */
	unsigned long signs_since; /* jiffies */
	unsigned int signs;
	unsigned long still_since; /* jiffies: no byte moved since */
	s64 moved; /* bytes, both directions */
	bool pinged; /* since it stands still */

	/*
	 * Target: one a request that came by this lane and has not ended, and one
	 * until the lane is buried. At zero nothing of it can reach a device any more.
	 */
	atomic_t requests;
	void *stranger; /* target: the gate's, until the lane is in its slot */
	u64 granted; /* what AUTH_ACK says */
	u32 io_bytes_best; /* the largest request that its transport moves at its best */
	u32 peer_bytes; /* the largest one in the memory of another device; zero: none */
	u64 wish_bytes; /* host: what it would like to have on the way by this lane */
	u32 rtt_us; /* host: of the line, when it connected; zero: not known */
	bool digest; /* agreed in HELLO; holds from AUTH_ACK on */
	bool rates; /* likewise */
	u8 channel[APN_CHANNEL_BYTES]; /* what its connection is bound to; the transport's */
	u8 wanted[APN_PROOF_BYTES]; /* host: what AUTH_ACK has to show */
	bool wants; /* @wanted is there */
	struct list_head undrained; /* line->undrained, under line->lock; it holds a reference */

	/* Target: the receiver's own. */
	struct list_head partial; /* WRITEs begun */
	struct list_head ready; /* requests that are whole and not submitted */
	unsigned int partials;
	atomic_t questions; /* asked and not answered */
	void *spare; /* a request made by ->wait() for the header that comes again */

	spinlock_t asks_lock;
	struct list_head asks; /* under asks_lock; see msg.h */
	unsigned int abandoned; /* asks given up whose answers may come; asks_lock */
	atomic_t messages; /* of ours, not sent yet */
};

/* The next piece for the wire. */
struct apn_out {
	struct apn_hdr hdr; /* sealed */
	struct apn_payload payload;
	u32 bytes; /* of payload in this PDU */
	u32 key; /* not zero: the payload is put into the peer's memory, at @address */
	u64 address;
	struct apn_tx *tx; /* whose piece it is */
	struct apn_tx *done; /* with this PDU the tx is complete: say ->sent() */
};

struct apn_lane *apn_lane_alloc(const struct apn_transport *transport,
				const struct apn_lane_user *user, bool host);
struct apn_lane *apn_lane_get(struct apn_lane *lane);
void apn_lane_put(struct apn_lane *lane);

/*
 * Zero promises exactly one later tx->sent(); a negative return promises none, and
 * @tx stays the caller's. Callable from any context that may not sleep; @direct
 * says that the caller may, and that no more follows at once.
 */
int apn_lane_send(struct apn_lane *lane, struct apn_tx *tx, bool direct);
/* Send what was queued with apn_lane_queue(). */
int apn_lane_queue(struct apn_lane *lane, struct apn_tx *tx);
void apn_lane_kick(struct apn_lane *lane, bool direct);

void apn_lane_die(struct apn_lane *lane, int error, const char *reason);
void apn_lane_close(struct apn_lane *lane);

/* Of one that is closed: can pages that were sent over it still go out? */
static inline bool apn_lane_pages_out(struct apn_lane *lane)
{
	return lane->transport->pages_out && lane->transport->pages_out(lane);
}

static inline bool apn_lane_dead(const struct apn_lane *lane)
{
	return test_bit(APN_LANE_DEAD, &lane->bits);
}

/* The answer to @tx came: the peer need not reach its payload any more. */
static inline void apn_lane_answered(struct apn_lane *lane, struct apn_tx *tx)
{
	if (tx->placed)
		lane->transport->answered(lane, tx);
}

/* For transports. */
bool apn_lane_pending(struct apn_lane *lane);
bool apn_lane_next(struct apn_lane *lane, struct apn_out *out);
int apn_lane_header(struct apn_lane *lane, const struct apn_hdr *hdr);
bool apn_lane_data_done(struct apn_lane *lane);

#endif /* APN_LANE_H */

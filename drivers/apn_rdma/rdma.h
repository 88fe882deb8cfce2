/* SPDX-License-Identifier: GPL-2.0 */
/* RDMA: a lane is a reliable connection, on whose own protection domain nobody else is. */
#ifndef APN_RDMA_H
#define APN_RDMA_H

#include <apn/lane.h>

#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

enum {
	APN_RDMA_CONNECT_MS = 5000,
	APN_RDMA_RESOLVE_MS = 2000,
	APN_RDMA_RECVS = 128, /* see apn_rdma_messages() */
	APN_RDMA_BLOCK = 16, /* messages of a block of receives; a stranger gets one block */
	APN_RDMA_POSTS = 1024, /* messages on the way */
	APN_RDMA_KEYS = 512, /* READs on the way that wait for memory to be written */
	APN_RDMA_PUTS = 4, /* RDMA WRITEs of one chunk */
	APN_RDMA_SGES = 16, /* pieces of one work request, where the device has so many */
	APN_RDMA_WRS = APN_RDMA_POSTS * 2, /* work requests in the send queue, but for keys' */
	APN_RDMA_KEY_PAGES = 513, /* of a READ that one key reaches: 2 MiB, from anywhere */
};

struct apn_rdma_post; /* post.h */
struct apn_rdma_region; /* granted to the peer; region.c */

/* Host: the places that the target granted. */
struct apn_rdma_room {
	spinlock_t lock; /* @used, @next; @places grows under it */
	unsigned long *used; /* a bit a place */
	u32 limit; /* places that were wished for: bits of @used */
	u32 places; /* granted */
	u32 step; /* places of each grant but the last */
	u32 next; /* where to look first */
	u32 grants;
	u32 *key; /* of each grant */
};

/* The work requests of one message, for the time of handing them to the device. */
struct apn_rdma_row {
	struct ib_reg_wr reg;
	struct ib_rdma_wr put[APN_RDMA_PUTS];
	struct ib_send_wr send;
	struct ib_sge sge[APN_RDMA_PUTS * APN_RDMA_SGES + APN_RDMA_SGES];
};

struct apn_rdma_lane {
	struct apn_lane lane; /* first: the core allocates, we embed */
	struct rdma_cm_id *id; /* NULL: its connection came to nothing */
	struct ib_pd *pd;
	struct ib_cq *cq;
	struct work_struct work; /* receives, and sends what no submitter sent */
	unsigned int sges; /* of one work request */

	wait_queue_head_t changed;
	int step; /* the last event of the set-up; enum rdma_cm_event_type */
	int setup_error;
	u32 wish; /* places: host: ours; target: the peer's */

	/* What came: posted by the work, completed in softirq. */
	spinlock_t arrived_lock;
	struct list_head arrived;
	struct list_head blocks;
	u32 answer_key; /* the peer took back this key of ours with its present message */

	/* Under lane.tx_lock: what is being sent; given back in softirq. */
	bool stopped; /* nothing is posted any more */
	struct llist_head free_posts;
	struct list_head post_blocks;
	unsigned int posts;
	atomic_t wrs; /* room in the send queue */
	struct apn_rdma_post *post; /* being filled */
	struct apn_rdma_post *refused; /* by the device: ends with the lane */
	struct page *spare; /* for a payload in too many pieces */
	bool spare_used; /* by a post */
	struct apn_rdma_row row;

	/* Host: keys for READs. */
	struct llist_head free_keys;
	struct list_head keys; /* all of them */
	unsigned int key_count;
	unsigned int key_pages;
	struct apn_rdma_room room;

	/* Target: what the peer may write to. */
	struct apn_rdma_region **regions;
	unsigned int region_count;
	u32 region_places;
	struct bio_vec landed[APN_CHUNK_BYTES / PAGE_SIZE + 1];
};

static inline struct apn_rdma_lane *apn_rdma_lane(struct apn_lane *lane)
{
	return container_of(lane, struct apn_rdma_lane, lane);
}

static inline struct ib_device *apn_rdma_device(const struct apn_rdma_lane *t)
{
	return t->id->device;
}

/* How many may come before we look. */
static inline unsigned int apn_rdma_messages(const struct apn_lane *lane)
{
	return lane->index ? APN_RDMA_RECVS : 2 * APN_RDMA_RECVS;
}

extern struct workqueue_struct *apn_rdma_wq;

/* cm.c */
int apn_rdma_lane_event(struct rdma_cm_id *id, struct rdma_cm_event *event);
void apn_rdma_adopt(struct apn_rdma_lane *t, struct rdma_cm_id *id);
int apn_rdma_connect(struct apn_lane *lane, const struct apn_route *route);
void apn_rdma_close(struct apn_lane *lane);
void apn_rdma_addresses(struct apn_lane *lane, struct sockaddr_storage *source,
			struct sockaddr_storage *peer);
/* NULL: this is somebody else's protocol, or another version of it. */
const struct apn_rdma_hello *apn_rdma_hello_of(const struct rdma_cm_event *event);
extern const struct apn_rdma_hello apn_rdma_hello; /* with no wish */
void apn_rdma_set_timeouts(struct rdma_cm_id *id, u8 ack_timeout);

/* listen.c */
extern const size_t apn_rdma_listener_bytes;
int apn_rdma_listen(struct apn_listener *listener);
void apn_rdma_unlisten(struct apn_listener *listener);

/* queue.c; stop: when it returns nothing is posted, and nothing of ours is reached. */
int apn_rdma_queue_make(struct apn_rdma_lane *t);
void apn_rdma_queue_stop(struct apn_rdma_lane *t);
void apn_rdma_queue_free(struct apn_rdma_lane *t);
void apn_rdma_wake(struct apn_rdma_lane *t);
/* A completion failed: the queue is in error, and with it the lane. */
void apn_rdma_failed(struct apn_rdma_lane *t, const struct ib_wc *wc, const char *what);

/* send.c */
void apn_rdma_kick(struct apn_lane *lane, bool direct);
/* Positive: something went out. Under tx_lock. */
int apn_rdma_send(struct apn_rdma_lane *t);
/* The memory that @reg makes reachable, and the word of it, in this order. */
int apn_rdma_send_grant(struct apn_rdma_lane *t, struct ib_send_wr *reg,
			const struct apn_rdma_grant *grant);
int apn_rdma_place(struct apn_lane *lane, struct apn_tx *tx, struct apn_out *out);
int apn_rdma_reaches(struct apn_lane *lane, struct page *page);
void apn_rdma_answered(struct apn_lane *lane, struct apn_tx *tx);

/* recv.c */
int apn_rdma_recv_make(struct apn_rdma_lane *t, unsigned int messages);
void apn_rdma_recv_free(struct apn_rdma_lane *t);
/* Positive: something came. Negative: the lane's end. */
int apn_rdma_recv(struct apn_rdma_lane *t);

/* region.c */
void apn_rdma_admit(struct apn_lane *lane, u64 bytes);
/* The granted memory that a WRITE's payload was put into: bio_vecs of t->landed, or an error. */
int apn_rdma_region_find(struct apn_rdma_lane *t, u64 at, u32 bytes);
void apn_rdma_region_free(struct apn_rdma_lane *t);

/* room.c */
int apn_rdma_room_make(struct apn_rdma_room *room, u32 wish);
void apn_rdma_room_free(struct apn_rdma_room *room);
int apn_rdma_room_grow(struct apn_rdma_room *room, const struct apn_rdma_grant *grant);
/* The first of so many places in a row, from 1; zero: not now. */
u32 apn_rdma_room_take(struct apn_rdma_room *room, u32 places);
void apn_rdma_room_give(struct apn_rdma_room *room, u32 first, u32 places);
/* Bytes from @at on that one key reaches, at most @bytes. */
u32 apn_rdma_room_reach(const struct apn_rdma_room *room, u64 at, u32 bytes, struct apn_out *out);

#endif /* APN_RDMA_H */

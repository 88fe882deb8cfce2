/* SPDX-License-Identifier: GPL-2.0 */
/* A message on its way out, from the moment it is cut to its acknowledgment. */
#ifndef APN_RDMA_POST_H
#define APN_RDMA_POST_H

#include "rdma.h"

#include <linux/scatterlist.h>

enum { APN_RDMA_POST_PIECES = 2 }; /* of payload, without a table of its own */

struct apn_rdma_key;

/* Free, on t->free_posts; being filled, as t->post; or with the device. */
struct apn_rdma_post {
	struct llist_node free;
	struct apn_rdma_lane *t;
	struct ib_cqe sent; /* the message, which is the last of its row */
	struct ib_cqe quiet; /* what goes before it and is heard of in an error only */
	void *head; /* sizeof(struct apn_hdr) bytes for the device to read */
	u64 head_dma;
	struct apn_tx *tx; /* told when it is acknowledged; NULL: there is more of it to come */
	struct apn_rdma_key *key; /* a READ's */
	unsigned int wrs;
	bool spare; /* its payload was copied to the lane's spare page */
	unsigned int pieces;
	int mapped; /* of the device's making, from the pieces */
	struct scatterlist *table;
	struct scatterlist inline_table[APN_RDMA_POST_PIECES];
};

int apn_rdma_posts_make(struct apn_rdma_lane *t);
void apn_rdma_posts_free(struct apn_rdma_lane *t);
/* One to fill, as t->post; NULL: all are on their way. Under tx_lock. */
struct apn_rdma_post *apn_rdma_post_next(struct apn_rdma_lane *t);
/* Without payload again. */
void apn_rdma_post_clear(struct apn_rdma_post *post);
/*
 * Bytes of the payload's next @bytes that fit @most pieces, in whole blocks, now in the
 * post's table; -EAGAIN: none, and the page for such payloads is in use.
 */
int apn_rdma_post_fill(struct apn_rdma_post *post, const struct apn_payload *payload, u32 bytes,
		       unsigned int most);
/* How many pieces the device sees, or an error. */
int apn_rdma_post_map(struct apn_rdma_post *post);
/* The device is done with it, or never saw it. Its tx, if this was its last message, is told. */
void apn_rdma_post_end(struct apn_rdma_post *post, int error);

/*
 * Into @table, where there is one: the next @bytes in pieces that are one in memory, at
 * most @most; the bytes that these hold.
 */
u32 apn_rdma_pieces(struct apn_payload payload, u32 bytes, struct scatterlist *table,
		    unsigned int most, unsigned int *pieces);

#endif /* APN_RDMA_POST_H */

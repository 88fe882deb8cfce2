/* SPDX-License-Identifier: GPL-2.0 */
/* A host by hand: one connection, whose messages are what the caller makes them. */
#ifndef RDMA_PEER_H
#define RDMA_PEER_H

#include <proto.h>

#include <linux/completion.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

enum {
	PEER_BYTES = 8192, /* of a message, in either direction */
	PEER_RECVS = 64,
	PEER_MS = 5000,
};

struct peer;

struct peer_recv {
	struct ib_cqe done;
	struct peer *peer;
	void *buffer;
	u64 dma;
};

struct peer {
	struct rdma_cm_id *id;
	struct ib_pd *pd;
	struct ib_cq *cq;
	struct completion changed;
	int event; /* the last one */
	bool ended; /* the target closed it, or the queue pair failed */

	void *out;
	u64 out_dma;
	struct ib_cqe sent;
	int sent_status; /* of the last one; -1: not completed */

	struct peer_recv recv[PEER_RECVS];
	unsigned int received;
	struct apn_hdr last; /* the header that came last */
	unsigned int grants;
	struct apn_rdma_grant grant; /* the last one */
	u64 tag;
};

/* -ECONNREFUSED: the target does not want a connection with this private data. */
int peer_open(struct peer *p, const char *address, const void *hello, u8 bytes);
void peer_close(struct peer *p, bool orderly);
/* The next message, in p->out: an operation with so many bytes of data, zeroed. */
struct apn_hdr *peer_build(struct peer *p, u8 op, u32 data_len);
/* @bytes of p->out; zero: it was taken by the target's queue pair. */
int peer_send(struct peer *p, unsigned int bytes, u32 imm);
/* The same by RDMA WRITE. */
int peer_put(struct peer *p, unsigned int bytes, u32 key, u64 address);
/* HELLO and AUTH: the lane is live, and what is granted has come. */
int peer_live(struct peer *p);
/* An answer of this operation came. */
int peer_await(struct peer *p, u8 op);
/* The target has ended the connection. */
bool peer_ended(struct peer *p);

#endif /* RDMA_PEER_H */

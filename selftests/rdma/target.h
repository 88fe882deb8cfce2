/* SPDX-License-Identifier: GPL-2.0 */
/* A target by hand: a disk in RAM, one connection at a time, and the tricks of a bad one. */
#ifndef RDMA_TARGET_H
#define RDMA_TARGET_H

#include <proto.h>

#include <linux/list.h>
#include <linux/scatterlist.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

enum {
	TARGET_RECVS = 64,
	TARGET_BYTES = 8192, /* of a message, in either direction */
	TARGET_PLACES = 32,
	TARGET_DISK_BYTES = 4 << 20,
	TARGET_SEND_MS = 3000,
};

struct target;

struct target_recv {
	struct ib_cqe done;
	struct list_head node; /* t->arrived */
	struct target *t;
	void *buffer;
	u64 dma;
	u32 bytes;
};

/* One connection. But for @ended and @established all of it is the thread's. */
struct target {
	struct rdma_cm_id *id;
	struct ib_pd *pd;
	struct ib_cq *cq;
	bool established;
	bool ended; /* the host closed it, or the queue pair failed */
	u32 wish;

	struct list_head arrived;
	struct target_recv recv[TARGET_RECVS];

	void *out; /* the message */
	u64 out_dma;
	void *load; /* what is put: a chunk */
	u64 load_dma;
	struct ib_cqe sent, quiet;
	int status; /* of the last one; -1: not completed */

	void *places;
	u64 places_dma;
	struct ib_mr *mr;
	struct scatterlist sg;
};

/* The next message, in t->out: an answer to @to with so many bytes of data, zeroed. */
struct apn_hdr *target_build(struct target *t, const struct apn_hdr *to, u8 op, u32 data_len);
/* @bytes of t->out; zero: the host's queue pair took them, else the status of the completion. */
int target_send(struct target *t, unsigned int bytes);
int target_send_imm(struct target *t, unsigned int bytes, u32 imm);
int target_send_inv(struct target *t, unsigned int bytes, u32 key);
/* @bytes of t->load, by RDMA WRITE. */
int target_put(struct target *t, unsigned int bytes, u32 key, u64 address);
/* By the rules. */
void target_fill(struct target *t, const struct apn_hdr *read);
void target_reply(struct target *t, const struct apn_hdr *request);
void target_grant(struct target *t);
/* A grant as it stands here, of memory that is there or not. */
int target_say_grant(struct target *t, u32 first, u32 places, u32 key);

/* bad.c: did a trick take the place of what is due? @hdr: what came; op zero: a grant is due. */
bool bad_plays(struct target *t, const struct apn_hdr *hdr);
/* Now and then: what became of it. */
void bad_watches(struct target *t);
/* The connection is to end, so that the host sets up another one. */
bool bad_wants_setup(void);

int target_start(void);
void target_stop(void);

#endif /* RDMA_TARGET_H */

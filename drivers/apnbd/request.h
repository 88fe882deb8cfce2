/* SPDX-License-Identifier: GPL-2.0 */
/* A block request as it travels: filled, sent, answered or taken back, ended once. */
#ifndef APNBD_REQUEST_H
#define APNBD_REQUEST_H

#include <apn/line.h>
#include <linux/blk-mq.h>

struct apnbd_path;
struct apnbd_session;

enum apnbd_request_bit {
	APNBD_SENT, /* the transport needs our header and payload no more */
	APNBD_ANSWERED, /* whoever sets it decides what becomes of it */
	APNBD_DONE, /* whoever sets it ends it */
};

/*
 * The pdu of a struct request; no reference counts. It belongs to whoever sets
 * APNBD_ANSWERED: the receiver of its lane, or, when that lane is closed and its
 * receiver therefore over, the one who takes back what was sent.
 */
struct apnbd_request {
	struct apn_tx tx; /* the command; for a READ, payload is where its data goes */
	struct list_head node; /* session->held or session->unfenced, under held_lock */
	struct apnbd_path *path; /* it goes over, or went over last; see apnbd_paths_del() */
	unsigned long bits; /* enum apnbd_request_bit */
	u32 generation; /* of the tag, in the cookie: a late answer does not fit */
	u32 bytes; /* READ, WRITE: of payload */
	u32 received;
	u16 status; /* enum apn_status */
	u8 fence_lane; /* while unfenced: the lane that carried it, on @path */
	u8 tries; /* how often its payload arrived damaged */
	bool damaged;
	bool pages_out; /* its pages were sent over a lane that died */
	u64 start_ns;
	u64 service_ns;
	u64 covers; /* FLUSH: writes acknowledged when it was issued */
	struct bio_vec *copy; /* a private copy of the payload, after a digest was wrong */
	unsigned int copy_entries;
};

static inline struct request *apnbd_rq(struct apnbd_request *req)
{
	return blk_mq_rq_from_pdu(req);
}

struct apnbd_session *apnbd_request_session(struct apnbd_request *req);
void apnbd_request_prepare(struct apnbd_request *req);
/* Set for one more journey; -ENOMEM: not now. */
int apnbd_request_load(struct apnbd_request *req, struct apnbd_path *path);
bool apnbd_request_changes(const struct apnbd_request *req);
/* Once; a write that failed ends when its pages can't go out any more. Any context. */
void apnbd_request_end(struct apnbd_request *req, blk_status_t status);
void apnbd_request_end_now(struct apnbd_request *req); /* with req->status */

/* For struct apn_line_ops; @path is a struct apnbd_path. */
int apnbd_reply_begin(struct apn_lane *lane, void *path, struct apn_rx *rx);
void apnbd_reply_end(struct apn_lane *lane, struct apn_rx *rx);

#endif /* APNBD_REQUEST_H */

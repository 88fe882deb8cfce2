// SPDX-License-Identifier: GPL-2.0
/* A block request as it travels: filled, sent, answered or taken back, ended once. */
#include "request.h"
#include "flow.h"
#include "leave.h"
#include "recover.h"
#include "rules.h"

#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/slab.h>

enum { DIGEST_TRIES = 3 };

struct apnbd_session *apnbd_request_session(struct apnbd_request *req)
{
	return apnbd_rq(req)->q->queuedata;
}

/* What a request is on the wire. */
static u8 wire_op(const struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
		return APN_OP_READ;
	case REQ_OP_WRITE:
		return APN_OP_WRITE;
	case REQ_OP_FLUSH:
		return APN_OP_FLUSH;
	case REQ_OP_DISCARD:
		return APN_OP_DISCARD;
	case REQ_OP_WRITE_ZEROES:
		return APN_OP_WRITE_ZEROES;
	default:
		return 0;
	}
}

static u8 wire_flags(const struct request *rq, u8 op)
{
	u8 flags = 0;

	if ((op == APN_OP_WRITE || op == APN_OP_WRITE_ZEROES) && rq->cmd_flags & REQ_FUA)
		flags |= APN_FLAG_FUA;
	if (op == APN_OP_WRITE_ZEROES && rq->cmd_flags & REQ_NOUNMAP)
		flags |= APN_FLAG_NOUNMAP;
	return flags;
}

bool apnbd_request_changes(const struct apnbd_request *req)
{
	return req->tx.hdr.op == APN_OP_WRITE || req->tx.hdr.op == APN_OP_DISCARD ||
	       req->tx.hdr.op == APN_OP_WRITE_ZEROES;
}

static void drop_copy(struct apnbd_request *req)
{
	while (req->copy_entries)
		__free_page(req->copy[--req->copy_entries].bv_page);
	kfree(req->copy);
	req->copy = NULL;
}

void apnbd_request_end_now(struct apnbd_request *req)
{
	drop_copy(req);
	if (req->status)
		this_cpu_inc(apnbd_request_session(req)->stat->errors);
	blk_mq_complete_request(apnbd_rq(req));
}

void apnbd_request_end(struct apnbd_request *req, blk_status_t status)
{
	if (unlikely(status && req->pages_out)) {
		apnbd_leave(apnbd_request_session(req), req, status);
		return;
	}
	req->status = (__force u16)status;
	apnbd_request_end_now(req);
}

/* ---- the answer ---- */

static blk_status_t blk_status(u16 status)
{
	switch (status) {
	case APN_STATUS_OK:
		return BLK_STS_OK;
	case APN_STATUS_NOSPC:
		return BLK_STS_NOSPC;
	case APN_STATUS_UNSUPPORTED:
		return BLK_STS_NOTSUPP;
	case APN_STATUS_TIMEOUT:
		return BLK_STS_TIMEOUT;
	case APN_STATUS_MEDIUM:
		return BLK_STS_MEDIUM;
	case APN_STATUS_NO_MEMORY:
		return BLK_STS_RESOURCE;
	case APN_STATUS_READ_ONLY:
	case APN_STATUS_RANGE:
		return BLK_STS_TARGET;
	default:
		return BLK_STS_IOERR;
	}
}

static void account(struct apnbd_session *session, struct apnbd_request *req)
{
	u8 op = req->tx.hdr.op;

	this_cpu_inc(req->path->use->requests);
	this_cpu_add(req->path->use->bytes, req->bytes);
	apnbd_stat_count(session->stat, op, req->bytes, ktime_get_ns() - req->start_ns,
			 req->service_ns);
	if (apnbd_request_changes(req) && !(req->tx.hdr.flags & APN_FLAG_FUA))
		atomic64_inc(&session->acked);
	if (op == APN_OP_FLUSH)
		atomic64_set(&session->flushed,
			     apnbd_rule_flushed(atomic64_read(&session->flushed), req->covers));
}

/* The same once more: a READ is asked again, a WRITE sent from a copy nobody changes. */
static void again(struct apnbd_session *session, struct apnbd_request *req)
{
	if (++req->tries > DIGEST_TRIES) {
		apnbd_request_end(req, BLK_STS_PROTECTION);
		return;
	}
	this_cpu_inc(session->stat->resent);
	apnbd_flow_hold(session, req);
}

static void finish(struct apnbd_request *req)
{
	struct apnbd_session *session = apnbd_request_session(req);

	atomic_long_sub(req->tx.load, &req->tx.lane->load);
	apn_line_done(req->tx.lane->line, &req->tx);
	if (req->damaged)
		req->status = APN_STATUS_DIGEST;
	switch (req->status) {
	case APN_STATUS_OK:
		account(session, req);
		break;
	case APN_STATUS_DIGEST:
		again(session, req);
		return;
	case APN_STATUS_NO_SESSION:
	case APN_STATUS_DRAINING:
		apnbd_recover_reattach(req->path);
		apnbd_flow_hold(session, req);
		return;
	case APN_STATUS_REVOKED:
	case APN_STATUS_SUPERSEDED:
		apnbd_recover_final(session, req->status);
		break;
	}
	apnbd_request_end(req, blk_status(req->status));
}

/* The transport and the receiver each call it after their bit; one of them finishes. */
static void try_finish(struct apnbd_request *req)
{
	if (test_bit(APNBD_SENT, &req->bits) && test_bit(APNBD_ANSWERED, &req->bits) &&
	    !test_and_set_bit(APNBD_DONE, &req->bits))
		finish(req);
}

/*
 * With an error and a lane it died on, the one who takes back that lane's requests
 * finds it; with none it never left.
 */
static void request_sent(struct apn_tx *tx, int error)
{
	struct apnbd_request *req = container_of(tx, struct apnbd_request, tx);

	if (error && !tx->lane) {
		apnbd_flow_hold(apnbd_request_session(req), req);
		return;
	}
	set_bit(APNBD_SENT, &req->bits);
	smp_mb__after_atomic(); /* pairs with apnbd_reply_end(): one of the two sees both */
	try_finish(req);
}

/* ---- setting out ---- */

/* From queue_rq: nothing of the tag's last user is left but its generation. */
void apnbd_request_prepare(struct apnbd_request *req)
{
	struct request *rq = apnbd_rq(req);
	struct apn_hdr *hdr = &req->tx.hdr;

	memset(hdr, 0, sizeof(*hdr));
	hdr->op = wire_op(rq);
	hdr->flags = wire_flags(rq, hdr->op);
	req->bytes = 0;
	if (hdr->op != APN_OP_FLUSH) {
		hdr->io.offset = cpu_to_le64((u64)blk_rq_pos(rq) << SECTOR_SHIFT);
		hdr->io.length = cpu_to_le64(blk_rq_bytes(rq));
	}
	if (hdr->op == APN_OP_READ || hdr->op == APN_OP_WRITE)
		req->bytes = blk_rq_bytes(rq);
	req->tx.peer = apnbd_request_session(req)->limits.peer_memory && apn_rq_has_peer_memory(rq);
	INIT_LIST_HEAD(&req->node);
	req->tries = 0;
	req->pages_out = false;
	req->copy = NULL;
	req->copy_entries = 0;
	req->path = NULL;
	req->tx.lane = NULL;
	req->tx.sent = request_sent;
	req->start_ns = ktime_get_ns();
	req->covers = atomic64_read(&apnbd_request_session(req)->acked);
}

/* A page a step; iov_iter has no copy between two tables. */
static int fill_copy(struct apnbd_request *req)
{
	struct apn_payload from;
	u32 left = req->bytes;

	apn_payload_bios(&from, ITER_SOURCE, apnbd_rq(req)->bio);
	while (left) {
		u32 n = min_t(u32, left, PAGE_SIZE), done = 0;
		struct page *page = alloc_page(GFP_NOIO);

		if (!page)
			return -ENOMEM;
		bvec_set_page(&req->copy[req->copy_entries++], page, n, 0);
		while (done < n) {
			size_t run = min_t(size_t, apn_payload_run(&from), n - done);

			if (copy_from_iter(page_address(page) + done, run, &from.iter) != run)
				return -EFAULT;
			done += run;
		}
		left -= n;
	}
	return 0;
}

static int make_copy(struct apnbd_request *req)
{
	int ret;

	req->copy = kmalloc_array(DIV_ROUND_UP(req->bytes, PAGE_SIZE), sizeof(*req->copy),
				  GFP_NOIO);
	if (!req->copy)
		return -ENOMEM;
	ret = fill_copy(req);
	if (ret)
		drop_copy(req);
	return ret;
}

static void aim_payload(struct apnbd_request *req)
{
	bool write = req->tx.hdr.op == APN_OP_WRITE;

	req->tx.bytes = write ? req->bytes : 0;
	req->tx.left = req->tx.bytes;
	req->tx.load = req->bytes;
	if (req->copy)
		apn_payload_table(&req->tx.payload, ITER_SOURCE, req->copy, req->copy_entries,
				  req->bytes);
	else if (req->bytes)
		apn_payload_bios(&req->tx.payload, write ? ITER_SOURCE : ITER_DEST,
				 apnbd_rq(req)->bio);
}

int apnbd_request_load(struct apnbd_request *req, struct apnbd_path *path)
{
	struct apn_hdr *hdr = &req->tx.hdr;

	if (req->tries && hdr->op == APN_OP_WRITE && !req->copy && make_copy(req))
		return -ENOMEM;
	req->generation++;
	hdr->handle = cpu_to_le32(path->handle);
	hdr->tag = cpu_to_le64((u64)req->generation << 32 | (u32)apnbd_rq(req)->tag);
	req->path = path;
	req->bits = 0;
	req->received = 0;
	req->damaged = false;
	req->status = APN_STATUS_OK;
	req->service_ns = 0;
	req->tx.placed = NULL;
	aim_payload(req);
	return 0;
}

/* ---- what comes ---- */

/*
 * Who sent this lane a request that is not answered? A target that makes up, repeats
 * or misdirects an answer finds no such request.
 */
static struct apnbd_request *find(struct apnbd_session *session, struct apn_lane *lane,
				  const struct apn_hdr *hdr)
{
	u64 tag = le64_to_cpu(hdr->tag);
	struct apnbd_request *req;
	struct request *rq;

	/* pairs with apnbd_queue_init() */
	if (smp_load_acquire(&session->tags_gone) || (u32)tag >= session->set.queue_depth)
		return NULL;
	rq = blk_mq_tag_to_rq(session->set.tags[0], (u32)tag);
	if (!rq || !blk_mq_request_started(rq))
		return NULL;
	req = blk_mq_rq_to_pdu(rq);
	if (req->generation != tag >> 32 || READ_ONCE(req->tx.lane) != lane ||
	    test_bit(APNBD_ANSWERED, &req->bits))
		return NULL;
	return req;
}

static bool carries_data(const struct apnbd_request *req, const struct apn_hdr *hdr)
{
	return req->tx.hdr.op == APN_OP_READ && !hdr->status;
}

static bool fits(const struct apnbd_request *req, const struct apn_hdr *hdr)
{
	u32 data = le32_to_cpu(hdr->data_len);

	if (!carries_data(req, hdr))
		return !data;
	return data && le32_to_cpu(hdr->reply.chunk) == req->received &&
	       data <= req->bytes - req->received;
}

int apnbd_reply_begin(struct apn_lane *lane, void *entry, struct apn_rx *rx)
{
	struct apnbd_path *path = entry;
	struct apnbd_request *req;

	if (rx->hdr.op != APN_OP_REPLY || !path)
		return -EPROTO;
	req = find(path->session, lane, &rx->hdr);
	if (!req || !fits(req, &rx->hdr))
		return -EPROTO;
	if (rx->left && rx->landed != !!req->tx.placed) /* put where it has a key, and only there */
		return -EPROTO;
	rx->owner = req;
	rx->tx = &req->tx;
	if (rx->left)
		rx->to = req->tx.payload;
	return 0;
}

/* Data of a READ came, and more is due? */
static bool more_due(struct apnbd_request *req, const struct apn_rx *rx)
{
	u32 data = le32_to_cpu(rx->hdr.data_len);

	if (!data)
		return false;
	req->damaged |= rx->damaged;
	req->received += data;
	if (req->received == req->bytes)
		return false;
	apn_payload_skip(&req->tx.payload, data);
	return true;
}

void apnbd_reply_end(struct apn_lane *lane, struct apn_rx *rx)
{
	struct apnbd_request *req = rx->owner;

	if (more_due(req, rx))
		return;
	req->status = le16_to_cpu(rx->hdr.status);
	req->service_ns = le64_to_cpu(rx->hdr.reply.service_ns);
	apn_lane_answered(lane, &req->tx);
	set_bit(APNBD_ANSWERED, &req->bits);
	smp_mb__after_atomic(); /* pairs with request_sent() */
	try_finish(req);
}

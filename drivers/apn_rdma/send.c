// SPDX-License-Identifier: GPL-2.0
/* From the lane's queue to the queue pair: one message a PDU, before it what it puts. */
#include "key.h"
#include "post.h"

#include <linux/sched/mm.h>

enum { ROW_WRS = 1 + APN_RDMA_PUTS + 1 }; /* a registration, puts, the message */

/* ---- where payload goes ---- */

/* In the message itself. */
static int plain(struct apn_rdma_lane *t, const struct apn_tx *tx)
{
	return apn_rdma_post_fill(t->post, &tx->payload, min_t(u32, tx->left, APN_PLAIN_BYTES),
				  t->sges - 1);
}

static int put(struct apn_rdma_lane *t, const struct apn_tx *tx, u32 bytes)
{
	return apn_rdma_post_fill(t->post, &tx->payload, bytes, t->sges * APN_RDMA_PUTS);
}

static u32 places_of(const struct apn_tx *tx)
{
	return DIV_ROUND_UP(tx->bytes, APN_PLACE_BYTES);
}

static u32 chunk_of(const struct apn_tx *tx)
{
	return min_t(u32, tx->left, APN_CHUNK_BYTES);
}

/*
 * The host's payload goes into places that were granted ahead: all of it, or, where it
 * is more than there will ever be, none.
 */
static int place_ours(struct apn_rdma_lane *t, struct apn_tx *tx, struct apn_out *out)
{
	u32 done = tx->bytes - tx->left, bytes;
	u64 at;

	if (tx->bytes <= APN_PLAIN_BYTES)
		return plain(t, tx);
	if (!tx->placed && !done && places_of(tx) <= READ_ONCE(t->room.places)) {
		tx->place = apn_rdma_room_take(&t->room, places_of(tx));
		if (!tx->place)
			return -EAGAIN;
		tx->placed = &t->room;
	}
	if (!tx->placed)
		return plain(t, tx);
	at = (u64)(tx->place - 1) * APN_PLACE_BYTES + done;
	bytes = apn_rdma_room_reach(&t->room, at, chunk_of(tx), out);
	out->hdr.io.place = cpu_to_le32(tx->place);
	return put(t, tx, bytes);
}

/* The target's goes where the asker wants it. */
static int place_theirs(struct apn_rdma_lane *t, struct apn_tx *tx, struct apn_out *out)
{
	if (!tx->place)
		return plain(t, tx);
	out->key = tx->place;
	out->address = tx->place_start + tx->bytes - tx->left;
	return put(t, tx, chunk_of(tx));
}

int apn_rdma_place(struct apn_lane *lane, struct apn_tx *tx, struct apn_out *out)
{
	struct apn_rdma_lane *t = apn_rdma_lane(lane);

	if (!tx->bytes)
		return tx->load > APN_PLAIN_BYTES || tx->peer ? apn_rdma_key_take(t, tx, out) : 0;
	return lane->host ? place_ours(t, tx, out) : place_theirs(t, tx, out);
}

static int try_page(struct apn_rdma_lane *t, struct page *page)
{
	struct scatterlist sg;

	guard(mutex)(&t->lane.tx_lock);
	if (t->stopped)
		return -EAGAIN;
	sg_init_table(&sg, 1);
	sg_set_page(&sg, page, PAGE_SIZE, 0);
	if (!ib_dma_map_sg(apn_rdma_device(t), &sg, 1, DMA_BIDIRECTIONAL))
		return 0;
	ib_dma_unmap_sg(apn_rdma_device(t), &sg, 1, DMA_BIDIRECTIONAL);
	return 1;
}

/* The two devices may stand where neither reaches the other: try it. */
int apn_rdma_reaches(struct apn_lane *lane, struct page *page)
{
	struct apn_rdma_lane *t = apn_rdma_lane(lane);
	int ret = try_page(t, page);

	if (apn_lane_pending(lane)) /* who came meanwhile has left it to us */
		apn_rdma_wake(t);
	return ret;
}

void apn_rdma_answered(struct apn_lane *lane, struct apn_tx *tx)
{
	struct apn_rdma_lane *t = apn_rdma_lane(lane);
	void *placed = tx->placed;

	tx->placed = NULL;
	if (placed != &t->room) {
		apn_rdma_key_answered(placed);
		return;
	}
	apn_rdma_room_give(&t->room, tx->place, places_of(tx));
	if (apn_lane_pending(lane))
		apn_rdma_wake(t);
}

/* ---- one message ---- */

/* Appends @wr to the row of work requests that ends with @last. */
static struct ib_send_wr *append(struct ib_send_wr *last, struct ib_send_wr *wr)
{
	last->next = wr;
	return wr;
}

static void fill_sge(struct apn_rdma_lane *t, struct ib_sge *sge, const struct scatterlist *sg)
{
	sge->addr = sg_dma_address(sg);
	sge->length = sg_dma_len(sg);
	sge->lkey = t->pd->local_dma_lkey;
}

/* The payload into the peer's memory, so many pieces at a time. */
static struct ib_send_wr *put_row(struct apn_rdma_lane *t, struct ib_send_wr *last,
				  const struct apn_out *out, struct ib_sge *sge)
{
	struct apn_rdma_post *post = t->post;
	struct scatterlist *sg = post->table;
	u64 at = out->address;
	unsigned int i, k;

	for (i = 0; i < post->mapped; i += k) {
		struct ib_rdma_wr *wr = &t->row.put[i / t->sges];

		*wr = (struct ib_rdma_wr){
			.wr.opcode = IB_WR_RDMA_WRITE,
			.wr.wr_cqe = &post->quiet,
			.wr.sg_list = sge,
			.remote_addr = at,
			.rkey = out->key,
		};
		for (k = 0; k < t->sges && i + k < post->mapped; k++, sg = sg_next(sg)) {
			fill_sge(t, sge, sg);
			at += sge++->length;
		}
		wr->wr.num_sge = k;
		post->wrs++;
		last = append(last, &wr->wr);
	}
	return last;
}

/* Header, and plain payload behind it. The last answer to a READ takes its key back. */
static void fill_message(struct apn_rdma_lane *t, const struct apn_out *out, struct ib_sge *sge)
{
	struct apn_rdma_post *post = t->post;
	struct ib_send_wr *wr = &t->row.send;
	struct scatterlist *sg = post->table;
	unsigned int i;

	*wr = (struct ib_send_wr){
		.opcode = IB_WR_SEND,
		.wr_cqe = &post->sent,
		.sg_list = sge,
		.num_sge = 1,
		.send_flags = IB_SEND_SIGNALED,
	};
	*sge++ = (struct ib_sge){
		.addr = post->head_dma,
		.length = sizeof(struct apn_hdr),
		.lkey = t->pd->local_dma_lkey,
	};
	if (out->key && !t->lane.host && out->done) {
		wr->opcode = IB_WR_SEND_WITH_INV;
		wr->ex.invalidate_rkey = out->key;
	}
	for (i = 0; !out->key && i < post->mapped; i++, sg = sg_next(sg)) {
		fill_sge(t, sge++, sg);
		wr->num_sge++;
	}
}

static int hand_over(struct apn_rdma_lane *t, const struct ib_send_wr *first)
{
	struct apn_rdma_post *post = t->post;
	int ret;

	t->post = NULL;
	atomic_sub(post->wrs, &t->wrs);
	ib_dma_sync_single_for_device(apn_rdma_device(t), post->head_dma, sizeof(struct apn_hdr),
				      DMA_TO_DEVICE);
	ret = ib_post_send(t->id->qp, first, NULL);
	if (ret) /* a part of the row may be with the device: it ends when that is drained */
		t->refused = post;
	return ret;
}

static int post_message(struct apn_rdma_lane *t, const struct apn_out *out)
{
	struct apn_rdma_post *post = t->post;
	struct ib_send_wr head = {}, *last = &head;
	struct ib_sge *sge = t->row.sge;
	int ret;

	*(struct apn_hdr *)post->head = out->hdr;
	post->tx = out->done;
	post->wrs = 1;
	ret = apn_rdma_post_map(post);
	if (ret < 0) {
		t->refused = post;
		t->post = NULL;
		return ret;
	}
	if (post->key) {
		last = append(last, apn_rdma_key_register(post->key, &t->row.reg));
		last->wr_cqe = &post->quiet;
		post->wrs++;
	}
	if (out->key) {
		last = put_row(t, last, out, sge);
		sge += post->mapped;
	}
	fill_message(t, out, sge);
	append(last, &t->row.send);
	return hand_over(t, head.next);
}

int apn_rdma_send_grant(struct apn_rdma_lane *t, struct ib_send_wr *reg,
			const struct apn_rdma_grant *grant)
{
	struct apn_rdma_post *post = apn_rdma_post_next(t);
	struct apn_out none = {};

	lockdep_assert_held(&t->lane.tx_lock);
	if (!post || t->stopped || atomic_read(&t->wrs) < ROW_WRS)
		return -EAGAIN;
	apn_rdma_post_clear(post);
	memcpy(post->head, grant, sizeof(*grant));
	post->wrs = 2;
	reg->wr_cqe = &post->quiet;
	fill_message(t, &none, t->row.sge);
	t->row.sge[0].length = sizeof(*grant);
	t->row.send.opcode = IB_WR_SEND_WITH_IMM;
	t->row.send.ex.imm_data = cpu_to_be32(APN_RDMA_GRANT);
	append(reg, &t->row.send);
	return hand_over(t, reg);
}

/* Set-up and control: their body lies in one piece, and nobody placed it. */
static int fill_body(struct apn_rdma_lane *t, const struct apn_out *out)
{
	if (out->hdr.op >= APN_OP_READ || !out->bytes)
		return 0;
	return apn_rdma_post_fill(t->post, &out->payload, out->bytes, 1);
}

static int send_one(struct apn_rdma_lane *t)
{
	struct apn_rdma_post *post = apn_rdma_post_next(t);
	struct apn_out out;
	int ret;

	if (!post || atomic_read(&t->wrs) < ROW_WRS)
		return 0;
	apn_rdma_post_clear(post);
	if (!apn_lane_next(&t->lane, &out))
		return 0;
	ret = fill_body(t, &out);
	if (ret < 0)
		return ret;
	ret = post_message(t, &out);
	if (ret < 0)
		return ret;
	return sizeof(struct apn_hdr) + out.bytes;
}

/* Writeback may wait for what we send: it may use the last reserves. */
int apn_rdma_send(struct apn_rdma_lane *t)
{
	unsigned int noreclaim = memalloc_noreclaim_save();
	int ret = 0, total = 0;

	lockdep_assert_held(&t->lane.tx_lock);
	while (!apn_lane_dead(&t->lane) && !t->stopped && (ret = send_one(t)) > 0)
		total += ret;
	memalloc_noreclaim_restore(noreclaim);
	if (total)
		atomic64_add(total, &t->lane.sent_bytes);
	return ret < 0 ? ret : total;
}

void apn_rdma_kick(struct apn_lane *lane, bool direct)
{
	struct apn_rdma_lane *t = apn_rdma_lane(lane);
	int ret;

	if (direct && mutex_trylock(&lane->tx_lock)) {
		ret = apn_rdma_send(t);
		mutex_unlock(&lane->tx_lock);
		if (ret < 0)
			apn_lane_die(lane, ret, "sending failed");
		if (!apn_lane_pending(lane))
			return;
	}
	apn_rdma_wake(t);
}

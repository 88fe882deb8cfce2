// SPDX-License-Identifier: GPL-2.0
/* What comes: messages in the order of their arrival, with what was put before them. */
#include "rdma.h"
#include "key.h"

#include <linux/slab.h>

/* With the device, on t->arrived, or in the work's hands. */
struct apn_rdma_recv {
	struct ib_cqe done;
	struct list_head node; /* t->arrived */
	struct apn_rdma_lane *t;
	struct apn_hdr *hdr;
	u64 hdr_dma;
	struct page *page; /* what follows the header */
	u64 page_dma;
	u32 bytes;
	u32 said; /* immediate data; zero: none */
	u32 key; /* of ours, that the peer took back; zero: none */
};

struct recv_block {
	struct list_head node;
	struct apn_hdr *hdrs;
	u64 dma;
	struct apn_rdma_recv recv[APN_RDMA_BLOCK];
};

enum { RECV_BATCH = 32 };

/* ---- posting and completing ---- */

static int post_recv(struct apn_rdma_recv *r)
{
	struct apn_rdma_lane *t = r->t;
	struct ib_sge sge[] = {
		{ r->hdr_dma, sizeof(*r->hdr), t->pd->local_dma_lkey },
		{ r->page_dma, PAGE_SIZE, t->pd->local_dma_lkey },
	};
	struct ib_recv_wr wr = {
		.wr_cqe = &r->done,
		.sg_list = sge,
		.num_sge = ARRAY_SIZE(sge),
	};

	return ib_post_recv(t->id->qp, &wr, NULL);
}

static void recv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct apn_rdma_recv *r = container_of(wc->wr_cqe, struct apn_rdma_recv, done);
	struct apn_rdma_lane *t = r->t;

	if (wc->status) {
		apn_rdma_failed(t, wc, "a message could not be received");
		return;
	}
	r->bytes = wc->byte_len;
	r->said = wc->wc_flags & IB_WC_WITH_IMM ? be32_to_cpu(wc->ex.imm_data) : 0;
	r->key = wc->wc_flags & IB_WC_WITH_INVALIDATE ? wc->ex.invalidate_rkey : 0;
	spin_lock_bh(&t->arrived_lock);
	list_add_tail(&r->node, &t->arrived);
	spin_unlock_bh(&t->arrived_lock);
	apn_rdma_wake(t);
}

static struct apn_rdma_recv *first_arrived(struct apn_rdma_lane *t)
{
	guard(spinlock_bh)(&t->arrived_lock);
	return list_first_entry_or_null(&t->arrived, struct apn_rdma_recv, node);
}

static int give_back(struct apn_rdma_recv *r)
{
	struct ib_device *dev = apn_rdma_device(r->t);

	scoped_guard(spinlock_bh, &r->t->arrived_lock)
		list_del_init(&r->node);
	ib_dma_sync_single_for_device(dev, r->hdr_dma, sizeof(*r->hdr), DMA_FROM_DEVICE);
	ib_dma_sync_single_for_device(dev, r->page_dma, PAGE_SIZE, DMA_FROM_DEVICE);
	return post_recv(r);
}

/* ---- one message ---- */

static int take_grant(struct apn_rdma_lane *t, const struct apn_rdma_recv *r)
{
	const struct apn_rdma_grant *grant = (const void *)r->hdr;

	if (!t->lane.host || r->said != APN_RDMA_GRANT || r->bytes != sizeof(*grant) ||
	    t->lane.bounds.phase != APN_PHASE_LIVE)
		return -EPROTO;
	return apn_rdma_room_grow(&t->room, grant);
}

/* The target's: payload that a WRITE says to have put, and only that, is looked for. */
static int find_landed(struct apn_rdma_lane *t, const struct apn_hdr *hdr)
{
	u32 place = le32_to_cpu(hdr->io.place);
	u64 at = (u64)(place - 1) * APN_PLACE_BYTES + le32_to_cpu(hdr->io.chunk);
	int n;

	if (hdr->op != APN_OP_WRITE || !place)
		return -EPROTO;
	n = apn_rdma_region_find(t, at, le32_to_cpu(hdr->data_len));
	if (n < 0)
		return n;
	t->lane.rx.at = t->landed;
	t->lane.rx.at_entries = n;
	return 0;
}

/* A message has all its data behind its header, or none, which then was put. */
static int measure(struct apn_rdma_lane *t, const struct apn_rdma_recv *r)
{
	struct apn_rx *rx = &t->lane.rx;
	u32 len, data = r->bytes - sizeof(*r->hdr);

	if (r->bytes < sizeof(*r->hdr))
		return -EPROTO;
	len = le32_to_cpu(r->hdr->data_len);
	rx->landed = len && !data;
	if (rx->landed)
		return t->lane.host ? (r->hdr->op == APN_OP_REPLY ? 0 : -EPROTO) :
				      find_landed(t, r->hdr);
	if (data != len || (r->hdr->op == APN_OP_WRITE && r->hdr->io.place))
		return -EPROTO;
	return 0;
}

static int copy_data(struct apn_rdma_lane *t, const struct apn_rdma_recv *r)
{
	struct apn_rx *rx = &t->lane.rx;
	const void *from = page_address(r->page);

	while (rx->left) {
		size_t n = min_t(size_t, rx->left, apn_payload_run(&rx->to));

		if (!n || copy_to_iter(from, n, &rx->to.iter) != n)
			return -EPROTO;
		from += n;
		rx->left -= n;
	}
	return 0;
}

/* Before its digest is looked at. */
static void see_landed(struct apn_rdma_lane *t)
{
	struct apn_rx *rx = &t->lane.rx;

	rx->left = 0;
	if (t->lane.bounds.digest && rx->tx && rx->tx->placed)
		apn_rdma_key_sync(rx->tx->placed);
}

/* -EAGAIN: no memory; the same again after user->wait(). @stop: settle first. */
static int take(struct apn_rdma_lane *t, struct apn_rdma_recv *r, bool *stop)
{
	struct ib_device *dev = apn_rdma_device(t);
	int ret;

	ib_dma_sync_single_for_cpu(dev, r->hdr_dma, sizeof(*r->hdr), DMA_FROM_DEVICE);
	ib_dma_sync_single_for_cpu(dev, r->page_dma, PAGE_SIZE, DMA_FROM_DEVICE);
	if (r->said)
		return take_grant(t, r);
	ret = measure(t, r);
	if (!ret)
		ret = apn_lane_header(&t->lane, r->hdr);
	if (ret)
		return ret;
	t->answer_key = r->key;
	if (t->lane.rx.landed)
		see_landed(t);
	else
		ret = copy_data(t, r);
	if (ret)
		return ret;
	*stop = apn_lane_data_done(&t->lane);
	return t->answer_key ? -EPROTO : 0; /* the key of somebody else's READ */
}

int apn_rdma_recv(struct apn_rdma_lane *t)
{
	struct apn_lane *lane = &t->lane;
	struct apn_rdma_recv *r;
	int got = 0, ret = 0;
	bool stop = false;

	while (!stop && got < RECV_BATCH && !apn_lane_dead(lane) && (r = first_arrived(t))) {
		ret = take(t, r, &stop);
		if (ret)
			break;
		atomic64_add(r->bytes, &lane->received_bytes);
		ret = give_back(r);
		if (ret)
			break;
		got++;
	}
	lane->user->settle(lane);
	if (ret != -EAGAIN)
		return ret ?: got;
	lane->user->wait(lane, &lane->rx);
	return got + 1;
}

/* ---- life ---- */

static void free_recv(struct apn_rdma_recv *r)
{
	if (!r->page)
		return;
	ib_dma_unmap_page(apn_rdma_device(r->t), r->page_dma, PAGE_SIZE, DMA_FROM_DEVICE);
	__free_page(r->page);
}

static void free_block(struct apn_rdma_lane *t, struct recv_block *block)
{
	unsigned int i;

	for (i = 0; i < APN_RDMA_BLOCK; i++)
		free_recv(&block->recv[i]);
	ib_dma_unmap_single(apn_rdma_device(t), block->dma, sizeof(struct apn_hdr) * APN_RDMA_BLOCK,
			    DMA_FROM_DEVICE);
	kfree(block->hdrs);
	kfree(block);
}

static int make_recv(struct apn_rdma_lane *t, struct recv_block *block, unsigned int i)
{
	struct ib_device *dev = apn_rdma_device(t);
	struct apn_rdma_recv *r = &block->recv[i];
	struct page *page = alloc_page(GFP_NOIO | __GFP_NOWARN);

	if (!page)
		return -ENOMEM;
	r->page_dma = ib_dma_map_page(dev, page, 0, PAGE_SIZE, DMA_FROM_DEVICE);
	if (ib_dma_mapping_error(dev, r->page_dma)) {
		__free_page(page);
		return -EIO;
	}
	r->t = t;
	r->done.done = recv_done;
	r->page = page;
	r->hdr = &block->hdrs[i];
	r->hdr_dma = block->dma + i * sizeof(struct apn_hdr);
	return post_recv(r);
}

static struct recv_block *make_block(struct apn_rdma_lane *t)
{
	struct ib_device *dev = apn_rdma_device(t);
	struct recv_block *block = kzalloc(sizeof(*block), GFP_NOIO | __GFP_NOWARN);

	if (!block)
		return NULL;
	block->hdrs = kcalloc(APN_RDMA_BLOCK, sizeof(struct apn_hdr), GFP_NOIO | __GFP_NOWARN);
	if (!block->hdrs)
		goto free;
	block->dma = ib_dma_map_single(dev, block->hdrs, sizeof(struct apn_hdr) * APN_RDMA_BLOCK,
				       DMA_FROM_DEVICE);
	if (!ib_dma_mapping_error(dev, block->dma))
		return block;
	kfree(block->hdrs);
free:
	kfree(block);
	return NULL;
}

/* Whole blocks. Fewer than were asked for make the peer wait, no more. */
int apn_rdma_recv_make(struct apn_rdma_lane *t, unsigned int messages)
{
	unsigned int n, i;
	int ret = 0;

	for (n = 0; !ret && n < messages; n += APN_RDMA_BLOCK) {
		struct recv_block *block = make_block(t);

		if (!block)
			return -ENOMEM;
		list_add_tail(&block->node, &t->blocks);
		for (i = 0; !ret && i < APN_RDMA_BLOCK; i++)
			ret = make_recv(t, block, i);
	}
	return ret;
}

void apn_rdma_recv_free(struct apn_rdma_lane *t)
{
	struct recv_block *block, *next;

	list_for_each_entry_safe(block, next, &t->blocks, node)
		free_block(t, block);
	INIT_LIST_HEAD(&t->blocks);
}

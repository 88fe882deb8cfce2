// SPDX-License-Identifier: GPL-2.0
/*
 * The target's: memory that a host may write to, granted ahead. It is the lane's own: no
 * key reaches anything else. What lies in it is the host's, and goes to a device from
 * where it lies; whoever took a reference to a page keeps it beyond the lane's end.
 */
#include "rdma.h"
#include "post.h"

#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

enum { PIECE_ORDER = 5 }; /* 128 KiB: one chunk */

struct apn_rdma_region {
	struct ib_mr *mr;
	u32 bytes;
	unsigned int order; /* of each piece */
	unsigned int pieces;
	struct scatterlist table[];
};

static u32 piece_bytes(const struct apn_rdma_region *region)
{
	return PAGE_SIZE << region->order;
}

static void free_pieces(struct apn_rdma_lane *t, struct apn_rdma_region *region)
{
	struct ib_device *dev = apn_rdma_device(t);

	while (region->pieces) {
		struct scatterlist *sg = &region->table[--region->pieces];

		ib_dma_unmap_page(dev, sg_dma_address(sg), sg_dma_len(sg), DMA_FROM_DEVICE);
		put_page(sg_page(sg));
	}
}

/* Zeroed: who says that he put something there, and did not, reads nobody's memory. */
static int add_piece(struct apn_rdma_lane *t, struct apn_rdma_region *region)
{
	gfp_t gfp = GFP_NOIO | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY;
	struct scatterlist *sg = &region->table[region->pieces];
	struct page *page = alloc_pages(region->order ? gfp | __GFP_COMP : gfp, region->order);
	struct ib_device *dev = apn_rdma_device(t);
	u32 bytes = piece_bytes(region);
	u64 dma;

	if (!page)
		return -ENOMEM;
	dma = ib_dma_map_page(dev, page, 0, bytes, DMA_FROM_DEVICE);
	if (ib_dma_mapping_error(dev, dma)) {
		__free_pages(page, region->order);
		return -EIO;
	}
	sg_set_page(sg, page, bytes, 0);
	sg_dma_address(sg) = dma;
	sg_dma_len(sg) = bytes;
	region->pieces++;
	return 0;
}

static int add_pieces(struct apn_rdma_lane *t, struct apn_rdma_region *region, unsigned int order)
{
	unsigned int n = region->bytes / (PAGE_SIZE << order);
	int ret = 0;

	region->order = order;
	sg_init_table(region->table, n);
	while (!ret && region->pieces < n)
		ret = add_piece(t, region);
	if (ret)
		free_pieces(t, region);
	return ret;
}

static int register_region(struct apn_rdma_lane *t, struct apn_rdma_region *region)
{
	int n;

	region->mr = ib_alloc_mr(t->pd, IB_MR_TYPE_MEM_REG, region->bytes / PAGE_SIZE);
	if (IS_ERR(region->mr))
		return PTR_ERR(region->mr);
	n = ib_map_mr_sg(region->mr, region->table, region->pieces, NULL, PAGE_SIZE);
	if (n == region->pieces) {
		region->mr->iova = 0;
		return 0;
	}
	ib_dereg_mr(region->mr);
	return n < 0 ? n : -EINVAL;
}

static struct apn_rdma_region *make_region(struct apn_rdma_lane *t, u32 places)
{
	u32 bytes = places * APN_PLACE_BYTES;
	bool whole = !(bytes % (PAGE_SIZE << PIECE_ORDER));
	struct apn_rdma_region *region;

	region = kzalloc(struct_size(region, table, bytes / PAGE_SIZE), GFP_NOIO | __GFP_NOWARN);
	if (!region)
		return NULL;
	region->bytes = bytes;
	if ((!whole || add_pieces(t, region, PIECE_ORDER)) && add_pieces(t, region, 0))
		goto free;
	if (!register_region(t, region))
		return region;
	free_pieces(t, region);
free:
	kfree(region);
	return NULL;
}

/* ---- granting ---- */

static int say(struct apn_rdma_lane *t, struct apn_rdma_region *region, u32 first)
{
	struct apn_rdma_grant grant = {
		.first = cpu_to_le32(first),
		.places = cpu_to_le32(region->bytes / APN_PLACE_BYTES),
		.key = cpu_to_le32(region->mr->rkey),
	};
	struct ib_reg_wr reg = {
		.wr.opcode = IB_WR_REG_MR,
		.mr = region->mr,
		.key = region->mr->rkey,
		.access = IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE,
	};
	int ret;

	guard(mutex)(&t->lane.tx_lock);
	ret = apn_rdma_send(t); /* AUTH_ACK goes before all grants */
	return ret < 0 ? ret : apn_rdma_send_grant(t, &reg.wr, &grant);
}

static int grant_one(struct apn_rdma_lane *t, u32 first, u32 places)
{
	struct apn_rdma_region *region = make_region(t, places);

	if (!region)
		return -ENOMEM;
	t->regions[t->region_count++] = region;
	return say(t, region, first);
}

/* Whole grants, since all but the last are alike; what can't be had is not granted. */
static void grant_all(struct apn_rdma_lane *t, u32 places)
{
	u32 done = 0, n;

	t->regions = kvcalloc(DIV_ROUND_UP(places, t->region_places), sizeof(*t->regions),
			      GFP_NOIO | __GFP_NOWARN);
	for (; t->regions && done < places; done += n) {
		n = min(places - done, t->region_places);
		if (grant_one(t, done + 1, n))
			return;
	}
}

/* Receive context, once: the peer's messages after this one wait for it. */
void apn_rdma_admit(struct apn_lane *lane, u64 bytes)
{
	struct apn_rdma_lane *t = apn_rdma_lane(lane);
	unsigned int noio = memalloc_noio_save();

	apn_rdma_recv_make(t, apn_rdma_messages(lane) - APN_RDMA_BLOCK);
	grant_all(t, min_t(u64, t->wish, bytes / APN_PLACE_BYTES));
	memalloc_noio_restore(noio);
}

/* ---- what was written ---- */

int apn_rdma_region_find(struct apn_rdma_lane *t, u64 at, u32 bytes)
{
	u32 each = t->region_places * APN_PLACE_BYTES, offset;
	u64 index = div_u64_rem(at, each, &offset);
	struct apn_rdma_region *region;
	unsigned int n = 0;

	if (index >= t->region_count || bytes > APN_CHUNK_BYTES)
		return -EPROTO;
	region = t->regions[index];
	if (offset > region->bytes || bytes > region->bytes - offset)
		return -EPROTO;
	while (bytes) {
		u32 into = offset & (piece_bytes(region) - 1);
		struct scatterlist *sg = &region->table[offset / piece_bytes(region)];
		u32 len = min(bytes, piece_bytes(region) - into);

		ib_dma_sync_single_for_cpu(apn_rdma_device(t), sg_dma_address(sg) + into, len,
					   DMA_FROM_DEVICE);
		bvec_set_page(&t->landed[n++], sg_page(sg), len, into);
		offset += len;
		bytes -= len;
	}
	return n;
}

/* The queue is drained: nobody writes there any more. */
void apn_rdma_region_free(struct apn_rdma_lane *t)
{
	while (t->region_count) {
		struct apn_rdma_region *region = t->regions[--t->region_count];

		ib_dereg_mr(region->mr);
		free_pieces(t, region);
		kfree(region);
	}
	kvfree(t->regions);
	t->regions = NULL;
}

// SPDX-License-Identifier: GPL-2.0
/* A message on its way out, from the moment it is cut to its acknowledgment. */
#include "post.h"
#include "key.h"

#include <linux/slab.h>

enum {
	POSTS_EACH = 32, /* made at a time */
	BLOCK_BYTES = 512, /* payload is cut in multiples of this */
};

struct post_block {
	struct list_head node;
	u8 *heads;
	u64 dma;
	struct apn_rdma_post post[POSTS_EACH];
};

/* ---- payload ---- */

static u32 piece(struct apn_payload *p, u32 left, struct scatterlist *at)
{
	u32 run = min_t(size_t, left, apn_payload_run(p)), offset;
	const struct bio_vec *bv;

	if (iov_iter_is_kvec(&p->iter)) {
		if (at)
			sg_set_buf(at, p->iter.kvec->iov_base + p->iter.iov_offset, run);
		return run;
	}
	bv = p->iter.bvec;
	offset = bv->bv_offset + p->iter.iov_offset;
	run = min_t(u32, run, bv->bv_len - p->iter.iov_offset);
	if (at)
		sg_set_page(at, bv->bv_page + offset / PAGE_SIZE, run, offset % PAGE_SIZE);
	return run;
}

u32 apn_rdma_pieces(struct apn_payload payload, u32 bytes, struct scatterlist *table,
		    unsigned int most, unsigned int *pieces)
{
	u32 done = 0, n;

	for (*pieces = 0; done < bytes && *pieces < most; ++*pieces) {
		n = piece(&payload, bytes - done, table ? table + *pieces : NULL);
		if (WARN_ON_ONCE(!n))
			break;
		iov_iter_advance(&payload.iter, n);
		done += n;
	}
	return done;
}

static int fill_spare(struct apn_rdma_post *post, struct apn_payload payload, u32 bytes)
{
	struct apn_rdma_lane *t = post->t;
	u32 done = 0;

	if (t->spare_used)
		return -EAGAIN;
	bytes = min_t(u32, bytes, PAGE_SIZE);
	while (done < bytes) {
		u32 run = min_t(size_t, bytes - done, apn_payload_run(&payload));

		if (copy_from_iter(page_address(t->spare) + done, run, &payload.iter) != run)
			return -EFAULT;
		done += run;
	}
	WRITE_ONCE(t->spare_used, true);
	post->spare = true;
	post->pieces = 1;
	sg_init_table(post->table, 1);
	sg_set_page(post->table, t->spare, bytes, 0);
	return bytes;
}

/* Without memory for a table the message is a shorter one. */
static unsigned int make_table(struct apn_rdma_post *post, unsigned int pieces)
{
	if (pieces <= APN_RDMA_POST_PIECES)
		return pieces;
	post->table = kmalloc_array(pieces, sizeof(*post->table), GFP_NOIO | __GFP_NOWARN);
	if (post->table)
		return pieces;
	post->table = post->inline_table;
	return APN_RDMA_POST_PIECES;
}

/* Cut between two pieces, a message must still end with a block. */
static void trim(struct apn_rdma_post *post, u32 bytes)
{
	while (bytes) {
		struct scatterlist *last = &post->table[post->pieces - 1];
		u32 n = min(bytes, last->length);

		last->length -= n;
		bytes -= n;
		if (!last->length)
			post->pieces--;
	}
}

int apn_rdma_post_fill(struct apn_rdma_post *post, const struct apn_payload *payload, u32 bytes,
		       unsigned int most)
{
	unsigned int pieces;
	u32 fit;

	apn_rdma_post_clear(post);
	apn_rdma_pieces(*payload, bytes, NULL, most, &pieces);
	most = make_table(post, pieces);
	sg_init_table(post->table, most);
	fit = apn_rdma_pieces(*payload, bytes, post->table, most, &post->pieces);
	if (fit == bytes)
		return fit;
	if (fit < BLOCK_BYTES)
		return fill_spare(post, *payload, bytes);
	trim(post, fit % BLOCK_BYTES);
	return fit - fit % BLOCK_BYTES;
}

int apn_rdma_post_map(struct apn_rdma_post *post)
{
	struct ib_device *dev = apn_rdma_device(post->t);
	int n;

	if (!post->pieces)
		return 0;
	sg_mark_end(&post->table[post->pieces - 1]);
	n = ib_dma_map_sg(dev, post->table, post->pieces, DMA_TO_DEVICE);
	post->mapped = n;
	return n ?: -EIO;
}

/* ---- a post ---- */

void apn_rdma_post_clear(struct apn_rdma_post *post)
{
	if (post->mapped)
		ib_dma_unmap_sg(apn_rdma_device(post->t), post->table, post->pieces,
				DMA_TO_DEVICE);
	if (post->table != post->inline_table)
		kfree(post->table);
	if (post->spare)
		WRITE_ONCE(post->t->spare_used, false);
	post->table = post->inline_table;
	post->pieces = 0;
	post->mapped = 0;
	post->spare = false;
}

void apn_rdma_post_end(struct apn_rdma_post *post, int error)
{
	struct apn_rdma_lane *t = post->t;
	struct apn_rdma_key *key = post->key;
	struct apn_tx *tx = post->tx;

	apn_rdma_post_clear(post);
	atomic_add(post->wrs, &t->wrs);
	post->wrs = 0;
	post->tx = NULL;
	post->key = NULL;
	llist_add(&post->free, &t->free_posts);
	if (key)
		apn_rdma_key_release(key);
	else if (tx)
		tx->sent(tx, error);
	if (apn_lane_pending(&t->lane))
		apn_rdma_wake(t);
}

static void sent_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct apn_rdma_post *post = container_of(wc->wr_cqe, struct apn_rdma_post, sent);

	if (wc->status)
		apn_rdma_failed(post->t, wc, "a message was not taken by the peer");
	apn_rdma_post_end(post, wc->status ? -ENOTCONN : 0);
}

/* In an error also what was not to be signalled completes. */
static void quiet_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct apn_rdma_post *post = container_of(wc->wr_cqe, struct apn_rdma_post, quiet);

	if (wc->status)
		apn_rdma_failed(post->t, wc, "a payload was not taken by the peer");
}

/* ---- all of them ---- */

static void free_block(struct apn_rdma_lane *t, struct post_block *block)
{
	ib_dma_unmap_single(apn_rdma_device(t), block->dma, POSTS_EACH * sizeof(struct apn_hdr),
			    DMA_TO_DEVICE);
	kfree(block->heads);
	kfree(block);
}

static void init_post(struct apn_rdma_lane *t, struct post_block *block, unsigned int i)
{
	struct apn_rdma_post *post = &block->post[i];

	post->t = t;
	post->sent.done = sent_done;
	post->quiet.done = quiet_done;
	post->head = block->heads + i * sizeof(struct apn_hdr);
	post->head_dma = block->dma + i * sizeof(struct apn_hdr);
	post->table = post->inline_table;
	llist_add(&post->free, &t->free_posts);
}

static int make_block(struct apn_rdma_lane *t)
{
	struct ib_device *dev = apn_rdma_device(t);
	struct post_block *block = kzalloc(sizeof(*block), GFP_NOIO | __GFP_NOWARN);
	unsigned int i;

	if (!block)
		return -ENOMEM;
	block->heads = kcalloc(POSTS_EACH, sizeof(struct apn_hdr), GFP_NOIO | __GFP_NOWARN);
	if (!block->heads)
		goto free;
	block->dma = ib_dma_map_single(dev, block->heads, POSTS_EACH * sizeof(struct apn_hdr),
				       DMA_TO_DEVICE);
	if (ib_dma_mapping_error(dev, block->dma))
		goto free;
	list_add_tail(&block->node, &t->post_blocks);
	for (i = 0; i < POSTS_EACH; i++)
		init_post(t, block, i);
	t->posts += POSTS_EACH;
	return 0;
free:
	kfree(block->heads);
	kfree(block);
	return -ENOMEM;
}

static struct apn_rdma_post *take_free(struct apn_rdma_lane *t)
{
	struct llist_node *node = llist_del_first(&t->free_posts);

	return node ? llist_entry(node, struct apn_rdma_post, free) : NULL;
}

struct apn_rdma_post *apn_rdma_post_next(struct apn_rdma_lane *t)
{
	if (!t->post)
		t->post = take_free(t);
	if (!t->post && t->posts < APN_RDMA_POSTS && !make_block(t))
		t->post = take_free(t);
	return t->post;
}

int apn_rdma_posts_make(struct apn_rdma_lane *t)
{
	t->spare = alloc_page(GFP_NOIO);
	return t->spare ? make_block(t) : -ENOMEM;
}

/* The queue is drained: all are free, or wait to be filled. */
void apn_rdma_posts_free(struct apn_rdma_lane *t)
{
	struct post_block *block, *next;

	if (t->post)
		apn_rdma_post_clear(t->post);
	t->post = NULL;
	list_for_each_entry_safe(block, next, &t->post_blocks, node)
		free_block(t, block);
	if (t->spare)
		__free_page(t->spare);
	t->spare = NULL;
}

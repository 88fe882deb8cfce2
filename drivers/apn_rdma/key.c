// SPDX-License-Identifier: GPL-2.0
/*
 * The host's: a READ's pages, and the key by which the target may write into them.
 *
 * A key is held twice: by the message that names it, until that is acknowledged, and
 * against the target, until the key was taken back. The target's last message takes it
 * back by itself; if it did not, we do. When both are over the pages are the request's
 * again.
 */
#include "key.h"
#include "post.h"

#include <linux/slab.h>

enum { KEY_PIECES = 4 }; /* of a READ, without a table of its own */

struct apn_rdma_key {
	struct list_head node; /* t->keys */
	struct llist_node free;
	struct apn_rdma_lane *t;
	struct ib_mr *mr;
	struct ib_cqe taken_back;
	struct apn_tx *tx; /* NULL: it is free */
	atomic_t holders;
	unsigned int pieces;
	struct scatterlist *table;
	struct scatterlist inline_table[KEY_PIECES];
};

static void drop_table(struct apn_rdma_key *key)
{
	if (key->table != key->inline_table)
		kfree(key->table);
	key->table = key->inline_table;
}

static void unmap(struct apn_rdma_key *key)
{
	ib_dma_unmap_sg(apn_rdma_device(key->t), key->table, key->pieces, DMA_FROM_DEVICE);
	drop_table(key);
}

void apn_rdma_key_release(struct apn_rdma_key *key)
{
	struct apn_rdma_lane *t = key->t;
	struct apn_tx *tx = key->tx;

	if (!atomic_dec_and_test(&key->holders))
		return;
	unmap(key);
	key->tx = NULL;
	llist_add(&key->free, &t->free_keys);
	tx->sent(tx, 0);
	if (apn_lane_pending(&t->lane))
		apn_rdma_wake(t);
}

static void taken_back(struct ib_cq *cq, struct ib_wc *wc)
{
	struct apn_rdma_key *key = container_of(wc->wr_cqe, struct apn_rdma_key, taken_back);

	if (wc->status) /* the lane ends, and tells the tx when the queue is drained */
		apn_rdma_failed(key->t, wc, "a key could not be taken back");
	else
		apn_rdma_key_release(key);
}

void apn_rdma_key_answered(struct apn_rdma_key *key)
{
	struct apn_rdma_lane *t = key->t;
	struct ib_send_wr wr = {
		.wr_cqe = &key->taken_back,
		.opcode = IB_WR_LOCAL_INV,
		.send_flags = IB_SEND_SIGNALED,
		.ex.invalidate_rkey = key->mr->rkey,
	};
	int ret;

	if (t->answer_key == key->mr->rkey) {
		t->answer_key = 0;
		apn_rdma_key_release(key);
		return;
	}
	ret = ib_post_send(t->id->qp, &wr, NULL);
	if (ret)
		apn_lane_die(&t->lane, ret, "a key could not be taken back");
}

void apn_rdma_key_sync(struct apn_rdma_key *key)
{
	struct ib_device *dev = apn_rdma_device(key->t);

	if (!ib_uses_virt_dma(dev))
		dma_sync_sg_for_cpu(dev->dma_device, key->table, key->pieces, DMA_FROM_DEVICE);
}

/* ---- making one ---- */

static struct apn_rdma_key *make_key(struct apn_rdma_lane *t)
{
	struct apn_rdma_key *key;

	if (t->key_count == APN_RDMA_KEYS)
		return NULL;
	key = kzalloc_obj(*key); /* within apn_rdma_send(), which may use the last reserves */
	if (!key)
		return NULL;
	key->mr = ib_alloc_mr(t->pd, IB_MR_TYPE_MEM_REG, t->key_pages);
	if (IS_ERR(key->mr)) {
		kfree(key);
		return NULL;
	}
	key->t = t;
	key->taken_back.done = taken_back;
	key->table = key->inline_table;
	list_add_tail(&key->node, &t->keys);
	t->key_count++;
	return key;
}

static struct apn_rdma_key *free_or_new(struct apn_rdma_lane *t)
{
	struct llist_node *node = llist_del_first(&t->free_keys);

	return node ? llist_entry(node, struct apn_rdma_key, free) : make_key(t);
}

/* Inside, pages are whole: what a list of pages can say. */
static bool in_whole_pages(const struct scatterlist *table, unsigned int pieces)
{
	unsigned int i;

	for (i = 0; i < pieces; i++)
		if ((i && table[i].offset) ||
		    (i + 1 < pieces && (table[i].offset + table[i].length) % PAGE_SIZE))
			return false;
	return true;
}

static int fill_table(struct apn_rdma_key *key, const struct apn_tx *tx)
{
	unsigned int most = key->t->key_pages, pieces;
	u32 fit = apn_rdma_pieces(tx->payload, tx->load, NULL, most, &pieces);

	if (fit < tx->load)
		return -EFBIG;
	if (pieces > KEY_PIECES)
		key->table = kmalloc_array(pieces, sizeof(*key->table), GFP_NOIO | __GFP_NOWARN);
	if (!key->table) {
		key->table = key->inline_table;
		return -ENOMEM;
	}
	sg_init_table(key->table, pieces);
	apn_rdma_pieces(tx->payload, tx->load, key->table, pieces, &key->pieces);
	if (in_whole_pages(key->table, pieces) &&
	    DIV_ROUND_UP(key->table->offset + tx->load, PAGE_SIZE) <= most)
		return 0;
	drop_table(key);
	return -EINVAL;
}

/* Of one page each, and the first may begin anywhere in it. */
static int map(struct apn_rdma_key *key)
{
	struct ib_device *dev = apn_rdma_device(key->t);
	int mapped = ib_dma_map_sg(dev, key->table, key->pieces, DMA_FROM_DEVICE), n;

	if (!mapped) {
		drop_table(key);
		return -EIO;
	}
	n = ib_map_mr_sg(key->mr, key->table, mapped, NULL, PAGE_SIZE);
	if (n == mapped)
		return 0;
	unmap(key);
	return n < 0 ? n : -EINVAL;
}

/* Each use has another number, and none is zero, which stands for none. */
static void number(struct ib_mr *mr)
{
	do {
		ib_update_fast_reg_key(mr, ib_inc_rkey(mr->rkey));
	} while (!mr->rkey);
}

/* Without a key: what no CPU may look at can't come so, and is asked again over the next lane. */
static int in_messages(struct apn_rdma_lane *t, const struct apn_tx *tx)
{
	if (!tx->peer)
		return 0;
	apn_lane_die(&t->lane, -ENOMEM, "no key for the memory of another device");
	return -EAGAIN;
}

int apn_rdma_key_take(struct apn_rdma_lane *t, struct apn_tx *tx, struct apn_out *out)
{
	struct apn_rdma_key *key = free_or_new(t);
	u32 start;

	if (!key)
		return t->key_count ? -EAGAIN : in_messages(t, tx);
	if (fill_table(key, tx) || map(key)) {
		llist_add(&key->free, &t->free_keys);
		return in_messages(t, tx);
	}
	start = key->table->offset;
	key->mr->iova = start;
	number(key->mr);
	key->tx = tx;
	atomic_set(&key->holders, 2);
	t->post->key = key;
	tx->placed = key;
	out->hdr.io.place = cpu_to_le32(key->mr->rkey);
	out->hdr.io.chunk = cpu_to_le32(start);
	return 0;
}

struct ib_send_wr *apn_rdma_key_register(struct apn_rdma_key *key, struct ib_reg_wr *reg)
{
	*reg = (struct ib_reg_wr){
		.wr.opcode = IB_WR_REG_MR,
		.mr = key->mr,
		.key = key->mr->rkey,
		.access = IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE,
	};
	return &reg->wr;
}

/* ---- the end ---- */

void apn_rdma_keys_revoke(struct apn_rdma_lane *t)
{
	struct apn_rdma_key *key;

	list_for_each_entry(key, &t->keys, node)
		ib_dereg_mr(key->mr);
}

void apn_rdma_keys_free(struct apn_rdma_lane *t)
{
	struct apn_rdma_key *key, *next;

	list_for_each_entry_safe(key, next, &t->keys, node) {
		if (key->tx) {
			unmap(key);
			key->tx->sent(key->tx, -ENOTCONN);
		}
		kfree(key);
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * How much memory lines may make us hold.
 *
 * A window is a promise, so it is counted, not allocated: all of them together never
 * pass a quarter of the machine. Half of what is left goes to each new line, down to
 * one largest request, which is always admitted.
 */
#include "memory.h"

#include <linux/mm.h>
#include <linux/slab.h>

enum { ORDER_MAX = 5 }; /* 128 KiB: one chunk */

static DEFINE_SPINLOCK(promised_lock);
static u64 promised; /* promised_lock */
static void (*start_due)(struct list_head *due);
static u32 (*bytes_of)(const struct list_head *waiter);

static u64 limit(void)
{
	return (u64)totalram_pages() * PAGE_SIZE / 4;
}

static u64 promise(u64 least)
{
	u64 left, window;

	guard(spinlock)(&promised_lock);
	left = promised < limit() ? limit() - promised : 0;
	if (left < least)
		return 0;
	window = clamp_t(u64, left / 2, least, APN_LINE_WINDOW_MAX);
	promised += window;
	return window;
}

static void take_back(u64 window)
{
	guard(spinlock)(&promised_lock);
	promised -= window;
}

/* Whatever fits is started; a first one that is larger than the window runs alone. */
static void collect_due(struct apn_budget *b, struct list_head *due)
{
	struct list_head *waiter, *next;

	guard(spinlock_irqsave)(&b->lock);
	list_for_each_safe(waiter, next, &b->waiting) {
		u32 bytes = bytes_of(waiter);

		if (b->reads && b->reads + bytes > b->window)
			return;
		b->reads += bytes;
		list_move_tail(waiter, due);
	}
}

static void budget_work(struct work_struct *work)
{
	struct apn_budget *b = container_of(work, struct apn_budget, work);
	LIST_HEAD(due);

	collect_due(b, &due);
	start_due(&due);
}

u64 apn_memory_window(struct apn_line *line)
{
	struct apn_budget *b = kzalloc_obj(*b);

	if (!b)
		return 0;
	spin_lock_init(&b->lock);
	INIT_LIST_HEAD(&b->waiting);
	INIT_WORK(&b->work, budget_work);
	b->window = promise(line->io_bytes);
	if (!b->window) {
		kfree(b);
		return 0;
	}
	b->promised = b->window;
	line->private = b;
	return b->window;
}

void apn_memory_unpromise(struct apn_line *line)
{
	struct apn_budget *b = line->private;

	if (b)
		take_back(xchg(&b->promised, 0));
}

/* Its sessions are gone, and with them all requests that could wait or return. */
void apn_memory_forget(struct apn_line *line)
{
	struct apn_budget *b = line->private;

	if (!b)
		return;
	cancel_work_sync(&b->work);
	apn_memory_unpromise(line);
	line->private = NULL;
	kfree(b);
}

bool apn_memory_take(struct apn_line *line, u32 bytes, struct list_head *waiter)
{
	struct apn_budget *b = line->private;

	guard(spinlock_irqsave)(&b->lock);
	if (!list_empty(&b->waiting) || (b->reads && b->reads + bytes > b->window)) {
		list_add_tail(waiter, &b->waiting);
		return false;
	}
	b->reads += bytes;
	return true;
}

void apn_memory_return(struct apn_line *line, u32 bytes)
{
	struct apn_budget *b = line->private;

	guard(spinlock_irqsave)(&b->lock);
	b->reads -= bytes;
	if (!list_empty(&b->waiting))
		queue_work(apn_control_wq, &b->work);
}

void apn_memory_sweep(struct apn_line *line,
		      unsigned int (*pick)(struct list_head *from, struct list_head *out),
		      struct list_head *out)
{
	struct apn_budget *b = line->private;

	guard(spinlock_irqsave)(&b->lock);
	pick(&b->waiting, out);
}

static struct page *one_piece(u32 bytes, gfp_t gfp, unsigned int *order)
{
	gfp_t try = (gfp & ~(__GFP_NOFAIL | __GFP_DIRECT_RECLAIM)) | __GFP_NOWARN | __GFP_NORETRY |
		    __GFP_COMP;

	for (*order = min_t(unsigned int, get_order(bytes), ORDER_MAX); *order; --*order) {
		struct page *page = alloc_pages(try, *order);

		if (page)
			return page;
	}
	return alloc_page(gfp | __GFP_NOWARN);
}

int apn_memory_pages(struct bio_vec *table, unsigned int room, u32 bytes, gfp_t gfp)
{
	unsigned int n = 0, order;

	while (bytes) {
		struct page *page = n < room ? one_piece(bytes, gfp, &order) : NULL;
		u32 piece;

		if (!page) {
			apn_memory_free(table, n);
			return -ENOMEM;
		}
		piece = min_t(u32, bytes, PAGE_SIZE << order);
		bvec_set_page(&table[n++], page, piece, 0);
		bytes -= piece;
	}
	return n;
}

/* The network may hold references still: then they go when it drops them. */
void apn_memory_free(struct bio_vec *table, unsigned int entries)
{
	while (entries--)
		put_page(table[entries].bv_page);
}

void apn_memory_init(void (*start)(struct list_head *due),
		     u32 (*bytes)(const struct list_head *waiter))
{
	start_due = start;
	bytes_of = bytes;
}

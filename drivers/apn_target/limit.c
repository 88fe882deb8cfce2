// SPDX-License-Identifier: GPL-2.0
/*
 * An export's share. Each request costs time at the rates that were set; one is
 * admitted as long as the time that was spent ahead is under a burst.
 */
#include "limit.h"

#include <apn/line.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#define BURST_NS (100 * NSEC_PER_MSEC)

static bool limited(const struct apn_limit *limit)
{
	return limit->bytes_per_s || limit->requests_per_s;
}

static u64 cost_ns(const struct apn_limit *limit, u32 bytes)
{
	u64 by_bytes = 0, by_count = 0;

	if (limit->bytes_per_s)
		by_bytes = div64_u64((u64)bytes * NSEC_PER_SEC, limit->bytes_per_s);
	if (limit->requests_per_s)
		by_count = div64_u64(NSEC_PER_SEC, limit->requests_per_s);
	return max(by_bytes, by_count);
}

/* Under the lock. */
static bool pay(struct apn_limit *limit, u32 bytes, u64 now)
{
	if (limit->free_ns > now + BURST_NS)
		return false;
	limit->free_ns = max(limit->free_ns, now) + cost_ns(limit, bytes);
	return true;
}

static void wait_for_turn(struct apn_limit *limit, u64 now)
{
	u64 wait_ns = limit->free_ns > now + BURST_NS ? limit->free_ns - now - BURST_NS : 0;

	queue_delayed_work(apn_control_wq, &limit->work, nsecs_to_jiffies(wait_ns) + 1);
}

bool apn_limit_take(struct apn_limit *limit, struct list_head *waiter)
{
	u64 now;

	if (!READ_ONCE(limit->bytes_per_s) && !READ_ONCE(limit->requests_per_s) &&
	    list_empty_careful(&limit->waiting))
		return true;
	guard(spinlock_bh)(&limit->lock);
	now = ktime_get_ns();
	if (list_empty(&limit->waiting) && pay(limit, limit->bytes_of(waiter), now))
		return true;
	list_add_tail(waiter, &limit->waiting);
	wait_for_turn(limit, now);
	return false;
}

void apn_limit_sweep(struct apn_limit *limit,
		     unsigned int (*pick)(struct list_head *from, struct list_head *out),
		     struct list_head *out)
{
	guard(spinlock_bh)(&limit->lock);
	pick(&limit->waiting, out);
}

static void limit_work(struct work_struct *work)
{
	struct apn_limit *limit = container_of(to_delayed_work(work), struct apn_limit, work);
	u64 now = ktime_get_ns();
	LIST_HEAD(due);

	spin_lock_bh(&limit->lock);
	while (!list_empty(&limit->waiting) &&
	       (!limited(limit) || pay(limit, limit->bytes_of(limit->waiting.next), now)))
		list_move_tail(limit->waiting.next, &due);
	if (!list_empty(&limit->waiting))
		wait_for_turn(limit, now);
	spin_unlock_bh(&limit->lock);
	limit->start(&due);
}

void apn_limit_init(struct apn_limit *limit, void (*start)(struct list_head *due),
		    u32 (*bytes_of)(const struct list_head *waiter))
{
	spin_lock_init(&limit->lock);
	INIT_LIST_HEAD(&limit->waiting);
	INIT_DELAYED_WORK(&limit->work, limit_work);
	limit->start = start;
	limit->bytes_of = bytes_of;
}

void apn_limit_set(struct apn_limit *limit, u64 bytes_per_s, u64 requests_per_s)
{
	spin_lock_bh(&limit->lock);
	limit->bytes_per_s = bytes_per_s;
	limit->requests_per_s = requests_per_s;
	limit->free_ns = 0;
	spin_unlock_bh(&limit->lock);
	mod_delayed_work(apn_control_wq, &limit->work, 0);
}

void apn_limit_stop(struct apn_limit *limit)
{
	apn_limit_set(limit, 0, 0);
	flush_delayed_work(&limit->work);
	cancel_delayed_work_sync(&limit->work);
}

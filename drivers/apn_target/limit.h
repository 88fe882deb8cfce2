/* SPDX-License-Identifier: GPL-2.0 */
/* An export's share: bytes and requests per second. */
#ifndef APN_TARGET_LIMIT_H
#define APN_TARGET_LIMIT_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct apn_limit {
	spinlock_t lock;
	u64 bytes_per_s; /* zero: no limit */
	u64 requests_per_s;
	u64 free_ns; /* when all that was admitted is paid for */
	struct list_head waiting;
	struct delayed_work work;
	void (*start)(struct list_head *due);
	u32 (*bytes_of)(const struct list_head *waiter);
};

void apn_limit_init(struct apn_limit *limit, void (*start)(struct list_head *due),
		    u32 (*bytes_of)(const struct list_head *waiter));
void apn_limit_set(struct apn_limit *limit, u64 bytes_per_s, u64 requests_per_s);
/* False: @waiter waits; ->start() gets it when its time has come. */
bool apn_limit_take(struct apn_limit *limit, struct list_head *waiter);
/* Those whom @pick moves from the first list to the second wait no more. */
void apn_limit_sweep(struct apn_limit *limit,
		     unsigned int (*pick)(struct list_head *from, struct list_head *out),
		     struct list_head *out);
/* Nobody waits any more: who did was started. */
void apn_limit_stop(struct apn_limit *limit);

#endif /* APN_TARGET_LIMIT_H */

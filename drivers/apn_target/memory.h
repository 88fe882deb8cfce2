/* SPDX-License-Identifier: GPL-2.0 */
/* How much memory lines may make us hold: each, and all together. */
#ifndef APN_TARGET_MEMORY_H
#define APN_TARGET_MEMORY_H

#include <apn/line.h>

enum {
	APN_LINE_WINDOW_MAX = 512 << 20, /* one bandwidth-delay product of 100 Gbit/s at 40 ms */
};

/* line->private of a target's line: what its READs hold. WRITEs are bounded by the window. */
struct apn_budget {
	spinlock_t lock;
	u64 window; /* bytes, each way */
	u64 promised; /* the same, until it is taken back */
	u64 reads; /* held by READs that were begun */
	struct list_head waiting; /* READs that were not */
	struct work_struct work;
};

/* As struct apn_gate's ->window(). Zero bytes if there is no memory for a line. */
u64 apn_memory_window(struct apn_line *line);
/* No lane of the line will bring anything any more: its promise is another's. */
void apn_memory_unpromise(struct apn_line *line);
void apn_memory_forget(struct apn_line *line);

/* False: @waiter waits; what apn_memory_init() was given gets it when its time has come. */
bool apn_memory_take(struct apn_line *line, u32 bytes, struct list_head *waiter);
void apn_memory_return(struct apn_line *line, u32 bytes);
/* As apn_limit_sweep(). */
void apn_memory_sweep(struct apn_line *line,
		      unsigned int (*pick)(struct list_head *from, struct list_head *out),
		      struct list_head *out);

/* Pages for @bytes, in @table of @room entries; the number of entries, or -ENOMEM. */
int apn_memory_pages(struct bio_vec *table, unsigned int room, u32 bytes, gfp_t gfp);
void apn_memory_free(struct bio_vec *table, unsigned int entries);

void apn_memory_init(void (*start)(struct list_head *due),
		     u32 (*bytes_of)(const struct list_head *waiter));

#endif /* APN_TARGET_MEMORY_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* What a disk did and how long it took, the network told apart from the storage. */
#ifndef APNBD_STAT_H
#define APNBD_STAT_H

#include <linux/percpu.h>
#include <linux/types.h>

enum { APNBD_BUCKETS = 32 };

struct apnbd_stat {
	u64 reads, read_bytes, writes, write_bytes, flushes, discards;
	u64 errors, resent;
	u64 storage_ns, network_ns;
	u64 storage[APNBD_BUCKETS]; /* n: 2^n to 2^(n+1) microseconds */
	u64 network[APNBD_BUCKETS];
};

void apnbd_stat_count(struct apnbd_stat __percpu *stat, u8 op, u32 bytes, u64 total_ns,
		      u64 storage_ns);
void apnbd_stat_sum(struct apnbd_stat __percpu *stat, struct apnbd_stat *sum);

#endif /* APNBD_STAT_H */

// SPDX-License-Identifier: GPL-2.0
/* What a disk did and how long it took. */
#include "stat.h"

#include <apn/proto.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/time64.h>

static unsigned int bucket(u64 ns)
{
	u64 us = div_u64(ns, NSEC_PER_USEC);

	return us ? min_t(unsigned int, ilog2(us), APNBD_BUCKETS - 1) : 0;
}

static void count_op(struct apnbd_stat *s, u8 op, u32 bytes)
{
	switch (op) {
	case APN_OP_READ:
		s->reads++;
		s->read_bytes += bytes;
		break;
	case APN_OP_WRITE:
		s->writes++;
		s->write_bytes += bytes;
		break;
	case APN_OP_FLUSH:
		s->flushes++;
		break;
	default:
		s->discards++;
	}
}

void apnbd_stat_count(struct apnbd_stat __percpu *stat, u8 op, u32 bytes, u64 total_ns,
		      u64 storage_ns)
{
	struct apnbd_stat *s = get_cpu_ptr(stat);
	u64 network_ns;

	storage_ns = min(storage_ns, total_ns);
	network_ns = total_ns - storage_ns;
	count_op(s, op, bytes);
	s->storage_ns += storage_ns;
	s->network_ns += network_ns;
	s->storage[bucket(storage_ns)]++;
	s->network[bucket(network_ns)]++;
	put_cpu_ptr(stat);
}

/* Every member is a u64, so the sum is one over an array of them. */
void apnbd_stat_sum(struct apnbd_stat __percpu *stat, struct apnbd_stat *sum)
{
	u64 *to = (u64 *)sum;
	unsigned int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const u64 *from = (const u64 *)per_cpu_ptr(stat, cpu);

		for (i = 0; i < sizeof(*sum) / sizeof(u64); i++)
			to[i] += from[i];
	}
}

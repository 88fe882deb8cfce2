// SPDX-License-Identifier: GPL-2.0
/*
 * What a request over a line can be expected to take: its round trip, and what is on its
 * way before it, by what the line was seen to carry when it was full.
 */
#include "cost.h"
#include "line.h"

#include <linux/export.h>
#include <linux/math64.h>
#include <linux/sizes.h>

enum {
	BUSY_BYTES = 256 * 1024, /* with less under way a line is not full */
	OVERDUE_US = 1000000, /* a line that does not answer a PING is to be avoided */
};

static u64 load_of(struct apn_line *line)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < READ_ONCE(line->lanes); i++) {
		struct apn_lane *lane = apn_line_lane_at(line, i);

		if (lane)
			sum += atomic_long_read(&lane->load);
	}
	return sum;
}

u64 apn_line_cost_us(struct apn_line *line, u32 bytes)
{
	u64 cost_us = READ_ONCE(line->rtt_us);
	u32 us_per_mib = READ_ONCE(line->us_per_mib);

	if (us_per_mib)
		cost_us += ((load_of(line) + bytes) * us_per_mib) >> 20;
	if (READ_ONCE(line->window.queued))
		cost_us += cost_us;
	if (READ_ONCE(line->overdue))
		cost_us += OVERDUE_US;
	return cost_us;
}
EXPORT_SYMBOL_GPL(apn_line_cost_us);

static u64 moved_by(struct apn_line *line)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = apn_line_lane_at(line, i);

		if (lane)
			sum += atomic64_read(&lane->sent_bytes) +
			       atomic64_read(&lane->received_bytes);
	}
	return sum;
}

/*
 * A line was full if more was under way than its delay alone explains: what moved in the
 * time is then what it can carry. Believed at once when that is more than was known, and
 * little by little when it is less.
 */
static void learn(struct apn_line *line, u64 bytes, u64 us, u64 load)
{
	u64 mib_us = div64_u64(us * SZ_1M, bytes), known = line->us_per_mib;
	u64 explained = div64_u64(bytes * READ_ONCE(line->rtt_min_us), us);

	if (load < BUSY_BYTES || load < explained + explained / 2)
		return;
	if (known && mib_us > known)
		mib_us = known + (mib_us - known) / 8;
	WRITE_ONCE(line->us_per_mib, clamp_t(u64, mib_us, 1, U32_MAX));
}

/* Full or not: it carries that. */
static void see(struct apn_line *line, u64 bytes, u64 us)
{
	u64 rate = div64_u64(bytes * USEC_PER_SEC, us);

	if (rate > READ_ONCE(line->seen_rate))
		WRITE_ONCE(line->seen_rate, rate);
}

void apn_cost_measure(struct apn_line *line)
{
	u64 us = jiffies_to_usecs(jiffies - line->measured), moved, load;

	rcu_read_lock();
	moved = moved_by(line);
	load = load_of(line);
	rcu_read_unlock();
	if (line->measured && us && moved > line->moved) {
		see(line, moved - line->moved, us);
		learn(line, moved - line->moved, us, load);
	}
	line->moved = moved;
	line->measured = jiffies;
}

// SPDX-License-Identifier: GPL-2.0
/* The target's: requests counted by lane, so that a lane can be fenced. */
#include "line.h"
#include "rules.h"
#include "wait.h"

#include <linux/export.h>

enum { LOOK_MS = 500 }; /* how often who waits looks whether its answer is wanted still */

void apn_line_request_begin(struct apn_lane *lane)
{
	apn_lane_get(lane);
	atomic_inc(&lane->requests);
}
EXPORT_SYMBOL_GPL(apn_line_request_begin);

/* Only a buried lane can get to zero: the slot holds one until then. */
void apn_line_request_end(struct apn_lane *lane)
{
	if (atomic_dec_and_test(&lane->requests))
		queue_work(apn_control_wq, &lane->line->reap);
	apn_lane_put(lane);
}
EXPORT_SYMBOL_GPL(apn_line_request_end);

static bool quiet(struct apn_line *line, unsigned int index, u32 incarnation)
{
	struct apn_lane *lane;

	guard(mutex)(&line->lock);
	lane = rcu_dereference_protected(line->slot[index].lane, lockdep_is_held(&line->lock));
	if (lane && apn_rule_is_fenced(incarnation, lane->incarnation))
		return false;
	list_for_each_entry(lane, &line->undrained, undrained)
		if (lane->index == index && apn_rule_is_fenced(incarnation, lane->incarnation))
			return false;
	return true;
}

static void end_incarnation(struct apn_line *line, unsigned int index, u32 incarnation)
{
	struct apn_slot *slot = &line->slot[index];
	struct apn_lane *lane;

	guard(mutex)(&line->lock);
	slot->incarnation = apn_rule_fence(slot->incarnation, incarnation);
	lane = rcu_dereference_protected(slot->lane, lockdep_is_held(&line->lock));
	if (lane && apn_rule_is_fenced(incarnation, lane->incarnation))
		apn_lane_die(lane, -ESTALE, "fenced");
}

/*
 * apn_line_fence(): nothing of these incarnations will reach a device
 *
 * First no lane of that number up to @incarnation can begin a request: the live one
 * dies, a later HELLO for one is refused. Then the socket is shut, what was not
 * submitted is dropped, and what was has ended: the lane has left its slot and the
 * undrained. Sleeps as long as the slowest device, or until nobody waits for the answer.
 */
bool apn_line_fence(struct apn_line *line, unsigned int index, u32 incarnation,
		    const struct apn_lane *by, u64 *begun)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(APN_FENCE_MS);

	end_incarnation(line, index, incarnation);
	while (!quiet(line, index, incarnation)) {
		if (apn_lane_dead(by) || time_after(jiffies, deadline))
			return false;
		apn_wait_until(line->changed, quiet(line, index, incarnation),
			       msecs_to_jiffies(LOOK_MS));
	}
	guard(spinlock_bh)(&line->window.lock);
	*begun = line->slot[index].writes;
	return true;
}

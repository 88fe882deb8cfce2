// SPDX-License-Identifier: GPL-2.0
/* One place for a lane in a line: connects it, buries it, has it fenced. */
#include "slot.h"
#include "attach.h"
#include "beat.h"
#include "rules.h"
#include "wait.h"

#include <linux/export.h>
#include <linux/math64.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

static struct apn_lane *lane_of(struct apn_slot *slot)
{
	return rcu_dereference_protected(slot->lane, lockdep_is_held(&slot->line->lock));
}

static bool closing(const struct apn_line *line)
{
	return READ_ONCE(line->state) == APN_LINE_CLOSING;
}

void apn_slot_wake(struct apn_slot *slot)
{
	mod_delayed_work(apn_control_wq, &slot->work, 0);
}

static void wake_others(struct apn_slot *slot)
{
	struct apn_line *line = slot->line;
	unsigned int i;

	for (i = 0; i < APN_LANES_MAX; i++) /* one beyond the lanes may wait for its fence */
		if (i != slot->index)
			apn_slot_wake(&line->slot[i]);
}

/* ---- burial ---- */

static struct apn_lane *take_out(struct apn_slot *slot, bool whatever)
{
	struct apn_line *line = slot->line;
	struct apn_lane *lane;

	guard(mutex)(&line->lock);
	lane = lane_of(slot);
	if (!lane || (!whatever && !apn_lane_dead(lane)))
		return NULL;
	rcu_assign_pointer(slot->lane, NULL);
	if (!line->host)
		list_add_tail(&lane->undrained, &line->undrained); /* reaped when bury() let go */
	else
		slot->unfenced = lane->incarnation;
	if (--line->live == 0)
		apn_line_set_state(line, APN_LINE_WAITING, lane->reason);
	return lane;
}

/*
 * After apn_lane_close() nothing moves on it: the host's sessions take back what they
 * sent; the target's requests end in their own time, which apn_line_fence() awaits.
 */
static void bury(struct apn_slot *slot, struct apn_lane *lane)
{
	struct apn_line *line = slot->line;

	apn_lane_close(lane);
	pr_info_ratelimited("apn: lane %u of line %u ended: %s (%d)\n", slot->index, line->id,
			    lane->reason, lane->error);
	apn_line_window_fold(line, lane);
	if (line->host)
		apn_line_pages_watch(line, lane);
	line->ops->lost(line, lane);
	if (line->host) {
		if (!READ_ONCE(line->live)) {
			apn_line_waiting_fail(line);
			line->ops->down(line);
		}
		apn_lane_put(lane);
	} else if (atomic_dec_and_test(&lane->requests)) {
		queue_work(apn_control_wq, &line->reap);
	}
	wake_up_all(&line->changed);
}

static void bury_dead(struct apn_slot *slot, bool whatever)
{
	struct apn_lane *lane = take_out(slot, whatever);

	if (lane)
		bury(slot, lane);
}

/* ---- the host's: fencing ---- */

/* By a lane of its own, or else of another line to the same target. */
static struct apn_lane *way_to_target(struct apn_line *line)
{
	return apn_line_any_lane(line) ?: line->ops->detour(line);
}

static bool line_is_closing(void *line)
{
	return closing(line);
}

static int ask_fence(struct apn_slot *slot, struct apn_lane *by, struct apn_answer *answer)
{
	const struct apn_stop stop = { line_is_closing, slot->line }; /* @by may be another's */
	struct apn_hdr hdr = { .op = APN_OP_FENCE };
	struct apn_fence fence = {
		.lane = cpu_to_le16(slot->index),
		.incarnation = cpu_to_le32(slot->unfenced),
	};

	memcpy(fence.line, slot->line->uuid, APN_UUID_BYTES);
	return apn_ask_unless(by, &hdr, &fence, sizeof(fence), APN_OP_FENCED, answer, APN_FENCE_MS,
			      &stop);
}

/* Its own work is the only one that buries, so @unfenced can't grow meanwhile. */
static bool fence(struct apn_slot *slot)
{
	struct apn_line *line = slot->line;
	struct apn_answer *answer = kmalloc(sizeof(*answer), GFP_NOIO);
	struct apn_lane *by = way_to_target(line);
	bool done = answer && by && !ask_fence(slot, by, answer);

	if (done) {
		const struct apn_fenced *fenced = (const void *)answer->body;

		apn_line_window_lost(line, slot, le64_to_cpu(fenced->received));
		atomic64_inc(&line->fences);
		WRITE_ONCE(slot->unfenced, 0);
		line->ops->fenced(line, slot->index);
	}
	if (by)
		apn_lane_put(by);
	kfree(answer);
	return done;
}

/* ---- the host's: connecting ---- */

static bool begin_setup(struct apn_slot *slot, struct apn_lane *lane)
{
	struct apn_line *line = slot->line;

	guard(mutex)(&line->lock);
	if (closing(line))
		return false;
	lane->incarnation = ++slot->incarnation;
	slot->setup = lane;
	return true;
}

static void end_setup(struct apn_slot *slot)
{
	guard(mutex)(&slot->line->lock);
	slot->setup = NULL;
}

/* What the transport has to say of it, where it says more than a number does. */
static void say_unconnected(const struct apn_lane *lane, int error, char *reason)
{
	const char *why = "the network can't reach it";

	if (error == -ECONNREFUSED)
		why = "nobody listens there";
	else if (error == -ETIMEDOUT)
		why = "no answer";
	else if (lane->line->security == APN_SECURITY_TLS && READ_ONCE(lane->reason))
		why = lane->reason;
	snprintf(reason, APN_REASON_BYTES, "no connection to the target: %s", why);
}

static int set_up(struct apn_slot *slot, struct apn_lane *lane, char *reason,
		  struct apn_auth_ack *agreed)
{
	struct apn_line *line = slot->line;
	int ret = line->transport->connect(lane, &line->route);

	if (ret) {
		say_unconnected(lane, ret, reason);
		return ret;
	}
	ret = apn_attach_host(line, lane, reason, agreed);
	if (ret)
		apn_lane_close(lane);
	return ret;
}

/* A target that knows nothing of us has closed all our lanes; the rest is stale. */
static void end_stale(struct apn_slot *slot)
{
	struct apn_line *line = slot->line;
	unsigned int i;

	lockdep_assert_held(&line->lock);
	for (i = 0; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = lane_of(&line->slot[i]);

		if (lane && i != slot->index)
			apn_lane_die(lane, -ESTALE, "the target has forgotten this line");
	}
}

/* A target that came back may grant fewer: nobody would kick what stands beyond them. */
static void end_surplus(struct apn_line *line)
{
	unsigned int i;

	lockdep_assert_held(&line->lock);
	for (i = line->lanes; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = lane_of(&line->slot[i]);

		if (lane)
			apn_lane_die(lane, -ESTALE, "the target grants fewer lanes now");
	}
}

static void agree(struct apn_line *line, const struct apn_lane *lane,
		  const struct apn_auth_ack *agreed)
{
	line->chunk_bytes = le32_to_cpu(agreed->chunk_bytes);
	line->io_bytes = le32_to_cpu(agreed->io_bytes);
	line->io_bytes_best = min(line->io_bytes, lane->io_bytes_best);
	WRITE_ONCE(line->peer_bytes, min(line->io_bytes, lane->peer_bytes));
	line->requests = le32_to_cpu(agreed->requests);
	line->lanes = min_t(u32, line->wanted, le16_to_cpu(agreed->lanes));
	memcpy(line->instance, agreed->instance, APN_UUID_BYTES);
	end_surplus(line);
}

static bool is_fresh(const struct apn_line *line, const struct apn_auth_ack *agreed)
{
	return apn_rule_is_fresh(agreed->resumed,
				 !memcmp(line->instance, agreed->instance, APN_UUID_BYTES));
}

static bool install(struct apn_slot *slot, struct apn_lane *lane, const struct apn_auth_ack *agreed)
{
	struct apn_line *line = slot->line;
	bool fresh = is_fresh(line, agreed);

	guard(mutex)(&line->lock);
	slot->setup = NULL;
	if (closing(line) || apn_lane_dead(lane) ||
	    (slot->index && (fresh || slot->index >= line->lanes)))
		return false;
	if (fresh) {
		end_stale(slot);
		apn_line_window_restart(line, lane->granted);
	}
	lane->epoch = line->epoch;
	if (!slot->index)
		agree(line, lane, agreed);
	rcu_assign_pointer(slot->lane, lane);
	line->live++;
	slot->attempt = 0;
	slot->error = 0;
	if (!slot->index) {
		line->attempt = 0;
		apn_line_set_state(line, APN_LINE_LIVE, NULL);
	}
	return true;
}

/* Longer each time, and not at the same time as all others; one that got no answer took long. */
static u32 pause_ms(const struct apn_slot *slot, int error)
{
	u32 shift = error == -ETIMEDOUT ? 0 : min(slot->attempt, 6U);
	u32 delay_ms = min_t(u32, APN_RETRY_MIN_MS << shift, APN_RETRY_MAX_MS);

	return delay_ms * 3 / 4 + get_random_u32_below(delay_ms / 2);
}

static void failed(struct apn_slot *slot, int error, const char *reason)
{
	struct apn_line *line = slot->line;
	u32 delay_ms = pause_ms(slot, error);

	mutex_lock(&line->lock);
	slot->setup = NULL;
	slot->attempt++;
	slot->error = error;
	if (!slot->index) {
		line->attempt = slot->attempt;
		line->next_try = jiffies + msecs_to_jiffies(delay_ms);
		if (!line->live)
			apn_line_set_state(line, APN_LINE_WAITING, reason);
	}
	if (!closing(line)) /* the lane's death has asked for this work at once */
		mod_delayed_work(apn_control_wq, &slot->work, msecs_to_jiffies(delay_ms));
	mutex_unlock(&line->lock);
}

static void connect_lane(struct apn_slot *slot, struct apn_lane *lane, char *reason)
{
	struct apn_line *line = slot->line;
	struct apn_auth_ack agreed;
	int ret = set_up(slot, lane, reason, &agreed);
	bool fresh = !ret && is_fresh(line, &agreed);

	if (ret) {
		end_setup(slot);
		failed(slot, ret, reason);
		apn_lane_put(lane);
		return;
	}
	if (!install(slot, lane, &agreed)) {
		apn_lane_close(lane);
		failed(slot, -ENOTCONN, "the connection was lost again at once");
		apn_lane_put(lane);
		return;
	}
	apn_line_window_open(line, lane, lane->granted);
	if (!slot->index) {
		apn_beat_ping(lane);
		line->ops->up(line, fresh);
	}
	wake_others(slot);
}

/* Lane 0 goes first: it brings what the others need. */
static bool due(struct apn_slot *slot)
{
	struct apn_line *line = slot->line;

	guard(mutex)(&line->lock);
	if (closing(line) || lane_of(slot))
		return false;
	return !slot->index || (slot->index < line->lanes && lane_of(&line->slot[0]));
}

/* A lane's share of what the line carries in a round trip, as far as that is known. */
static u64 wish_bytes(const struct apn_line *line, unsigned int index)
{
	u32 rtt_us = min_t(u32, READ_ONCE(line->rtt_min_us), USEC_PER_SEC);
	u64 rate = READ_ONCE(line->rate) ?: APN_RATE_UNKNOWN;

	return mul_u64_u32_div(rate, rtt_us, USEC_PER_SEC) / (max(line->lanes, 2U) - 1) +
	       (index ? APN_WISH_BULK : APN_WISH_SMALL);
}

static void connect_slot(struct apn_slot *slot)
{
	struct apn_line *line = slot->line;
	char reason[APN_REASON_BYTES] = "";
	struct apn_lane *lane;

	lane = apn_lane_alloc(line->transport, &apn_line_lane_user, true);
	if (!lane) {
		failed(slot, -ENOMEM, "no memory for a connection");
		return;
	}
	lane->line = line;
	lane->index = slot->index;
	lane->wish_bytes = wish_bytes(line, slot->index);
	lane->rtt_us = READ_ONCE(line->rtt_us);
	lane->bounds.control = !slot->index;
	if (begin_setup(slot, lane))
		connect_lane(slot, lane, reason);
	else
		apn_lane_put(lane);
}

/* Its disks are all over for good: the target is not troubled any more. */
static bool retire(struct apn_line *line)
{
	if (READ_ONCE(line->live) || line->ops->wanted(line))
		return false;
	apn_line_mark_closing(line, "none of its disks can use it any more");
	return true;
}

static void bring_back(struct apn_slot *slot)
{
	struct apn_line *line = slot->line;

	if (retire(line))
		return;
	if (slot->unfenced)
		fence(slot);
	if (due(slot))
		connect_slot(slot);
	if (slot->unfenced && !closing(line) && !fence(slot) && READ_ONCE(line->live))
		queue_delayed_work(apn_control_wq, &slot->work,
				   msecs_to_jiffies(APN_RETRY_MIN_MS));
}

/* What comes from here says how much may be sent here: let something come at once. */
static void tell_wide(struct apn_lane *lane)
{
	struct apn_hdr hdr = { .op = APN_OP_WINDOW };

	apn_msg_send(lane, &hdr, NULL, 0);
}

static void join_pacer(struct apn_line *line, struct apn_lane *lane)
{
	if (READ_ONCE(lane->pacer))
		return;
	line->transport->pace(lane, &line->pacer);
	if (!READ_ONCE(lane->pacer))
		return;
	if (line->host)
		apn_line_bound(line);
	else
		tell_wide(lane);
}

/* Nobody but this work buries the lane, so it stays open meanwhile. */
static void pace(struct apn_slot *slot)
{
	struct apn_line *line = slot->line;
	struct apn_lane *lane = line->transport->pace ? apn_line_lane(line, slot->index) : NULL;

	if (!lane)
		return;
	join_pacer(line, lane);
	apn_lane_put(lane);
}

/* Writeback may wait for what this work brings back: it must not start any. */
static void slot_work(struct work_struct *work)
{
	struct apn_slot *slot = container_of(to_delayed_work(work), struct apn_slot, work);
	unsigned int noio = memalloc_noio_save();

	bury_dead(slot, false);
	if (slot->line->host && !closing(slot->line))
		bring_back(slot);
	pace(slot);
	memalloc_noio_restore(noio);
}

void apn_line_fence_again(struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < APN_LANES_MAX; i++)
		if (READ_ONCE(line->slot[i].unfenced))
			apn_slot_wake(&line->slot[i]);
}
EXPORT_SYMBOL_GPL(apn_line_fence_again);

void apn_slot_init(struct apn_line *line, unsigned int index)
{
	struct apn_slot *slot = &line->slot[index];

	slot->line = line;
	slot->index = index;
	INIT_DELAYED_WORK(&slot->work, slot_work);
}

void apn_slot_start(struct apn_line *line)
{
	line->lanes = 1;
	apn_slot_wake(&line->slot[0]);
}

/* Whoever waits for an answer over one of them gets none. */
static void end_lanes(struct apn_slot *slot)
{
	struct apn_lane *lane;

	guard(mutex)(&slot->line->lock);
	lane = lane_of(slot);
	if (slot->setup)
		apn_lane_die(slot->setup, -ESHUTDOWN, "the line is closing");
	if (lane)
		apn_lane_die(lane, -ESHUTDOWN, "the line is closing");
}

/*
 * A slot that is not stopped yet may wake one that is, so each is stopped twice; in
 * the second round nobody is left who connects or wakes.
 */
void apn_slot_close_all(struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < APN_LANES_MAX; i++)
		end_lanes(&line->slot[i]);
	for (i = 0; i < 2 * APN_LANES_MAX; i++) {
		struct apn_slot *slot = &line->slot[i % APN_LANES_MAX];

		cancel_delayed_work_sync(&slot->work);
		bury_dead(slot, true);
	}
	for (i = 0; i < APN_LANES_MAX; i++)
		cancel_delayed_work_sync(&line->slot[i].work);
}

/* ---- the target's ---- */

static bool slot_is_free(struct apn_slot *slot)
{
	guard(mutex)(&slot->line->lock);
	return !lane_of(slot);
}

static int claim(struct apn_slot *slot, struct apn_lane *lane)
{
	struct apn_line *line = slot->line;
	struct apn_lane *old;

	guard(mutex)(&line->lock);
	if (closing(line) || !apn_rule_may_stand(slot->incarnation, lane->incarnation))
		return -ESTALE;
	slot->incarnation = lane->incarnation;
	old = lane_of(slot);
	if (old)
		apn_lane_die(old, -ESTALE, "a newer connection takes its place");
	return 0;
}

int apn_slot_claim(struct apn_line *line, struct apn_lane *lane)
{
	struct apn_slot *slot = &line->slot[lane->index];
	int ret = claim(slot, lane);

	if (!ret)
		apn_wait_until(line->changed, slot_is_free(slot), msecs_to_jiffies(APN_SETUP_MS));
	return ret;
}

int apn_slot_stand(struct apn_line *line, struct apn_lane *lane)
{
	struct apn_slot *slot = &line->slot[lane->index];

	guard(mutex)(&line->lock);
	if (closing(line) || lane->incarnation != slot->incarnation || lane_of(slot))
		return -ESTALE;
	lane->line = line;
	rcu_assign_pointer(slot->lane, lane);
	line->live++;
	line->lanes = max(line->lanes, slot->index + 1);
	apn_line_set_state(line, APN_LINE_LIVE, NULL);
	apn_slot_wake(slot); /* to pace it */
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* Set-up and control: messages with a body, and questions that wait for an answer. */
#include "msg.h"

#include <linux/completion.h>
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/string.h>

enum {
	MESSAGES_MAX = 256, /* that may wait in a lane's queue */
	SLICE_MS = 200,
};

struct msg {
	struct apn_tx tx;
	struct apn_lane *lane; /* a reference */
	struct kvec vec;
	u8 body[];
};

static void msg_sent(struct apn_tx *tx, int error)
{
	struct msg *msg = container_of(tx, struct msg, tx);

	atomic_dec(&msg->lane->messages);
	apn_lane_put(msg->lane);
	kfree(msg);
}

int apn_msg_send(struct apn_lane *lane, const struct apn_hdr *hdr, const void *body, size_t bytes)
{
	struct msg *msg = kzalloc(struct_size(msg, body, bytes), GFP_NOIO);
	int ret;

	if (!msg)
		return -ENOMEM;
	msg->tx.hdr = *hdr;
	msg->tx.left = bytes;
	msg->tx.bytes = bytes;
	msg->tx.sent = msg_sent;
	memcpy(msg->body, body, bytes);
	msg->vec.iov_base = msg->body;
	msg->vec.iov_len = bytes;
	apn_payload_buffer(&msg->tx.payload, ITER_SOURCE, &msg->vec);
	msg->lane = apn_lane_get(lane);
	if (atomic_inc_return(&lane->messages) > MESSAGES_MAX)
		apn_lane_die(lane, -ENOBUFS, "the peer asks and does not read the answers");
	ret = apn_lane_send(lane, &msg->tx, false);
	if (ret)
		msg_sent(&msg->tx, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(apn_msg_send);

int apn_msg_refuse(struct apn_lane *lane, u64 tag, enum apn_status status, const char *text)
{
	struct apn_hdr hdr = {
		.op = APN_OP_REFUSE,
		.status = cpu_to_le16(status),
		.tag = cpu_to_le64(tag),
	};
	struct apn_refuse refuse = {};

	strscpy(refuse.text, text, sizeof(refuse.text));
	return apn_msg_send(lane, &hdr, &refuse, sizeof(refuse));
}
EXPORT_SYMBOL_GPL(apn_msg_refuse);

/* On lane->asks until answered, failed or given up: whoever takes it off owns it. */
struct ask {
	struct list_head node;
	u64 tag;
	u8 wanted;
	int error;
	struct apn_answer *answer;
	struct completion done;
};

static atomic64_t ask_tags;

static void ask_add(struct apn_lane *lane, struct ask *ask)
{
	guard(spinlock_bh)(&lane->asks_lock);
	list_add_tail(&ask->node, &lane->asks);
}

/* @sent: its answer may still come, and is then no breach. */
static bool ask_take_back(struct apn_lane *lane, struct ask *ask, bool sent)
{
	guard(spinlock_bh)(&lane->asks_lock);
	if (list_empty(&ask->node))
		return false;
	list_del_init(&ask->node);
	lane->abandoned += sent;
	return true;
}

/* In slices, so that whoever has to end can. Zero: the time is over. */
static long ask_sleep(struct ask *ask, unsigned int timeout_ms, const struct apn_stop *stop)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(timeout_ms);
	long left;

	do {
		left = wait_for_completion_killable_timeout(&ask->done,
							    msecs_to_jiffies(SLICE_MS));
	} while (!left && time_before(jiffies, deadline) && !(stop && stop->now(stop->arg)));
	return left;
}

static int ask_wait(struct apn_lane *lane, struct ask *ask, unsigned int timeout_ms,
		    const struct apn_stop *stop)
{
	long left = ask_sleep(ask, timeout_ms, stop);

	if (left > 0)
		return ask->error;
	if (ask_take_back(lane, ask, true))
		return left ? -EINTR : -ETIMEDOUT;
	wait_for_completion(&ask->done); /* it is being finished at this moment */
	return ask->error;
}

int apn_ask_unless(struct apn_lane *lane, const struct apn_hdr *hdr, const void *body, size_t bytes,
		   u8 wanted, struct apn_answer *answer, unsigned int timeout_ms,
		   const struct apn_stop *stop)
{
	struct apn_hdr out = *hdr;
	struct ask ask = { .wanted = wanted, .answer = answer };
	int ret;

	might_sleep();
	ask.tag = atomic64_inc_return(&ask_tags);
	out.tag = cpu_to_le64(ask.tag);
	init_completion(&ask.done);
	ask_add(lane, &ask);
	if (apn_lane_dead(lane))
		ret = -ENOTCONN;
	else
		ret = apn_msg_send(lane, &out, body, bytes);
	if (ret && ask_take_back(lane, &ask, false))
		return ret;
	return ask_wait(lane, &ask, timeout_ms, stop);
}

int apn_ask(struct apn_lane *lane, const struct apn_hdr *hdr, const void *body, size_t bytes,
	    u8 wanted, struct apn_answer *answer, unsigned int timeout_ms)
{
	return apn_ask_unless(lane, hdr, body, bytes, wanted, answer, timeout_ms, NULL);
}
EXPORT_SYMBOL_GPL(apn_ask);

static struct ask *ask_find(struct apn_lane *lane, u64 tag)
{
	struct ask *ask;

	list_for_each_entry(ask, &lane->asks, node)
		if (ask->tag == tag)
			return ask;
	return NULL;
}

/*
 * The asker's frame may go as soon as complete() was called, so that is the last
 * thing done, and still under the lock that ask_take_back() takes.
 */
static void ask_finish(struct ask *ask, int error)
{
	list_del_init(&ask->node);
	ask->error = error;
	complete(&ask->done);
}

bool apn_ask_answered(struct apn_lane *lane, const struct apn_rx *rx)
{
	u32 bytes = le32_to_cpu(rx->hdr.data_len);
	struct ask *ask;

	guard(spinlock_bh)(&lane->asks_lock);
	ask = ask_find(lane, le64_to_cpu(rx->hdr.tag));
	if (!ask && lane->abandoned) {
		lane->abandoned--;
		return true;
	}
	if (!ask || (rx->hdr.op != ask->wanted && rx->hdr.op != APN_OP_REFUSE))
		return false;
	ask->answer->hdr = rx->hdr;
	ask->answer->bytes = bytes;
	memcpy(ask->answer->body, lane->body, bytes);
	ask_finish(ask, rx->hdr.op == APN_OP_REFUSE ? -ECONNREFUSED : 0);
	return true;
}

void apn_ask_fail_all(struct apn_lane *lane)
{
	struct ask *ask, *next;

	guard(spinlock_bh)(&lane->asks_lock);
	list_for_each_entry_safe(ask, next, &lane->asks, node)
		ask_finish(ask, -ENOTCONN);
}

/* The target's own sentence, or ours for its status. */
const char *apn_answer_text(const struct apn_answer *answer)
{
	const struct apn_refuse *refuse = (const void *)answer->body;

	if (answer->hdr.op == APN_OP_REFUSE && refuse->text[0])
		return refuse->text;
	return apn_pdu_status_text(le16_to_cpu(answer->hdr.status));
}
EXPORT_SYMBOL_GPL(apn_answer_text);

// SPDX-License-Identifier: GPL-2.0
/* One connection of a line: its send queue, what it is receiving, its death. */
#include "lane.h"
#include "log.h"

#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct apn_lane *apn_lane_alloc(const struct apn_transport *transport,
				const struct apn_lane_user *user, bool host)
{
	struct apn_lane *lane = kzalloc(transport->lane_bytes, GFP_KERNEL);

	if (!lane)
		return NULL;
	__module_get(transport->owner);
	lane->transport = transport;
	lane->user = user;
	lane->host = host;
	lane->heard = jiffies;
	lane->bounds.from_host = !host;
	lane->bounds.phase = APN_PHASE_HELLO;
	lane->bounds.control = 1;
	lane->bounds.chunk_bytes = APN_CHUNK_BYTES;
	lane->bounds.placed = !!transport->place;
	lane->io_bytes_best = APN_IO_BYTES_MAX;
	kref_init(&lane->ref);
	mutex_init(&lane->tx_lock);
	init_llist_head(&lane->fresh);
	INIT_LIST_HEAD(&lane->urgent);
	INIT_LIST_HEAD(&lane->bulk);
	INIT_LIST_HEAD(&lane->unplaced);
	spin_lock_init(&lane->asks_lock);
	INIT_LIST_HEAD(&lane->asks);
	INIT_LIST_HEAD(&lane->undrained);
	INIT_LIST_HEAD(&lane->partial);
	INIT_LIST_HEAD(&lane->ready);
	atomic_set(&lane->requests, 1);
	lane->body_vec.iov_base = lane->body;
	lane->body_vec.iov_len = sizeof(lane->body);
	apn_log_create("lane", lane);
	return lane;
}
EXPORT_SYMBOL_GPL(apn_lane_alloc);

struct apn_lane *apn_lane_get(struct apn_lane *lane)
{
	kref_get(&lane->ref);
	return lane;
}
EXPORT_SYMBOL_GPL(apn_lane_get);

/*
 * Nobody is left: the transport dropped its reference in ->close(), after which no
 * callback runs; the slot or port dropped its own after apn_lane_close() had
 * drained the queues.
 */
static void lane_release(struct kref *ref)
{
	struct apn_lane *lane = container_of(ref, struct apn_lane, ref);
	const struct apn_transport *transport = lane->transport;

	if (lane->user->release)
		lane->user->release(lane);
	if (transport->release)
		transport->release(lane);
	apn_log_free("lane", lane);
	mutex_destroy(&lane->tx_lock);
	kfree(lane);
	module_put(transport->owner);
}

void apn_lane_put(struct apn_lane *lane)
{
	kref_put(&lane->ref, lane_release);
}
EXPORT_SYMBOL_GPL(apn_lane_put);

/*
 * apn_lane_close() sets DEAD, waits for a grace period, closes the transport and
 * drains: who did not see DEAD here is in the queue by then.
 */
int apn_lane_queue(struct apn_lane *lane, struct apn_tx *tx)
{
	guard(rcu)();
	if (apn_lane_dead(lane))
		return -ENOTCONN;
	llist_add(&tx->fresh, &lane->fresh);
	return 0;
}
EXPORT_SYMBOL_GPL(apn_lane_queue);

void apn_lane_kick(struct apn_lane *lane, bool direct)
{
	lane->transport->kick(lane, direct);
}
EXPORT_SYMBOL_GPL(apn_lane_kick);

int apn_lane_send(struct apn_lane *lane, struct apn_tx *tx, bool direct)
{
	int ret = apn_lane_queue(lane, tx);

	if (!ret)
		apn_lane_kick(lane, direct);
	return ret;
}
EXPORT_SYMBOL_GPL(apn_lane_send);

/* The first reason is the one that is kept. */
void apn_lane_die(struct apn_lane *lane, int error, const char *reason)
{
	if (cmpxchg(&lane->error, 0, error))
		return;
	WRITE_ONCE(lane->reason, reason);
	set_bit(APN_LANE_DEAD, &lane->bits);
	smp_mb__after_atomic(); /* pairs with apn_gate_stranger_known() */
	lane->user->died(lane);
}
EXPORT_SYMBOL_GPL(apn_lane_die);

static struct list_head *list_of(struct apn_lane *lane, const struct apn_tx *tx)
{
	return tx->bytes <= APN_SMALL_BYTES ? &lane->urgent : &lane->bulk;
}

static void sort_fresh(struct apn_lane *lane)
{
	struct llist_node *node = llist_reverse_order(llist_del_all(&lane->fresh));
	struct apn_tx *tx, *next;

	llist_for_each_entry_safe(tx, next, node, fresh)
		list_add_tail(&tx->queued, list_of(lane, tx));
}

static struct apn_tx *first(struct list_head *list)
{
	return list_first_entry_or_null(list, struct apn_tx, queued);
}

static void drain(struct list_head *list, int error)
{
	struct apn_tx *tx;

	while ((tx = first(list))) {
		list_del_init(&tx->queued);
		tx->sent(tx, error);
	}
}

/*
 * apn_lane_close(): end a lane for good
 *
 * When it returns nothing is sent or received over this lane any more, every tx
 * that was queued has had its ->sent(), and no new one is taken. Once a lane.
 */
void apn_lane_close(struct apn_lane *lane)
{
	might_sleep();
	apn_lane_die(lane, -ESHUTDOWN, "closed");
	if (test_and_set_bit(APN_LANE_CLOSED, &lane->bits))
		return;
	synchronize_rcu();
	lane->transport->close(lane);
	mutex_lock(&lane->tx_lock);
	sort_fresh(lane);
	drain(&lane->urgent, -ENOTCONN);
	drain(&lane->bulk, -ENOTCONN);
	drain(&lane->unplaced, -ENOTCONN);
	mutex_unlock(&lane->tx_lock);
}
EXPORT_SYMBOL_GPL(apn_lane_close);

bool apn_lane_pending(struct apn_lane *lane)
{
	return !llist_empty(&lane->fresh) || !list_empty(&lane->urgent) ||
	       !list_empty(&lane->bulk) || !list_empty(&lane->unplaced);
}
EXPORT_SYMBOL_GPL(apn_lane_pending);

static void set_chunk(struct apn_hdr *hdr, u32 at, bool last)
{
	if (hdr->op == APN_OP_WRITE) {
		hdr->io.chunk = cpu_to_le32(at);
	} else if (hdr->op == APN_OP_REPLY) {
		hdr->reply.chunk = cpu_to_le32(at);
		if (!last)
			hdr->reply.service_ns = 0;
	}
}

static bool has_payload(const struct apn_tx *tx)
{
	return tx->hdr.op >= APN_OP_READ && (tx->left || tx->load);
}

static bool waits_for_place(const struct apn_lane *lane, const struct apn_tx *tx)
{
	return lane->transport->place && tx->hdr.op >= APN_OP_READ &&
	       max(tx->bytes, tx->load) > lane->transport->plain_bytes;
}

/* How much of @tx the next PDU carries, and where that goes. */
static int measure(struct apn_lane *lane, struct apn_tx *tx, struct apn_out *out)
{
	out->tx = tx;
	out->hdr = tx->hdr;
	out->payload = tx->payload;
	out->key = 0;
	if (lane->transport->place && has_payload(tx))
		return lane->transport->place(lane, tx, out);
	return min_t(u32, tx->left, lane->bounds.chunk_bytes);
}

/* Small payloads and bare headers first; of a bulk payload one chunk, then look again. */
static void cut(struct apn_lane *lane, struct apn_tx *tx, struct apn_out *out, u32 bytes)
{
	out->bytes = bytes;
	set_chunk(&out->hdr, tx->bytes - tx->left, out->bytes == tx->left);
	out->hdr.data_len = cpu_to_le32(out->bytes);
	if (lane->bounds.digest && out->bytes && tx->hdr.op > APN_OP_AUTH_ACK)
		out->hdr.data_crc = cpu_to_le32(apn_payload_crc(tx->payload, out->bytes));
	if (lane->user->granted)
		out->hdr.granted = cpu_to_le64(lane->user->granted(lane));
	apn_pdu_seal(&out->hdr);
}

static struct apn_tx *first_due(struct apn_lane *lane)
{
	struct apn_tx *tx = first(&lane->urgent);

	if (!tx && !list_empty(&lane->bulk) && apn_pacer_may_send(READ_ONCE(lane->pacer)))
		tx = first(&lane->bulk);
	return tx;
}

/* Whose place is not free yet lets others pass, but none that waits for one as well. */
static struct apn_tx *next_tx(struct apn_lane *lane, struct apn_out *out, int *bytes)
{
	struct apn_tx *tx = first(&lane->unplaced);

	if (tx) {
		*bytes = measure(lane, tx, out);
		if (*bytes >= 0) {
			list_move(&tx->queued, list_of(lane, tx));
			return tx;
		}
	}
	while ((tx = first_due(lane))) {
		bool queue_up = !list_empty(&lane->unplaced) && waits_for_place(lane, tx) &&
				tx->left == tx->bytes;

		*bytes = queue_up ? -EAGAIN : measure(lane, tx, out);
		if (*bytes >= 0)
			return tx;
		list_move_tail(&tx->queued, &lane->unplaced);
	}
	return NULL;
}

/*
 * apn_lane_next(): the next PDU that is due
 *
 * Called with tx_lock held. When @out->done is set, that tx has no further PDU: the
 * transport calls its ->sent() once the payload of this one is in the network.
 */
bool apn_lane_next(struct apn_lane *lane, struct apn_out *out)
{
	struct apn_tx *tx;
	int bytes;

	lockdep_assert_held(&lane->tx_lock);
	sort_fresh(lane);
	tx = next_tx(lane, out, &bytes);
	if (!tx)
		return false;
	cut(lane, tx, out, bytes);
	apn_pacer_sent(READ_ONCE(lane->pacer), out->bytes);
	tx->left -= out->bytes;
	out->done = NULL;
	if (!tx->left) {
		list_del_init(&tx->queued);
		out->done = tx;
	} else {
		apn_payload_skip(&tx->payload, out->bytes);
	}
	return true;
}
EXPORT_SYMBOL_GPL(apn_lane_next);

static int refuse_header(struct apn_lane *lane, enum apn_bad bad)
{
	apn_lane_die(lane, -EPROTO, apn_pdu_why(bad));
	return -EPROTO;
}

/*
 * apn_lane_header(): a header came
 *
 * Zero: lane->rx.left bytes of data follow and go to lane->rx.to; with none left
 * call apn_lane_data_done(). -EAGAIN: call user->wait() without locks, then again
 * with the same header. Another error: the lane is dead.
 */
int apn_lane_header(struct apn_lane *lane, const struct apn_hdr *hdr)
{
	struct apn_rx *rx = &lane->rx;
	enum apn_bad bad = apn_pdu_check(hdr, &lane->bounds);
	int ret;

	if (bad)
		return refuse_header(lane, bad);
	WRITE_ONCE(lane->heard, jiffies);
	rx->hdr = *hdr;
	rx->left = le32_to_cpu(hdr->data_len);
	rx->owner = NULL;
	rx->damaged = false;
	rx->tx = NULL;
	ret = lane->user->begin(lane, rx);
	if (ret && ret != -EAGAIN)
		apn_lane_die(lane, ret, "the operation does not fit the session");
	if (!ret && lane->bounds.digest)
		lane->rx_start = rx->to;
	return ret;
}
EXPORT_SYMBOL_GPL(apn_lane_header);

/* All data of the present PDU is there. True: stop to receive until user->settle(). */
bool apn_lane_data_done(struct apn_lane *lane)
{
	struct apn_rx *rx = &lane->rx;
	u32 len = le32_to_cpu(rx->hdr.data_len);

	if (lane->bounds.digest && len)
		rx->damaged = apn_payload_crc(lane->rx_start, len) != le32_to_cpu(rx->hdr.data_crc);
	return lane->user->end(lane, rx);
}
EXPORT_SYMBOL_GPL(apn_lane_data_done);

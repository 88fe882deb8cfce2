// SPDX-License-Identifier: GPL-2.0
/* A lane's queue pair and what it stands on; made, worked, stopped, freed. */
#include "rdma.h"
#include "key.h"
#include "post.h"

#include <linux/sched.h>

/* ---- what comes of it ---- */

/* After apn_rdma_queue_stop() has set @stopped nobody queues it for good any more. */
void apn_rdma_wake(struct apn_rdma_lane *t)
{
	guard(rcu)();
	if (!apn_lane_dead(&t->lane) && !READ_ONCE(t->stopped))
		queue_work(apn_rdma_wq, &t->work);
}

/* What is flushed says nothing: whoever put the queue into error has said why. */
void apn_rdma_failed(struct apn_rdma_lane *t, const struct ib_wc *wc, const char *what)
{
	if (wc->status == IB_WC_WR_FLUSH_ERR) {
		apn_lane_die(&t->lane, -ECONNRESET, "the connection was lost");
		return;
	}
	pr_info_ratelimited("apn_rdma: %s: %s\n", what, ib_wc_status_msg(wc->status));
	apn_lane_die(&t->lane, -ECONNRESET, what);
}

static void queue_event(struct ib_event *event, void *context)
{
	struct apn_rdma_lane *t = context;

	if (event->event == IB_EVENT_COMM_EST)
		rdma_notify(t->id, event->event);
	else if (event->event != IB_EVENT_QP_LAST_WQE_REACHED)
		apn_lane_die(&t->lane, -ECONNRESET, "the queue pair failed");
}

/* ---- the work ---- */

static int try_send(struct apn_rdma_lane *t)
{
	int ret;

	if (!apn_lane_pending(&t->lane) || !mutex_trylock(&t->lane.tx_lock))
		return 0;
	ret = apn_rdma_send(t);
	mutex_unlock(&t->lane.tx_lock);
	return ret;
}

/* One round of both directions; positive while there may be more. */
static int turn(struct apn_rdma_lane *t)
{
	int sent = try_send(t), got;

	if (sent < 0) {
		apn_lane_die(&t->lane, sent, "sending failed");
		return 0;
	}
	got = apn_rdma_recv(t);
	if (got < 0)
		apn_lane_die(&t->lane, got, "receiving failed");
	return sent + max(got, 0);
}

static void lane_work(struct work_struct *work)
{
	struct apn_rdma_lane *t = container_of(work, struct apn_rdma_lane, work);
	unsigned long deadline = jiffies + msecs_to_jiffies(2);

	do {
		if (apn_lane_dead(&t->lane) || READ_ONCE(t->stopped) || !turn(t))
			return;
		cond_resched();
	} while (time_before(jiffies, deadline));
	apn_rdma_wake(t);
}

/* ---- life ---- */

static void init_lane(struct apn_rdma_lane *t)
{
	INIT_WORK(&t->work, lane_work);
	spin_lock_init(&t->arrived_lock);
	INIT_LIST_HEAD(&t->arrived);
	INIT_LIST_HEAD(&t->blocks);
	INIT_LIST_HEAD(&t->post_blocks);
	INIT_LIST_HEAD(&t->keys);
	init_llist_head(&t->free_posts);
	init_llist_head(&t->free_keys);
	atomic_set(&t->wrs, APN_RDMA_WRS);
}

/* One request more in each direction is the drain's. */
static int make_pair(struct apn_rdma_lane *t)
{
	struct ib_device *dev = apn_rdma_device(t);
	struct ib_qp_init_attr attr = {
		.event_handler = queue_event,
		.qp_context = t,
		.send_cq = t->cq,
		.recv_cq = t->cq,
		.cap = {
			.max_send_wr = APN_RDMA_WRS + APN_RDMA_KEYS + 1,
			.max_recv_wr = 2 * APN_RDMA_RECVS + 1,
			.max_send_sge = min_t(u32, APN_RDMA_SGES, dev->attrs.max_send_sge),
			.max_recv_sge = 2,
		},
		.sq_sig_type = IB_SIGNAL_REQ_WR,
		.qp_type = IB_QPT_RC,
	};

	t->sges = attr.cap.max_send_sge;
	return rdma_create_qp(t->id, t->pd, &attr);
}

static bool device_serves(const struct ib_device *dev)
{
	return dev->attrs.device_cap_flags & IB_DEVICE_MEM_MGT_EXTENSIONS &&
	       dev->attrs.max_qp_wr > APN_RDMA_WRS + APN_RDMA_KEYS &&
	       dev->attrs.max_send_sge > 1 && dev->attrs.max_recv_sge > 1;
}

/* A stranger costs little. */
static unsigned int first_messages(const struct apn_lane *lane)
{
	return lane->host ? apn_rdma_messages(lane) : APN_RDMA_BLOCK;
}

static int fill_queue(struct apn_rdma_lane *t)
{
	struct ib_device *dev = apn_rdma_device(t);
	int ret;

	t->key_pages = min_t(u32, dev->attrs.max_fast_reg_page_list_len, APN_RDMA_KEY_PAGES);
	t->region_places = min_t(u32, t->key_pages * (PAGE_SIZE / APN_PLACE_BYTES), APN_RDMA_STEP);
	ret = apn_rdma_posts_make(t);
	if (!ret)
		ret = apn_rdma_recv_make(t, first_messages(&t->lane));
	return ret;
}

int apn_rdma_queue_make(struct apn_rdma_lane *t)
{
	struct ib_device *dev = apn_rdma_device(t);
	int ret = -EOPNOTSUPP;

	init_lane(t);
	if (!device_serves(dev))
		return ret;
	t->pd = ib_alloc_pd(dev, 0);
	if (IS_ERR(t->pd)) {
		ret = PTR_ERR(t->pd);
		goto no_domain;
	}
	t->cq = ib_alloc_cq_any(dev, t, APN_RDMA_WRS + APN_RDMA_KEYS + 2 * APN_RDMA_RECVS + 2,
				IB_POLL_SOFTIRQ);
	if (IS_ERR(t->cq)) {
		ret = PTR_ERR(t->cq);
		goto no_completions;
	}
	ret = make_pair(t);
	if (ret)
		goto no_pair;
	ret = fill_queue(t);
	if (!ret)
		return 0;
	apn_rdma_queue_stop(t);
	apn_rdma_queue_free(t);
	return ret;
no_pair:
	ib_free_cq(t->cq);
no_completions:
	ib_dealloc_pd(t->pd);
no_domain:
	t->pd = NULL;
	return ret;
}

/*
 * The work first, so that it posts nothing behind the drain's marks; what completes
 * meanwhile may queue it once more, and it then sees @stopped.
 */
void apn_rdma_queue_stop(struct apn_rdma_lane *t)
{
	if (!t->pd)
		return;
	mutex_lock(&t->lane.tx_lock);
	WRITE_ONCE(t->stopped, true);
	mutex_unlock(&t->lane.tx_lock);
	cancel_work_sync(&t->work);
	ib_drain_qp(t->id->qp);
	cancel_work_sync(&t->work);
	if (t->refused)
		apn_rdma_post_end(t->refused, -ENOTCONN);
	t->refused = NULL;
}

void apn_rdma_queue_free(struct apn_rdma_lane *t)
{
	if (!t->pd)
		return;
	apn_rdma_region_free(t);
	apn_rdma_keys_revoke(t);
	rdma_destroy_qp(t->id);
	ib_free_cq(t->cq);
	apn_rdma_recv_free(t);
	apn_rdma_posts_free(t);
	ib_dealloc_pd(t->pd);
	apn_rdma_keys_free(t);
	t->pd = NULL;
}

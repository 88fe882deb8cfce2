// SPDX-License-Identifier: GPL-2.0
/* Where connections come in; also again after the device went and came back. */
#include "rdma.h"

#include <linux/mutex.h>
#include <rdma/ib_cm.h>

enum {
	BACKLOG = 128,
	AGAIN_MS = 1000, /* between two tries to listen at a device that is not there */
};

struct rdma_listener {
	struct apn_listener listener; /* first */
	struct mutex lock; /* @id and @closed; no event takes it */
	struct rdma_cm_id *id; /* NULL while its device is gone */
	bool closed;
	struct delayed_work again;
};

const size_t apn_rdma_listener_bytes = sizeof(struct rdma_listener);

/* ---- a connection ---- */

static int accept(struct apn_rdma_lane *t)
{
	struct rdma_conn_param param = {
		.private_data = &apn_rdma_hello,
		.private_data_len = sizeof(apn_rdma_hello),
		.rnr_retry_count = 7,
		.flow_control = 1,
	};
	int ret = apn_rdma_queue_make(t);

	if (ret)
		return ret;
	ret = rdma_accept(t->id, &param);
	if (!ret)
		return 0;
	apn_rdma_queue_stop(t);
	apn_rdma_queue_free(t);
	return ret;
}

/*
 * Not zero: the connection manager destroys @id, which no lane knows then. The lane, if
 * there is one, is ended by its deadline, which is now.
 */
static int take_in(struct rdma_listener *l, struct rdma_cm_id *id,
		   const struct rdma_cm_event *event)
{
	const struct apn_rdma_hello *hello = apn_rdma_hello_of(event);
	struct apn_lane *lane = NULL;
	struct apn_rdma_lane *t;
	int ret;

	if (hello)
		lane = l->listener.lane(&l->listener, &id->route.addr.dst_addr);
	if (!lane) {
		rdma_reject(id, NULL, 0, IB_CM_REJ_CONSUMER_DEFINED);
		return -ECONNREFUSED;
	}
	t = apn_rdma_lane(lane);
	t->wish = min_t(u32, le32_to_cpu(hello->wish), APN_RDMA_PLACES_MAX);
	apn_rdma_adopt(t, id);
	id->context = t;
	id->event_handler = apn_rdma_lane_event;
	apn_rdma_set_timeouts(id, hello->ack_timeout);
	ret = accept(t);
	if (ret)
		t->id = NULL;
	l->listener.accepted(&l->listener, lane, !ret);
	return ret;
}

/* ---- the listener ---- */

static int listener_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct rdma_listener *l = id->context;

	switch (event->event) {
	case RDMA_CM_EVENT_CONNECT_REQUEST:
		return take_in(l, id, event);
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
	case RDMA_CM_EVENT_ADDR_CHANGE:
		mod_delayed_work(apn_rdma_wq, &l->again, 0);
		break;
	default:
		break;
	}
	return 0;
}

static int open_id(struct rdma_listener *l)
{
	struct rdma_cm_id *id = rdma_create_id(l->listener.net, listener_event, l, RDMA_PS_TCP,
					       IB_QPT_RC);
	int ret;

	if (IS_ERR(id))
		return PTR_ERR(id);
	ret = rdma_bind_addr(id, (struct sockaddr *)&l->listener.address);
	if (!ret)
		ret = rdma_listen(id, BACKLOG);
	if (ret)
		rdma_destroy_id(id);
	else
		l->id = id;
	return ret;
}

static void listen_again(struct work_struct *work)
{
	struct rdma_listener *l = container_of(to_delayed_work(work), struct rdma_listener, again);

	guard(mutex)(&l->lock);
	if (l->closed)
		return;
	if (l->id)
		rdma_destroy_id(l->id);
	l->id = NULL;
	if (open_id(l))
		queue_delayed_work(apn_rdma_wq, &l->again, msecs_to_jiffies(AGAIN_MS));
}

int apn_rdma_listen(struct apn_listener *listener)
{
	struct rdma_listener *l = container_of(listener, struct rdma_listener, listener);

	mutex_init(&l->lock);
	INIT_DELAYED_WORK(&l->again, listen_again);
	return open_id(l);
}

/* With the id gone no event comes that would queue the work. */
void apn_rdma_unlisten(struct apn_listener *listener)
{
	struct rdma_listener *l = container_of(listener, struct rdma_listener, listener);

	scoped_guard(mutex, &l->lock)
		l->closed = true;
	if (l->id)
		rdma_destroy_id(l->id);
	cancel_delayed_work_sync(&l->again);
}

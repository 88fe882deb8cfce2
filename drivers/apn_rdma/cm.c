// SPDX-License-Identifier: GPL-2.0
/* Connections: set up by the host, watched and closed by both ends. */
#include "rdma.h"

#include <linux/log2.h>
#include <linux/sched/mm.h>

enum {
	RETRIES = 7, /* the most that a queue pair can be told */
	RNR_RETRY_FOREVER = 7, /* who has no receive posted will have one soon */
	RNR_TIMER = 8, /* 0.16 ms */
	ACK_TIMEOUT_MIN = 14, /* 67 ms: with seven retries the queue pair gives up after 0.5 s */
	ACK_TIMEOUT_UNKNOWN = 16, /* 268 ms */
	ACK_TIMEOUT_MAX = 20, /* 4.3 s */
	ACK_UNIT_NS = 4096,
};

const struct apn_rdma_hello apn_rdma_hello = {
	.magic = { 'A', 'P', 'N', 'R' },
	.version = APN_RDMA_VERSION,
};

const struct apn_rdma_hello *apn_rdma_hello_of(const struct rdma_cm_event *event)
{
	const struct apn_rdma_hello *hello = event->param.conn.private_data;

	if (!hello || event->param.conn.private_data_len < sizeof(*hello) ||
	    memcmp(hello->magic, apn_rdma_hello.magic, sizeof(hello->magic)) ||
	    hello->version != APN_RDMA_VERSION)
		return NULL;
	return hello;
}

/* Late is what comes after four round trips, not after the default of a second. */
static u8 ack_timeout_of(u32 rtt_us)
{
	u64 units = 4ULL * rtt_us * NSEC_PER_USEC / ACK_UNIT_NS;

	if (!rtt_us)
		return ACK_TIMEOUT_UNKNOWN;
	return clamp_t(u8, units ? ilog2(units) + 1 : 0, ACK_TIMEOUT_MIN, ACK_TIMEOUT_MAX);
}

void apn_rdma_set_timeouts(struct rdma_cm_id *id, u8 ack_timeout)
{
	rdma_set_ack_timeout(id, clamp_t(u8, ack_timeout, ACK_TIMEOUT_MIN, ACK_TIMEOUT_MAX));
	rdma_set_min_rnr_timer(id, RNR_TIMER);
}

/* ---- what the connection manager says ---- */

static void advance(struct apn_rdma_lane *t, int step)
{
	WRITE_ONCE(t->step, step);
	wake_up_all(&t->changed);
}

static void fail_setup(struct apn_rdma_lane *t, int error)
{
	WRITE_ONCE(t->setup_error, error);
	wake_up_all(&t->changed);
}

static int why(const struct rdma_cm_event *event)
{
	if (event->event == RDMA_CM_EVENT_REJECTED)
		return -ECONNREFUSED;
	if (event->event == RDMA_CM_EVENT_UNREACHABLE)
		return -ETIMEDOUT;
	return event->status < 0 ? event->status : -EHOSTUNREACH;
}

static void established(struct apn_rdma_lane *t, const struct rdma_cm_event *event)
{
	if (t->lane.host && !apn_rdma_hello_of(event))
		fail_setup(t, -EPROTO);
	else
		advance(t, event->event);
}

static const char *const end_reason[] = {
	[RDMA_CM_EVENT_DISCONNECTED] = "the peer closed the connection",
	[RDMA_CM_EVENT_DEVICE_REMOVAL] = "the RDMA device was removed",
	[RDMA_CM_EVENT_ADDR_CHANGE] = "the address moved to another device",
};

int apn_rdma_lane_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct apn_rdma_lane *t = id->context;

	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		advance(t, event->event);
		break;
	case RDMA_CM_EVENT_ESTABLISHED:
		established(t, event);
		break;
	case RDMA_CM_EVENT_ADDR_ERROR:
	case RDMA_CM_EVENT_ROUTE_ERROR:
	case RDMA_CM_EVENT_CONNECT_ERROR:
	case RDMA_CM_EVENT_UNREACHABLE:
	case RDMA_CM_EVENT_REJECTED:
		fail_setup(t, why(event));
		if (!t->lane.host)
			apn_lane_die(&t->lane, why(event), "the connection was not completed");
		break;
	case RDMA_CM_EVENT_DISCONNECTED:
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
	case RDMA_CM_EVENT_ADDR_CHANGE:
		fail_setup(t, -ECONNRESET);
		apn_lane_die(&t->lane, -ECONNRESET, end_reason[event->event]);
		break;
	default:
		break;
	}
	return 0; /* the lane's owner destroys the id, also for a device that goes */
}

/* ---- connect ---- */

void apn_rdma_adopt(struct apn_rdma_lane *t, struct rdma_cm_id *id)
{
	t->id = id;
	t->step = -1;
	init_waitqueue_head(&t->changed);
	apn_lane_get(&t->lane);
}

static int wait_for(struct apn_rdma_lane *t, int step)
{
	struct apn_lane *lane = &t->lane;
	long left = wait_event_timeout(t->changed,
				       READ_ONCE(t->step) == step || READ_ONCE(t->setup_error) ||
					       apn_lane_dead(lane),
				       msecs_to_jiffies(APN_RDMA_CONNECT_MS));

	if (READ_ONCE(t->setup_error))
		return READ_ONCE(t->setup_error);
	if (apn_lane_dead(lane))
		return READ_ONCE(lane->error);
	return left ? 0 : -ETIMEDOUT;
}

static int resolve(struct apn_rdma_lane *t, const struct apn_route *route)
{
	struct sockaddr_storage source = route->source, peer = route->peer;
	int ret = rdma_resolve_addr(t->id, source.ss_family ? (struct sockaddr *)&source : NULL,
				    (struct sockaddr *)&peer, APN_RDMA_RESOLVE_MS);

	if (!ret)
		ret = wait_for(t, RDMA_CM_EVENT_ADDR_RESOLVED);
	if (ret)
		return ret;
	apn_rdma_set_timeouts(t->id, ack_timeout_of(t->lane.rtt_us));
	ret = rdma_resolve_route(t->id, APN_RDMA_RESOLVE_MS);
	return ret ?: wait_for(t, RDMA_CM_EVENT_ROUTE_RESOLVED);
}

static int shake_hands(struct apn_rdma_lane *t)
{
	struct apn_rdma_hello hello = apn_rdma_hello;
	struct rdma_conn_param param = {
		.private_data = &hello,
		.private_data_len = sizeof(hello),
		.retry_count = RETRIES,
		.rnr_retry_count = RNR_RETRY_FOREVER,
		.flow_control = 1,
	};

	hello.ack_timeout = ack_timeout_of(t->lane.rtt_us);
	hello.wish = cpu_to_le32(t->wish);
	return rdma_connect(t->id, &param) ?: wait_for(t, RDMA_CM_EVENT_ESTABLISHED);
}

static int set_up(struct apn_rdma_lane *t, const struct apn_route *route)
{
	u64 wish = DIV_ROUND_UP_ULL(t->lane.wish_bytes, APN_PLACE_BYTES);
	int ret = resolve(t, route);

	if (ret)
		return ret;
	t->wish = min_t(u64, wish, APN_RDMA_PLACES_MAX);
	ret = apn_rdma_queue_make(t);
	if (!ret)
		ret = apn_rdma_room_make(&t->room, t->wish);
	if (!ret)
		ret = shake_hands(t);
	if (ret)
		return ret;
	t->lane.io_bytes_best = rounddown_pow_of_two(t->key_pages) * PAGE_SIZE;
	if (ib_dma_pci_p2p_dma_supported(apn_rdma_device(t))) /* and begins anywhere in a page */
		t->lane.peer_bytes = min_t(u32, t->lane.io_bytes_best,
					   (t->key_pages - 1) * PAGE_SIZE);
	return 0;
}

/*
 * What is not open yet is nobody else's: its work is woken by completions alone, of which
 * none come after apn_rdma_queue_stop().
 */
int apn_rdma_connect(struct apn_lane *lane, const struct apn_route *route)
{
	struct apn_rdma_lane *t = apn_rdma_lane(lane);
	struct rdma_cm_id *id = rdma_create_id(route->net, apn_rdma_lane_event, t, RDMA_PS_TCP,
					       IB_QPT_RC);
	int ret;

	if (IS_ERR(id))
		return PTR_ERR(id);
	apn_rdma_adopt(t, id);
	ret = set_up(t, route);
	if (ret)
		apn_rdma_close(lane);
	return ret;
}

/* ---- close ---- */

/*
 * Once apn_rdma_queue_stop() has returned the queue pair takes nothing from the peer any
 * more, and no other one has our protection domain; then the keys go too. Only after that
 * are the requests told, whose pages they were good for.
 */
void apn_rdma_close(struct apn_lane *lane)
{
	struct apn_rdma_lane *t = apn_rdma_lane(lane);
	unsigned int noio = memalloc_noio_save();

	if (t->id) {
		rdma_disconnect(t->id);
		apn_rdma_queue_stop(t);
		apn_rdma_queue_free(t);
		apn_rdma_room_free(&t->room);
		rdma_destroy_id(t->id);
	}
	memalloc_noio_restore(noio);
	apn_lane_put(lane);
}

void apn_rdma_addresses(struct apn_lane *lane, struct sockaddr_storage *source,
			struct sockaddr_storage *peer)
{
	const struct rdma_addr *addr = &apn_rdma_lane(lane)->id->route.addr;

	*source = addr->src_addr;
	*peer = addr->dst_addr;
}

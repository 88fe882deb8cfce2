// SPDX-License-Identifier: GPL-2.0
/* Where connections come in, and those that have not yet said who they are. */
#include "gate.h"
#include "log.h"

#include <linux/export.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/slab.h>

/* ---- one stranger ---- */

/* Ports differ between two connections of one host: compare what names the host. */
static bool same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET6)
		return !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
	return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
}

static unsigned int count_from(struct apn_gate *gate, const struct sockaddr_storage *peer)
{
	struct apn_stranger *stranger;
	unsigned int n = 0;

	list_for_each_entry(stranger, &gate->strangers, node)
		n += same_host(&stranger->peer, peer);
	return n;
}

static bool admit(struct apn_gate *gate, struct apn_stranger *stranger)
{
	guard(spinlock_bh)(&gate->lock);
	if (gate->closed || gate->count >= APN_STRANGERS_MAX ||
	    count_from(gate, &stranger->peer) >= APN_STRANGERS_EACH)
		return false;
	gate->count++;
	list_add_tail(&stranger->node, &gate->strangers);
	return true;
}

static unsigned int handshakes_from(struct apn_gate *gate, const struct sockaddr_storage *peer)
{
	struct apn_stranger *stranger;
	unsigned int n = 0;

	list_for_each_entry(stranger, &gate->strangers, node)
		n += stranger->handshake && same_host(&stranger->peer, peer);
	return n;
}

static void allow_handshake(struct apn_stranger *stranger)
{
	stranger->handshake = true;
	stranger->waits = false;
	stranger->gate->handshakes++;
}

/*
 * One who had a handshake is no stranger any more, or gone. The next is, of those who
 * wait, of the address with the fewest: a crowd from one is not in another's way.
 */
static void pass_on_handshake(struct apn_gate *gate)
{
	struct apn_stranger *stranger, *next = NULL;
	unsigned int n, fewest = APN_HANDSHAKES_EACH;

	gate->handshakes--;
	list_for_each_entry(stranger, &gate->strangers, node) {
		n = stranger->waits ? handshakes_from(gate, &stranger->peer) : fewest;
		if (n < fewest) {
			fewest = n;
			next = stranger;
		}
	}
	if (next)
		allow_handshake(next);
}

/* True for one caller: the stranger is his to free. */
static bool take(struct apn_stranger *stranger)
{
	struct apn_gate *gate = stranger->gate;

	guard(spinlock_bh)(&gate->lock);
	if (list_empty(&stranger->node))
		return false;
	list_del_init(&stranger->node);
	if (stranger->handshake)
		pass_on_handshake(gate);
	stranger->handshake = false;
	return true;
}

/* The gate's struct may go as soon as its count is zero: the last thing done. */
static void stranger_free(struct apn_stranger *stranger)
{
	struct apn_gate *gate = stranger->gate;

	apn_log_free("stranger", stranger);
	kfree_rcu(stranger, rcu);
	spin_lock_bh(&gate->lock);
	if (!--gate->count)
		wake_up_all(&gate->empty);
	spin_unlock_bh(&gate->lock);
}

/* Who did not get as far as HELLO, and did not just go: the transport found him wanting. */
static void tell_unsealed(const struct apn_stranger *stranger)
{
	const struct apn_lane *lane = stranger->lane;
	struct apn_gate *gate = stranger->gate;

	if (gate->security != APN_SECURITY_TLS || lane->bounds.phase != APN_PHASE_HELLO ||
	    !apn_lane_dead(lane) || lane->error == -ECONNRESET)
		return;
	atomic64_inc(&gate->turned_away);
	gate->refused(&stranger->peer, stranger->identity, lane->reason);
}

static void stranger_end(struct work_struct *work)
{
	struct apn_stranger *stranger =
		container_of(to_delayed_work(work), struct apn_stranger, work);
	struct apn_lane *lane = stranger->lane;

	if (!take(stranger))
		return;
	if (!apn_lane_dead(lane))
		atomic64_inc(&stranger->gate->turned_away);
	tell_unsealed(stranger);
	apn_lane_close(lane);
	stranger_free(stranger);
	apn_lane_put(lane);
}

/* stranger_end() that lost take() returns at once, so this wait is short. */
bool apn_gate_stranger_leave(struct apn_lane *lane)
{
	struct apn_stranger *stranger = lane->stranger;

	if (!take(stranger))
		return false;
	cancel_delayed_work_sync(&stranger->work);
	return true;
}

void apn_gate_stranger_return(struct apn_lane *lane)
{
	struct apn_stranger *stranger = lane->stranger;
	struct apn_gate *gate = stranger->gate;

	guard(spinlock_bh)(&gate->lock);
	list_add_tail(&stranger->node, &gate->strangers);
	mod_delayed_work(apn_control_wq, &stranger->work, 0);
}

/*
 * apn_lane_die() sets DEAD, then looks at @stranger; this does the reverse, so one of
 * the two tells the slot. died() may still be looking at the stranger: hence RCU.
 */
void apn_gate_stranger_known(struct apn_lane *lane)
{
	struct apn_stranger *stranger = lane->stranger;

	WRITE_ONCE(lane->stranger, NULL);
	smp_mb(); /* pairs with apn_lane_die() */
	stranger_free(stranger);
	if (apn_lane_dead(lane))
		lane->user->died(lane);
}

bool apn_gate_handshake(struct apn_lane *lane)
{
	struct apn_stranger *stranger = lane->stranger;
	struct apn_gate *gate = stranger->gate;

	guard(spinlock_bh)(&gate->lock);
	if (list_empty(&stranger->node))
		return false;
	/* a place that is free is wanted by nobody who may have it */
	if (!stranger->handshake && gate->handshakes < APN_HANDSHAKES_MAX &&
	    handshakes_from(gate, &stranger->peer) < APN_HANDSHAKES_EACH)
		allow_handshake(stranger);
	stranger->waits = !stranger->handshake;
	return stranger->handshake;
}

/* Only ever sooner: it is called once by a refusal, then by the lane's death. */
static void hurry(struct apn_stranger *stranger, unsigned int ms)
{
	guard(spinlock_bh)(&stranger->gate->lock);
	if (!list_empty(&stranger->node))
		mod_delayed_work(apn_control_wq, &stranger->work, msecs_to_jiffies(ms));
}

void apn_gate_stranger_refused(struct apn_lane *lane)
{
	hurry(lane->stranger, APN_FAREWELL_MS);
}

void apn_gate_stranger_died(struct apn_lane *lane)
{
	struct apn_stranger *stranger;

	guard(rcu)();
	stranger = READ_ONCE(lane->stranger);
	if (stranger)
		hurry(stranger, 0);
}

/* ---- the gate ---- */


static struct apn_lane *gate_lane(struct apn_listener *listener,
				  const struct sockaddr_storage *peer)
{
	struct apn_gate *gate = listener->owner;
	struct apn_stranger *stranger = kzalloc_obj(*stranger);
	struct apn_lane *lane;

	if (!stranger)
		return NULL;
	lane = apn_lane_alloc(listener->transport, &apn_line_lane_user, false);
	if (!lane) {
		kfree(stranger);
		return NULL;
	}
	stranger->gate = gate;
	stranger->lane = lane;
	stranger->peer = *peer;
	INIT_LIST_HEAD(&stranger->node);
	INIT_DELAYED_WORK(&stranger->work, stranger_end);
	if (!admit(gate, stranger)) {
		atomic64_inc(&gate->turned_away);
		apn_lane_put(lane);
		kfree(stranger);
		return NULL;
	}
	lane->stranger = stranger;
	apn_log_create("stranger", stranger);
	return lane;
}

/* It receives from now on; whatever becomes of it, the deadline finds it. */
static void gate_accepted(struct apn_listener *listener, struct apn_lane *lane, bool open)
{
	struct apn_stranger *stranger = lane->stranger;
	unsigned int deadline = listener->security == APN_SECURITY_TLS ? APN_STRANGER_TLS_MS :
									 APN_STRANGER_MS;

	queue_delayed_work(apn_control_wq, &stranger->work,
			   open ? msecs_to_jiffies(deadline) : 0);
}

int apn_gate_open(struct apn_gate *gate, const char *transport, struct net *net,
		  const struct sockaddr_storage *address)
{
	int ret;

	spin_lock_init(&gate->lock);
	INIT_LIST_HEAD(&gate->strangers);
	init_waitqueue_head(&gate->empty);
	gate->listener = apn_listener_alloc(transport);
	if (!gate->listener)
		return -EPROTONOSUPPORT;
	gate->listener->owner = gate;
	gate->listener->net = net;
	gate->listener->address = *address;
	gate->listener->security = gate->security;
	gate->listener->lane = gate_lane;
	gate->listener->accepted = gate_accepted;
	ret = gate->listener->transport->listen(gate->listener);
	if (ret)
		apn_listener_free(gate->listener);
	return ret;
}
EXPORT_SYMBOL_GPL(apn_gate_open);

static void hurry_strangers(struct apn_gate *gate)
{
	struct apn_stranger *stranger;

	guard(spinlock_bh)(&gate->lock);
	gate->closed = true;
	list_for_each_entry(stranger, &gate->strangers, node)
		mod_delayed_work(apn_control_wq, &stranger->work, 0);
}

static bool nobody(struct apn_gate *gate)
{
	guard(spinlock_bh)(&gate->lock);
	return !gate->count;
}

void apn_gate_close(struct apn_gate *gate)
{
	gate->listener->transport->unlisten(gate->listener);
	hurry_strangers(gate);
	wait_event(gate->empty, nobody(gate));
	synchronize_rcu();
	apn_line_close_owned(gate);
	apn_listener_free(gate->listener);
}
EXPORT_SYMBOL_GPL(apn_gate_close);

struct lane_sum {
	struct apn_gate *gate;
	unsigned int n;
};

static int count_lanes(struct apn_line *line, void *arg)
{
	struct lane_sum *sum = arg;

	if (line->owner == sum->gate)
		sum->n += line->live;
	return 0;
}

unsigned int apn_gate_connections(struct apn_gate *gate)
{
	struct lane_sum sum = { gate, READ_ONCE(gate->count) };

	apn_line_each(false, count_lanes, &sum);
	return sum.n;
}
EXPORT_SYMBOL_GPL(apn_gate_connections);

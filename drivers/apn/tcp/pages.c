// SPDX-License-Identifier: GPL-2.0
/* Which packets still refer to pages that a lane has sent. */
#include "tcp.h"

#include <compat/ubuf.h>
#include <linux/slab.h>
#include <net/inet_connection_sock.h>

/*
 * Payload is sent by reference to its owner's pages, and a packet may outlive its socket:
 * in a queue of the device, or in netem. So each holds @ubuf, and the lane does until it
 * is closed; when the last has let go, nobody can send those pages any more.
 */
struct apn_tcp_pages {
	struct ubuf_info ubuf;
	struct kref ref; /* the lane's, and one for all who hold @ubuf */
	bool out; /* somebody holds @ubuf */
};

static atomic_t alive;
static DECLARE_WAIT_QUEUE_HEAD(all_gone);

static void pages_release(struct kref *ref)
{
	kfree(container_of(ref, struct apn_tcp_pages, ref));
	if (atomic_dec_and_test(&alive))
		wake_up_all(&all_gone);
}

/* Softirq, mostly; what runs here is waited for by apn_tcp_pages_exit(). */
static void packet_gone(struct sk_buff *skb, struct ubuf_info *ubuf, bool success)
{
	struct apn_tcp_pages *pages = container_of(ubuf, struct apn_tcp_pages, ubuf);

	guard(rcu)();
	if (!refcount_dec_and_test(&ubuf->refcnt))
		return;
	smp_store_release(&pages->out, false); /* pairs with apn_tcp_pages_out() */
	kref_put(&pages->ref, pages_release);
}

static const struct ubuf_info_ops ops = { .complete = packet_gone };

struct apn_tcp_pages *apn_tcp_pages_alloc(void)
{
	struct apn_tcp_pages *pages = kzalloc_obj(*pages);

	if (!pages)
		return NULL;
	apn_ubuf_set_ops(&pages->ubuf, &ops);
	pages->ubuf.flags = SKBFL_ZEROCOPY_FRAG | SKBFL_DONT_ORPHAN;
	refcount_set(&pages->ubuf.refcnt, 1);
	kref_init(&pages->ref);
	kref_get(&pages->ref);
	pages->out = true;
	atomic_inc(&alive);
	return pages;
}

/*
 * What a send is to be counted by. Not on the loopback device, which would copy every
 * such packet and hands what it gets to the receiver at once; nor below TLS, which
 * sends pages of its own.
 */
struct ubuf_info *apn_tcp_pages_ubuf(struct apn_tcp_lane *t)
{
	const struct sock *sk = t->sock->sk;

	if (!t->pages || sk->sk_route_caps & NETIF_F_LOOPBACK || inet_csk(sk)->icsk_ulp_ops)
		return NULL;
	return &t->pages->ubuf;
}

/* The socket is closed: from now on only packets hold it. */
void apn_tcp_pages_let_go(struct apn_tcp_pages *pages)
{
	if (pages)
		packet_gone(NULL, &pages->ubuf, true);
}

bool apn_tcp_pages_out(struct apn_lane *lane)
{
	struct apn_tcp_pages *pages = apn_tcp_lane(lane)->pages;

	/* pairs with packet_gone(): what is read of the pages is read before */
	return pages && smp_load_acquire(&pages->out);
}

void apn_tcp_pages_free(struct apn_tcp_pages *pages)
{
	if (pages)
		kref_put(&pages->ref, pages_release);
}

/* A packet that is still somewhere will call what is in this module. */
void apn_tcp_pages_exit(void)
{
	wait_event(all_gone, !atomic_read(&alive));
	synchronize_rcu();
}

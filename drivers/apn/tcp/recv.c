// SPDX-License-Identifier: GPL-2.0
/* From the socket to the pages: header, data, header, data. */
#include "tcp.h"

#include <linux/skbuff.h>
#include <net/tcp.h>

/* The header is whole: it was taken, or it waits for memory, or it was the last. */
static int begin(struct apn_tcp_lane *t)
{
	int ret = apn_lane_header(&t->lane, &t->in);

	t->stalled = ret == -EAGAIN;
	t->stop = t->stalled;
	if (ret)
		return t->stalled ? 0 : ret;
	t->in_bytes = 0;
	t->in_data = t->lane.rx.left;
	if (!t->in_data)
		t->stop = apn_lane_data_done(&t->lane);
	return 0;
}

static int take_header(struct apn_tcp_lane *t, struct sk_buff *skb, unsigned int at, size_t len)
{
	size_t n = min(len, sizeof(t->in) - t->in_bytes);
	int ret = skb_copy_bits(skb, at, (u8 *)&t->in + t->in_bytes, n);

	if (ret)
		return ret;
	t->in_bytes += n;
	if (t->in_bytes == sizeof(t->in))
		ret = begin(t);
	return ret ?: n;
}

static int take_data(struct apn_tcp_lane *t, struct sk_buff *skb, unsigned int at, size_t len)
{
	struct apn_rx *rx = &t->lane.rx;
	size_t n = min3(len, (size_t)rx->left, apn_payload_run(&rx->to));
	int ret;

	if (!n)
		return -EPROTO;
	ret = skb_copy_datagram_iter(skb, at, &rx->to.iter, n);
	if (ret)
		return ret;
	rx->left -= n;
	if (!rx->left) {
		t->in_data = false;
		t->stop = apn_lane_data_done(&t->lane);
	}
	return n;
}

/* For ->read_sock(): what it returns is taken off the socket. */
static int actor(read_descriptor_t *desc, struct sk_buff *skb, unsigned int at, size_t len)
{
	struct apn_tcp_lane *t = desc->arg.data;
	size_t did = 0;

	while (did < len && !t->stop && !apn_lane_dead(&t->lane)) {
		int n = t->in_data ? take_data(t, skb, at + did, len - did) :
				     take_header(t, skb, at + did, len - did);

		if (n < 0) {
			desc->error = n;
			break;
		}
		did += n;
	}
	desc->written += did;
	if (t->stop || desc->error || apn_lane_dead(&t->lane) ||
	    (t->tls.sealed && desc->written >= APN_TCP_TURN_BYTES))
		desc->count = 0;
	return did;
}

int apn_tcp_recv(struct apn_tcp_lane *t)
{
	read_descriptor_t desc = { .arg.data = t, .count = 1 };
	struct sock *sk = t->sock->sk;
	int ret;

	t->stop = false;
	if (t->stalled) {
		ret = begin(t);
		if (ret || t->stop)
			return ret;
	}
	/* inside TLS what was decrypted lies elsewhere */
	if (!t->tls.sealed && skb_queue_empty_lockless(&sk->sk_receive_queue))
		return 0;
	lock_sock(sk);
	ret = READ_ONCE(t->sock->ops)->read_sock(sk, &desc, actor);
	release_sock(sk);
	if (ret > 0)
		atomic64_add(ret, &t->lane.received_bytes);
	if (desc.error)
		return desc.error;
	return ret == -EAGAIN ? 0 : ret; /* TLS: no whole record is there */
}

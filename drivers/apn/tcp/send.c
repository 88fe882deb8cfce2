// SPDX-License-Identifier: GPL-2.0
/* From the lane's queue to the socket. */
#include "tcp.h"

#include <linux/cred.h>
#include <linux/sched/mm.h>

static int send_headers(struct apn_tcp_lane *t, bool more)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct kvec vec = {
		.iov_base = (u8 *)t->row + t->row_sent,
		.iov_len = t->row_bytes - t->row_sent,
	};

	t->more = more;
	msg.msg_flags |= more ? MSG_MORE : MSG_EOR;
	return kernel_sendmsg(t->sock, &msg, &vec, 1, vec.iov_len);
}

/* More comes at once: then a packet that is not full waits for it. Not where that is paced. */
static bool more_comes(struct apn_tcp_lane *t)
{
	return apn_lane_pending(&t->lane) && !READ_ONCE(t->lane.pacer);
}

/* Bare headers leave their tx at once, since the row holds a copy. */
static bool fill_row(struct apn_tcp_lane *t)
{
	unsigned int n = 0;

	t->row_sent = 0;
	t->out.bytes = 0;
	t->out.done = NULL;
	while (n < APN_TCP_ROW && apn_lane_next(&t->lane, &t->out)) {
		t->row[n++] = t->out.hdr;
		if (t->out.bytes)
			break;
		t->out.done->sent(t->out.done, 0);
		t->out.done = NULL;
	}
	t->row_bytes = n * sizeof(struct apn_hdr);
	return n;
}

static int send_row(struct apn_tcp_lane *t)
{
	int ret = send_headers(t, t->out.bytes || more_comes(t));

	if (ret > 0)
		t->row_sent += ret;
	return ret;
}

static int send_payload(struct apn_tcp_lane *t)
{
	size_t run = min_t(size_t, apn_payload_run(&t->out.payload), t->out.bytes);
	bool more = run < t->out.bytes || more_comes(t);
	int ret;

	t->more = more;
	ret = apn_sock_send_pages(t->sock, &t->out.payload.iter, run, more, apn_tcp_pages_ubuf(t));

	if (ret > 0) {
		iov_iter_advance(&t->out.payload.iter, ret);
		t->out.bytes -= ret;
	}
	return ret;
}

static void row_done(struct apn_tcp_lane *t)
{
	struct apn_tx *tx = t->out.done;

	t->row_bytes = 0;
	t->out.done = NULL;
	if (tx)
		tx->sent(tx, 0);
}

static int send_step(struct apn_tcp_lane *t)
{
	int ret;

	if (!t->row_bytes && !fill_row(t))
		return 0;
	if (t->row_sent < t->row_bytes)
		ret = send_row(t);
	else
		ret = send_payload(t);
	if (ret > 0 && t->row_sent == t->row_bytes && !t->out.bytes)
		row_done(t);
	return ret;
}

/*
 * To seal takes so long that what comes, and is a sign of life, must not wait for all of it;
 * nor for as much as a peer can take meanwhile.
 */
static bool turn_is_over(const struct apn_tcp_lane *t, int total)
{
	return t->tls.sealed && total >= APN_TCP_TURN_BYTES;
}

/* Writeback may wait for what we send: the socket may use the last reserves. */
int apn_tcp_send(struct apn_tcp_lane *t)
{
	unsigned int noreclaim;
	int ret = 0, total = 0;

	lockdep_assert_held(&t->lane.tx_lock);
	if (apn_lane_dead(&t->lane)) /* and closed, perhaps: who closes it takes the lock */
		return 0;
	noreclaim = memalloc_noreclaim_save();
	apn_tcp_congestion_keep(t->sock->sk);
	apn_tcp_congestion_go_on(t);
	while (!apn_lane_dead(&t->lane) && !turn_is_over(t, total) && (ret = send_step(t)) > 0)
		total += ret;
	if (t->tls.sealed)
		ret = apn_tcp_tls_sent(t, ret);
	memalloc_noreclaim_restore(noreclaim);
	if (total)
		atomic64_add(total, &t->lane.sent_bytes);
	if (total || apn_lane_dead(&t->lane))
		return total;
	return ret == -EAGAIN ? 0 : ret;
}

/* The lane is closed: what was on its way out is its owner's again. */
void apn_tcp_send_abort(struct apn_tcp_lane *t)
{
	struct apn_tx *tx = t->out.done;

	t->row_bytes = 0;
	t->out.bytes = 0;
	t->out.done = NULL;
	if (tx)
		tx->sent(tx, -ENOTCONN);
}

/*
 * A submitter sends by himself if nobody else does, which saves a wake-up; as the
 * kernel, since a security module judges the sender and the disk's user may be
 * confined. Inside TLS only the work sends: the kernel takes a lock there that others
 * hold while they allocate, and gives up when the submitter has a signal.
 */
static void send_now(struct apn_tcp_lane *t)
{
	const struct cred *cred = override_creds(apn_kernel_cred);
	int ret = apn_tcp_send(t);

	revert_creds(cred);
	if (ret < 0)
		apn_lane_die(&t->lane, ret, "sending failed");
}

void apn_tcp_kick(struct apn_lane *lane, bool direct)
{
	struct apn_tcp_lane *t = apn_tcp_lane(lane);

	if (direct && !t->tls.sealed && mutex_trylock(&lane->tx_lock)) {
		send_now(t);
		mutex_unlock(&lane->tx_lock);
		if (!apn_lane_pending(lane))
			return;
	}
	apn_tcp_wake(t);
}

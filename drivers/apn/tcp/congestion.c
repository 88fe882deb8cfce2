// SPDX-License-Identifier: GPL-2.0
/*
 * What the socket is told about the line.
 *
 * On a line that is long or reserved a socket has the congestion control "apn": it tells
 * the line's pacer what was delivered and lost, and gets from it what of the line's window
 * is free. Elsewhere the kernel's own stays.
 */
#include "tcp.h"

#include <compat/tcp.h>
#include <linux/in.h>
#include <net/tcp.h>

#define NAME "apn"

enum {
	PAUSE_MS = 50, /* well below the shortest retransmission timeout */
	LEAST_PACKETS = 4,
	LEAST_ROW = 2, /* packets, as by default */
};

/* In the socket's own room for its congestion control; under the socket's lock. */
struct apn_ca {
	struct apn_pacer *pacer; /* NULL: nobody's, or its lane is going */
	struct apn_lane *lane; /* as long as there is a pacer */
	u64 in_flight; /* bytes, as the pacer was told */
	u32 delivered; /* packets, as tcp_sock has them */
	u32 lost;
};

static struct apn_ca *ca_of(struct sock *sk)
{
	BUILD_BUG_ON(sizeof(struct apn_ca) > ICSK_CA_PRIV_SIZE);
	return inet_csk_ca(sk);
}

/* What is on the line or due to be: not what arrived behind a gap, nor what was lost. */
static u64 in_flight(const struct tcp_sock *tp)
{
	u32 bytes = tp->snd_nxt - tp->snd_una, left = tcp_packets_in_flight(tp);

	if (left >= tp->packets_out)
		return bytes;
	return div_u64((u64)bytes * left, tp->packets_out);
}

static s64 note_in_flight(struct sock *sk, u64 bytes)
{
	struct apn_ca *ca = ca_of(sk);
	s64 change = bytes - ca->in_flight;

	ca->in_flight = bytes;
	return change;
}

/* @room bytes more than what is out; of that a packet may be full, or a bare header. */
static void set_cwnd(struct sock *sk, u64 room)
{
	struct tcp_sock *tp = tcp_sk(sk);
	u64 packets = tcp_packets_in_flight(tp) + div_u64(room, tp->mss_cache ?: 1);

	tcp_snd_cwnd_set(tp, clamp_t(u64, packets, LEAST_PACKETS, tp->snd_cwnd_clamp));
}

static void hear(struct sock *sk, struct apn_heard *h, const struct rate_sample *rs)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct apn_ca *ca = ca_of(sk);

	h->now_us = tp->tcp_mstamp;
	h->acked = (tp->delivered - ca->delivered) * tp->mss_cache;
	h->lost = (tp->lost - ca->lost) * tp->mss_cache;
	h->rtt_us = rs->rtt_us > 0 && !rs->is_ack_delayed ? rs->rtt_us : 0;
	ca->delivered = tp->delivered;
	ca->lost = tp->lost;
}

/* Without a pacer: as Reno, which is what a socket that is closing, or not ours, gets. */
static void without_pacer(struct sock *sk, const struct rate_sample *rs)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (inet_csk(sk)->icsk_ca_state >= TCP_CA_CWR)
		tcp_snd_cwnd_set(tp, max(min(tcp_snd_cwnd(tp), tp->snd_ssthresh), 1U));
	else
		tcp_reno_cong_avoid(sk, tp->snd_una, rs->acked_sacked);
}

APN_CONG_CONTROL(control)
{
	struct apn_ca *ca = ca_of(sk);
	struct apn_heard h;
	u64 rate, room;

	if (!ca->pacer) {
		without_pacer(sk, rs);
		return;
	}
	hear(sk, &h, rs);
	room = apn_pacer_heard(ca->pacer, &h, note_in_flight(sk, in_flight(tcp_sk(sk))), &rate);
	set_cwnd(sk, room);
	WRITE_ONCE(sk->sk_pacing_rate, min_t(u64, rate + rate / 4, ULONG_MAX));
	if (tcp_sk(sk)->snd_nxt == tcp_sk(sk)->write_seq)
		apn_pacer_leave(ca->pacer, room);
}

static void take_room(struct sock *sk, struct apn_pacer *pacer)
{
	u64 room = apn_pacer_room(pacer, note_in_flight(sk, in_flight(tcp_sk(sk))));
	bool waits = room < APN_PACER_ROOM;

	set_cwnd(sk, room);
	WRITE_ONCE(ca_of(sk)->lane->waits_for_room, waits);
	if (waits)
		apn_pacer_want(pacer);
}

/*
 * Asked before each row of packets: what the other lanes have sent or got through since
 * the last acknowledgment is theirs or ours now.
 */
static u32 before_row(struct sock *sk)
{
	struct apn_ca *ca = ca_of(sk);

	if (ca->pacer)
		take_room(sk, ca->pacer);
	return LEAST_ROW;
}

static struct tcp_congestion_ops apn_cong __read_mostly = {
	.name = NAME,
	.owner = THIS_MODULE,
	.cong_control = control,
	.min_tso_segs = before_row,
	.ssthresh = tcp_reno_ssthresh,
	.undo_cwnd = tcp_reno_undo_cwnd,
};

static int choose(struct socket *sock)
{
	return sock->ops->setsockopt(sock, SOL_TCP, TCP_CONGESTION, KERNEL_SOCKPTR(NAME),
				     sizeof(NAME));
}

static void join(struct sock *sk, struct apn_lane *lane, struct apn_pacer *pacer)
{
	struct apn_ca *ca = ca_of(sk);

	ca->pacer = pacer;
	ca->lane = lane;
	ca->in_flight = 0;
	ca->delivered = tcp_sk(sk)->delivered;
	ca->lost = tcp_sk(sk)->lost;
	take_room(sk, pacer);
	WRITE_ONCE(sk->sk_pacing_rate, READ_ONCE(sk->sk_max_pacing_rate)); /* the pacer does it */
	cmpxchg(&sk->sk_pacing_status, SK_PACING_NONE, SK_PACING_NEEDED);
}

/* It has, or is about to: then its buffers are set after this. */
bool apn_tcp_congestion_joined(struct sock *sk)
{
	return READ_ONCE(inet_csk(sk)->icsk_ca_ops) == &apn_cong;
}

/* Also for a lane that has joined already. False: it does not need the pacer, or can't. */
bool apn_tcp_congestion_join(struct apn_tcp_lane *t, struct apn_pacer *pacer)
{
	struct tcp_sock *tp = tcp_sk(t->sock->sk);

	if (!apn_pacer_join(pacer, tcp_min_rtt(tp), tp->mss_cache) || choose(t->sock))
		return false;
	apn_tcp_widen(t->sock->sk);
	lock_sock(t->sock->sk);
	if (!ca_of(t->sock->sk)->pacer)
		join(t->sock->sk, &t->lane, pacer);
	release_sock(t->sock->sk);
	return true;
}

/* From here on the pacer may go. */
void apn_tcp_congestion_leave(struct apn_tcp_lane *t)
{
	struct sock *sk = t->sock->sk;
	struct apn_ca *ca = ca_of(sk);

	lock_sock(sk);
	if (inet_csk(sk)->icsk_ca_ops == &apn_cong && ca->pacer) {
		apn_pacer_room(ca->pacer, note_in_flight(sk, 0));
		ca->pacer = NULL;
	}
	release_sock(sk);
}

static bool paused(u32 since)
{
	return tcp_jiffies32 - since > msecs_to_jiffies(PAUSE_MS);
}

/*
 * Before sending: what was learned of the line holds after a pause, and while little
 * was sent. Left alone, the kernel begins anew when a socket was silent, and lets the
 * window shrink when it is not filled, for one retransmission timeout; neither says
 * anything of a line, and training comes in bursts.
 */
void apn_tcp_congestion_keep(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	if (!paused(READ_ONCE(tp->lsndtime)) && !paused(READ_ONCE(tp->snd_cwnd_stamp)))
		return;
	lock_sock(sk);
	tp->lsndtime = tcp_jiffies32;
	tp->snd_cwnd_stamp = tcp_jiffies32;
	release_sock(sk);
}

/*
 * What waits in a socket for room goes on when something is acknowledged to it. If nothing of it
 * is out any more, nothing is: then it goes into the room that others leave.
 */
void apn_tcp_congestion_go_on(struct apn_tcp_lane *t)
{
	struct apn_pacer *pacer = READ_ONCE(t->lane.pacer);

	if (!pacer || !READ_ONCE(t->lane.waits_for_room))
		return;
	if (apn_pacer_room(pacer, 0) < APN_PACER_ROOM) {
		apn_pacer_want(pacer);
		return;
	}
	WRITE_ONCE(t->lane.waits_for_room, false); /* take_room() says so if it does again */
	tcp_sock_set_nodelay(t->sock->sk); /* it is, and sends what is there */
}

int apn_tcp_congestion_init(void)
{
	return tcp_register_congestion_control(&apn_cong);
}

void apn_tcp_congestion_exit(void)
{
	tcp_unregister_congestion_control(&apn_cong);
}

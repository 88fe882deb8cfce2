// SPDX-License-Identifier: GPL-2.0
/* What the socket is told about the line. */
#include "tcp.h"

#include <net/tcp.h>

enum { PAUSE_MS = 50 }; /* well below the shortest retransmission timeout */

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

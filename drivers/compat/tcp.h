/* SPDX-License-Identifier: GPL-2.0 */
/* Congestion control: what differs between kernels. */
#ifndef APN_COMPAT_TCP_H
#define APN_COMPAT_TCP_H

#include <net/tcp.h>

/* The head of a function for tcp_congestion_ops.cong_control; it has @sk and @rs. */
#ifdef HAVE_CONG_CONTROL_ACK /* v6.10 */
#define APN_CONG_CONTROL(name) \
	static void name(struct sock *sk, u32 ack, int flag, const struct rate_sample *rs)
#else
#define APN_CONG_CONTROL(name) static void name(struct sock *sk, const struct rate_sample *rs)
#endif

#endif /* APN_COMPAT_TCP_H */

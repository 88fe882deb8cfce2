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

/* The head of a function that is told of a first packet behind none; it has @sk. */
#ifdef HAVE_CWND_EVENT_TX_START /* v7.1 */
#define APN_CONG_TX_START(name) static void name(struct sock *sk)
#define APN_CONG_SET_TX_START(name) .cwnd_event_tx_start = name
#else
#define APN_CONG_TX_START(name)                                          \
	static void name(struct sock *sk);                               \
	static void name##_event(struct sock *sk, enum tcp_ca_event event) \
	{                                                                \
		if (event == CA_EVENT_TX_START)                          \
			name(sk);                                        \
	}                                                                \
	static void name(struct sock *sk)
#define APN_CONG_SET_TX_START(name) .cwnd_event = name##_event
#endif

#endif /* APN_COMPAT_TCP_H */

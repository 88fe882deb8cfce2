/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Written for 7.2, backfilled downwards: included before all else, so that no other
 * file knows a kernel. Each backfill names the release that ends it.
 */
#ifndef APN_COMPAT_H
#define APN_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct iov_iter;
struct socket;
struct ubuf_info;

#ifndef HAVE_KZALLOC_OBJ /* v7.0 */
#define kzalloc_obj(object, ...) kzalloc(sizeof(object), GFP_KERNEL)
#endif

#ifndef HAVE_GUARD_SPINLOCK_BH /* v6.12 */
DEFINE_LOCK_GUARD_1(spinlock_bh, spinlock_t, spin_lock_bh(_T->lock), spin_unlock_bh(_T->lock))
#endif

#ifndef HAVE_SOCKADDR_UNSIZED /* v6.19 */
#define sockaddr_unsized sockaddr
#endif

#ifndef HAVE_WQ_PERCPU /* v6.17; an enumerator, so the preprocessor can't see it */
#define WQ_PERCPU 0
#endif

#ifndef HAVE_HRTIMER_SETUP /* v6.13 */
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

#ifndef NLA_POLICY_MAX_LEN /* v6.13 */
#define NLA_POLICY_MAX_LEN(_len) NLA_POLICY_MAX(NLA_BINARY, _len)
#endif

/* sock.c */
#ifndef HAVE_NET_REFCNT_UPGRADE /* v6.14 */
struct sock;
void sk_net_refcnt_upgrade(struct sock *sk);
#endif

/*
 * Bytes of @from that went out, without copying where their pages allow it: the
 * network then holds references to them until the peer has acknowledged, and longer
 * where packets wait in a queue. With @ubuf each such packet holds a reference to it.
 * The cursor is not moved.
 */
int apn_sock_send_pages(struct socket *sock, const struct iov_iter *from, size_t bytes, bool more,
			struct ubuf_info *ubuf);

#endif /* APN_COMPAT_H */

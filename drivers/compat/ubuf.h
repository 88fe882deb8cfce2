/* SPDX-License-Identifier: GPL-2.0 */
/* Who is told that a packet lets go of pages that are not its own: what differs between kernels. */
#ifndef APN_COMPAT_UBUF_H
#define APN_COMPAT_UBUF_H

#include <linux/skbuff.h>

#ifdef HAVE_UBUF_OPS /* v6.10 */
static inline void apn_ubuf_set_ops(struct ubuf_info *ubuf, const struct ubuf_info_ops *ops)
{
	ubuf->ops = ops;
}
#else
struct ubuf_info_ops {
	void (*complete)(struct sk_buff *skb, struct ubuf_info *ubuf, bool success);
};

static inline void apn_ubuf_set_ops(struct ubuf_info *ubuf, const struct ubuf_info_ops *ops)
{
	ubuf->callback = ops->complete;
}
#endif

#endif /* APN_COMPAT_UBUF_H */

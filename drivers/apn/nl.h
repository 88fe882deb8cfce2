/* SPDX-License-Identifier: GPL-2.0 */
/* What both netlink families need. */
#ifndef APN_NL_H
#define APN_NL_H

#include <net/genetlink.h>

/* Zero if the sender has CAP_SYS_ADMIN in the initial user namespace. */
int apn_nl_allowed(struct sk_buff *skb, struct netlink_ext_ack *extack);

/* An address as user space gave it: checked, and nothing in it but what names a place. */
int apn_nl_get_address(struct genl_info *info, int attr, struct sockaddr_storage *address);
int apn_nl_put_address(struct sk_buff *skb, int attr, const struct sockaddr_storage *address);
/* A name that may be a file name and a line in a log; -EINVAL says why by @info. */
const char *apn_nl_name(struct genl_info *info, int attr);

/* A sentence that is known at run time only. It is copied. */
void apn_nl_say(struct netlink_ext_ack *extack, const char *text);

/*
 * A reply with one object: @fill puts its attributes. Zero: sent. To a group instead:
 * to the initial network namespace and to @net.
 */
int apn_nl_reply(struct genl_info *info, const struct genl_family *family, u8 cmd,
		 int (*fill)(struct sk_buff *skb, void *object), void *object);
void apn_nl_event(const struct genl_family *family, struct net *net, unsigned int group, u8 cmd,
		  int (*fill)(struct sk_buff *skb, void *object), void *object);
/* One object of a dump. -EMSGSIZE: it goes into the next message. */
int apn_nl_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct genl_family *family, u8 cmd,
		    int (*fill)(struct sk_buff *skb, void *object), void *object);

#endif /* APN_NL_H */

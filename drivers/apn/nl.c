// SPDX-License-Identifier: GPL-2.0
/* What both netlink families need. */
#include "nl.h"
#include "pdu.h"

#include <linux/capability.h>
#include <linux/export.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/string.h>

int apn_nl_allowed(struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack, "this needs CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}
EXPORT_SYMBOL_GPL(apn_nl_allowed);

static int take_v4(const struct nlattr *attr, struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = nla_data(attr);
	struct sockaddr_in *out = (void *)address;

	if (nla_len(attr) < (int)sizeof(*in))
		return -EINVAL;
	out->sin_family = AF_INET;
	out->sin_port = in->sin_port;
	out->sin_addr = in->sin_addr;
	return 0;
}

static int take_v6(const struct nlattr *attr, struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *in = nla_data(attr);
	struct sockaddr_in6 *out = (void *)address;

	if (nla_len(attr) < (int)sizeof(*in))
		return -EINVAL;
	out->sin6_family = AF_INET6;
	out->sin6_port = in->sin6_port;
	out->sin6_addr = in->sin6_addr;
	out->sin6_scope_id = in->sin6_scope_id;
	return 0;
}

static int take_address(const struct nlattr *attr, struct sockaddr_storage *address)
{
	if (nla_len(attr) < (int)sizeof(sa_family_t))
		return -EINVAL;
	switch (*(const sa_family_t *)nla_data(attr)) {
	case AF_INET:
		return take_v4(attr, address);
	case AF_INET6:
		return take_v6(attr, address);
	}
	return -EAFNOSUPPORT;
}

int apn_nl_get_address(struct genl_info *info, int attr, struct sockaddr_storage *address)
{
	int ret;

	memset(address, 0, sizeof(*address));
	if (!info->attrs[attr]) {
		NL_SET_ERR_MSG(info->extack, "an address is missing");
		return -EINVAL;
	}
	ret = take_address(info->attrs[attr], address);
	if (ret)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "this is neither an IPv4 nor an IPv6 address");
	return ret;
}
EXPORT_SYMBOL_GPL(apn_nl_get_address);

int apn_nl_put_address(struct sk_buff *skb, int attr, const struct sockaddr_storage *address)
{
	size_t bytes = address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
							sizeof(struct sockaddr_in);

	return address->ss_family ? nla_put(skb, attr, bytes, address) : 0;
}
EXPORT_SYMBOL_GPL(apn_nl_put_address);

const char *apn_nl_name(struct genl_info *info, int attr)
{
	char padded[APN_NAME_BYTES] = "";

	if (!info->attrs[attr]) {
		NL_SET_ERR_MSG(info->extack, "a name is missing");
		return ERR_PTR(-EINVAL);
	}
	nla_strscpy(padded, info->attrs[attr], sizeof(padded));
	if (apn_pdu_name_ok(padded))
		return nla_data(info->attrs[attr]);
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
			    "a name is 1 to 63 letters, digits and any of . _ - : @, and begins with a letter or digit");
	return ERR_PTR(-EINVAL);
}
EXPORT_SYMBOL_GPL(apn_nl_name);

/*
 * An extack points to its text until the reply is made, after the command returned;
 * 6.1 has no room for one in it, later kernels have 80 bytes. So the last few are
 * kept here, more than there are commands that fail at the same moment.
 */
void apn_nl_say(struct netlink_ext_ack *extack, const char *text)
{
	static char kept[32][200];
	static atomic_t next;
	char *slot = kept[(unsigned int)atomic_inc_return(&next) % ARRAY_SIZE(kept)];

	if (!extack)
		return;
	strscpy(slot, text, sizeof(kept[0]));
	extack->_msg = slot;
}
EXPORT_SYMBOL_GPL(apn_nl_say);

static struct sk_buff *message(const struct genl_family *family, u32 portid, u32 seq, u8 cmd,
			       int (*fill)(struct sk_buff *skb, void *object), void *object)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE * 2, GFP_KERNEL);
	void *hdr;

	if (!skb)
		return NULL;
	hdr = genlmsg_put(skb, portid, seq, family, 0, cmd);
	if (!hdr || fill(skb, object)) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, hdr);
	return skb;
}

int apn_nl_reply(struct genl_info *info, const struct genl_family *family, u8 cmd,
		 int (*fill)(struct sk_buff *skb, void *object), void *object)
{
	struct sk_buff *skb =
		message(family, info->snd_portid, info->snd_seq, cmd, fill, object);

	return skb ? genlmsg_reply(skb, info) : -EMSGSIZE;
}
EXPORT_SYMBOL_GPL(apn_nl_reply);

void apn_nl_event(const struct genl_family *family, struct net *net, unsigned int group, u8 cmd,
		  int (*fill)(struct sk_buff *skb, void *object), void *object)
{
	struct sk_buff *skb = message(family, 0, 0, cmd, fill, object), *copy;

	if (!skb)
		return;
	copy = net && !net_eq(net, &init_net) ? skb_clone(skb, GFP_KERNEL) : NULL;
	genlmsg_multicast_netns(family, &init_net, skb, 0, group, GFP_KERNEL);
	if (copy)
		genlmsg_multicast_netns(family, net, copy, 0, group, GFP_KERNEL);
}
EXPORT_SYMBOL_GPL(apn_nl_event);

int apn_nl_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct genl_family *family, u8 cmd,
		    int (*fill)(struct sk_buff *skb, void *object), void *object)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, family,
				NLM_F_MULTI, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (fill(skb, object)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}
EXPORT_SYMBOL_GPL(apn_nl_dump_one);

/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/apnbd.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: make netlink-gen */

#ifndef _LINUX_APNBD_GEN_H
#define _LINUX_APNBD_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/apnbd.h>

extern const struct nla_policy apnbd_disk_connect_nl_policy[APNBD_A_DISK_TAKEOVER + 1];

extern const struct nla_policy apnbd_disk_get_nl_policy[APNBD_A_DISK_NAME + 1];

extern const struct nla_policy apnbd_disk_set_nl_policy[APNBD_A_DISK_READ_ONLY + 1];

extern const struct nla_policy apnbd_disk_disconnect_nl_policy[APNBD_A_DISK_FORCE + 1];

extern const struct nla_policy apnbd_path_add_nl_policy[APNBD_A_WAY_PATIENT + 1];

extern const struct nla_policy apnbd_path_del_nl_policy[APNBD_A_WAY_ADDRESS + 1];

extern const struct nla_policy apnbd_discover_nl_policy[APNBD_A_OFFER_IDENTITY + 1];

extern const struct nla_policy apnbd_key_set_nl_policy[APNBD_A_KEY_SECRET + 1];

extern const struct nla_policy apnbd_key_del_nl_policy[APNBD_A_KEY_IDENTITY + 1];

/* Ops table for apnbd */
extern const struct genl_ops apnbd_nl_ops[11];

int apnbd_nl_disk_connect_doit(struct sk_buff *skb, struct genl_info *info);
int apnbd_nl_disk_get_doit(struct sk_buff *skb, struct genl_info *info);
int apnbd_nl_disk_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int apnbd_nl_disk_set_doit(struct sk_buff *skb, struct genl_info *info);
int apnbd_nl_disk_disconnect_doit(struct sk_buff *skb, struct genl_info *info);
int apnbd_nl_path_add_doit(struct sk_buff *skb, struct genl_info *info);
int apnbd_nl_path_del_doit(struct sk_buff *skb, struct genl_info *info);
int apnbd_nl_line_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int apnbd_nl_discover_doit(struct sk_buff *skb, struct genl_info *info);
int apnbd_nl_key_set_doit(struct sk_buff *skb, struct genl_info *info);
int apnbd_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info);
int apnbd_nl_key_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

enum {
	APNBD_NLGRP_EVENTS,
};

extern const struct genl_multicast_group apnbd_nl_mcgrps[1];

#endif /* _LINUX_APNBD_GEN_H */

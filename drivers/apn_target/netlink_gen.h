/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/apn_target.yaml */
/* YNL-GEN kernel header */
/* To regenerate run: make netlink-gen */

#ifndef _LINUX_APN_TARGET_GEN_H
#define _LINUX_APN_TARGET_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/apn_target.h>

/* Common nested types */
extern const struct nla_policy apn_target_allow_nl_policy[APN_TARGET_A_ALLOW_READ_ONLY + 1];

extern const struct nla_policy apn_target_export_add_nl_policy[APN_TARGET_A_EXPORT_RESTRICTED + 1];

extern const struct nla_policy apn_target_export_set_nl_policy[APN_TARGET_A_EXPORT_RESTRICTED + 1];

extern const struct nla_policy apn_target_export_del_nl_policy[APN_TARGET_A_EXPORT_FORCE + 1];

extern const struct nla_policy apn_target_export_drain_nl_policy[APN_TARGET_A_EXPORT_RESUME + 1];

extern const struct nla_policy apn_target_export_revoke_nl_policy[APN_TARGET_A_EXPORT_DENY + 1];

extern const struct nla_policy apn_target_export_get_nl_policy[APN_TARGET_A_EXPORT_NAME + 1];

extern const struct nla_policy apn_target_port_add_nl_policy[APN_TARGET_A_PORT_RATE + 1];

extern const struct nla_policy apn_target_port_del_nl_policy[APN_TARGET_A_PORT_TRANSPORT + 1];

extern const struct nla_policy apn_target_key_set_nl_policy[APN_TARGET_A_KEY_SECRET + 1];

extern const struct nla_policy apn_target_key_del_nl_policy[APN_TARGET_A_KEY_IDENTITY + 1];

extern const struct nla_policy apn_target_port_set_nl_policy[APN_TARGET_A_PORT_RATE + 1];

/* Ops table for apn_target */
extern const struct genl_ops apn_target_nl_ops[14];

int apn_target_nl_export_add_doit(struct sk_buff *skb, struct genl_info *info);
int apn_target_nl_export_set_doit(struct sk_buff *skb, struct genl_info *info);
int apn_target_nl_export_del_doit(struct sk_buff *skb, struct genl_info *info);
int apn_target_nl_export_drain_doit(struct sk_buff *skb,
				    struct genl_info *info);
int apn_target_nl_export_revoke_doit(struct sk_buff *skb,
				     struct genl_info *info);
int apn_target_nl_export_get_doit(struct sk_buff *skb, struct genl_info *info);
int apn_target_nl_export_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb);
int apn_target_nl_port_add_doit(struct sk_buff *skb, struct genl_info *info);
int apn_target_nl_port_del_doit(struct sk_buff *skb, struct genl_info *info);
int apn_target_nl_port_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int apn_target_nl_session_get_dumpit(struct sk_buff *skb,
				     struct netlink_callback *cb);
int apn_target_nl_key_set_doit(struct sk_buff *skb, struct genl_info *info);
int apn_target_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info);
int apn_target_nl_key_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int apn_target_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	APN_TARGET_NLGRP_EVENTS,
};

extern const struct genl_multicast_group apn_target_nl_mcgrps[1];

#endif /* _LINUX_APN_TARGET_GEN_H */

// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/apn_target.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: make netlink-gen */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

/* Common nested types */
const struct nla_policy apn_target_allow_nl_policy[APN_TARGET_A_ALLOW_READ_ONLY + 1] = {
	[APN_TARGET_A_ALLOW_IDENTITY] = { .type = NLA_NUL_STRING, .len = 63, },
	[APN_TARGET_A_ALLOW_READ_ONLY] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* APN_TARGET_CMD_EXPORT_ADD - do */
const struct nla_policy apn_target_export_add_nl_policy[APN_TARGET_A_EXPORT_RESTRICTED + 1] = {
	[APN_TARGET_A_EXPORT_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[APN_TARGET_A_EXPORT_DEVICE] = { .type = NLA_NUL_STRING, .len = 4095, },
	[APN_TARGET_A_EXPORT_STATE_DIR] = { .type = NLA_NUL_STRING, .len = 4000, },
	[APN_TARGET_A_EXPORT_READ_ONLY] = NLA_POLICY_MAX(NLA_U8, 1),
	[APN_TARGET_A_EXPORT_DURABILITY] = NLA_POLICY_MAX(NLA_U32, 1),
	[APN_TARGET_A_EXPORT_LIMIT_BPS] = { .type = NLA_U64, },
	[APN_TARGET_A_EXPORT_LIMIT_IOPS] = { .type = NLA_U64, },
	[APN_TARGET_A_EXPORT_ALLOW] = NLA_POLICY_NESTED(apn_target_allow_nl_policy),
	[APN_TARGET_A_EXPORT_RESTRICTED] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* APN_TARGET_CMD_EXPORT_SET - do */
const struct nla_policy apn_target_export_set_nl_policy[APN_TARGET_A_EXPORT_RESTRICTED + 1] = {
	[APN_TARGET_A_EXPORT_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[APN_TARGET_A_EXPORT_READ_ONLY] = NLA_POLICY_MAX(NLA_U8, 1),
	[APN_TARGET_A_EXPORT_DURABILITY] = NLA_POLICY_MAX(NLA_U32, 1),
	[APN_TARGET_A_EXPORT_LIMIT_BPS] = { .type = NLA_U64, },
	[APN_TARGET_A_EXPORT_LIMIT_IOPS] = { .type = NLA_U64, },
	[APN_TARGET_A_EXPORT_ALLOW] = NLA_POLICY_NESTED(apn_target_allow_nl_policy),
	[APN_TARGET_A_EXPORT_DENY] = { .type = NLA_NUL_STRING, .len = 63, },
	[APN_TARGET_A_EXPORT_RESTRICTED] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* APN_TARGET_CMD_EXPORT_DEL - do */
const struct nla_policy apn_target_export_del_nl_policy[APN_TARGET_A_EXPORT_FORCE + 1] = {
	[APN_TARGET_A_EXPORT_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[APN_TARGET_A_EXPORT_FORCE] = { .type = NLA_FLAG, },
};

/* APN_TARGET_CMD_EXPORT_DRAIN - do */
const struct nla_policy apn_target_export_drain_nl_policy[APN_TARGET_A_EXPORT_RESUME + 1] = {
	[APN_TARGET_A_EXPORT_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[APN_TARGET_A_EXPORT_RESUME] = { .type = NLA_FLAG, },
};

/* APN_TARGET_CMD_EXPORT_REVOKE - do */
const struct nla_policy apn_target_export_revoke_nl_policy[APN_TARGET_A_EXPORT_DENY + 1] = {
	[APN_TARGET_A_EXPORT_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[APN_TARGET_A_EXPORT_DENY] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* APN_TARGET_CMD_EXPORT_GET - do */
const struct nla_policy apn_target_export_get_nl_policy[APN_TARGET_A_EXPORT_NAME + 1] = {
	[APN_TARGET_A_EXPORT_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* APN_TARGET_CMD_PORT_ADD - do */
const struct nla_policy apn_target_port_add_nl_policy[APN_TARGET_A_PORT_RATE + 1] = {
	[APN_TARGET_A_PORT_ADDRESS] = NLA_POLICY_MAX_LEN(28),
	[APN_TARGET_A_PORT_TRANSPORT] = { .type = NLA_NUL_STRING, .len = 15, },
	[APN_TARGET_A_PORT_SECURITY] = NLA_POLICY_MAX(NLA_U32, 2),
	[APN_TARGET_A_PORT_RATE] = { .type = NLA_U64, },
};

/* APN_TARGET_CMD_PORT_DEL - do */
const struct nla_policy apn_target_port_del_nl_policy[APN_TARGET_A_PORT_TRANSPORT + 1] = {
	[APN_TARGET_A_PORT_ID] = { .type = NLA_U32, },
	[APN_TARGET_A_PORT_ADDRESS] = NLA_POLICY_MAX_LEN(28),
	[APN_TARGET_A_PORT_TRANSPORT] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* APN_TARGET_CMD_KEY_SET - do */
const struct nla_policy apn_target_key_set_nl_policy[APN_TARGET_A_KEY_SECRET + 1] = {
	[APN_TARGET_A_KEY_IDENTITY] = { .type = NLA_NUL_STRING, .len = 63, },
	[APN_TARGET_A_KEY_SECRET] = NLA_POLICY_EXACT_LEN(32),
};

/* APN_TARGET_CMD_KEY_DEL - do */
const struct nla_policy apn_target_key_del_nl_policy[APN_TARGET_A_KEY_IDENTITY + 1] = {
	[APN_TARGET_A_KEY_IDENTITY] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* APN_TARGET_CMD_PORT_SET - do */
const struct nla_policy apn_target_port_set_nl_policy[APN_TARGET_A_PORT_RATE + 1] = {
	[APN_TARGET_A_PORT_ID] = { .type = NLA_U32, },
	[APN_TARGET_A_PORT_ADDRESS] = NLA_POLICY_MAX_LEN(28),
	[APN_TARGET_A_PORT_TRANSPORT] = { .type = NLA_NUL_STRING, .len = 15, },
	[APN_TARGET_A_PORT_RATE] = { .type = NLA_U64, },
};

/* Ops table for apn_target */
const struct genl_ops apn_target_nl_ops[14] = {
	{
		.cmd		= APN_TARGET_CMD_EXPORT_ADD,
		.doit		= apn_target_nl_export_add_doit,
		.policy		= apn_target_export_add_nl_policy,
		.maxattr	= APN_TARGET_A_EXPORT_RESTRICTED,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_EXPORT_SET,
		.doit		= apn_target_nl_export_set_doit,
		.policy		= apn_target_export_set_nl_policy,
		.maxattr	= APN_TARGET_A_EXPORT_RESTRICTED,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_EXPORT_DEL,
		.doit		= apn_target_nl_export_del_doit,
		.policy		= apn_target_export_del_nl_policy,
		.maxattr	= APN_TARGET_A_EXPORT_FORCE,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_EXPORT_DRAIN,
		.doit		= apn_target_nl_export_drain_doit,
		.policy		= apn_target_export_drain_nl_policy,
		.maxattr	= APN_TARGET_A_EXPORT_RESUME,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_EXPORT_REVOKE,
		.doit		= apn_target_nl_export_revoke_doit,
		.policy		= apn_target_export_revoke_nl_policy,
		.maxattr	= APN_TARGET_A_EXPORT_DENY,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_EXPORT_GET,
		.doit		= apn_target_nl_export_get_doit,
		.dumpit		= apn_target_nl_export_get_dumpit,
		.policy		= apn_target_export_get_nl_policy,
		.maxattr	= APN_TARGET_A_EXPORT_NAME,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_PORT_ADD,
		.doit		= apn_target_nl_port_add_doit,
		.policy		= apn_target_port_add_nl_policy,
		.maxattr	= APN_TARGET_A_PORT_RATE,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_PORT_DEL,
		.doit		= apn_target_nl_port_del_doit,
		.policy		= apn_target_port_del_nl_policy,
		.maxattr	= APN_TARGET_A_PORT_TRANSPORT,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd	= APN_TARGET_CMD_PORT_GET,
		.dumpit	= apn_target_nl_port_get_dumpit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd	= APN_TARGET_CMD_SESSION_GET,
		.dumpit	= apn_target_nl_session_get_dumpit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_KEY_SET,
		.doit		= apn_target_nl_key_set_doit,
		.policy		= apn_target_key_set_nl_policy,
		.maxattr	= APN_TARGET_A_KEY_SECRET,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_KEY_DEL,
		.doit		= apn_target_nl_key_del_doit,
		.policy		= apn_target_key_del_nl_policy,
		.maxattr	= APN_TARGET_A_KEY_IDENTITY,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd	= APN_TARGET_CMD_KEY_GET,
		.dumpit	= apn_target_nl_key_get_dumpit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APN_TARGET_CMD_PORT_SET,
		.doit		= apn_target_nl_port_set_doit,
		.policy		= apn_target_port_set_nl_policy,
		.maxattr	= APN_TARGET_A_PORT_RATE,
		.flags		= GENL_ADMIN_PERM,
	},
};

const struct genl_multicast_group apn_target_nl_mcgrps[] = {
	[APN_TARGET_NLGRP_EVENTS] = { "events", },
};

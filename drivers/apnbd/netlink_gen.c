// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/apnbd.yaml */
/* YNL-GEN kernel source */
/* To regenerate run: make netlink-gen */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

/* APNBD_CMD_DISK_CONNECT - do */
const struct nla_policy apnbd_disk_connect_nl_policy[APNBD_A_DISK_TAKEOVER + 1] = {
	[APNBD_A_DISK_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[APNBD_A_DISK_EXPORT] = { .type = NLA_NUL_STRING, .len = 63, },
	[APNBD_A_DISK_ADDRESS] = NLA_POLICY_MAX_LEN(28),
	[APNBD_A_DISK_SOURCE] = NLA_POLICY_MAX_LEN(28),
	[APNBD_A_DISK_TRANSPORT] = { .type = NLA_NUL_STRING, .len = 15, },
	[APNBD_A_DISK_SECURITY] = NLA_POLICY_MAX(NLA_U32, 2),
	[APNBD_A_DISK_IDENTITY] = { .type = NLA_NUL_STRING, .len = 63, },
	[APNBD_A_DISK_LANES] = NLA_POLICY_RANGE(NLA_U32, 1, 16),
	[APNBD_A_DISK_RATE] = { .type = NLA_U64, },
	[APNBD_A_DISK_FAIL_AFTER] = { .type = NLA_U64, },
	[APNBD_A_DISK_DEPTH] = NLA_POLICY_RANGE(NLA_U32, 1, 8192),
	[APNBD_A_DISK_READ_ONLY] = NLA_POLICY_MAX(NLA_U8, 1),
	[APNBD_A_DISK_DIGEST] = NLA_POLICY_MAX(NLA_U8, 1),
	[APNBD_A_DISK_TAKEOVER] = { .type = NLA_FLAG, },
};

/* APNBD_CMD_DISK_GET - do */
const struct nla_policy apnbd_disk_get_nl_policy[APNBD_A_DISK_NAME + 1] = {
	[APNBD_A_DISK_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* APNBD_CMD_DISK_SET - do */
const struct nla_policy apnbd_disk_set_nl_policy[APNBD_A_DISK_READ_ONLY + 1] = {
	[APNBD_A_DISK_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[APNBD_A_DISK_FAIL_AFTER] = { .type = NLA_U64, },
	[APNBD_A_DISK_RATE] = { .type = NLA_U64, },
	[APNBD_A_DISK_READ_AHEAD] = { .type = NLA_U64, },
	[APNBD_A_DISK_READ_ONLY] = NLA_POLICY_MAX(NLA_U8, 1),
};

/* APNBD_CMD_DISK_DISCONNECT - do */
const struct nla_policy apnbd_disk_disconnect_nl_policy[APNBD_A_DISK_FORCE + 1] = {
	[APNBD_A_DISK_NAME] = { .type = NLA_NUL_STRING, .len = 63, },
	[APNBD_A_DISK_FORCE] = { .type = NLA_FLAG, },
};

/* APNBD_CMD_PATH_ADD - do */
const struct nla_policy apnbd_path_add_nl_policy[APNBD_A_WAY_PATIENT + 1] = {
	[APNBD_A_WAY_DISK] = { .type = NLA_NUL_STRING, .len = 63, },
	[APNBD_A_WAY_ADDRESS] = NLA_POLICY_MAX_LEN(28),
	[APNBD_A_WAY_TRANSPORT] = { .type = NLA_NUL_STRING, .len = 15, },
	[APNBD_A_WAY_PATIENT] = { .type = NLA_FLAG, },
};

/* APNBD_CMD_PATH_DEL - do */
const struct nla_policy apnbd_path_del_nl_policy[APNBD_A_WAY_ADDRESS + 1] = {
	[APNBD_A_WAY_DISK] = { .type = NLA_NUL_STRING, .len = 63, },
	[APNBD_A_WAY_ADDRESS] = NLA_POLICY_MAX_LEN(28),
};

/* APNBD_CMD_DISCOVER - do */
const struct nla_policy apnbd_discover_nl_policy[APNBD_A_OFFER_IDENTITY + 1] = {
	[APNBD_A_OFFER_ADDRESS] = NLA_POLICY_MAX_LEN(28),
	[APNBD_A_OFFER_SOURCE] = NLA_POLICY_MAX_LEN(28),
	[APNBD_A_OFFER_TRANSPORT] = { .type = NLA_NUL_STRING, .len = 15, },
	[APNBD_A_OFFER_SECURITY] = NLA_POLICY_MAX(NLA_U32, 2),
	[APNBD_A_OFFER_IDENTITY] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* APNBD_CMD_KEY_SET - do */
const struct nla_policy apnbd_key_set_nl_policy[APNBD_A_KEY_SECRET + 1] = {
	[APNBD_A_KEY_IDENTITY] = { .type = NLA_NUL_STRING, .len = 63, },
	[APNBD_A_KEY_SECRET] = NLA_POLICY_EXACT_LEN(32),
};

/* APNBD_CMD_KEY_DEL - do */
const struct nla_policy apnbd_key_del_nl_policy[APNBD_A_KEY_IDENTITY + 1] = {
	[APNBD_A_KEY_IDENTITY] = { .type = NLA_NUL_STRING, .len = 63, },
};

/* Ops table for apnbd */
const struct genl_ops apnbd_nl_ops[11] = {
	{
		.cmd		= APNBD_CMD_DISK_CONNECT,
		.doit		= apnbd_nl_disk_connect_doit,
		.policy		= apnbd_disk_connect_nl_policy,
		.maxattr	= APNBD_A_DISK_TAKEOVER,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APNBD_CMD_DISK_GET,
		.doit		= apnbd_nl_disk_get_doit,
		.dumpit		= apnbd_nl_disk_get_dumpit,
		.policy		= apnbd_disk_get_nl_policy,
		.maxattr	= APNBD_A_DISK_NAME,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APNBD_CMD_DISK_SET,
		.doit		= apnbd_nl_disk_set_doit,
		.policy		= apnbd_disk_set_nl_policy,
		.maxattr	= APNBD_A_DISK_READ_ONLY,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APNBD_CMD_DISK_DISCONNECT,
		.doit		= apnbd_nl_disk_disconnect_doit,
		.policy		= apnbd_disk_disconnect_nl_policy,
		.maxattr	= APNBD_A_DISK_FORCE,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APNBD_CMD_PATH_ADD,
		.doit		= apnbd_nl_path_add_doit,
		.policy		= apnbd_path_add_nl_policy,
		.maxattr	= APNBD_A_WAY_PATIENT,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APNBD_CMD_PATH_DEL,
		.doit		= apnbd_nl_path_del_doit,
		.policy		= apnbd_path_del_nl_policy,
		.maxattr	= APNBD_A_WAY_ADDRESS,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd	= APNBD_CMD_LINE_GET,
		.dumpit	= apnbd_nl_line_get_dumpit,
		.flags	= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APNBD_CMD_DISCOVER,
		.doit		= apnbd_nl_discover_doit,
		.policy		= apnbd_discover_nl_policy,
		.maxattr	= APNBD_A_OFFER_IDENTITY,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APNBD_CMD_KEY_SET,
		.doit		= apnbd_nl_key_set_doit,
		.policy		= apnbd_key_set_nl_policy,
		.maxattr	= APNBD_A_KEY_SECRET,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= APNBD_CMD_KEY_DEL,
		.doit		= apnbd_nl_key_del_doit,
		.policy		= apnbd_key_del_nl_policy,
		.maxattr	= APNBD_A_KEY_IDENTITY,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd	= APNBD_CMD_KEY_GET,
		.dumpit	= apnbd_nl_key_get_dumpit,
		.flags	= GENL_ADMIN_PERM,
	},
};

const struct genl_multicast_group apnbd_nl_mcgrps[] = {
	[APNBD_NLGRP_EVENTS] = { "events", },
};

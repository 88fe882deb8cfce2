// SPDX-License-Identifier: GPL-2.0
/* The family "apn_target": it translates to calls on exports, ports and sessions. */
#include "netlink.h"
#include "audit.h"
#include "export.h"
#include "netlink_gen.h"
#include "port.h"
#include "session.h"
#include "writer.h"

#include <apn/nl_key.h>
#include <linux/blkdev.h>
#include <linux/module.h>

enum { STUCK_MS = 1000 };

static struct genl_family family;
static bool registered;

/* ---- objects to attributes ---- */

static int put_use(struct sk_buff *skb, int attr, struct apn_use *use)
{
	const struct {
		int attr;
		atomic64_t *counter;
	} row[] = {
		{ APN_TARGET_A_USE_READS, &use->reads },
		{ APN_TARGET_A_USE_READ_BYTES, &use->read_bytes },
		{ APN_TARGET_A_USE_WRITES, &use->writes },
		{ APN_TARGET_A_USE_WRITE_BYTES, &use->write_bytes },
		{ APN_TARGET_A_USE_FLUSHES, &use->flushes },
		{ APN_TARGET_A_USE_DISCARDS, &use->discards },
		{ APN_TARGET_A_USE_ERRORS, &use->errors },
		{ APN_TARGET_A_USE_STORAGE_NS, &use->storage_ns },
	};
	struct nlattr *nest = nla_nest_start(skb, attr);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(row); i++)
		if (nla_put_u64_64bit(skb, row[i].attr, atomic64_read(row[i].counter),
				      APN_TARGET_A_USE_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_allow(const struct apn_allow *allow, void *arg)
{
	struct sk_buff *skb = arg;
	struct nlattr *nest = nla_nest_start(skb, APN_TARGET_A_EXPORT_ALLOW);

	if (!nest || nla_put_string(skb, APN_TARGET_A_ALLOW_IDENTITY, allow->identity) ||
	    nla_put_u8(skb, APN_TARGET_A_ALLOW_READ_ONLY, allow->read_only))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static unsigned int count_sessions(struct apn_export *export, const char **writer)
{
	struct apn_session *session;
	unsigned int n = 0;

	*writer = "";
	list_for_each_entry(session, &export->sessions, node) {
		n++;
		if (session->writer)
			*writer = session->identity;
	}
	return n;
}

/* Since when the device has ended nothing of what it has, in ms; short times are no news. */
static u64 stuck_ms(struct apn_export *export)
{
	unsigned int ms = jiffies_to_msecs(jiffies - READ_ONCE(export->moved));

	return atomic_read(&export->busy) && ms >= STUCK_MS ? ms : 0;
}

/* Under export->lock. */
static int fill_export(struct sk_buff *skb, void *object)
{
	struct apn_export *x = object;
	const char *writer;
	unsigned int sessions = count_sessions(x, &writer);

	if (nla_put_string(skb, APN_TARGET_A_EXPORT_NAME, x->name) ||
	    nla_put_string(skb, APN_TARGET_A_EXPORT_DEVICE, x->device) ||
	    nla_put_string(skb, APN_TARGET_A_EXPORT_STATE_DIR, x->state_dir) ||
	    nla_put_u8(skb, APN_TARGET_A_EXPORT_READ_ONLY, x->read_only || x->device_read_only) ||
	    nla_put_u32(skb, APN_TARGET_A_EXPORT_DURABILITY, x->durability) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_EXPORT_LIMIT_BPS, x->limit.bytes_per_s,
			      APN_TARGET_A_EXPORT_PAD) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_EXPORT_LIMIT_IOPS, x->limit.requests_per_s,
			      APN_TARGET_A_EXPORT_PAD) ||
	    apn_access_each(&x->access, put_allow, skb) ||
	    nla_put_u8(skb, APN_TARGET_A_EXPORT_RESTRICTED, x->access.restricted) ||
	    nla_put(skb, APN_TARGET_A_EXPORT_VOLUME, APN_UUID_BYTES, x->record.volume) ||
	    nla_put_u32(skb, APN_TARGET_A_EXPORT_STATE, x->state) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_EXPORT_SIZE, x->size, APN_TARGET_A_EXPORT_PAD) ||
	    nla_put_u32(skb, APN_TARGET_A_EXPORT_BLOCK_SIZE, bdev_logical_block_size(x->bdev)) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_EXPORT_GENERATION, x->record.generation,
			      APN_TARGET_A_EXPORT_PAD) ||
	    nla_put_string(skb, APN_TARGET_A_EXPORT_WRITER, writer) ||
	    nla_put_u32(skb, APN_TARGET_A_EXPORT_SESSIONS, sessions) ||
	    nla_put_u32(skb, APN_TARGET_A_EXPORT_BUSY, atomic_read(&x->busy)) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_EXPORT_STUCK, stuck_ms(x),
			      APN_TARGET_A_EXPORT_PAD))
		return -EMSGSIZE;
	return put_use(skb, APN_TARGET_A_EXPORT_STAT, &x->use);
}

static int fill_export_name(struct sk_buff *skb, void *object)
{
	const struct apn_export *export = object;

	return nla_put_string(skb, APN_TARGET_A_EXPORT_NAME, export->name);
}

static int fill_port_rate(struct sk_buff *skb, struct apn_port *port)
{
	guard(spinlock)(&port->lock);
	if (nla_put_u64_64bit(skb, APN_TARGET_A_PORT_RATE, port->rate, APN_TARGET_A_PORT_PAD))
		return -EMSGSIZE;
	return nla_put_u64_64bit(skb, APN_TARGET_A_PORT_RESERVED, port->reserved,
				 APN_TARGET_A_PORT_PAD);
}

static int fill_port(struct sk_buff *skb, void *object)
{
	struct apn_port *port = object;

	if (nla_put_u32(skb, APN_TARGET_A_PORT_ID, port->id) ||
	    apn_nl_put_address(skb, APN_TARGET_A_PORT_ADDRESS, &port->address) ||
	    nla_put_string(skb, APN_TARGET_A_PORT_TRANSPORT,
			   port->gate.listener->transport->name) ||
	    nla_put_u32(skb, APN_TARGET_A_PORT_SECURITY, port->gate.security) ||
	    nla_put_u32(skb, APN_TARGET_A_PORT_CONNECTIONS, apn_gate_connections(&port->gate)) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_PORT_ACCEPTED,
			      atomic64_read(&port->gate.accepted), APN_TARGET_A_PORT_PAD) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_PORT_REFUSED,
			      atomic64_read(&port->gate.turned_away), APN_TARGET_A_PORT_PAD) ||
	    nla_put_u32(skb, APN_TARGET_A_PORT_STRANGERS, READ_ONCE(port->gate.count)) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_PORT_PROOFS, atomic64_read(&port->gate.proofs),
			      APN_TARGET_A_PORT_PAD))
		return -EMSGSIZE;
	return fill_port_rate(skb, port);
}

static int fill_port_name(struct sk_buff *skb, void *object)
{
	struct apn_port *port = object;

	if (nla_put_u32(skb, APN_TARGET_A_PORT_ID, port->id))
		return -EMSGSIZE;
	return apn_nl_put_address(skb, APN_TARGET_A_PORT_ADDRESS, &port->address);
}

static int fill_session(struct sk_buff *skb, void *object)
{
	struct apn_session *s = object;

	if (nla_put_u32(skb, APN_TARGET_A_SESSION_ID, s->id) ||
	    nla_put_string(skb, APN_TARGET_A_SESSION_EXPORT, s->export->name) ||
	    nla_put_string(skb, APN_TARGET_A_SESSION_IDENTITY, s->identity) ||
	    apn_nl_put_address(skb, APN_TARGET_A_SESSION_ADDRESS, &s->line->route.peer) ||
	    nla_put_string(skb, APN_TARGET_A_SESSION_TRANSPORT, s->line->transport->name) ||
	    nla_put_u32(skb, APN_TARGET_A_SESSION_SECURITY, s->line->security) ||
	    nla_put(skb, APN_TARGET_A_SESSION_UUID, APN_UUID_BYTES, s->uuid) ||
	    nla_put_u8(skb, APN_TARGET_A_SESSION_WRITER, s->writer) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_SESSION_GENERATION, s->generation,
			      APN_TARGET_A_SESSION_PAD) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_SESSION_SINCE,
			      jiffies_to_msecs(jiffies - s->since), APN_TARGET_A_SESSION_PAD) ||
	    nla_put_u8(skb, APN_TARGET_A_SESSION_CONNECTED,
		       apn_line_live(s->line) && !s->ended) ||
	    nla_put_u32(skb, APN_TARGET_A_SESSION_INFLIGHT, atomic_read(&s->inflight)))
		return -EMSGSIZE;
	return put_use(skb, APN_TARGET_A_SESSION_STAT, &s->use);
}

/* ---- events ---- */

static void tell(struct net *net, u8 cmd, int (*fill)(struct sk_buff *skb, void *object),
		 void *object)
{
	if (READ_ONCE(registered))
		apn_nl_event(&family, net, APN_TARGET_NLGRP_EVENTS, cmd, fill, object);
}

void apn_target_export_event(struct apn_export *export)
{
	tell(NULL, APN_TARGET_CMD_EXPORT_NTF, fill_export, export);
}

void apn_target_export_gone(struct apn_export *export)
{
	tell(NULL, APN_TARGET_CMD_EXPORT_NTF, fill_export_name, export);
}

void apn_target_session_event(struct apn_session *session)
{
	tell(NULL, APN_TARGET_CMD_SESSION_NTF, fill_session, session);
}

void apn_target_port_event(struct apn_port *port)
{
	tell(port->net, APN_TARGET_CMD_PORT_NTF, fill_port, port);
}

void apn_target_port_gone(struct apn_port *port)
{
	tell(port->net, APN_TARGET_CMD_PORT_NTF, fill_port_name, port);
}

static int fill_audit(struct sk_buff *skb, void *object)
{
	const struct apn_audit *a = object;

	if (nla_put_u32(skb, APN_TARGET_A_AUDIT_EVENT, a->event) ||
	    apn_nl_put_address(skb, APN_TARGET_A_AUDIT_ADDRESS, a->address) ||
	    nla_put_string(skb, APN_TARGET_A_AUDIT_IDENTITY, a->identity) ||
	    nla_put_string(skb, APN_TARGET_A_AUDIT_EXPORT, a->export) ||
	    nla_put_string(skb, APN_TARGET_A_AUDIT_REASON, a->reason) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_AUDIT_READ_BYTES, a->read_bytes,
			      APN_TARGET_A_AUDIT_PAD) ||
	    nla_put_u64_64bit(skb, APN_TARGET_A_AUDIT_WRITE_BYTES, a->write_bytes,
			      APN_TARGET_A_AUDIT_PAD))
		return -EMSGSIZE;
	return 0;
}

void apn_target_audit_event(const struct apn_audit *audit)
{
	tell(NULL, APN_TARGET_CMD_AUDIT_NTF, fill_audit, (void *)audit);
}

/* ---- exports ---- */

static struct apn_export *find_export(struct genl_info *info)
{
	const char *name = apn_nl_name(info, APN_TARGET_A_EXPORT_NAME);
	struct apn_export *export;

	if (IS_ERR(name))
		return ERR_CAST(name);
	export = apn_export_find(name);
	if (export)
		return export;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[APN_TARGET_A_EXPORT_NAME],
			    "there is no export of this name");
	return ERR_PTR(-ENOENT);
}

static int reply_export(struct genl_info *info, struct apn_export *export)
{
	guard(mutex)(&export->lock);
	return apn_nl_reply(info, &family, info->genlhdr->cmd, fill_export, export);
}

static int allow_one(struct apn_export *export, const struct nlattr *nest,
		     struct genl_info *info)
{
	struct nlattr *tb[APN_TARGET_A_ALLOW_MAX + 1];
	char identity[APN_NAME_BYTES] = "";
	bool read_only;
	int ret = nla_parse_nested(tb, APN_TARGET_A_ALLOW_MAX, nest, apn_target_allow_nl_policy,
				   info->extack);

	if (ret)
		return ret;
	if (tb[APN_TARGET_A_ALLOW_IDENTITY])
		nla_strscpy(identity, tb[APN_TARGET_A_ALLOW_IDENTITY], sizeof(identity));
	if (!apn_pdu_name_ok(identity)) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest, "this is not the name of an identity");
		return -EINVAL;
	}
	read_only = tb[APN_TARGET_A_ALLOW_READ_ONLY] &&
		    nla_get_u8(tb[APN_TARGET_A_ALLOW_READ_ONLY]);
	ret = apn_access_allow(&export->access, identity, read_only);
	if (!ret)
		apn_session_restrict(export, identity, read_only);
	return ret;
}

static int allow_all(struct apn_export *export, void *arg)
{
	struct genl_info *info = arg;
	struct nlattr *attr;
	int left, ret = 0;

	lockdep_assert_held(&export->lock);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN + family.hdrsize, left) {
		if (nla_type(attr) == APN_TARGET_A_EXPORT_ALLOW && !ret)
			ret = allow_one(export, attr, info);
	}
	attr = info->attrs[APN_TARGET_A_EXPORT_RESTRICTED];
	if (!ret && attr)
		apn_access_restrict(&export->access, nla_get_u8(attr));
	return ret;
}

static u64 u64_or(struct genl_info *info, int attr, u64 otherwise)
{
	return info->attrs[attr] ? nla_get_u64(info->attrs[attr]) : otherwise;
}

static int wish_export(struct genl_info *info, struct apn_export_wish *wish)
{
	struct nlattr **a = info->attrs;

	wish->name = apn_nl_name(info, APN_TARGET_A_EXPORT_NAME);
	if (IS_ERR(wish->name))
		return PTR_ERR(wish->name);
	if (!a[APN_TARGET_A_EXPORT_DEVICE] || !a[APN_TARGET_A_EXPORT_STATE_DIR]) {
		NL_SET_ERR_MSG(info->extack, "an export needs a device and a folder for its state");
		return -EINVAL;
	}
	wish->device = a[APN_TARGET_A_EXPORT_DEVICE];
	wish->state_dir = a[APN_TARGET_A_EXPORT_STATE_DIR];
	wish->read_only = a[APN_TARGET_A_EXPORT_READ_ONLY] &&
			  nla_get_u8(a[APN_TARGET_A_EXPORT_READ_ONLY]);
	wish->durability = a[APN_TARGET_A_EXPORT_DURABILITY] ?
				   (int)nla_get_u32(a[APN_TARGET_A_EXPORT_DURABILITY]) :
				   -1;
	wish->limit_bps = u64_or(info, APN_TARGET_A_EXPORT_LIMIT_BPS, 0);
	wish->limit_iops = u64_or(info, APN_TARGET_A_EXPORT_LIMIT_IOPS, 0);
	return 0;
}

int apn_target_nl_export_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct apn_export_wish wish;
	struct apn_export *export;
	int ret = apn_nl_allowed(skb, info->extack) ?: wish_export(info, &wish);

	if (ret)
		return ret;
	export = apn_export_add(&wish, info->extack, allow_all, info);
	if (IS_ERR(export))
		return PTR_ERR(export);
	mutex_lock(&export->lock);
	apn_target_export_event(export);
	mutex_unlock(&export->lock);
	ret = reply_export(info, export);
	apn_export_put(export);
	return ret;
}

/* Under export->lock. */
static int set_export(struct apn_export *export, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	int ret = allow_all(export, info);

	if (ret)
		return ret;
	if (a[APN_TARGET_A_EXPORT_DENY] &&
	    !apn_access_deny(&export->access, nla_data(a[APN_TARGET_A_EXPORT_DENY]))) {
		NL_SET_ERR_MSG_ATTR(info->extack, a[APN_TARGET_A_EXPORT_DENY],
				    "this identity is not on the list");
		return -ENOENT;
	}
	apn_limit_set(&export->limit,
		      u64_or(info, APN_TARGET_A_EXPORT_LIMIT_BPS, export->limit.bytes_per_s),
		      u64_or(info, APN_TARGET_A_EXPORT_LIMIT_IOPS, export->limit.requests_per_s));
	if (a[APN_TARGET_A_EXPORT_READ_ONLY])
		apn_export_set_read_only(export, nla_get_u8(a[APN_TARGET_A_EXPORT_READ_ONLY]));
	apn_target_export_event(export);
	return 0;
}

/*
 * What a host was told at its attach can't be taken back under its feet. One that comes back is
 * told that acknowledged is durable: so let it be, without the lock, since the device may hang.
 */
static int set_durability(struct apn_export *export, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[APN_TARGET_A_EXPORT_DURABILITY];
	unsigned int joins;
	bool attached;

	if (!attr || nla_get_u32(attr) == READ_ONCE(export->durability))
		return 0;
	scoped_guard(mutex, &export->lock) {
		joins = export->joins;
		attached = !list_empty(&export->sessions);
	}
	if (!attached && !export->device_read_only && blkdev_issue_flush(export->bdev)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr, "the device could not be flushed");
		return -EIO;
	}
	guard(mutex)(&export->lock);
	if (attached || export->joins != joins) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "durability can't change while a host is attached");
		return -EBUSY;
	}
	WRITE_ONCE(export->durability, nla_get_u32(attr));
	return 0;
}

int apn_target_nl_export_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	int ret = apn_nl_allowed(skb, info->extack);
	struct apn_export *export;

	if (ret)
		return ret;
	export = find_export(info);
	if (IS_ERR(export))
		return PTR_ERR(export);
	ret = set_durability(export, info);
	if (!ret) {
		mutex_lock(&export->lock);
		ret = set_export(export, info);
		mutex_unlock(&export->lock);
	}
	if (!ret)
		ret = reply_export(info, export);
	apn_export_put(export);
	return ret;
}

int apn_target_nl_export_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int ret = apn_nl_allowed(skb, info->extack);
	struct apn_export *export;

	if (ret)
		return ret;
	export = find_export(info);
	if (IS_ERR(export))
		return PTR_ERR(export);
	ret = apn_export_del(export, info->attrs[APN_TARGET_A_EXPORT_FORCE], info->extack);
	apn_export_put(export);
	return ret;
}

int apn_target_nl_export_drain_doit(struct sk_buff *skb, struct genl_info *info)
{
	int ret = apn_nl_allowed(skb, info->extack);
	struct apn_export *export;

	if (ret)
		return ret;
	export = find_export(info);
	if (IS_ERR(export))
		return PTR_ERR(export);
	if (info->attrs[APN_TARGET_A_EXPORT_RESUME]) {
		mutex_lock(&export->lock);
		ret = apn_export_resume(export);
		mutex_unlock(&export->lock);
	} else {
		ret = apn_export_drain(export);
	}
	if (ret)
		NL_SET_ERR_MSG(info->extack, "the device could not be flushed, or the state not stored");
	apn_export_put(export);
	return ret;
}

static bool end_sessions_of(struct apn_export *export, const char *identity)
{
	struct apn_session *session, *next;
	bool any = false;

	list_for_each_entry_safe(session, next, &export->sessions, node) {
		if (strcmp(session->identity, identity))
			continue;
		apn_session_end(session, APN_STATUS_REVOKED, APN_NOTICE_REVOKED);
		any = true;
	}
	return any;
}

/* Off the list and out of the door; the one can be without the other. */
static bool revoke(struct apn_export *export, const char *identity)
{
	bool listed, attached;

	guard(mutex)(&export->lock);
	listed = apn_access_deny(&export->access, identity);
	attached = end_sessions_of(export, identity);
	if (!listed && !attached)
		return false;
	apn_writer_revoke(export, identity);
	apn_target_export_event(export);
	return true;
}

int apn_target_nl_export_revoke_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *who = info->attrs[APN_TARGET_A_EXPORT_DENY];
	int ret = apn_nl_allowed(skb, info->extack);
	struct apn_export *export;

	if (ret)
		return ret;
	if (!who) {
		NL_SET_ERR_MSG(info->extack, "whose access is to be revoked is missing");
		return -EINVAL;
	}
	export = find_export(info);
	if (IS_ERR(export))
		return PTR_ERR(export);
	if (!revoke(export, nla_data(who))) {
		NL_SET_ERR_MSG_ATTR(info->extack, who,
				    "this identity is neither on the list nor attached");
		ret = -ENOENT;
	}
	apn_export_put(export);
	return ret;
}

int apn_target_nl_export_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	int ret = apn_nl_allowed(skb, info->extack);
	struct apn_export *export;

	if (ret)
		return ret;
	export = find_export(info);
	if (IS_ERR(export))
		return PTR_ERR(export);
	ret = reply_export(info, export);
	apn_export_put(export);
	return ret;
}

/* ---- dumps ---- */

struct dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

/* An object that did not fit is the first of the next message: args[0] counts those that did. */
static int dump_one(struct dump *d, u8 cmd, int (*fill)(struct sk_buff *skb, void *object),
		    void *object)
{
	int ret = apn_nl_dump_one(d->skb, d->cb, &family, cmd, fill, object);

	if (!ret)
		d->cb->args[0]++;
	return ret;
}

static int dumped(struct dump *d, int ret)
{
	return ret == -EMSGSIZE && !d->skb->len ? ret : d->skb->len;
}

static int dump_export(struct apn_export *export, void *arg)
{
	guard(mutex)(&export->lock);
	return dump_one(arg, APN_TARGET_CMD_EXPORT_GET, fill_export, export);
}

int apn_target_nl_export_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump d = { skb, cb };
	int ret = apn_nl_allowed(cb->skb, cb->extack);

	return ret ?: dumped(&d, apn_export_each(cb->args[0], dump_export, &d));
}

static int dump_port(struct apn_port *port, void *arg)
{
	return dump_one(arg, APN_TARGET_CMD_PORT_GET, fill_port, port);
}

int apn_target_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump d = { skb, cb };
	int ret = apn_nl_allowed(cb->skb, cb->extack);

	return ret ?: dumped(&d, apn_port_each(cb->args[0], dump_port, &d));
}

struct session_dump {
	struct dump d;
	long skip;
};

static int dump_sessions(struct apn_export *export, void *arg)
{
	struct session_dump *sd = arg;
	struct apn_session *session;
	int ret = 0;

	guard(mutex)(&export->lock);
	list_for_each_entry(session, &export->sessions, node) {
		if (sd->skip) {
			sd->skip--;
			continue;
		}
		ret = dump_one(&sd->d, APN_TARGET_CMD_SESSION_GET, fill_session, session);
		if (ret)
			break;
	}
	return ret;
}

int apn_target_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct session_dump sd = { { skb, cb }, cb->args[0] };
	int ret = apn_nl_allowed(cb->skb, cb->extack);

	return ret ?: dumped(&sd.d, apn_export_each(0, dump_sessions, &sd));
}

/* ---- ports ---- */

/* What names a port. An op's attributes end with the last one of its own policy. */
static int wish_port(struct genl_info *info, struct apn_port_wish *wish)
{
	struct nlattr **a = info->attrs;

	wish->net = genl_info_net(info);
	wish->transport = a[APN_TARGET_A_PORT_TRANSPORT] ?
				  nla_data(a[APN_TARGET_A_PORT_TRANSPORT]) :
				  "tcp";
	return apn_nl_get_address(info, APN_TARGET_A_PORT_ADDRESS, &wish->address);
}

static int reply_port(struct apn_port *port, void *arg)
{
	struct genl_info *info = arg;

	return apn_nl_reply(info, &family, info->genlhdr->cmd, fill_port, port);
}

int apn_target_nl_port_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	int ret = apn_nl_allowed(skb, info->extack);
	struct nlattr *security = info->attrs[APN_TARGET_A_PORT_SECURITY];
	char reason[APN_REASON_BYTES];
	struct apn_port_wish wish;

	if (!ret)
		ret = wish_port(info, &wish);
	if (ret)
		return ret;
	wish.security = security ? nla_get_u32(security) : APN_SECURITY_TLS;
	if (apn_transport_refuses(wish.transport, wish.security, reason)) {
		apn_nl_say(info->extack, reason);
		return -EOPNOTSUPP;
	}
	wish.rate = u64_or(info, APN_TARGET_A_PORT_RATE, 0);
	ret = apn_port_add(&wish, info->extack, reply_port, info);
	if (ret == -EPROTONOSUPPORT)
		NL_SET_BAD_ATTR(info->extack, info->attrs[APN_TARGET_A_PORT_TRANSPORT]);
	return ret;
}

/* By its number, which is never zero, or by what a wish names. */
static int which_port(struct genl_info *info, u32 *id, struct apn_port_wish *wish)
{
	struct nlattr *attr = info->attrs[APN_TARGET_A_PORT_ID];

	*id = attr ? nla_get_u32(attr) : 0;
	return attr ? 0 : wish_port(info, wish);
}

static int say_no_port(struct genl_info *info, int ret)
{
	if (ret == -ENOENT)
		NL_SET_ERR_MSG(info->extack, "there is no such port");
	return ret;
}

int apn_target_nl_port_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct apn_port_wish wish = {};
	u32 id;
	int ret = apn_nl_allowed(skb, info->extack) ?: which_port(info, &id, &wish);

	if (ret)
		return ret;
	if (!info->attrs[APN_TARGET_A_PORT_RATE]) {
		NL_SET_ERR_MSG(info->extack, "the rate that its lines may declare is missing");
		return -EINVAL;
	}
	wish.rate = nla_get_u64(info->attrs[APN_TARGET_A_PORT_RATE]);
	return say_no_port(info, apn_port_set(id, &wish, reply_port, info));
}

int apn_target_nl_port_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct apn_port_wish wish = {};
	u32 id;
	int ret = apn_nl_allowed(skb, info->extack) ?: which_port(info, &id, &wish);

	return ret ?: say_no_port(info, apn_port_del(id, &wish));
}

/* ---- keys ---- */

static const struct apn_nl_key keys = {
	.family = &family,
	.host = false,
	.get = APN_TARGET_CMD_KEY_GET,
	.identity = APN_TARGET_A_KEY_IDENTITY,
	.secret = APN_TARGET_A_KEY_SECRET,
	.fingerprint = APN_TARGET_A_KEY_FINGERPRINT,
};

int apn_target_nl_key_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return apn_nl_allowed(skb, info->extack) ?: apn_nl_key_set(&keys, info);
}

int apn_target_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int ret = apn_nl_allowed(skb, info->extack) ?: apn_nl_key_del(&keys, info);

	if (!ret)
		apn_line_close_identity(nla_data(info->attrs[APN_TARGET_A_KEY_IDENTITY]));
	return ret;
}

int apn_target_nl_key_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return apn_nl_key_dump(&keys, skb, cb);
}

/* ---- the family ---- */

static const struct genl_multicast_group groups[] = {
	[APN_TARGET_NLGRP_EVENTS] = { APN_TARGET_MCGRP_EVENTS, GENL_MCAST_CAP_SYS_ADMIN },
};

static struct genl_family family __ro_after_init = {
	.name = APN_TARGET_FAMILY_NAME,
	.version = APN_TARGET_FAMILY_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = apn_target_nl_ops,
	.n_ops = ARRAY_SIZE(apn_target_nl_ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int apn_target_netlink_init(void)
{
	int ret = genl_register_family(&family);

	WRITE_ONCE(registered, !ret);
	return ret;
}

/* Commands under way end first: unregistering waits for them. */
void apn_target_netlink_exit(void)
{
	WRITE_ONCE(registered, false);
	genl_unregister_family(&family);
}

MODULE_ALIAS_GENL_FAMILY(APN_TARGET_FAMILY_NAME);

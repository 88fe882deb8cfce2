// SPDX-License-Identifier: GPL-2.0
/* The family "apnbd": it translates to calls on disks and lines. */
#include "netlink.h"
#include "disk.h"
#include "flow.h"
#include "netlink_gen.h"
#include "recover.h"
#include "repath.h"

#include <apn/nl_key.h>
#include <linux/module.h>
#include <linux/utsname.h>

enum { FAIL_AFTER_MAX_MS = 7 * 24 * 3600 * 1000 };

static struct genl_family family;
static bool registered;

/* ---- objects to attributes ---- */

static int put_stat(struct sk_buff *skb, struct apnbd_session *session)
{
	struct apnbd_stat sum;
	const struct {
		int attr;
		u64 *value;
	} row[] = {
		{ APNBD_A_STAT_READS, &sum.reads },
		{ APNBD_A_STAT_READ_BYTES, &sum.read_bytes },
		{ APNBD_A_STAT_WRITES, &sum.writes },
		{ APNBD_A_STAT_WRITE_BYTES, &sum.write_bytes },
		{ APNBD_A_STAT_FLUSHES, &sum.flushes },
		{ APNBD_A_STAT_DISCARDS, &sum.discards },
		{ APNBD_A_STAT_ERRORS, &sum.errors },
		{ APNBD_A_STAT_RESENT, &sum.resent },
		{ APNBD_A_STAT_STORAGE_NS, &sum.storage_ns },
		{ APNBD_A_STAT_NETWORK_NS, &sum.network_ns },
	};
	struct nlattr *nest = nla_nest_start(skb, APNBD_A_DISK_STAT);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	apnbd_stat_sum(session->stat, &sum);
	for (i = 0; i < ARRAY_SIZE(row); i++)
		if (nla_put_u64_64bit(skb, row[i].attr, *row[i].value, APNBD_A_STAT_PAD))
			return -EMSGSIZE;
	if (nla_put(skb, APNBD_A_STAT_STORAGE_HISTOGRAM, sizeof(sum.storage), sum.storage) ||
	    nla_put(skb, APNBD_A_STAT_NETWORK_HISTOGRAM, sizeof(sum.network), sum.network))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_state(struct sk_buff *skb, struct apnbd_session *s, const struct apnbd_row *paths)
{
	const struct apn_line *line = apnbd_netlink_next_to_try(paths);
	char reason[APN_REASON_BYTES];
	unsigned long since;
	u32 state;

	spin_lock_bh(&s->held_lock);
	state = s->state;
	since = s->since;
	strscpy(reason, s->reason, sizeof(reason));
	spin_unlock_bh(&s->held_lock);
	if (nla_put_u32(skb, APNBD_A_DISK_STATE, state) ||
	    nla_put_u64_64bit(skb, APNBD_A_DISK_SINCE, jiffies_to_msecs(jiffies - since),
			      APNBD_A_DISK_PAD) ||
	    nla_put_u32(skb, APNBD_A_DISK_ATTEMPT, line ? READ_ONCE(line->attempt) : 0) ||
	    nla_put_u32(skb, APNBD_A_DISK_NEXT_TRY,
			line ? apnbd_netlink_until(READ_ONCE(line->next_try)) : 0) ||
	    nla_put_string(skb, APNBD_A_DISK_REASON, reason))
		return -EMSGSIZE;
	return 0;
}

/* Its address is that of its first path. */
static int put_wish(struct sk_buff *skb, struct apnbd_session *s, const struct apnbd_row *paths)
{
	struct apn_line *line = paths->path[0]->line;

	if (nla_put_string(skb, APNBD_A_DISK_EXPORT, s->export) ||
	    apn_nl_put_address(skb, APNBD_A_DISK_ADDRESS, &line->route.peer) ||
	    apn_nl_put_address(skb, APNBD_A_DISK_SOURCE, &line->route.source) ||
	    nla_put_string(skb, APNBD_A_DISK_TRANSPORT, line->transport->name) ||
	    nla_put_u32(skb, APNBD_A_DISK_SECURITY, line->security) ||
	    nla_put_string(skb, APNBD_A_DISK_IDENTITY, line->identity) ||
	    nla_put_u32(skb, APNBD_A_DISK_LANES, line->wanted) ||
	    nla_put_u64_64bit(skb, APNBD_A_DISK_RATE, line->rate, APNBD_A_DISK_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_DISK_READ_AHEAD, apnbd_disk_get_read_ahead(s),
			      APNBD_A_DISK_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_DISK_FAIL_AFTER, READ_ONCE(s->fail_after_ms),
			      APNBD_A_DISK_PAD) ||
	    nla_put_u32(skb, APNBD_A_DISK_DEPTH, s->set.queue_depth) ||
	    nla_put_u8(skb, APNBD_A_DISK_READ_ONLY,
		       s->read_only || s->flags & APN_DISK_READ_ONLY) ||
	    nla_put_u8(skb, APNBD_A_DISK_DIGEST, !!(line->features & APN_FEATURE_DIGEST)))
		return -EMSGSIZE;
	return 0;
}

static int put_waiting(struct sk_buff *skb, struct apnbd_session *s)
{
	unsigned int waiting = READ_ONCE(s->waiting), all = apnbd_flow_inflight(s), fencing;
	unsigned long since;

	fencing = apnbd_flow_fencing(s, &since);
	if (nla_put_u32(skb, APNBD_A_DISK_INFLIGHT, all > waiting ? all - waiting : 0) ||
	    nla_put_u32(skb, APNBD_A_DISK_HELD, waiting) ||
	    nla_put_u32(skb, APNBD_A_DISK_FENCING, fencing) ||
	    nla_put_u64_64bit(skb, APNBD_A_DISK_FENCING_SINCE,
			      fencing ? jiffies_to_msecs(jiffies - since) : 0, APNBD_A_DISK_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_disk_with(struct sk_buff *skb, struct apnbd_session *s,
			 const struct apnbd_row *paths)
{
	if (nla_put_u32(skb, APNBD_A_DISK_INDEX, s->index) ||
	    nla_put_string(skb, APNBD_A_DISK_NAME, s->name) ||
	    nla_put_string(skb, APNBD_A_DISK_DEVICE, s->disk->disk_name) ||
	    put_wish(skb, s, paths) || put_state(skb, s, paths) ||
	    put_waiting(skb, s) ||
	    nla_put(skb, APNBD_A_DISK_VOLUME, APN_UUID_BYTES, s->volume) ||
	    nla_put_u64_64bit(skb, APNBD_A_DISK_SIZE, s->size, APNBD_A_DISK_PAD) ||
	    nla_put_u32(skb, APNBD_A_DISK_BLOCK_SIZE, s->limits.block_bytes) ||
	    nla_put_u64_64bit(skb, APNBD_A_DISK_GENERATION, s->generation, APNBD_A_DISK_PAD) ||
	    nla_put_u8(skb, APNBD_A_DISK_WRITE_CACHE, !!(s->flags & APN_DISK_WRITE_CACHE)) ||
	    nla_put_u8(skb, APNBD_A_DISK_PEER_MEMORY, READ_ONCE(s->peer_said)) ||
	    nla_put_u32(skb, APNBD_A_DISK_OPENERS, disk_openers(s->disk)))
		return -EMSGSIZE;
	return put_stat(skb, s) ?: apnbd_netlink_put_paths(skb, paths);
}

static int fill_disk_name(struct sk_buff *skb, void *object)
{
	const struct apnbd_session *s = object;

	if (nla_put_string(skb, APNBD_A_DISK_NAME, s->name) ||
	    nla_put_string(skb, APNBD_A_DISK_DEVICE, s->disk->disk_name) ||
	    nla_put_u32(skb, APNBD_A_DISK_STATE, APNBD_DISK_STATE_CLOSING))
		return -EMSGSIZE;
	return 0;
}

/* One that has no path any more is on its way out. */
static int fill_disk(struct sk_buff *skb, void *object)
{
	struct apnbd_session *session = object;
	struct apnbd_row paths;
	int ret;

	apnbd_paths_row(session, &paths);
	ret = paths.n ? put_disk_with(skb, session, &paths) : fill_disk_name(skb, session);
	apnbd_paths_row_end(&paths);
	return ret;
}

static u32 lane_state(const struct apn_slot *slot, const struct apn_lane *lane)
{
	if (lane && !apn_lane_dead(lane))
		return APNBD_LANE_STATE_LIVE;
	if (slot->setup)
		return APNBD_LANE_STATE_CONNECTING;
	return slot->unfenced ? APNBD_LANE_STATE_FENCING : APNBD_LANE_STATE_DOWN;
}

/* Under line->lock. */
static int put_lane(struct sk_buff *skb, struct apn_slot *slot)
{
	struct apn_lane *lane =
		rcu_dereference_protected(slot->lane, lockdep_is_held(&slot->line->lock));
	struct nlattr *nest = nla_nest_start(skb, APNBD_A_LINE_LANE);

	if (!nest || nla_put_u32(skb, APNBD_A_LANE_INDEX, slot->index) ||
	    nla_put_u32(skb, APNBD_A_LANE_INCARNATION, slot->incarnation) ||
	    nla_put_u32(skb, APNBD_A_LANE_STATE, lane_state(slot, lane)) ||
	    nla_put_u64_64bit(skb, APNBD_A_LANE_SENT,
			      lane ? atomic64_read(&lane->sent_bytes) : 0, APNBD_A_LANE_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_LANE_RECEIVED,
			      lane ? atomic64_read(&lane->received_bytes) : 0, APNBD_A_LANE_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_lanes(struct sk_buff *skb, struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < line->lanes; i++)
		if (put_lane(skb, &line->slot[i]))
			return -EMSGSIZE;
	return 0;
}

static u64 outstanding(struct apn_line *line)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < line->lanes; i++) {
		struct apn_lane *lane = rcu_dereference_protected(line->slot[i].lane,
								  lockdep_is_held(&line->lock));

		if (lane)
			sum += atomic_long_read(&lane->load);
	}
	return sum;
}

static unsigned int count_disks(struct apn_line *line)
{
	unsigned long handle;
	unsigned int n = 0;
	void *entry;

	xa_for_each(&line->sessions, handle, entry)
		n++;
	return n;
}

static int put_line_state(struct sk_buff *skb, struct apn_line *l)
{
	if (nla_put_u32(skb, APNBD_A_LINE_STATE, l->state) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_SINCE, jiffies_to_msecs(jiffies - l->since),
			      APNBD_A_LINE_PAD) ||
	    nla_put_u32(skb, APNBD_A_LINE_ATTEMPT, l->attempt) ||
	    nla_put_u32(skb, APNBD_A_LINE_NEXT_TRY,
			l->attempt ? apnbd_netlink_until(l->next_try) : 0) ||
	    nla_put_string(skb, APNBD_A_LINE_REASON, l->reason) ||
	    nla_put_u32(skb, APNBD_A_LINE_DISKS, count_disks(l)))
		return -EMSGSIZE;
	return 0;
}

static int put_line_measure(struct sk_buff *skb, struct apn_line *l)
{
	u64 window;
	u32 queued;

	spin_lock_bh(&l->window.lock);
	window = l->window.granted - l->window.sent;
	queued = l->window.queued;
	spin_unlock_bh(&l->window.lock);
	if (nla_put_u32(skb, APNBD_A_LINE_RTT_US, l->rtt_us) ||
	    nla_put_u32(skb, APNBD_A_LINE_RTT_MIN_US, l->rtt_min_us) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_RATE, l->rate, APNBD_A_LINE_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_WINDOW, window, APNBD_A_LINE_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_OUTSTANDING, outstanding(l), APNBD_A_LINE_PAD) ||
	    nla_put_u32(skb, APNBD_A_LINE_QUEUED, queued) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_FENCES, atomic64_read(&l->fences),
			      APNBD_A_LINE_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_line_pacing(struct sk_buff *skb, struct apn_line *l)
{
	static const u32 shown_as[] = {
		[APN_STEER_OFF] = APNBD_CONGESTION_KERNEL,
		[APN_STEER_FINDING] = APNBD_CONGESTION_FINDING,
		[APN_STEER_STEADY] = APNBD_CONGESTION_STEADY,
		[APN_STEER_RESERVED] = APNBD_CONGESTION_RESERVED,
		[APN_STEER_SHARED] = APNBD_CONGESTION_SHARED,
	};
	struct apn_pacer_view view;

	apn_pacer_look(&l->pacer, &view);
	if (nla_put_u32(skb, APNBD_A_LINE_CONGESTION, shown_as[view.state]) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_SEND_RATE, view.rate, APNBD_A_LINE_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_RECEIVE_RATE, READ_ONCE(l->peer_rate),
			      APNBD_A_LINE_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_SEND_WINDOW, view.window, APNBD_A_LINE_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_BOUND, READ_ONCE(l->window.bound),
			      APNBD_A_LINE_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_LINE_RESENT, view.resent, APNBD_A_LINE_PAD))
		return -EMSGSIZE;
	return 0;
}

static int fill_line(struct sk_buff *skb, void *object)
{
	struct apn_line *l = object;

	if (nla_put_u32(skb, APNBD_A_LINE_ID, l->id) ||
	    apn_nl_put_address(skb, APNBD_A_LINE_ADDRESS, &l->route.peer) ||
	    apn_nl_put_address(skb, APNBD_A_LINE_SOURCE, &l->route.source) ||
	    nla_put_string(skb, APNBD_A_LINE_TRANSPORT, l->transport->name) ||
	    nla_put_u32(skb, APNBD_A_LINE_SECURITY, l->security) ||
	    nla_put_string(skb, APNBD_A_LINE_IDENTITY, l->identity) ||
	    nla_put(skb, APNBD_A_LINE_UUID, APN_UUID_BYTES, l->uuid) ||
	    nla_put(skb, APNBD_A_LINE_INSTANCE, APN_UUID_BYTES, l->instance) ||
	    nla_put_string(skb, APNBD_A_LINE_SOFTWARE, l->software) ||
	    nla_put_u8(skb, APNBD_A_LINE_DIGEST, !!(l->features & APN_FEATURE_DIGEST)))
		return -EMSGSIZE;
	return put_line_state(skb, l) ?: put_line_measure(skb, l) ?:
	       put_line_pacing(skb, l) ?: put_lanes(skb, l);
}

/* ---- events ---- */

void apnbd_netlink_disk_event(struct apnbd_session *session)
{
	if (READ_ONCE(registered) && session->disk)
		apn_nl_event(&family, session->net, APNBD_NLGRP_EVENTS,
			     APNBD_CMD_DISK_NTF, fill_disk, session);
}

void apnbd_netlink_disk_gone(struct apnbd_session *session)
{
	if (READ_ONCE(registered))
		apn_nl_event(&family, session->net, APNBD_NLGRP_EVENTS,
			     APNBD_CMD_DISK_NTF, fill_disk_name, session);
}

/* ---- commands ---- */

static int say_reason(struct genl_info *info, int error, const char *reason)
{
	if (reason[0])
		apn_nl_say(info->extack, reason);
	return error;
}

static const char *text_or(struct genl_info *info, int attr, const char *otherwise)
{
	return info->attrs[attr] ? nla_data(info->attrs[attr]) : otherwise;
}

static u64 u64_or(struct genl_info *info, int attr, u64 otherwise)
{
	return info->attrs[attr] ? nla_get_u64(info->attrs[attr]) : otherwise;
}

static u32 u32_or(struct genl_info *info, int attr, u32 otherwise)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : otherwise;
}

static bool is_set(struct genl_info *info, int attr)
{
	return info->attrs[attr] && nla_get_u8(info->attrs[attr]);
}

static int wish_level(struct genl_info *info, const struct apnbd_wish *wish)
{
	char text[APN_REASON_BYTES];

	if (!apn_transport_refuses(wish->transport, wish->security, text))
		return 0;
	apn_nl_say(info->extack, text);
	return -EOPNOTSUPP;
}

/* Better said before the target is troubled. */
static int wish_key(struct genl_info *info, const struct apnbd_wish *wish)
{
	char text[APN_REASON_BYTES];

	if (wish->security == APN_SECURITY_NONE ||
	    apn_key_known(apn_keyring(true), wish->identity))
		return 0;
	snprintf(text, sizeof(text),
		 "there is no key of identity '%s' on this host: apnctl key import FILE loads one",
		 wish->identity);
	apn_nl_say(info->extack, text);
	return -ENOKEY;
}

/* The attributes that name a line are numbered differently in a disk and in an offer. */
struct line_attrs {
	int address, source, transport, security, identity;
};

static int wish_line(struct genl_info *info, const struct line_attrs *a, struct apnbd_wish *wish)
{
	int ret = apn_nl_get_address(info, a->address, &wish->route.peer);

	if (!ret && info->attrs[a->source])
		ret = apn_nl_get_address(info, a->source, &wish->route.source);
	if (ret)
		return ret;
	wish->route.net = genl_info_net(info);
	wish->transport = text_or(info, a->transport, "tcp");
	wish->security = u32_or(info, a->security, APN_SECURITY_TLS);
	wish->identity = utsname()->nodename;
	if (info->attrs[a->identity]) {
		wish->identity = apn_nl_name(info, a->identity);
		if (IS_ERR(wish->identity))
			return PTR_ERR(wish->identity);
	}
	return wish_level(info, wish) ?: wish_key(info, wish);
}

static int get_fail_after(struct genl_info *info, u32 *ms)
{
	u64 wished = u64_or(info, APNBD_A_DISK_FAIL_AFTER, 0);

	*ms = wished;
	if (wished <= FAIL_AFTER_MAX_MS)
		return 0;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[APNBD_A_DISK_FAIL_AFTER],
			    "fail-after is at most 7 days; leave it out to wait for ever");
	return -ERANGE;
}

static int wish_disk(struct genl_info *info, struct apnbd_wish *wish)
{
	static const struct line_attrs attrs = {
		APNBD_A_DISK_ADDRESS,  APNBD_A_DISK_SOURCE,   APNBD_A_DISK_TRANSPORT,
		APNBD_A_DISK_SECURITY, APNBD_A_DISK_IDENTITY,
	};
	int ret = wish_line(info, &attrs, wish);

	if (ret)
		return ret;
	wish->export = apn_nl_name(info, APNBD_A_DISK_EXPORT);
	if (IS_ERR(wish->export))
		return PTR_ERR(wish->export);
	wish->name = wish->export;
	if (info->attrs[APNBD_A_DISK_NAME])
		wish->name = apn_nl_name(info, APNBD_A_DISK_NAME);
	if (IS_ERR(wish->name))
		return PTR_ERR(wish->name);
	wish->lanes = u32_or(info, APNBD_A_DISK_LANES, APNBD_LANES);
	wish->depth = u32_or(info, APNBD_A_DISK_DEPTH, APNBD_DEPTH);
	wish->rate = u64_or(info, APNBD_A_DISK_RATE, 0);
	wish->read_only = is_set(info, APNBD_A_DISK_READ_ONLY);
	wish->digest = is_set(info, APNBD_A_DISK_DIGEST);
	wish->takeover = info->attrs[APNBD_A_DISK_TAKEOVER];
	return get_fail_after(info, &wish->fail_after_ms);
}

struct call {
	int (*act)(struct apnbd_session *session, struct genl_info *info);
	struct genl_info *info;
};

static int do_call(struct apnbd_session *session, void *arg)
{
	struct call *call = arg;

	return call->act(session, call->info);
}

/*
 * @act on the disk that a command names, which stays on the list meanwhile: so its
 * path and its gendisk are there.
 */
static int with_disk(struct sk_buff *skb, struct genl_info *info,
		     int (*act)(struct apnbd_session *session, struct genl_info *info))
{
	struct call call = { act, info };
	const char *name;
	int ret = apn_nl_allowed(skb, info->extack);

	if (ret)
		return ret;
	name = apn_nl_name(info, APNBD_A_DISK_NAME);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = apnbd_session_with(name, do_call, &call);
	if (ret == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[APNBD_A_DISK_NAME],
				    "there is no disk of this name");
	return ret;
}

static int get_disk_info(struct apnbd_session *session, struct genl_info *info)
{
	return apn_nl_reply(info, &family, info->genlhdr->cmd, fill_disk, session);
}

int apnbd_nl_disk_connect_doit(struct sk_buff *skb, struct genl_info *info)
{
	char reason[APN_REASON_BYTES] = "";
	struct call call = { get_disk_info, info };
	struct apnbd_session *session;
	struct apnbd_wish wish = {};
	int ret = apn_nl_allowed(skb, info->extack) ?: wish_disk(info, &wish);

	if (ret)
		return ret;
	session = apnbd_session_connect(&wish, reason);
	if (IS_ERR(session))
		return say_reason(info, PTR_ERR(session), reason);
	ret = apnbd_session_with(session->name, do_call, &call);
	apnbd_session_put(session);
	return ret;
}

int apnbd_nl_disk_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return with_disk(skb, info, get_disk_info);
}

static int set_disk(struct apnbd_session *session, struct genl_info *info)
{
	u32 fail_after;
	int ret = get_fail_after(info, &fail_after);

	if (ret)
		return ret;
	if (info->attrs[APNBD_A_DISK_READ_ONLY])
		ret = apnbd_session_set_read_only(session,
						  is_set(info, APNBD_A_DISK_READ_ONLY));
	if (ret) {
		NL_SET_ERR_MSG(info->extack, "the export is read-only for this host");
		return ret;
	}
	if (info->attrs[APNBD_A_DISK_FAIL_AFTER])
		apnbd_recover_set_fail_after(session, fail_after);
	if (info->attrs[APNBD_A_DISK_RATE])
		apnbd_paths_set_rate(session, u64_or(info, APNBD_A_DISK_RATE, 0));
	if (info->attrs[APNBD_A_DISK_READ_AHEAD])
		apnbd_disk_set_read_ahead(session, u64_or(info, APNBD_A_DISK_READ_AHEAD, 0));
	apnbd_netlink_disk_event(session);
	return get_disk_info(session, info);
}

int apnbd_nl_disk_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return with_disk(skb, info, set_disk);
}

/* The disk that a command names, with a reference: what it asks may take long. */
static struct apnbd_session *find_disk(struct sk_buff *skb, struct genl_info *info, int attr)
{
	int ret = apn_nl_allowed(skb, info->extack);
	struct apnbd_session *session;
	const char *name;

	if (ret)
		return ERR_PTR(ret);
	name = apn_nl_name(info, attr);
	if (IS_ERR(name))
		return ERR_CAST(name);
	session = apnbd_session_find(name);
	if (session)
		return session;
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr], "there is no disk of this name");
	return ERR_PTR(-ENOENT);
}

int apnbd_nl_path_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct apnbd_session *session = find_disk(skb, info, APNBD_A_WAY_DISK);
	struct apnbd_way way = {
		.route.net = genl_info_net(info),
		.transport = text_or(info, APNBD_A_WAY_TRANSPORT, NULL),
		.patient = info->attrs[APNBD_A_WAY_PATIENT],
	};
	char reason[APN_REASON_BYTES] = "";
	int ret;

	if (IS_ERR(session))
		return PTR_ERR(session);
	ret = apn_nl_get_address(info, APNBD_A_WAY_ADDRESS, &way.route.peer);
	if (!ret)
		ret = apnbd_repath_add(session, &way, reason);
	apnbd_session_put(session);
	return say_reason(info, ret, reason);
}

int apnbd_nl_path_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct apnbd_session *session = find_disk(skb, info, APNBD_A_WAY_DISK);
	char reason[APN_REASON_BYTES] = "";
	struct sockaddr_storage peer = {};
	int ret;

	if (IS_ERR(session))
		return PTR_ERR(session);
	ret = apn_nl_get_address(info, APNBD_A_WAY_ADDRESS, &peer);
	if (!ret)
		ret = apnbd_repath_del(session, &peer, reason);
	apnbd_session_put(session);
	return say_reason(info, ret, reason);
}

int apnbd_nl_disk_disconnect_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct apnbd_session *session = find_disk(skb, info, APNBD_A_DISK_NAME);
	int ret;

	if (IS_ERR(session))
		return PTR_ERR(session);
	ret = apnbd_session_disconnect(session, info->attrs[APNBD_A_DISK_FORCE], info->extack);
	apnbd_session_put(session);
	return ret;
}

/* ---- dumps: args[0] counts the objects that went ---- */

struct dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	long skip;
};

static int dumped(struct dump *d, int ret)
{
	return ret == -EMSGSIZE && !d->skb->len ? ret : d->skb->len;
}

static int dump_disk(struct apnbd_session *session, void *arg)
{
	struct dump *d = arg;
	int ret = apn_nl_dump_one(d->skb, d->cb, &family, APNBD_CMD_DISK_GET, fill_disk, session);

	if (!ret)
		d->cb->args[0]++;
	return ret;
}

int apnbd_nl_disk_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump d = { skb, cb };
	int ret = apn_nl_allowed(cb->skb, cb->extack);

	return ret ?: dumped(&d, apnbd_session_each(cb->args[0], dump_disk, &d));
}

static int dump_line(struct apn_line *line, void *arg)
{
	struct dump *d = arg;
	int ret;

	if (d->skip) {
		d->skip--;
		return 0;
	}
	ret = apn_nl_dump_one(d->skb, d->cb, &family, APNBD_CMD_LINE_GET, fill_line, line);
	if (!ret)
		d->cb->args[0]++;
	return ret;
}

int apnbd_nl_line_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump d = { skb, cb, cb->args[0] };
	int ret = apn_nl_allowed(cb->skb, cb->extack);

	return ret ?: dumped(&d, apn_line_each(true, dump_line, &d));
}

/* ---- discover ---- */

static int put_offered(const struct apn_listed *entry, void *arg)
{
	struct sk_buff *skb = arg;
	struct nlattr *nest = nla_nest_start(skb, APNBD_A_OFFER_EXPORT);

	if (!nest || nla_put_string(skb, APNBD_A_OFFERED_NAME, entry->export) ||
	    nla_put(skb, APNBD_A_OFFERED_VOLUME, APN_UUID_BYTES, entry->volume) ||
	    nla_put_u64_64bit(skb, APNBD_A_OFFERED_SIZE, le64_to_cpu(entry->size),
			      APNBD_A_OFFERED_PAD) ||
	    nla_put_u8(skb, APNBD_A_OFFERED_READ_ONLY,
		       !!(le32_to_cpu(entry->flags) & APN_DISK_READ_ONLY)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int apnbd_nl_discover_doit(struct sk_buff *skb, struct genl_info *info)
{
	static const struct line_attrs attrs = {
		APNBD_A_OFFER_ADDRESS,	APNBD_A_OFFER_SOURCE,	APNBD_A_OFFER_TRANSPORT,
		APNBD_A_OFFER_SECURITY, APNBD_A_OFFER_IDENTITY,
	};
	char reason[APN_REASON_BYTES] = "";
	struct apnbd_wish wish = { .lanes = 1 };
	struct sk_buff *reply;
	void *hdr;
	int ret = apn_nl_allowed(skb, info->extack) ?: wish_line(info, &attrs, &wish);

	if (ret)
		return ret;
	reply = genlmsg_new(65000, GFP_KERNEL);
	hdr = reply ? genlmsg_put_reply(reply, info, &family, 0, info->genlhdr->cmd) : NULL;
	if (!hdr) {
		nlmsg_free(reply);
		return -ENOMEM;
	}
	ret = apnbd_path_discover(&wish, put_offered, reply, reason);
	if (ret) {
		nlmsg_free(reply);
		return say_reason(info, ret, reason);
	}
	genlmsg_end(reply, hdr);
	return genlmsg_reply(reply, info);
}

/* ---- keys ---- */

static const struct apn_nl_key keys = {
	.family = &family,
	.host = true,
	.get = APNBD_CMD_KEY_GET,
	.identity = APNBD_A_KEY_IDENTITY,
	.secret = APNBD_A_KEY_SECRET,
	.fingerprint = APNBD_A_KEY_FINGERPRINT,
};

int apnbd_nl_key_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	return apn_nl_allowed(skb, info->extack) ?: apn_nl_key_set(&keys, info);
}

int apnbd_nl_key_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	return apn_nl_allowed(skb, info->extack) ?: apn_nl_key_del(&keys, info);
}

int apnbd_nl_key_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return apn_nl_key_dump(&keys, skb, cb);
}

/* ---- the family ---- */

static const struct genl_multicast_group groups[] = {
	[APNBD_NLGRP_EVENTS] = { APNBD_MCGRP_EVENTS, GENL_MCAST_CAP_SYS_ADMIN },
};

static struct genl_family family __ro_after_init = {
	.name = APNBD_FAMILY_NAME,
	.version = APNBD_FAMILY_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,
	.ops = apnbd_nl_ops,
	.n_ops = ARRAY_SIZE(apnbd_nl_ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int apnbd_netlink_init(void)
{
	int ret = genl_register_family(&family);

	WRITE_ONCE(registered, !ret);
	return ret;
}

/* Commands under way end first: unregistering waits for them. */
void apnbd_netlink_exit(void)
{
	WRITE_ONCE(registered, false);
	genl_unregister_family(&family);
}

MODULE_ALIAS_GENL_FAMILY(APNBD_FAMILY_NAME);

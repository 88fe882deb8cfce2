// SPDX-License-Identifier: GPL-2.0
/* A disk's paths as attributes. */
#include "flow.h"
#include "netlink.h"

#include <apn/nl.h>

u32 apnbd_netlink_until(unsigned long when)
{
	return time_after(when, jiffies) ? jiffies_to_msecs(when - jiffies) : 0;
}

const struct apn_line *apnbd_netlink_next_to_try(const struct apnbd_row *paths)
{
	const struct apn_line *next = NULL;
	unsigned int i;

	for (i = 0; i < paths->n; i++) {
		const struct apn_line *line = paths->path[i]->line;

		if (READ_ONCE(line->attempt) &&
		    (!next || time_before(READ_ONCE(line->next_try), READ_ONCE(next->next_try))))
			next = line;
	}
	return next;
}

static u32 state_of(const struct apnbd_path *path)
{
	if (path->leaving)
		return APNBD_PATH_STATE_LEAVING;
	if (apnbd_path_usable(path))
		return APNBD_PATH_STATE_LIVE;
	return path->refused ? APNBD_PATH_STATE_REFUSED : APNBD_PATH_STATE_WAITING;
}

static int put_use(struct sk_buff *skb, const struct apnbd_path *path)
{
	struct apnbd_path_use sum = {};
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		const struct apnbd_path_use *use = per_cpu_ptr(path->use, cpu);

		sum.requests += use->requests;
		sum.bytes += use->bytes;
	}
	if (nla_put_u64_64bit(skb, APNBD_A_PATH_REQUESTS, sum.requests, APNBD_A_PATH_PAD) ||
	    nla_put_u64_64bit(skb, APNBD_A_PATH_BYTES, sum.bytes, APNBD_A_PATH_PAD))
		return -EMSGSIZE;
	return 0;
}

static int put_trouble(struct sk_buff *skb, struct apnbd_path *path)
{
	const struct apn_line *line = path->line;
	char reason[APN_REASON_BYTES];

	apnbd_path_why(path, reason);
	if (nla_put_u32(skb, APNBD_A_PATH_ATTEMPT, READ_ONCE(line->attempt)) ||
	    nla_put_u32(skb, APNBD_A_PATH_NEXT_TRY,
			READ_ONCE(line->attempt) ?
				apnbd_netlink_until(READ_ONCE(line->next_try)) : 0) ||
	    nla_put_string(skb, APNBD_A_PATH_REASON, reason))
		return -EMSGSIZE;
	return 0;
}

static int put_path(struct sk_buff *skb, struct apnbd_path *path)
{
	struct nlattr *nest = nla_nest_start(skb, APNBD_A_DISK_PATH);
	struct apn_line *line = path->line;

	if (!nest || nla_put_u32(skb, APNBD_A_PATH_LINE, line->id) ||
	    apn_nl_put_address(skb, APNBD_A_PATH_ADDRESS, &line->route.peer) ||
	    apn_nl_put_address(skb, APNBD_A_PATH_SOURCE, &line->route.source) ||
	    nla_put_string(skb, APNBD_A_PATH_TRANSPORT, line->transport->name) ||
	    nla_put_u32(skb, APNBD_A_PATH_STATE, state_of(path)) ||
	    nla_put_u8(skb, APNBD_A_PATH_LIVE, apnbd_path_usable(path)) ||
	    nla_put_u32(skb, APNBD_A_PATH_HANDLE, path->handle) ||
	    nla_put_u32(skb, APNBD_A_PATH_INFLIGHT, apnbd_flow_with(path)) ||
	    nla_put_u32(skb, APNBD_A_PATH_RTT_US, READ_ONCE(line->rtt_us)) ||
	    nla_put_u32(skb, APNBD_A_PATH_LOSSES, READ_ONCE(path->losses)) ||
	    put_use(skb, path) || put_trouble(skb, path))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int apnbd_netlink_put_paths(struct sk_buff *skb, const struct apnbd_row *paths)
{
	unsigned int i;

	for (i = 0; i < paths->n; i++)
		if (put_path(skb, paths->path[i]))
			return -EMSGSIZE;
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/* A line as one disk uses it. */
#include "path.h"
#include "disk.h"
#include "flow.h"
#include "paths.h"
#include "recover.h"
#include "rules.h"

#include <linux/module.h>
#include <linux/slab.h>

/* ---- what a line tells its sessions ---- */

/* Each session of the line; none leaves meanwhile. */
static void each_session(struct apn_line *line,
			 void (*tell)(struct apnbd_path *path, void *arg), void *arg)
{
	unsigned long handle;
	void *entry;

	guard(mutex)(&line->tell);
	xa_for_each(&line->sessions, handle, entry)
		tell(entry, arg);
}

/*
 * Attached again in any case: a target that remembers us answers with what changed
 * while nobody could be told.
 */
static void tell_up(struct apnbd_path *path, void *fresh)
{
	if (fresh)
		WRITE_ONCE(path->barred, true);
	WRITE_ONCE(path->stale, true);
	WRITE_ONCE(path->retry_at, jiffies);
	apnbd_recover_wake(path->session);
}

static void line_up(struct apn_line *line, bool fresh)
{
	each_session(line, tell_up, fresh ? line : NULL);
}

static void tell_down(struct apnbd_path *path, void *arg)
{
	apnbd_recover_path_down(path);
}

static void line_down(struct apn_line *line)
{
	each_session(line, tell_down, NULL);
}

static void tell_measured(struct apnbd_path *path, void *arg)
{
	apnbd_disk_read_ahead(path->session);
}

static void line_measured(struct apn_line *line)
{
	each_session(line, tell_measured, NULL);
}

static void tell_lost(struct apnbd_path *path, void *lane)
{
	apnbd_flow_lost(path, lane);
}

static void line_lost(struct apn_line *line, struct apn_lane *lane)
{
	each_session(line, tell_lost, lane);
}

static void tell_fenced(struct apnbd_path *path, void *index)
{
	apnbd_flow_fenced(path, *(unsigned int *)index);
}

static void line_fenced(struct apn_line *line, unsigned int index)
{
	each_session(line, tell_fenced, &index);
}

static void look_if_wanted(struct apnbd_path *path, void *wanted)
{
	*(bool *)wanted |= !apnbd_rule_is_final(READ_ONCE(path->session->state)) ||
			   READ_ONCE(path->session->leave_ms);
}

/* One without a session is being opened. */
static bool line_wanted(struct apn_line *line)
{
	bool wanted = xa_empty(&line->sessions);

	each_session(line, look_if_wanted, &wanted);
	return wanted;
}

/* Has each of them another path that lives? */
static bool line_spare(struct apn_line *line)
{
	unsigned long handle;
	bool spare = true;
	void *entry;

	guard(mutex)(&line->tell);
	if (xa_empty(&line->sessions))
		return false;
	xa_for_each(&line->sessions, handle, entry)
		spare = spare && apnbd_paths_spare(entry);
	return spare;
}

static struct apn_lane *line_detour(struct apn_line *line)
{
	struct apn_lane *lane = NULL;
	unsigned long handle;
	void *entry;

	guard(mutex)(&line->tell);
	xa_for_each(&line->sessions, handle, entry)
		if (!lane)
			lane = apnbd_paths_detour(entry);
	return lane;
}

static void line_notice(struct apn_lane *lane, void *entry, const struct apn_notice *notice)
{
	struct apnbd_path *path = entry;
	struct apnbd_session *session = path->session;

	switch (le32_to_cpu(notice->kind)) {
	case APN_NOTICE_CHANGED:
		WRITE_ONCE(session->notice_size, le64_to_cpu(notice->size));
		WRITE_ONCE(session->notice_flags, le32_to_cpu(notice->flags));
		atomic_or(BIT(APN_NOTICE_CHANGED), &session->notices);
		WRITE_ONCE(path->retry_at, jiffies);
		apnbd_recover_wake(session);
		break;
	case APN_NOTICE_DRAINING:
		apnbd_recover_reattach(path);
		break;
	case APN_NOTICE_REVOKED:
		apnbd_recover_final(session, APN_STATUS_REVOKED);
		break;
	case APN_NOTICE_SUPERSEDED:
		apnbd_recover_final(session, APN_STATUS_SUPERSEDED);
		break;
	}
}

static const struct apn_line_ops host_line_ops = {
	.owner = THIS_MODULE,
	.begin = apnbd_reply_begin,
	.end = apnbd_reply_end,
	.notice = line_notice,
	.wanted = line_wanted,
	.up = line_up,
	.down = line_down,
	.measured = line_measured,
	.lost = line_lost,
	.fenced = line_fenced,
	.spare = line_spare,
	.detour = line_detour,
};

/* ---- opening and closing ---- */

static struct apn_line *open_line(const struct apnbd_wish *wish, char *reason)
{
	struct apn_line_wish line = {
		.transport = wish->transport,
		.route = wish->route,
		.security = wish->security,
		.features = wish->digest ? APN_FEATURE_DIGEST : 0,
		.identity = wish->identity,
		.lanes = wish->lanes,
		.rate = wish->rate,
		.patient = wish->patient,
		.ops = &host_line_ops,
	};

	return apn_line_open(&line, reason);
}

static struct apnbd_path *alloc_path(struct apnbd_session *session)
{
	struct apnbd_path *path = kzalloc_obj(*path);

	if (!path)
		return NULL;
	kref_init(&path->ref);
	INIT_LIST_HEAD(&path->node);
	path->session = session;
	path->barred = true;
	path->retry_at = jiffies;
	path->use = alloc_percpu(struct apnbd_path_use);
	if (path->use)
		return path;
	kfree(path);
	return NULL;
}

static void free_path(struct apnbd_path *path)
{
	if (path->line)
		apn_line_put(path->line);
	free_percpu(path->use);
	kfree(path);
}

static int join_line(struct apnbd_path *path, const struct apnbd_wish *wish, char *reason)
{
	struct apn_line *line = open_line(wish, reason);
	int ret;

	if (IS_ERR(line))
		return PTR_ERR(line);
	path->line = line;
	ret = apn_line_join(line, &path->handle, path);
	if (ret)
		strscpy(reason, "this line carries as many disks as it can", APN_REASON_BYTES);
	return ret;
}

struct apnbd_path *apnbd_path_open(struct apnbd_session *session, const struct apnbd_wish *wish,
				   char *reason)
{
	struct apnbd_path *path = alloc_path(session);
	int ret;

	if (!path)
		return ERR_PTR(-ENOMEM);
	ret = join_line(path, wish, reason);
	if (!ret)
		return path;
	free_path(path);
	return ERR_PTR(ret);
}

void apnbd_path_leave(struct apnbd_path *path)
{
	apn_line_leave(path->line, path->handle);
}

/* It left the list and its line, and its last request ended or was taken back. */
static void path_release(struct kref *ref)
{
	free_path(container_of(ref, struct apnbd_path, ref));
}

void apnbd_path_put(struct apnbd_path *path)
{
	might_sleep();
	kref_put(&path->ref, path_release);
}

void apnbd_path_say(struct apnbd_path *path, const char *reason)
{
	guard(spinlock_bh)(&path->session->held_lock);
	strscpy(path->reason, reason, sizeof(path->reason));
}

void apnbd_path_why(struct apnbd_path *path, char *reason)
{
	spin_lock_bh(&path->session->held_lock);
	strscpy(reason, path->reason, APN_REASON_BYTES);
	spin_unlock_bh(&path->session->held_lock);
	if (!apn_line_live(path->line))
		apn_line_say_why(path->line, reason);
}

/* ---- attaching ---- */

static void fill_attach(const struct apnbd_session *session, struct apn_attach *ask)
{
	u32 flags = 0;

	if (!session->read_only)
		flags |= APN_ATTACH_WRITER;
	if (session->takeover)
		flags |= APN_ATTACH_TAKEOVER;
	strscpy(ask->export, session->export, sizeof(ask->export));
	memcpy(ask->session, session->uuid, APN_UUID_BYTES);
	memcpy(ask->boot, session->boot, APN_UUID_BYTES);
	memcpy(ask->volume, session->volume, APN_UUID_BYTES);
	ask->generation = cpu_to_le64(session->generation);
	ask->flags = cpu_to_le32(flags);
}

int apnbd_path_attach(struct apnbd_path *path, struct apn_attached *attached,
		      enum apn_status *status, char *reason)
{
	struct apn_hdr hdr = { .op = APN_OP_ATTACH, .handle = cpu_to_le32(path->handle) };
	struct apn_answer *answer = kzalloc_obj(*answer);
	struct apn_attach ask = {};
	int ret;

	if (!answer)
		return -ENOMEM;
	fill_attach(path->session, &ask);
	WRITE_ONCE(path->stale, false);
	ret = apn_line_ask(path->line, &hdr, &ask, sizeof(ask), APN_OP_ATTACHED, answer,
			   APN_SETUP_MS);
	if (!ret && answer->hdr.handle != hdr.handle)
		ret = -EPROTO;
	if (!ret) {
		memcpy(attached, answer->body, sizeof(*attached));
		WRITE_ONCE(path->attached, true);
	} else if (ret == -ECONNREFUSED) {
		*status = le16_to_cpu(answer->hdr.status);
		snprintf(reason, APN_REASON_BYTES, "the target refused: %s",
			 apn_answer_text(answer));
	} else {
		strscpy(reason, "the target did not answer the attach", APN_REASON_BYTES);
	}
	kfree(answer);
	return ret;
}

int apnbd_path_detach(struct apnbd_path *path, bool whole)
{
	struct apn_hdr hdr = {
		.op = APN_OP_DETACH,
		.flags = whole ? APN_FLAG_WHOLE : 0,
		.handle = cpu_to_le32(path->handle),
	};
	struct apn_answer *answer = kzalloc_obj(*answer);
	int ret;

	if (!answer)
		return -ENOMEM;
	ret = apn_line_ask(path->line, &hdr, NULL, 0, APN_OP_DETACHED, answer,
			   path->session->leave_ms ?: APNBD_HASTY_MS);
	kfree(answer);
	return ret == -ECONNREFUSED ? 0 : ret; /* the target knows nothing of it */
}

void apnbd_path_cut(struct apnbd_path *path)
{
	unsigned int i;

	for (i = 0; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = apn_line_lane(path->line, i);

		if (!lane)
			continue;
		apn_lane_die(lane, -ESHUTDOWN, "a disk was disconnected by force");
		apn_lane_put(lane);
	}
}

/* ---- what is on offer ---- */

static int ask_list(struct apn_line *line, u32 from, struct apn_answer *answer, char *reason)
{
	struct apn_hdr hdr = { .op = APN_OP_LIST };
	struct apn_list list = { .from = cpu_to_le32(from) };
	int ret = apn_line_ask(line, &hdr, &list, sizeof(list), APN_OP_LISTED, answer,
			       APN_SETUP_MS);

	if (ret == -ECONNREFUSED)
		strscpy(reason, apn_answer_text(answer), APN_REASON_BYTES);
	else if (ret)
		strscpy(reason, "the target did not answer", APN_REASON_BYTES);
	return ret;
}

static int list_all(struct apn_line *line, struct apn_answer *answer,
		    int (*show)(const struct apn_listed *entry, void *arg), void *arg,
		    char *reason)
{
	const struct apn_listed *row = (const void *)answer->body;
	u32 from = 0, i, n;
	int ret;

	do {
		ret = ask_list(line, from, answer, reason);
		n = ret ? 0 : answer->bytes / sizeof(*row);
		for (i = 0; i < n && !ret; i++)
			if (apn_pdu_name_ok(row[i].export))
				ret = show(&row[i], arg);
		from += n;
	} while (!ret && n && answer->hdr.flags & APN_FLAG_MORE);
	return ret;
}

int apnbd_path_discover(const struct apnbd_wish *wish,
			int (*show)(const struct apn_listed *entry, void *arg), void *arg,
			char *reason)
{
	struct apn_answer *answer = kzalloc_obj(*answer);
	struct apn_line *line;
	int ret;

	if (!answer)
		return -ENOMEM;
	line = open_line(wish, reason);
	if (IS_ERR(line)) {
		ret = PTR_ERR(line);
	} else {
		ret = list_all(line, answer, show, arg, reason);
		apn_line_put(line);
	}
	kfree(answer);
	return ret;
}

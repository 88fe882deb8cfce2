// SPDX-License-Identifier: GPL-2.0
/* The paths of a disk: which there are, and which of them a request takes. */
#include "paths.h"
#include "peer.h"

#include <linux/blk-mq.h>
#include <linux/delay.h>

/* ---- the list ---- */

/* What queue_rq sees of the paths changes while it does not run. */
static void begin_change(struct apnbd_session *session)
{
	lockdep_assert_held(&session->lock);
	if (session->disk)
		blk_mq_quiesce_queue(session->disk->queue);
	spin_lock_bh(&session->held_lock);
}

static void end_change(struct apnbd_session *session)
{
	struct apnbd_path *first;

	first = list_first_entry_or_null(&session->paths, struct apnbd_path, node);
	session->only = session->paths_n == 1 ? first : NULL;
	spin_unlock_bh(&session->held_lock);
	if (session->disk)
		blk_mq_unquiesce_queue(session->disk->queue);
	apnbd_peer_look(session);
}

void apnbd_paths_enter(struct apnbd_session *session, struct apnbd_path *path)
{
	begin_change(session);
	list_add_tail(&path->node, &session->paths);
	session->paths_n++;
	end_change(session);
}

void apnbd_paths_quit(struct apnbd_session *session, struct apnbd_path *path)
{
	begin_change(session);
	list_del_init(&path->node);
	session->paths_n--;
	end_change(session);
	apnbd_path_leave(path);
}

void apnbd_paths_set_leaving(struct apnbd_path *path, bool leaving)
{
	begin_change(path->session);
	path->leaving = leaving;
	end_change(path->session);
}

/*
 * Over whichever path takes it: the target then ends it on every line. Zero: the target
 * knows, or never had it. -ENOTCONN: there is no way to the target now.
 */
static int detach_whole(struct apnbd_session *session)
{
	struct apnbd_path *path;
	int ret = 0;

	list_for_each_entry(path, &session->paths, node) {
		if (!path->attached)
			continue;
		ret = apnbd_path_detach(path, true);
		if (ret != -ENOTCONN)
			break;
	}
	return ret;
}

/* A lane that is lost at this moment comes back: that is waited for, unless in haste. */
static void take_leave(struct apnbd_session *session)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(session->leave_ms);
	int ret = detach_whole(session);

	while (ret == -ENOTCONN && time_before(jiffies, deadline)) {
		msleep(APNBD_POLL_MS);
		ret = detach_whole(session);
	}
	WRITE_ONCE(session->leave_ms, 0);
	if (ret)
		pr_info("apnbd%u: disconnected, but the target does not know of it (%d)\n",
			session->index, ret);
}

void apnbd_paths_quit_all(struct apnbd_session *session, struct list_head *left)
{
	struct apnbd_path *path;

	guard(mutex)(&session->lock);
	take_leave(session);
	while ((path = apnbd_paths_first(session))) {
		apnbd_paths_quit(session, path);
		list_add_tail(&path->node, left);
	}
}

void apnbd_paths_close(struct list_head *left)
{
	struct apnbd_path *path, *next;

	list_for_each_entry_safe(path, next, left, node)
		apnbd_path_put(path);
}

void apnbd_paths_row(struct apnbd_session *session, struct apnbd_row *row)
{
	struct apnbd_path *path;

	row->n = 0;
	guard(spinlock_bh)(&session->held_lock);
	list_for_each_entry(path, &session->paths, node) {
		kref_get(&path->ref);
		row->path[row->n++] = path;
	}
}

void apnbd_paths_row_end(struct apnbd_row *row)
{
	while (row->n)
		apnbd_path_put(row->path[--row->n]);
}

bool apnbd_paths_pages_out(struct apnbd_session *session)
{
	struct apnbd_row row;
	bool out = false;
	unsigned int i;

	apnbd_paths_row(session, &row);
	for (i = 0; i < row.n; i++)
		out |= apn_line_pages_out(row.path[i]->line);
	apnbd_paths_row_end(&row);
	return out;
}

void apnbd_paths_set_rate(struct apnbd_session *session, u64 rate)
{
	struct apnbd_row row;
	unsigned int i;

	apnbd_paths_row(session, &row);
	for (i = 0; i < row.n; i++)
		apn_line_declare(row.path[i]->line, rate);
	apnbd_paths_row_end(&row);
}

void apnbd_paths_cut(struct apnbd_session *session)
{
	struct apnbd_path *path;

	guard(spinlock_bh)(&session->held_lock);
	list_for_each_entry(path, &session->paths, node)
		apnbd_path_cut(path);
}

struct apnbd_path *apnbd_paths_first(struct apnbd_session *session)
{
	lockdep_assert_held(&session->lock);
	return list_first_entry_or_null(&session->paths, struct apnbd_path, node);
}

struct apnbd_path *apnbd_paths_find(struct apnbd_session *session,
				    const struct sockaddr_storage *peer)
{
	struct apnbd_path *path;

	lockdep_assert_held(&session->lock);
	list_for_each_entry(path, &session->paths, node)
		if (!memcmp(&path->line->route.peer, peer, sizeof(*peer)))
			return path;
	return NULL;
}

bool apnbd_paths_use(struct apnbd_session *session, const struct apn_line *line)
{
	struct apnbd_path *path;

	lockdep_assert_held(&session->lock);
	list_for_each_entry(path, &session->paths, node)
		if (path->line == line)
			return true;
	return false;
}

bool apnbd_paths_lead_to(struct apnbd_session *session, const struct sockaddr_storage *peer)
{
	struct apnbd_path *path;

	guard(spinlock_bh)(&session->held_lock);
	list_for_each_entry(path, &session->paths, node)
		if (!memcmp(&path->line->route.peer, peer, sizeof(*peer)))
			return true;
	return false;
}

/* ---- which ---- */

/*
 * With several, the one over which the answer can be expected first, by the delay of its
 * line and by what is on its way there. So the one with the shorter delay carries all
 * until its line is full, and from then on each carries what it can.
 */
static struct apnbd_path *soonest(struct apnbd_session *session, u32 bytes)
{
	struct apnbd_path *path, *best = NULL;
	u64 cost_us, best_us = 0;

	guard(rcu)();
	list_for_each_entry(path, &session->paths, node) {
		if (!apnbd_path_usable(path))
			continue;
		cost_us = apn_line_cost_us(path->line, bytes);
		if (best && cost_us >= best_us)
			continue;
		best = path;
		best_us = cost_us;
	}
	return best;
}

struct apnbd_path *apnbd_paths_choose(struct apnbd_session *session, u32 bytes)
{
	return likely(session->only) ? session->only : soonest(session, bytes);
}

void apnbd_paths_kick(struct apnbd_session *session)
{
	struct apnbd_path *path = session->only;

	if (likely(path)) {
		apn_line_kick(path->line);
		return;
	}
	list_for_each_entry(path, &session->paths, node)
		apn_line_kick(path->line);
}

bool apnbd_paths_usable(struct apnbd_session *session)
{
	struct apnbd_path *path;

	guard(spinlock_bh)(&session->held_lock);
	list_for_each_entry(path, &session->paths, node)
		if (apnbd_path_usable(path))
			return true;
	return false;
}

/* ---- when one of them dies ---- */

bool apnbd_paths_spare(struct apnbd_path *path)
{
	struct apnbd_session *session = path->session;
	struct apnbd_path *other;

	guard(spinlock_bh)(&session->held_lock);
	list_for_each_entry(other, &session->paths, node)
		if (other->line != path->line && apnbd_path_usable(other) &&
		    apn_line_heard(other->line))
			return true;
	return false;
}

struct apn_lane *apnbd_paths_detour(struct apnbd_path *path)
{
	struct apnbd_session *session = path->session;
	struct apnbd_path *other;

	guard(spinlock_bh)(&session->held_lock);
	list_for_each_entry(other, &session->paths, node) {
		struct apn_lane *lane = NULL;

		if (other->line != path->line && apnbd_path_usable(other))
			lane = apn_line_any_lane(other->line);
		if (lane)
			return lane;
	}
	return NULL;
}

void apnbd_paths_fence_again(struct apnbd_session *session)
{
	struct apnbd_path *path;

	lockdep_assert_held(&session->lock);
	list_for_each_entry(path, &session->paths, node)
		apn_line_fence_again(path->line);
}

bool apnbd_paths_unfenced(struct apnbd_session *session)
{
	struct apnbd_path *path;

	lockdep_assert_held(&session->lock);
	list_for_each_entry(path, &session->paths, node)
		if (apn_line_unfenced(path->line))
			return true;
	return false;
}

bool apnbd_paths_cancel(struct apnbd_session *session, struct apn_tx *tx)
{
	struct apnbd_path *path;

	lockdep_assert_held(&session->held_lock);
	list_for_each_entry(path, &session->paths, node)
		if (apn_line_cancel(path->line, tx))
			return true;
	return false;
}

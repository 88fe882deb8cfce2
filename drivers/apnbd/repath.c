// SPDX-License-Identifier: GPL-2.0
/*
 * A live disk gets a path, or loses one. Recovery attaches it, as it does after a loss;
 * here that is waited for, without its lock.
 */
#include "repath.h"
#include "flow.h"
#include "recover.h"

#include <linux/delay.h>

enum { QUIET_MS = 10000 }; /* how long a path that is to go may have requests */

static int say(char *reason, int error, const char *text)
{
	strscpy(reason, text, APN_REASON_BYTES);
	return error;
}

static bool over(struct apnbd_session *session)
{
	return apnbd_rule_is_final(READ_ONCE(session->state));
}

/* ---- one more ---- */

static struct apnbd_path *open_like(struct apnbd_path *first, const struct apnbd_way *way,
				    char *reason)
{
	const struct apn_line *line = first->line;
	struct apnbd_wish wish = {
		.route = way->route,
		.transport = way->transport ?: line->transport->name,
		.security = line->security,
		.identity = line->identity,
		.lanes = line->wanted,
		.rate = READ_ONCE(line->rate),
		.digest = line->features & APN_FEATURE_DIGEST,
		.patient = way->patient,
	};

	return apnbd_path_open(first->session, &wish, reason);
}

static struct apnbd_path *open_path(struct apnbd_session *session, const struct apnbd_way *way,
				    char *reason)
{
	struct apnbd_path *path = ERR_PTR(-ENODEV);
	struct apnbd_row row;

	apnbd_paths_row(session, &row);
	if (row.n)
		path = open_like(row.path[0], way, reason);
	apnbd_paths_row_end(&row);
	return path;
}

static int enter(struct apnbd_session *session, struct apnbd_path *path, char *reason)
{
	guard(mutex)(&session->lock);
	if (over(session))
		return say(reason, -ENODEV, "the disk is at its end");
	if (session->paths_n == APNBD_PATHS_MAX)
		return say(reason, -ENOSPC, "the disk has as many paths as it can");
	if (apnbd_paths_use(session, path->line))
		return say(reason, -EEXIST, "the disk has this path");
	apnbd_paths_enter(session, path);
	return 0;
}

static bool settled(struct apnbd_path *path)
{
	return apnbd_path_usable(path) || READ_ONCE(path->refused) || over(path->session);
}

static int await(struct apnbd_path *path, char *reason)
{
	struct apnbd_session *session = path->session;
	long left;

	apnbd_recover_wake(session);
	left = wait_event_killable_timeout(session->changed, settled(path),
					   msecs_to_jiffies(2 * APN_SETUP_MS));
	if (apnbd_path_usable(path))
		return 0;
	if (left < 0)
		return left;
	if (over(session))
		return say(reason, -ENODEV, "the disk is at its end");
	apnbd_path_why(path, reason);
	return READ_ONCE(path->refused) ? -EACCES : -ETIMEDOUT;
}

/* One that was never used, or is quiet: nothing of it is anywhere. */
static void drop(struct apnbd_path *path)
{
	mutex_lock(&path->session->lock);
	if (path->attached)
		apnbd_path_detach(path, false);
	apnbd_paths_quit(path->session, path);
	mutex_unlock(&path->session->lock);
	apnbd_path_put(path);
}

int apnbd_repath_add(struct apnbd_session *session, const struct apnbd_way *way, char *reason)
{
	struct apnbd_path *path = open_path(session, way, reason);
	int ret;

	if (IS_ERR(path))
		return PTR_ERR(path);
	guard(mutex)(&session->paths_lock);
	ret = enter(session, path, reason);
	if (ret) {
		apnbd_path_leave(path);
		apnbd_path_put(path);
		return ret;
	}
	if (way->patient && !apn_line_live(path->line))
		return 0;
	ret = await(path, reason);
	if (ret)
		drop(path);
	return ret;
}

/* ---- one less ---- */

static bool quiet(struct apnbd_path *path)
{
	return !apnbd_flow_with(path) && !apn_line_unfenced(path->line);
}

static struct apnbd_path *begin_leaving(struct apnbd_session *session,
					const struct sockaddr_storage *peer, char *reason)
{
	struct apnbd_path *path;

	guard(mutex)(&session->lock);
	path = apnbd_paths_find(session, peer);
	if (!path)
		return ERR_PTR(say(reason, -ENOENT, "the disk has no path to this address"));
	if (session->paths_n == 1)
		return ERR_PTR(say(reason, -EBUSY,
				   "this is the disk's only path: add another, or disconnect"));
	apnbd_paths_set_leaving(path, true);
	apnbd_recover_look(session);
	return path;
}

static void stay(struct apnbd_path *path)
{
	guard(mutex)(&path->session->lock);
	apnbd_paths_set_leaving(path, false);
	apnbd_recover_wake(path->session);
}

int apnbd_repath_del(struct apnbd_session *session, const struct sockaddr_storage *peer,
		     char *reason)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(QUIET_MS);
	struct apnbd_path *path;

	guard(mutex)(&session->paths_lock);
	path = begin_leaving(session, peer, reason);
	if (IS_ERR(path))
		return PTR_ERR(path);
	while (!quiet(path) && time_before(jiffies, deadline) && !over(session) &&
	       !msleep_interruptible(APNBD_POLL_MS))
		;
	if (quiet(path)) {
		drop(path);
		return 0;
	}
	stay(path);
	return say(reason, -EBUSY, "requests on their way over this path do not come back yet");
}

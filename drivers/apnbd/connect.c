// SPDX-License-Identifier: GPL-2.0
/* A disk's beginning and its end. */
#include "disk.h"
#include "flow.h"
#include "leave.h"
#include "netlink.h"
#include "peer.h"
#include "recover.h"
#include "session.h"

#include <linux/delay.h>
#include <linux/netlink.h>

static DEFINE_MUTEX(connect_lock); /* one new disk at a time: names stay unique */

/* ---- connecting ---- */

static int refusal_errno(enum apn_status status)
{
	switch (status) {
	case APN_STATUS_BUSY:
	case APN_STATUS_DRAINING:
		return -EBUSY;
	case APN_STATUS_LIMIT:
	case APN_STATUS_NO_MEMORY:
		return -ENOSPC;
	default:
		return -EACCES;
	}
}

static void take_geometry(struct apnbd_session *session, const struct apn_line *line,
			  const struct apn_attached *a)
{
	struct apn_disk_limits *l = &session->limits;

	memcpy(session->volume, a->volume, APN_UUID_BYTES);
	l->block_bytes = le32_to_cpu(a->block_bytes);
	l->physical_bytes = le32_to_cpu(a->physical_bytes);
	l->io_min_bytes = le32_to_cpu(a->io_min_bytes);
	l->io_opt_bytes = le32_to_cpu(a->io_opt_bytes);
	l->peer_memory = apnbd_peer_can(session);
	session->peer_said = l->peer_memory;
	l->max_bytes = l->peer_memory ? line->peer_bytes : line->io_bytes_best;
	l->discard_granularity = le32_to_cpu(a->discard_granularity);
	l->discard_bytes = session->flags & APN_DISK_DISCARD ? le64_to_cpu(a->discard_bytes) : 0;
	l->zeroes_bytes = session->flags & APN_DISK_WRITE_ZEROES ? le64_to_cpu(a->zeroes_bytes) : 0;
	l->write_cache = session->flags & APN_DISK_WRITE_CACHE;
	l->fua = session->flags & APN_DISK_FUA;
	l->rotational = session->flags & APN_DISK_ROTATIONAL;
	l->stable_writes = line->features & APN_FEATURE_DIGEST;
}

static int first_attach(struct apnbd_session *session, struct apnbd_path *path, char *reason)
{
	enum apn_status status = APN_STATUS_OK;
	struct apn_attached a;
	int ret = apnbd_path_attach(path, &a, &status, reason);

	if (ret == -ECONNREFUSED)
		return refusal_errno(status);
	if (ret)
		return ret;
	apnbd_session_take(session, path->line, &a);
	take_geometry(session, path->line, &a);
	WRITE_ONCE(path->barred, false);
	return 0;
}

/* Undo in reverse what connect did; the reference of the list is the caller's. */
static void take_down(struct apnbd_session *session)
{
	LIST_HEAD(left);

	apnbd_recover_stop(session);
	mutex_lock(&session->paths_lock);
	apnbd_paths_quit_all(session, &left);
	mutex_unlock(&session->paths_lock);
	apnbd_recover_stop(session);
	apnbd_leave_stop(session);
	apnbd_peer_stop(session);
	if (session->disk)
		apnbd_disk_free(session);
	apnbd_paths_close(&left);
}

static int set_up(struct apnbd_session *session, const struct apnbd_wish *wish, char *reason)
{
	struct apnbd_path *path = apnbd_path_open(session, wish, reason);
	int ret;

	if (IS_ERR(path))
		return PTR_ERR(path);
	apnbd_session_change(session, APNBD_STATE(CONNECTING), NULL);
	mutex_lock(&session->lock);
	apnbd_paths_enter(session, path);
	ret = first_attach(session, path, reason);
	if (!ret)
		ret = apnbd_disk_make(session, wish->depth);
	mutex_unlock(&session->lock);
	if (ret)
		return ret;
	apnbd_session_change(session, APNBD_STATE(LIVE), NULL);
	apnbd_session_enlist(session);
	ret = apnbd_disk_show(session);
	if (!ret && READ_ONCE(session->state) == APNBD_STATE(CLOSING)) {
		strscpy(reason, "disconnected by force while it was being connected",
			APN_REASON_BYTES);
		apnbd_disk_hide(session);
		ret = -ECANCELED;
	}
	if (ret)
		apnbd_session_delist(session);
	else
		apnbd_session_shown(session);
	return ret;
}

struct apnbd_session *apnbd_session_connect(const struct apnbd_wish *wish, char *reason)
{
	struct apnbd_session *session;
	int ret;

	guard(mutex)(&connect_lock);
	session = apnbd_session_existing(wish, reason);
	if (session)
		return session;
	session = apnbd_session_alloc(wish);
	if (!session)
		return ERR_PTR(-ENOMEM);
	ret = set_up(session, wish, reason);
	if (!ret) {
		kref_get(&session->ref);
		apnbd_netlink_disk_event(session);
		return session;
	}
	apnbd_session_change(session, APNBD_STATE(CLOSING), "not connected");
	take_down(session);
	apnbd_session_put(session);
	return ERR_PTR(ret);
}

/* ---- disconnecting ---- */

/* No request is left, and nobody waits for the target under the lock. */
static bool at_rest(struct apnbd_session *session)
{
	if (apnbd_flow_inflight(session) || !mutex_trylock(&session->lock))
		return false;
	mutex_unlock(&session->lock);
	return true;
}

/* What is on its way may still be answered; after that its lanes die with it. */
static void end_requests(struct apnbd_session *session)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(APNBD_CUT_MS);

	apnbd_session_change(session, APNBD_STATE(CLOSING), "disconnected by force");
	apnbd_flow_fail(session);
	while (!at_rest(session) && time_before(jiffies, deadline))
		msleep(APNBD_POLL_MS);
	if (at_rest(session))
		return;
	apnbd_paths_cut(session);
	while (!at_rest(session)) {
		apnbd_flow_fail(session);
		msleep(APNBD_POLL_MS);
	}
}

/* A target that is not told keeps the disk's place; one that is gone is not waited for. */
static u32 may_leave_ms(struct apnbd_session *session)
{
	guard(spinlock_bh)(&session->held_lock);
	if (session->state == APNBD_STATE(LIVE))
		return APN_SETUP_MS;
	return time_before(jiffies, session->since + msecs_to_jiffies(APNBD_LOST_MS)) ?
		       APNBD_HASTY_MS :
		       0;
}

int apnbd_session_disconnect(struct apnbd_session *session, bool force,
			     struct netlink_ext_ack *extack)
{
	if (!apnbd_session_begin_closing(session, force)) {
		if (force) { /* whoever connects or disconnects it now can go on */
			end_requests(session);
			return 0;
		}
		NL_SET_ERR_MSG(extack, "the disk is in use: it is mounted, or a program has it open");
		return -EBUSY;
	}
	WRITE_ONCE(session->leave_ms, force ? 0 : may_leave_ms(session));
	if (force || READ_ONCE(session->state) != APNBD_STATE(LIVE)) {
		end_requests(session);
		blk_mark_disk_dead(session->disk); /* what it asks of a file system fails at once */
	}
	apnbd_disk_hide(session);
	apnbd_session_change(session, APNBD_STATE(CLOSING), "disconnected");
	apnbd_netlink_disk_gone(session);
	apnbd_session_delist(session);
	take_down(session);
	apnbd_session_put(session);
	return 0;
}


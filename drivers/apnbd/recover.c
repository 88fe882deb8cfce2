// SPDX-License-Identifier: GPL-2.0
/*
 * How a disk comes back. One work does it: it attaches, lets the held requests go and
 * acts on notices; a second one gives up when --fail-after has passed.
 */
#include "recover.h"
#include "disk.h"
#include "flow.h"
#include "netlink.h"
#include "paths.h"
#include "peer.h"

#include <linux/sched/mm.h>

enum { FENCE_POLL_MS = 50 };

static struct workqueue_struct *wq;

void apnbd_recover_wake(struct apnbd_session *session)
{
	mod_delayed_work(wq, &session->recover, 0);
}

void apnbd_recover_wake_later(struct apnbd_session *session, unsigned int ms)
{
	queue_delayed_work(wq, &session->recover, msecs_to_jiffies(ms));
}

void apnbd_recover_queue(struct delayed_work *work, unsigned int ms)
{
	queue_delayed_work(wq, work, msecs_to_jiffies(ms));
}

/* ---- what the target said ---- */

void apnbd_recover_final(struct apnbd_session *session, enum apn_status why)
{
	enum apnbd_disk_state state = why == APN_STATUS_REVOKED    ? APNBD_STATE(REVOKED) :
				      why == APN_STATUS_SUPERSEDED ? APNBD_STATE(SUPERSEDED) :
								     APNBD_STATE(LOST);

	if (apnbd_session_change(session, state, apn_pdu_status_text(why)))
		apnbd_recover_wake(session);
}

/* ---- how long to wait ---- */

static void arm_give_up(struct apnbd_session *session)
{
	u32 ms = READ_ONCE(session->fail_after_ms);

	if (ms)
		mod_delayed_work(wq, &session->give_up, msecs_to_jiffies(ms));
}

/* A path can't be used now. The disk waits if it was the last. */
static void path_out(struct apnbd_session *session, const char *reason)
{
	if (!apnbd_paths_usable(session) &&
	    apnbd_session_change(session, APNBD_STATE(WAITING), reason))
		arm_give_up(session);
	apnbd_recover_wake(session); /* it may be up again already */
}

void apnbd_recover_look(struct apnbd_session *session)
{
	path_out(session, "no path that is left is live");
}

void apnbd_recover_reattach(struct apnbd_path *path)
{
	WRITE_ONCE(path->barred, true);
	WRITE_ONCE(path->stale, true);
	path_out(path->session, "the target does not know this session any more");
}

void apnbd_recover_path_down(struct apnbd_path *path)
{
	struct apnbd_session *session = path->session;

	spin_lock_bh(&session->held_lock);
	path->losses += path->attached && !path->barred;
	spin_unlock_bh(&session->held_lock);
	WRITE_ONCE(session->untold, true); /* by the work: who calls us speaks for a line */
	path_out(session, "the line to the target is down");
}

static void give_up(struct work_struct *work)
{
	struct apnbd_session *session =
		container_of(to_delayed_work(work), struct apnbd_session, give_up);

	if (!apnbd_session_change(session, APNBD_STATE(FAILED),
				  "no path for longer than fail-after allows"))
		return;
	apnbd_flow_fail(session);
	apnbd_netlink_disk_event(session);
}

void apnbd_recover_set_fail_after(struct apnbd_session *session, u32 ms)
{
	WRITE_ONCE(session->fail_after_ms, ms);
	if (!ms)
		cancel_delayed_work(&session->give_up);
	else if (READ_ONCE(session->state) == APNBD_STATE(WAITING))
		arm_give_up(session);
}

/* ---- attaching again ---- */

/* P7: the same volume in the same blocks, and all of it, or it is not our disk. */
static bool same_disk(const struct apnbd_session *session, const struct apn_attached *a)
{
	return !memcmp(session->volume, a->volume, APN_UUID_BYTES) &&
	       session->limits.block_bytes == le32_to_cpu(a->block_bytes) &&
	       session->size <= le64_to_cpu(a->size);
}

/* What the disk was told when it was made, and its users built on, still holds. */
static bool keeps_its_word(const struct apnbd_session *session, const struct apn_line *line,
			   const struct apn_attached *a)
{
	bool cache = le32_to_cpu(a->flags) & APN_DISK_WRITE_CACHE;

	return (!cache || session->limits.write_cache) &&
	       line->io_bytes >= session->limits.max_bytes;
}

static bool lost_writes(const struct apnbd_session *session, const struct apn_line *line,
			const struct apn_attached *a)
{
	bool orderly = le32_to_cpu(a->flags) & APN_DISK_ORDERLY &&
		       !memcmp(a->before, session->instance, APN_UUID_BYTES);

	return apnbd_rule_lost_writes(session->flags & APN_DISK_WRITE_CACHE,
				      !memcmp(session->instance, line->instance, APN_UUID_BYTES),
				      orderly, atomic64_read(&session->acked),
				      atomic64_read(&session->flushed));
}

static void retry_in(struct apnbd_path *path, unsigned int ms, const char *reason)
{
	WRITE_ONCE(path->retry_at, jiffies + msecs_to_jiffies(ms));
	apnbd_path_say(path, reason);
}

/* This path is not for this disk; if another one is, only the path waits. */
static void unfit(struct apnbd_path *path, const char *reason)
{
	struct apnbd_session *session = path->session;

	path->refused = true;
	retry_in(path, APNBD_UNFIT_RETRY_MS, reason);
	if (!apnbd_paths_usable(session))
		apnbd_session_change(session, APNBD_STATE(LOST), reason);
}

/* The target said no: for good, or for now. */
static void refused(struct apnbd_path *path, enum apn_status status, const char *reason)
{
	struct apnbd_session *session = path->session;

	switch (status) {
	case APN_STATUS_REVOKED:
		apnbd_session_change(session, APNBD_STATE(REVOKED), reason);
		break;
	case APN_STATUS_SUPERSEDED:
		apnbd_session_change(session, APNBD_STATE(SUPERSEDED), reason);
		break;
	case APN_STATUS_OTHER_VOLUME:
		unfit(path, reason);
		break;
	default:
		path->refused = true;
		retry_in(path, APNBD_DRAIN_RETRY_MS, reason);
		apnbd_session_explain(session, reason);
	}
}

/*
 * P2: all paths lead to one instance of one target. Another instance means that the
 * target has restarted, and then the lines of the other paths are dead; as long as one
 * of them is not, this may be another target.
 */
static bool same_target(const struct apnbd_path *path)
{
	return !memcmp(path->session->instance, path->line->instance, APN_UUID_BYTES) ||
	       !apnbd_paths_usable(path->session);
}

/* Why what was attached can't be used as this disk; NULL: it can. */
static const char *misfit(struct apnbd_session *session, const struct apn_line *line,
			  const struct apn_attached *a)
{
	if (!same_disk(session, a))
		return "the export is another volume now, or has become smaller";
	if (!keeps_its_word(session, line, a))
		return "the target now promises less than when the disk was connected";
	if (lost_writes(session, line, a))
		return "the target restarted and lost writes that it had acknowledged";
	return NULL;
}

static void accept_path(struct apnbd_path *path, const struct apn_attached *a)
{
	apnbd_session_take(path->session, path->line, a);
	path->refused = false;
	apnbd_path_say(path, "");
	if (READ_ONCE(path->session->state) == APNBD_STATE(LIVE))
		apnbd_disk_update(path->session); /* a notice may have been missed */
	apnbd_peer_look(path->session);
	if (READ_ONCE(path->stale))
		return;
	WRITE_ONCE(path->barred, false);
	apnbd_paths_fence_again(path->session);
}

/* Under session->lock. */
static void attach_again(struct apnbd_path *path)
{
	struct apnbd_session *session = path->session;
	char reason[APN_REASON_BYTES] = "";
	enum apn_status status = 0;
	struct apn_attached a;
	const char *why;
	int ret;

	if (!same_target(path)) {
		path->refused = true;
		retry_in(path, APNBD_DRAIN_RETRY_MS,
			 "this address shows another target than the other paths");
		return;
	}
	ret = apnbd_path_attach(path, &a, &status, reason);
	if (ret == -ECONNREFUSED) {
		refused(path, status, reason);
		return;
	}
	if (ret) {
		retry_in(path, APNBD_DRAIN_RETRY_MS, reason);
		return;
	}
	why = misfit(session, path->line, &a);
	if (why)
		unfit(path, why);
	else
		accept_path(path, &a);
}

static void act_on_notices(struct apnbd_session *session)
{
	if (!atomic_xchg(&session->notices, 0))
		return;
	session->size = READ_ONCE(session->notice_size);
	session->flags &= ~APN_DISK_READ_ONLY;
	session->flags |= READ_ONCE(session->notice_flags) & APN_DISK_READ_ONLY;
	apnbd_disk_update(session);
	apnbd_netlink_disk_event(session);
}

static bool wants_attach(const struct apnbd_path *path)
{
	return (READ_ONCE(path->stale) || READ_ONCE(path->barred) || !path->attached) &&
	       !path->leaving && apn_line_live(path->line);
}

/* Each that is due; for those that are not, or were refused, recovery comes again. */
static void attach_all(struct apnbd_session *session)
{
	struct apnbd_path *path;

	list_for_each_entry(path, &session->paths, node) {
		if (wants_attach(path) && time_after_eq(jiffies, READ_ONCE(path->retry_at)))
			attach_again(path);
		if (wants_attach(path))
			apnbd_recover_wake_later(session, APNBD_DRAIN_RETRY_MS);
	}
}

static void come_alive(struct apnbd_session *session)
{
	cancel_delayed_work(&session->give_up);
	if (apnbd_session_change(session, APNBD_STATE(LIVE), NULL)) {
		apnbd_disk_update(session);
		apnbd_netlink_disk_event(session);
	}
}

/*
 * Writes that were given up may still be on a dead lane. Nothing new goes before that
 * is fenced: it could be overwritten by its own past.
 */
static bool may_go(struct apnbd_session *session)
{
	if (!apnbd_paths_usable(session))
		return false;
	if (READ_ONCE(session->state) != APNBD_STATE(FAILED) || !apnbd_paths_unfenced(session))
		return true;
	apnbd_recover_wake_later(session, FENCE_POLL_MS);
	return false;
}

static void go_on(struct apnbd_session *session)
{
	if (!may_go(session))
		return;
	if (READ_ONCE(session->state) != APNBD_STATE(LIVE))
		come_alive(session);
	apnbd_flow_resume(session);
}

/* What a path that lives can carry does not wait for one that is to be attached. */
static void bring_back(struct apnbd_session *session)
{
	act_on_notices(session);
	go_on(session);
	attach_all(session);
	go_on(session);
}

/* Writeback may wait for what this work brings back: it must not start any. */
static void recover(struct work_struct *work)
{
	struct apnbd_session *session =
		container_of(to_delayed_work(work), struct apnbd_session, recover);
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&session->lock);
	if (session->disk && xchg(&session->untold, false))
		apnbd_netlink_disk_event(session);
	if (session->disk && !apnbd_rule_is_final(READ_ONCE(session->state)))
		bring_back(session);
	if (session->disk && apnbd_rule_is_final(READ_ONCE(session->state))) {
		apnbd_flow_fail(session);
		apnbd_netlink_disk_event(session);
	}
	mutex_unlock(&session->lock);
	wake_up_all(&session->changed);
	memalloc_noio_restore(noio);
}

void apnbd_recover_init(struct apnbd_session *session)
{
	INIT_DELAYED_WORK(&session->recover, recover);
	INIT_DELAYED_WORK(&session->give_up, give_up);
}

/* Nothing of it runs when this returns; once before the path goes, once after. */
void apnbd_recover_stop(struct apnbd_session *session)
{
	cancel_delayed_work_sync(&session->give_up);
	cancel_delayed_work_sync(&session->recover);
}

int apnbd_recover_start(void)
{
	wq = alloc_workqueue("apnbd_session", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return wq ? 0 : -ENOMEM;
}

void apnbd_recover_exit(void)
{
	destroy_workqueue(wq);
}

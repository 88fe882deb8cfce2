// SPDX-License-Identifier: GPL-2.0
/*
 * How a disk comes back. One work does it: it attaches, lets the held requests go and
 * acts on notices; a second one gives up when --fail-after has passed.
 */
#include "recover.h"
#include "disk.h"
#include "flow.h"
#include "netlink.h"

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

void apnbd_recover_reattach(struct apnbd_session *session)
{
	WRITE_ONCE(session->path.stale, true);
	if (apnbd_session_change(session, APNBD_STATE(WAITING),
				 "the target does not know this session any more"))
		apnbd_recover_wake(session);
}

/* ---- how long to wait ---- */

static void arm_give_up(struct apnbd_session *session)
{
	u32 ms = READ_ONCE(session->fail_after_ms);

	if (ms)
		mod_delayed_work(wq, &session->give_up, msecs_to_jiffies(ms));
}

void apnbd_recover_path_down(struct apnbd_session *session)
{
	if (!apnbd_session_change(session, APNBD_STATE(WAITING), "the line to the target is down"))
		return;
	arm_give_up(session);
	apnbd_netlink_disk_event(session);
	apnbd_recover_wake(session); /* it may be up again already */
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

/* P7: the same volume in the same blocks, or it is not our disk. */
static bool same_disk(const struct apnbd_session *session, const struct apn_attached *a)
{
	return !memcmp(session->volume, a->volume, APN_UUID_BYTES) &&
	       session->limits.block_bytes == le32_to_cpu(a->block_bytes);
}

/* What the disk was told when it was made, and its users built on, still holds. */
static bool keeps_its_word(const struct apnbd_session *session, const struct apn_attached *a)
{
	bool cache = le32_to_cpu(a->flags) & APN_DISK_WRITE_CACHE;

	return (!cache || session->limits.write_cache) &&
	       session->path.line->io_bytes >= session->limits.max_bytes;
}

static bool lost_writes(const struct apnbd_session *session, const struct apn_attached *a)
{
	const u8 *now = session->path.line->instance;
	bool orderly = le32_to_cpu(a->flags) & APN_DISK_ORDERLY &&
		       !memcmp(a->before, session->instance, APN_UUID_BYTES);

	return apnbd_rule_lost_writes(session->flags & APN_DISK_WRITE_CACHE,
				      !memcmp(session->instance, now, APN_UUID_BYTES), orderly,
				      atomic64_read(&session->acked),
				      atomic64_read(&session->flushed));
}

static void refused(struct apnbd_session *session, enum apn_status status, const char *reason)
{
	enum apnbd_disk_state state;

	switch (status) {
	case APN_STATUS_REVOKED:
		state = APNBD_STATE(REVOKED);
		break;
	case APN_STATUS_SUPERSEDED:
		state = APNBD_STATE(SUPERSEDED);
		break;
	case APN_STATUS_OTHER_VOLUME:
		state = APNBD_STATE(LOST);
		break;
	default:
		spin_lock_bh(&session->held_lock);
		strscpy(session->reason, reason, sizeof(session->reason));
		spin_unlock_bh(&session->held_lock);
		apnbd_recover_wake_later(session, APNBD_DRAIN_RETRY_MS);
		return;
	}
	apnbd_session_change(session, state, reason);
}

/* Under session->lock. True: attached, to the disk that it was. */
static bool attach_again(struct apnbd_session *session)
{
	char reason[APN_REASON_BYTES] = "";
	enum apn_status status = 0;
	struct apn_attached a;
	int ret = apnbd_path_attach(&session->path, &a, &status, reason);

	if (ret == -ECONNREFUSED) {
		refused(session, status, reason);
		return false;
	}
	if (ret) {
		apnbd_recover_wake_later(session, APNBD_DRAIN_RETRY_MS);
		return false;
	}
	if (!same_disk(session, &a)) {
		apnbd_session_change(session, APNBD_STATE(LOST), "the export is another volume now");
		return false;
	}
	if (!keeps_its_word(session, &a)) {
		apnbd_session_change(session, APNBD_STATE(LOST),
				     "the target now promises less than when the disk was connected");
		return false;
	}
	if (lost_writes(session, &a)) {
		apnbd_session_change(session, APNBD_STATE(LOST),
				     "the target restarted and lost writes that it had acknowledged");
		return false;
	}
	apnbd_session_take(session, &a);
	return true;
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

static bool wants_attach(struct apnbd_session *session)
{
	return (READ_ONCE(session->path.stale) || !session->path.attached) &&
	       apn_line_live(session->path.line);
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
	if (!session->path.attached || !apn_line_live(session->path.line))
		return false;
	if (READ_ONCE(session->state) != APNBD_STATE(FAILED) ||
	    !apn_line_unfenced(session->path.line))
		return true;
	apnbd_recover_wake_later(session, FENCE_POLL_MS);
	return false;
}

static void bring_back(struct apnbd_session *session)
{
	act_on_notices(session);
	if (wants_attach(session) && !attach_again(session))
		return;
	if (!may_go(session))
		return;
	if (READ_ONCE(session->state) != APNBD_STATE(LIVE))
		come_alive(session);
	apnbd_flow_resume(session);
}

/* Writeback may wait for what this work brings back: it must not start any. */
static void recover(struct work_struct *work)
{
	struct apnbd_session *session =
		container_of(to_delayed_work(work), struct apnbd_session, recover);
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&session->lock);
	if (session->disk && !apnbd_rule_is_final(READ_ONCE(session->state)))
		bring_back(session);
	if (session->disk && apnbd_rule_is_final(READ_ONCE(session->state))) {
		apnbd_flow_fail(session);
		apnbd_netlink_disk_event(session);
	}
	mutex_unlock(&session->lock);
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

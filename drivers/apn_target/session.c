// SPDX-License-Identifier: GPL-2.0
/* One line's use of one export. */
#include "session.h"
#include "audit.h"
#include "netlink.h"

#include <apn/log.h>
#include <linux/slab.h>

struct workqueue_struct *apn_device_wq;
struct workqueue_struct *apn_release_wq;
static atomic_t ids;
static atomic_t alive; /* from make to free: the module stays as long */
static DECLARE_WAIT_QUEUE_HEAD(none_alive);

/* In process context: both puts may sleep. */
static void session_release_work(struct work_struct *work)
{
	struct apn_session *session = container_of(work, struct apn_session, release);

	apn_export_put(session->export);
	apn_line_put(session->line);
	apn_log_free("session", session);
	kfree_rcu(session, rcu);
	if (atomic_dec_and_test(&alive))
		wake_up_all(&none_alive);
}

struct apn_session *apn_session_make(struct apn_export *export, struct apn_line *line,
				     const struct apn_attach *ask)
{
	struct apn_session *session = kzalloc_obj(*session);

	if (!session)
		return NULL;
	kref_init(&session->ref);
	INIT_WORK(&session->release, session_release_work);
	INIT_LIST_HEAD(&session->node);
	session->export = apn_export_get(export);
	session->line = apn_line_get(line);
	session->id = atomic_inc_return(&ids);
	session->since = jiffies;
	memcpy(session->uuid, ask->session, APN_UUID_BYTES);
	memcpy(session->boot, ask->boot, APN_UUID_BYTES);
	strscpy(session->identity, line->identity, sizeof(session->identity));
	atomic_inc(&alive);
	apn_log_create("session", session);
	return session;
}

bool apn_session_get(struct apn_session *session)
{
	return kref_get_unless_zero(&session->ref);
}

/* Nobody is left: it left the export's list and the line's table, and no request runs. */
static void session_release(struct kref *ref)
{
	queue_work(apn_release_wq, &container_of(ref, struct apn_session, ref)->release);
}

void apn_session_put(struct apn_session *session)
{
	kref_put(&session->ref, session_release);
}

void apn_session_tell(struct apn_session *session, enum apn_notice_kind kind)
{
	struct apn_lane *lane = apn_line_lane(session->line, 0);
	struct apn_hdr hdr = { .op = APN_OP_NOTICE, .handle = cpu_to_le32(session->handle) };
	struct apn_notice notice = {
		.kind = cpu_to_le32(kind),
		.flags = cpu_to_le32(apn_export_flags(session->export,
						      session->read_only || !session->writer)),
		.size = cpu_to_le64(session->export->size),
	};

	if (!lane)
		return;
	apn_msg_send(lane, &hdr, &notice, sizeof(notice));
	apn_lane_put(lane);
}

void apn_session_end(struct apn_session *session, enum apn_status why,
		     enum apn_notice_kind notice)
{
	lockdep_assert_held(&session->export->lock);
	if (session->ended)
		return;
	WRITE_ONCE(session->ended, why);
	smp_mb(); /* pairs with apn_session_device_begin() */
	list_move_tail(&session->node, &session->export->ended);
	if (notice)
		apn_session_tell(session, notice);
	apn_line_leave(session->line, session->handle);
	apn_target_session_event(session);
	apn_audit_ended(session, why);
	queue_work(apn_device_wq, &session->export->settle);
}

void apn_session_restrict(struct apn_export *export, const char *identity, bool read_only)
{
	struct apn_session *session;

	lockdep_assert_held(&export->lock);
	list_for_each_entry(session, &export->sessions, node) {
		if (session->read_only == read_only || strcmp(session->identity, identity))
			continue;
		WRITE_ONCE(session->read_only, read_only);
		apn_session_tell(session, APN_NOTICE_CHANGED);
	}
}

/* Counted before it looks whether the session ended: one of the two sees the other. */
void apn_session_device_begin(struct apn_session *session)
{
	atomic_inc(&session->inflight);
	smp_mb__after_atomic(); /* pairs with apn_session_end() and begin_drain() */
}

void apn_session_device_end(struct apn_session *session)
{
	struct apn_export *export = session->export;

	if (!atomic_dec_and_test(&session->inflight))
		return;
	wake_up_all(&export->idle);
	if (READ_ONCE(session->ended) ||
	    READ_ONCE(export->state) == APN_TARGET_EXPORT_STATE_DRAINING)
		queue_work(apn_device_wq, &export->settle);
}

int apn_session_init(void)
{
	apn_device_wq = alloc_workqueue("apn_target_device", WQ_UNBOUND | WQ_MEM_RECLAIM,
					WQ_MAX_ACTIVE);
	if (!apn_device_wq)
		return -ENOMEM;
	apn_release_wq = alloc_workqueue("apn_target_release", WQ_UNBOUND, 0);
	if (apn_release_wq)
		return 0;
	destroy_workqueue(apn_device_wq);
	return -ENOMEM;
}

/* Each lives as long as its last request: a device that hangs is waited for. */
void apn_session_exit(void)
{
	wait_event(none_alive, !atomic_read(&alive));
	destroy_workqueue(apn_release_wq);
	destroy_workqueue(apn_device_wq);
}

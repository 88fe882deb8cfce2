// SPDX-License-Identifier: GPL-2.0
/* One line's use of one export. */
#include "session.h"
#include "netlink.h"

#include <apn/log.h>
#include <linux/slab.h>

static struct workqueue_struct *release_wq;
static atomic_t ids;

/* In process context: both puts may sleep. */
static void session_release_work(struct work_struct *work)
{
	struct apn_session *session = container_of(work, struct apn_session, release);

	apn_export_put(session->export);
	apn_line_put(session->line);
	apn_log_free("session", session);
	kfree_rcu(session, rcu);
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
	init_waitqueue_head(&session->idle);
	session->export = apn_export_get(export);
	session->line = apn_line_get(line);
	session->id = atomic_inc_return(&ids);
	session->since = jiffies;
	memcpy(session->uuid, ask->session, APN_UUID_BYTES);
	memcpy(session->boot, ask->boot, APN_UUID_BYTES);
	strscpy(session->identity, line->identity, sizeof(session->identity));
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
	queue_work(release_wq, &container_of(ref, struct apn_session, ref)->release);
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
		.flags = cpu_to_le32(apn_export_flags(session->export, session->read_only)),
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
	if (list_empty(&session->node))
		return;
	list_del_init(&session->node);
	WRITE_ONCE(session->ended, why);
	smp_mb(); /* a request that did not see it is counted in inflight by now */
	if (notice)
		apn_session_tell(session, notice);
	apn_line_leave(session->line, session->handle);
	apn_target_session_event(session);
	apn_session_put(session);
}

/*
 * Called after apn_session_end(), with a reference. apn_line_leave() waited for all
 * who may have found the session by its handle, so inflight only falls.
 */
void apn_session_drain(struct apn_session *session)
{
	wait_event(session->idle, !atomic_read(&session->inflight));
}

void apn_session_request_begin(struct apn_session *session)
{
	kref_get(&session->ref);
	atomic_inc(&session->inflight);
}

void apn_session_request_end(struct apn_session *session)
{
	if (atomic_dec_and_test(&session->inflight))
		wake_up_all(&session->idle);
	apn_session_put(session);
}

int apn_session_init(void)
{
	release_wq = alloc_workqueue("apn_target_release", WQ_UNBOUND, 0);
	return release_wq ? 0 : -ENOMEM;
}

void apn_session_exit(void)
{
	destroy_workqueue(release_wq);
}

// SPDX-License-Identifier: GPL-2.0
/* Writes that failed and whose pages may still go out: they end when those can't any more. */
#include "leave.h"
#include "recover.h"

enum {
	POLL_MS = 20,
	LEAVE_MS = 20000, /* a packet that is stuck for longer stays behind */
};

void apnbd_leave(struct apnbd_session *session, struct apnbd_request *req, blk_status_t status)
{
	guard(spinlock_bh)(&session->held_lock);
	if (list_empty(&session->leaving))
		session->leave_by = jiffies + msecs_to_jiffies(LEAVE_MS);
	req->status = (__force u16)status;
	list_add_tail(&req->node, &session->leaving);
	apnbd_recover_queue(&session->leave, 0);
}

/* True: they have waited for long enough. */
static bool take_all(struct apnbd_session *session, struct list_head *list)
{
	guard(spinlock_bh)(&session->held_lock);
	list_splice_init(&session->leaving, list);
	return time_after(jiffies, session->leave_by);
}

static void put_back(struct apnbd_session *session, struct list_head *list)
{
	guard(spinlock_bh)(&session->held_lock);
	list_splice(list, &session->leaving);
}

static void end_all(struct list_head *list)
{
	struct apnbd_request *req, *next;

	list_for_each_entry_safe(req, next, list, node) {
		list_del_init(&req->node);
		apnbd_request_end_now(req);
	}
}

static void leave_work(struct work_struct *work)
{
	struct apnbd_session *session =
		container_of(to_delayed_work(work), struct apnbd_session, leave);
	LIST_HEAD(list);
	bool late = take_all(session, &list); /* first: what comes later is the next round's */
	bool out = apnbd_paths_pages_out(session);

	if (out && !late) {
		put_back(session, &list);
		apnbd_recover_queue(&session->leave, POLL_MS);
		return;
	}
	if (out)
		pr_warn("apnbd%u: writes failed %u s ago, and the network may still send their pages\n",
			session->index, LEAVE_MS / 1000);
	end_all(&list);
}

void apnbd_leave_init(struct apnbd_session *session)
{
	INIT_LIST_HEAD(&session->leaving);
	INIT_DELAYED_WORK(&session->leave, leave_work);
}

void apnbd_leave_stop(struct apnbd_session *session)
{
	cancel_delayed_work_sync(&session->leave);
	WARN_ON_ONCE(!list_empty(&session->leaving));
}

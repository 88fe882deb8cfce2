// SPDX-License-Identifier: GPL-2.0
/*
 * Where a request is: with a lane, in the line's queue for the window, on @held, on
 * @unfenced, or ended. held_lock guards the two lists and the state, so that nothing
 * is held when it should go or fail.
 */
#include "flow.h"
#include "peer.h"
#include "recover.h"

enum { LOOK_AGAIN_MS = 10 };

/*
 * False: the session is over, the request is the caller's to end. Whoever holds one
 * sees to it that recovery looks at it, since the line that took it may be gone.
 */
static bool hold_locked(struct apnbd_session *session, struct apnbd_request *req,
			struct list_head *list)
{
	lockdep_assert_held(&session->held_lock);
	if (apnbd_rule_is_over(session->state))
		return false;
	req->tx.lane = NULL;
	list_add_tail(&req->node, list);
	session->waiting++;
	apnbd_recover_wake_later(session, LOOK_AGAIN_MS);
	return true;
}

void apnbd_flow_hold(struct apnbd_session *session, struct apnbd_request *req)
{
	bool held;

	spin_lock_bh(&session->held_lock);
	req->path = NULL;
	held = hold_locked(session, req, &session->held);
	spin_unlock_bh(&session->held_lock);
	if (!held)
		apnbd_request_end(req, BLK_STS_IOERR);
}

static struct apnbd_path *choose(struct apnbd_session *session, struct apnbd_request *req)
{
	return unlikely(req->tx.peer) ? apnbd_peer_path(session, req) :
					apnbd_paths_choose(session, req->bytes);
}

/* -EREMOTEIO: never; another error: not now. */
static int send(struct apnbd_session *session, struct apnbd_request *req)
{
	struct apnbd_path *path;

	if (unlikely(READ_ONCE(session->state) != APNBD_STATE(LIVE)))
		return -ENOTCONN;
	path = choose(session, req);
	if (IS_ERR_OR_NULL(path))
		return path ? PTR_ERR(path) : -ENOTCONN;
	return apnbd_request_load(req, path) ?: apn_line_submit(path->line, &req->tx, false);
}

static void send_or_hold(struct apnbd_session *session, struct apnbd_request *req)
{
	int ret = send(session, req);

	if (likely(!ret))
		return;
	if (ret == -EREMOTEIO)
		apnbd_request_end(req, BLK_STS_TARGET);
	else
		apnbd_flow_hold(session, req);
}

void apnbd_flow_send(struct apnbd_session *session, struct apnbd_request *req, bool last)
{
	if (unlikely(!req->tx.hdr.op))
		apnbd_request_end(req, BLK_STS_NOTSUPP);
	else
		send_or_hold(session, req);
	if (last)
		apnbd_paths_kick(session);
}

static struct apnbd_request *take_first(struct apnbd_session *session, struct list_head *list)
{
	struct apnbd_request *req = list_first_entry_or_null(list, struct apnbd_request, node);

	if (req) {
		list_del_init(&req->node);
		session->waiting--;
	}
	return req;
}

static struct apnbd_request *next_held(struct apnbd_session *session, struct list_head *list)
{
	guard(spinlock_bh)(&session->held_lock);
	return take_first(session, list);
}

/* All that was held by now; what is held anew meanwhile is the next round's. */
void apnbd_flow_resume(struct apnbd_session *session)
{
	struct apnbd_request *req;
	LIST_HEAD(list);

	spin_lock_bh(&session->held_lock);
	if (session->state == APNBD_STATE(LIVE))
		list_splice_init(&session->held, &list);
	spin_unlock_bh(&session->held_lock);
	while ((req = next_held(session, &list)))
		apnbd_flow_send(session, req, false);
	apnbd_paths_kick(session);
}

/* What waits for the window is on no list of ours. */
static bool cancel_waiting(struct request *rq, void *arg)
{
	struct apnbd_session *session = arg;
	struct apnbd_request *req = blk_mq_rq_to_pdu(rq);
	bool cancelled;

	if (READ_ONCE(req->tx.lane))
		return true;
	spin_lock_bh(&session->held_lock);
	cancelled = apnbd_paths_cancel(session, &req->tx);
	spin_unlock_bh(&session->held_lock);
	if (cancelled)
		apnbd_request_end(req, BLK_STS_IOERR);
	return true;
}

static void each_request(struct apnbd_session *session, busy_tag_iter_fn *fn, void *arg)
{
	guard(mutex)(&session->tags_lock);
	if (!session->tags_gone)
		blk_mq_tagset_busy_iter(&session->set, fn, arg);
}

/* The session is over: nothing is added to the lists any more. Process context. */
void apnbd_flow_fail(struct apnbd_session *session)
{
	struct apnbd_request *req;

	while ((req = next_held(session, &session->held)) ||
	       (req = next_held(session, &session->unfenced)))
		apnbd_request_end(req, BLK_STS_IOERR);
	each_request(session, cancel_waiting, session);
}

/* ---- a lane died ---- */

struct taking_back {
	struct apnbd_session *session;
	struct apn_lane *lane;
	unsigned int n;
};

/*
 * Its lane is closed: no answer can come any more, and whoever had it in the queue
 * has let go. Who sets ANSWERED first owns it: the receiver did before, or we do.
 */
static bool take_back(struct request *rq, void *arg)
{
	struct taking_back *t = arg;
	struct apnbd_request *req = blk_mq_rq_to_pdu(rq);
	struct apnbd_session *session = t->session;
	bool fence = apnbd_request_changes(req), held;

	if (READ_ONCE(req->tx.lane) != t->lane || test_and_set_bit(APNBD_ANSWERED, &req->bits))
		return true;
	apn_line_done(t->lane->line, &req->tx);
	req->pages_out |= req->tx.hdr.op == APN_OP_WRITE && apn_lane_pages_out(t->lane);
	spin_lock_bh(&session->held_lock);
	req->fence_lane = t->lane->index;
	if (!fence)
		req->path = NULL;
	else if (list_empty(&session->unfenced))
		session->fencing_since = jiffies;
	held = hold_locked(session, req, fence ? &session->unfenced : &session->held);
	spin_unlock_bh(&session->held_lock);
	if (!held)
		apnbd_request_end(req, BLK_STS_IOERR);
	else
		this_cpu_inc(session->stat->resent);
	t->n++;
	return true;
}

void apnbd_flow_lost(struct apnbd_path *path, struct apn_lane *lane)
{
	struct taking_back t = { path->session, lane, 0 };

	each_request(path->session, take_back, &t);
	if (t.n)
		apnbd_recover_wake(path->session);
}

void apnbd_flow_fenced(struct apnbd_path *path, unsigned int lane)
{
	struct apnbd_session *session = path->session;
	struct apnbd_request *req, *next;

	spin_lock_bh(&session->held_lock);
	list_for_each_entry_safe(req, next, &session->unfenced, node) {
		if (req->path != path || req->fence_lane != lane)
			continue;
		req->path = NULL;
		list_move_tail(&req->node, &session->held);
	}
	spin_unlock_bh(&session->held_lock);
	apnbd_recover_wake(session);
}

unsigned int apnbd_flow_fencing(struct apnbd_session *session, unsigned long *since)
{
	guard(spinlock_bh)(&session->held_lock);
	*since = session->fencing_since;
	return list_count_nodes(&session->unfenced);
}

static bool count_inflight(struct request *rq, void *arg)
{
	unsigned int *n = arg;

	++*n;
	return true;
}

unsigned int apnbd_flow_inflight(struct apnbd_session *session)
{
	unsigned int n = 0;

	each_request(session, count_inflight, &n);
	return n;
}

struct counting {
	struct apnbd_path *path;
	unsigned int n;
};

static bool count_with(struct request *rq, void *arg)
{
	struct apnbd_request *req = blk_mq_rq_to_pdu(rq);
	struct counting *c = arg;

	c->n += READ_ONCE(req->path) == c->path;
	return true;
}

unsigned int apnbd_flow_with(struct apnbd_path *path)
{
	struct counting c = { path };

	each_request(path->session, count_with, &c);
	return c.n;
}

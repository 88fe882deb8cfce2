// SPDX-License-Identifier: GPL-2.0
/*
 * One disk attached to one export.
 *
 * A request is in one place at a time: with a lane, in the line's queue for the
 * window, on @held, on @unfenced, or ended. held_lock guards the two lists and the
 * state, so that nothing is held when it should go or fail. One work recovers: it
 * attaches, lets the held ones go, and acts on notices.
 */
#include "session.h"
#include "disk.h"
#include "netlink.h"
#include "queue.h"

#include <apn/log.h>
#include <linux/delay.h>
#include <linux/idr.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/uuid.h>

static LIST_HEAD(sessions);
static DEFINE_MUTEX(sessions_lock); /* the list and who is closing */
static DEFINE_MUTEX(connect_lock); /* one new disk at a time: names stay unique */
static DEFINE_IDA(indexes);
static struct workqueue_struct *session_wq;

/* ---- states ---- */

#define STATE(s) APNBD_DISK_STATE_##s
#define TO(s) BIT(APNBD_DISK_STATE_##s)
#define FINAL (TO(LOST) | TO(SUPERSEDED) | TO(REVOKED) | TO(CLOSING))

static const u16 may_become[] = {
	[STATE(IDLE)] = TO(CONNECTING) | TO(CLOSING),
	[STATE(CONNECTING)] = TO(LIVE) | TO(WAITING) | FINAL,
	[STATE(LIVE)] = TO(WAITING) | FINAL,
	[STATE(WAITING)] = TO(LIVE) | TO(FAILED) | FINAL,
	[STATE(FAILED)] = TO(LIVE) | FINAL,
	[STATE(LOST)] = TO(CLOSING),
	[STATE(SUPERSEDED)] = TO(CLOSING),
	[STATE(REVOKED)] = TO(CLOSING),
	[STATE(CLOSING)] = 0,
};

/* In these I/O fails at once. */
bool apnbd_session_over(enum apnbd_disk_state state)
{
	return (FINAL | TO(FAILED)) & BIT(state);
}

static bool final(enum apnbd_disk_state state)
{
	return FINAL & BIT(state);
}

/* The one function that changes the state; under held_lock. */
static bool become(struct apnbd_session *session, enum apnbd_disk_state state, const char *reason)
{
	lockdep_assert_held(&session->held_lock);
	if (!(may_become[session->state] & BIT(state)))
		return false;
	WRITE_ONCE(session->state, state);
	session->since = jiffies;
	strscpy(session->reason, reason ?: "", sizeof(session->reason));
	return true;
}

static bool change(struct apnbd_session *session, enum apnbd_disk_state state, const char *reason)
{
	guard(spinlock_bh)(&session->held_lock);
	return become(session, state, reason);
}

/* ---- references and the list ---- */

/*
 * Nobody is left: the path left its line, the disk its last opener (free_disk), and
 * the list was left at disconnect.
 */
static void session_release(struct kref *ref)
{
	struct apnbd_session *session = container_of(ref, struct apnbd_session, ref);

	ida_free(&indexes, session->index);
	free_percpu(session->stat);
	mutex_destroy(&session->lock);
	mutex_destroy(&session->tags_lock);
	apn_log_free("disk", session);
	kfree_rcu(session, rcu);
}

void apnbd_session_put(struct apnbd_session *session)
{
	kref_put(&session->ref, session_release);
}

static struct apnbd_session *find_locked(const char *name)
{
	struct apnbd_session *session;

	list_for_each_entry(session, &sessions, node)
		if (!strcmp(session->name, name) ||
		    (session->disk && !strcmp(session->disk->disk_name, name)))
			return session;
	return NULL;
}

struct apnbd_session *apnbd_session_find(const char *name)
{
	struct apnbd_session *session;

	guard(mutex)(&sessions_lock);
	session = find_locked(name);
	if (session)
		kref_get(&session->ref);
	return session;
}

int apnbd_session_with(const char *name, int (*act)(struct apnbd_session *session, void *arg),
		       void *arg)
{
	struct apnbd_session *session;

	guard(mutex)(&sessions_lock);
	session = find_locked(name);
	return session ? act(session, arg) : -ENOENT;
}

int apnbd_session_each(unsigned int skip, int (*show)(struct apnbd_session *session, void *arg),
		       void *arg)
{
	struct apnbd_session *session;
	int ret;

	guard(mutex)(&sessions_lock);
	list_for_each_entry(session, &sessions, node) {
		if (skip) {
			skip--;
			continue;
		}
		ret = show(session, arg);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- requests: go, wait or fail ---- */

void apnbd_session_wake(struct apnbd_session *session)
{
	mod_delayed_work(session_wq, &session->recover, 0);
}

static void wake_later(struct apnbd_session *session, unsigned int ms)
{
	queue_delayed_work(session_wq, &session->recover, msecs_to_jiffies(ms));
}

/* False: the session is over, the request is the caller's to end. */
static bool hold_locked(struct apnbd_session *session, struct apnbd_request *req,
			struct list_head *list)
{
	lockdep_assert_held(&session->held_lock);
	if (apnbd_session_over(session->state))
		return false;
	req->tx.lane = NULL;
	list_add_tail(&req->node, list);
	session->waiting++;
	return true;
}

void apnbd_session_hold(struct apnbd_session *session, struct apnbd_request *req)
{
	bool held;

	spin_lock_bh(&session->held_lock);
	held = hold_locked(session, req, &session->held);
	spin_unlock_bh(&session->held_lock);
	if (!held)
		apnbd_request_end(req, BLK_STS_IOERR);
}

/* Held while the session is live: somebody has to look again. */
static void hold_and_wake(struct apnbd_session *session, struct apnbd_request *req)
{
	apnbd_session_hold(session, req);
	if (READ_ONCE(session->state) == STATE(LIVE))
		wake_later(session, 10);
}

void apnbd_session_send(struct apnbd_session *session, struct apnbd_request *req, bool last)
{
	enum apnbd_disk_state state = READ_ONCE(session->state);

	if (unlikely(apnbd_session_over(state))) {
		apnbd_request_end(req, BLK_STS_IOERR);
		return;
	}
	if (unlikely(!req->tx.hdr.op)) {
		apnbd_request_end(req, BLK_STS_NOTSUPP);
		return;
	}
	if (unlikely(state != STATE(LIVE)) ||
	    apnbd_request_load(req, session->path.handle) ||
	    apn_line_submit(session->path.line, &req->tx, apnbd_request_weight(req), last))
		hold_and_wake(session, req);
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
static void let_go(struct apnbd_session *session)
{
	struct apnbd_request *req;
	LIST_HEAD(list);

	spin_lock_bh(&session->held_lock);
	if (session->state == STATE(LIVE))
		list_splice_init(&session->held, &list);
	spin_unlock_bh(&session->held_lock);
	while ((req = next_held(session, &list)))
		apnbd_session_send(session, req, false);
	apn_line_kick(session->path.line);
}

/* What waits for the window is on no list of ours. */
static bool cancel_waiting(struct request *rq, void *arg)
{
	struct apnbd_session *session = arg;
	struct apnbd_request *req = blk_mq_rq_to_pdu(rq);

	if (req->tx.hdr.op == APN_OP_WRITE && apn_line_cancel(session->path.line, &req->tx))
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
static void fail_held(struct apnbd_session *session)
{
	struct apnbd_request *req;

	while ((req = next_held(session, &session->held)) ||
	       (req = next_held(session, &session->unfenced)))
		apnbd_request_end(req, BLK_STS_IOERR);
	each_request(session, cancel_waiting, session);
}

void apnbd_session_final(struct apnbd_session *session, enum apn_status why)
{
	enum apnbd_disk_state state = why == APN_STATUS_REVOKED    ? STATE(REVOKED) :
				      why == APN_STATUS_SUPERSEDED ? STATE(SUPERSEDED) :
								     STATE(LOST);

	if (change(session, state, apn_pdu_status_text(why)))
		apnbd_session_wake(session);
}

void apnbd_session_reattach(struct apnbd_session *session)
{
	WRITE_ONCE(session->path.stale, true);
	if (change(session, STATE(WAITING), "the target does not know this session any more"))
		apnbd_session_wake(session);
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
	spin_lock_bh(&session->held_lock);
	req->fence_lane = t->lane->index;
	held = hold_locked(session, req, fence ? &session->unfenced : &session->held);
	spin_unlock_bh(&session->held_lock);
	if (!held)
		apnbd_request_end(req, BLK_STS_IOERR);
	else
		this_cpu_inc(session->stat->resent);
	t->n++;
	return true;
}

void apnbd_session_lost(struct apnbd_session *session, struct apn_lane *lane)
{
	struct taking_back t = { session, lane, 0 };

	each_request(session, take_back, &t);
	if (t.n)
		apnbd_session_wake(session);
}

void apnbd_session_fenced(struct apnbd_session *session, unsigned int lane)
{
	struct apnbd_request *req, *next;

	spin_lock_bh(&session->held_lock);
	list_for_each_entry_safe(req, next, &session->unfenced, node)
		if (req->fence_lane == lane)
			list_move_tail(&req->node, &session->held);
	spin_unlock_bh(&session->held_lock);
	apnbd_session_wake(session);
}

static void arm_give_up(struct apnbd_session *session)
{
	u32 ms = READ_ONCE(session->fail_after_ms);

	if (ms)
		mod_delayed_work(session_wq, &session->give_up, msecs_to_jiffies(ms));
}

void apnbd_session_path_down(struct apnbd_session *session)
{
	if (!change(session, STATE(WAITING), "the line to the target is down"))
		return;
	arm_give_up(session);
	apnbd_netlink_disk_event(session);
}

static void give_up(struct work_struct *work)
{
	struct apnbd_session *session =
		container_of(to_delayed_work(work), struct apnbd_session, give_up);

	if (!change(session, STATE(FAILED), "no path for longer than fail-after allows"))
		return;
	fail_held(session);
	apnbd_netlink_disk_event(session);
}

void apnbd_session_set_fail_after(struct apnbd_session *session, u32 ms)
{
	WRITE_ONCE(session->fail_after_ms, ms);
	if (!ms)
		cancel_delayed_work(&session->give_up);
	else if (READ_ONCE(session->state) == STATE(WAITING))
		arm_give_up(session);
}

/* ---- recovery ---- */

static void take_geometry(struct apnbd_session *session, const struct apn_attached *a)
{
	struct apn_disk_limits *l = &session->limits;

	memcpy(session->volume, a->volume, APN_UUID_BYTES);
	l->block_bytes = le32_to_cpu(a->block_bytes);
	l->physical_bytes = le32_to_cpu(a->physical_bytes);
	l->io_min_bytes = le32_to_cpu(a->io_min_bytes);
	l->io_opt_bytes = le32_to_cpu(a->io_opt_bytes);
	l->max_bytes = session->path.line->io_bytes;
	l->discard_granularity = le32_to_cpu(a->discard_granularity);
	l->discard_bytes = session->flags & APN_DISK_DISCARD ? le64_to_cpu(a->discard_bytes) : 0;
	l->zeroes_bytes = session->flags & APN_DISK_WRITE_ZEROES ? le64_to_cpu(a->zeroes_bytes) : 0;
	l->write_cache = session->flags & APN_DISK_WRITE_CACHE;
	l->fua = session->flags & APN_DISK_FUA;
	l->rotational = session->flags & APN_DISK_ROTATIONAL;
	l->stable_writes = session->path.line->features & APN_FEATURE_DIGEST;
}

static void take_attached(struct apnbd_session *session, const struct apn_attached *a)
{
	session->flags = le32_to_cpu(a->flags);
	session->size = le64_to_cpu(a->size);
	if (a->generation)
		session->generation = le64_to_cpu(a->generation);
	memcpy(session->instance, session->path.line->instance, APN_UUID_BYTES);
	session->takeover = false;
}

/* P7: the same volume in the same blocks, or it is not our disk. */
static bool same_disk(const struct apnbd_session *session, const struct apn_attached *a)
{
	return !memcmp(session->volume, a->volume, APN_UUID_BYTES) &&
	       session->limits.block_bytes == le32_to_cpu(a->block_bytes);
}

/*
 * P4: another instance, writes acknowledged that no FLUSH covered, and no record that
 * the instance we knew had flushed them before it went.
 */
static bool lost_writes(const struct apnbd_session *session, const struct apn_attached *a)
{
	bool orderly = le32_to_cpu(a->flags) & APN_DISK_ORDERLY &&
		       !memcmp(a->before, session->instance, APN_UUID_BYTES);

	return session->flags & APN_DISK_WRITE_CACHE && !orderly &&
	       memcmp(session->instance, session->path.line->instance, APN_UUID_BYTES) &&
	       atomic64_read(&session->acked) != atomic64_read(&session->flushed);
}

static void refused(struct apnbd_session *session, enum apn_status status, const char *reason)
{
	enum apnbd_disk_state state;

	switch (status) {
	case APN_STATUS_REVOKED:
		state = STATE(REVOKED);
		break;
	case APN_STATUS_SUPERSEDED:
		state = STATE(SUPERSEDED);
		break;
	case APN_STATUS_OTHER_VOLUME:
		state = STATE(LOST);
		break;
	default:
		spin_lock_bh(&session->held_lock);
		strscpy(session->reason, reason, sizeof(session->reason));
		spin_unlock_bh(&session->held_lock);
		wake_later(session, APNBD_DRAIN_RETRY_MS);
		return;
	}
	change(session, state, reason);
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
		wake_later(session, APNBD_DRAIN_RETRY_MS);
		return false;
	}
	if (!same_disk(session, &a)) {
		change(session, STATE(LOST), "the export is another volume now");
		return false;
	}
	if (lost_writes(session, &a)) {
		change(session, STATE(LOST),
		       "the target restarted and lost writes that it had acknowledged");
		return false;
	}
	take_attached(session, &a);
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
	if (change(session, STATE(LIVE), NULL)) {
		apnbd_disk_update(session);
		apnbd_netlink_disk_event(session);
	}
}

static void recover(struct work_struct *work)
{
	struct apnbd_session *session =
		container_of(to_delayed_work(work), struct apnbd_session, recover);
	bool attached = true;

	guard(mutex)(&session->lock);
	if (final(READ_ONCE(session->state))) {
		fail_held(session);
		apnbd_netlink_disk_event(session);
		return;
	}
	act_on_notices(session);
	if (wants_attach(session))
		attached = attach_again(session);
	if (final(READ_ONCE(session->state))) {
		fail_held(session);
		apnbd_netlink_disk_event(session);
		return;
	}
	if (attached && session->path.attached && apn_line_live(session->path.line)) {
		if (READ_ONCE(session->state) != STATE(LIVE))
			come_alive(session);
		let_go(session);
	}
}

/* ---- connecting ---- */

static struct apnbd_session *alloc_session(const struct apnbd_wish *wish)
{
	struct apnbd_session *session = kzalloc_obj(*session);
	int index;

	if (!session)
		return NULL;
	session->stat = alloc_percpu(struct apnbd_stat);
	index = ida_alloc(&indexes, GFP_KERNEL);
	if (!session->stat || index < 0) {
		if (index >= 0)
			ida_free(&indexes, index);
		free_percpu(session->stat);
		kfree(session);
		return NULL;
	}
	session->index = index;
	kref_init(&session->ref);
	INIT_LIST_HEAD(&session->node);
	mutex_init(&session->lock);
	mutex_init(&session->tags_lock);
	spin_lock_init(&session->held_lock);
	INIT_LIST_HEAD(&session->held);
	INIT_LIST_HEAD(&session->unfenced);
	INIT_DELAYED_WORK(&session->recover, recover);
	INIT_DELAYED_WORK(&session->give_up, give_up);
	session->since = jiffies;
	session->fail_after_ms = wish->fail_after_ms;
	session->read_only = wish->read_only;
	session->takeover = wish->takeover;
	strscpy(session->name, wish->name, sizeof(session->name));
	strscpy(session->export, wish->export, sizeof(session->export));
	generate_random_uuid(session->uuid);
	apn_log_create("disk", session);
	return session;
}

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

static int first_attach(struct apnbd_session *session, char *reason)
{
	enum apn_status status = APN_STATUS_OK;
	struct apn_attached a;
	int ret = apnbd_path_attach(&session->path, &a, &status, reason);

	if (ret == -ECONNREFUSED)
		return refusal_errno(status);
	if (ret)
		return ret;
	take_attached(session, &a);
	take_geometry(session, &a);
	return 0;
}

static void enlist(struct apnbd_session *session)
{
	guard(mutex)(&sessions_lock);
	list_add_tail(&session->node, &sessions);
}

static void delist(struct apnbd_session *session)
{
	guard(mutex)(&sessions_lock);
	list_del_init(&session->node);
}

/* Undo in reverse what connect did; the reference of the list is the caller's. */
static void take_down(struct apnbd_session *session)
{
	cancel_delayed_work_sync(&session->give_up);
	cancel_delayed_work_sync(&session->recover);
	apnbd_path_detach(&session->path);
	if (session->disk)
		apnbd_disk_free(session);
	apnbd_path_close(&session->path);
	cancel_delayed_work_sync(&session->give_up);
	cancel_delayed_work_sync(&session->recover);
}

static int set_up(struct apnbd_session *session, const struct apnbd_wish *wish, char *reason)
{
	int ret = apnbd_path_open(&session->path, session, wish, reason);

	if (ret)
		return ret;
	change(session, STATE(CONNECTING), NULL);
	mutex_lock(&session->lock);
	ret = first_attach(session, reason);
	if (!ret)
		ret = apnbd_disk_make(session, wish->depth);
	mutex_unlock(&session->lock);
	if (ret)
		return ret;
	change(session, STATE(LIVE), NULL);
	enlist(session);
	ret = apnbd_disk_show(session);
	if (ret)
		delist(session);
	return ret;
}

static bool is_same_wish(const struct apnbd_session *session, const struct apnbd_wish *wish)
{
	const struct apn_line *line = session->path.line;

	return !session->closing && !strcmp(session->export, wish->export) &&
	       !memcmp(&line->route.peer, &wish->route.peer, sizeof(line->route.peer));
}

static struct apnbd_session *existing(const struct apnbd_wish *wish, char *reason)
{
	struct apnbd_session *session;

	guard(mutex)(&sessions_lock);
	session = find_locked(wish->name);
	if (!session)
		return NULL;
	if (!is_same_wish(session, wish)) {
		strscpy(reason, "a disk of this name exists and is connected elsewhere",
			APN_REASON_BYTES);
		return ERR_PTR(-EEXIST);
	}
	kref_get(&session->ref);
	return session;
}

struct apnbd_session *apnbd_session_connect(const struct apnbd_wish *wish, char *reason)
{
	struct apnbd_session *session;
	int ret;

	guard(mutex)(&connect_lock);
	session = existing(wish, reason);
	if (session)
		return session;
	session = alloc_session(wish);
	if (!session)
		return ERR_PTR(-ENOMEM);
	ret = set_up(session, wish, reason);
	if (!ret) {
		kref_get(&session->ref);
		apnbd_netlink_disk_event(session);
		return session;
	}
	change(session, STATE(CLOSING), "not connected");
	take_down(session);
	apnbd_session_put(session);
	return ERR_PTR(ret);
}

/* ---- disconnecting ---- */

static bool begin_closing(struct apnbd_session *session, bool force)
{
	guard(mutex)(&sessions_lock);
	if (session->closing)
		return false;
	if (!force && !apnbd_disk_unused(session))
		return false;
	session->closing = true;
	return true;
}

static bool count_inflight(struct request *rq, void *arg)
{
	unsigned int *n = arg;

	++*n;
	return true;
}

unsigned int apnbd_session_inflight(struct apnbd_session *session)
{
	unsigned int n = 0;

	each_request(session, count_inflight, &n);
	return n;
}

/* What is on its way may still be answered; after that its lanes die with it. */
static void end_requests(struct apnbd_session *session)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(APNBD_CUT_MS);

	change(session, STATE(CLOSING), "disconnected by force");
	fail_held(session);
	while (apnbd_session_inflight(session) && time_before(jiffies, deadline))
		msleep(10);
	if (!apnbd_session_inflight(session))
		return;
	apnbd_path_cut(&session->path);
	while (apnbd_session_inflight(session)) {
		fail_held(session);
		msleep(10);
	}
}

int apnbd_session_disconnect(struct apnbd_session *session, bool force,
			     struct netlink_ext_ack *extack)
{
	if (!begin_closing(session, force)) {
		NL_SET_ERR_MSG(extack, "the disk is in use: it is mounted, or a program has it open");
		return -EBUSY;
	}
	if (force || READ_ONCE(session->state) != STATE(LIVE)) {
		blk_mark_disk_dead(session->disk);
		end_requests(session);
	}
	apnbd_disk_hide(session);
	change(session, STATE(CLOSING), "disconnected");
	apnbd_netlink_disk_gone(session);
	delist(session);
	take_down(session);
	apnbd_session_put(session);
	return 0;
}

int apnbd_session_set_read_only(struct apnbd_session *session, bool read_only)
{
	guard(mutex)(&session->lock);
	if (!read_only && session->flags & APN_DISK_READ_ONLY)
		return -EROFS;
	session->read_only = read_only;
	apnbd_disk_update(session);
	return 0;
}

void apnbd_session_remove_all(void)
{
	struct apnbd_session *session;

	for (;;) {
		scoped_guard(mutex, &sessions_lock) {
			session = list_first_entry_or_null(&sessions, struct apnbd_session, node);
			if (session)
				kref_get(&session->ref);
		}
		if (!session)
			return;
		apnbd_session_disconnect(session, true, NULL);
		apnbd_session_put(session);
	}
}

int apnbd_session_init(void)
{
	session_wq = alloc_workqueue("apnbd_session", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return session_wq ? 0 : -ENOMEM;
}

void apnbd_session_exit(void)
{
	destroy_workqueue(session_wq);
	ida_destroy(&indexes);
}

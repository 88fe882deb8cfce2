// SPDX-License-Identifier: GPL-2.0
/* One host to one target over one transport: lanes, window, RTT, who uses it. */
#include "line.h"
#include "beat.h"
#include "log.h"
#include "slot.h"
#include "wait.h"

#include <linux/export.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uuid.h>

static LIST_HEAD(lines);
static DEFINE_MUTEX(lines_lock); /* the list; a line's last reference goes under it */
static u32 line_ids; /* lines_lock */
static DECLARE_WAIT_QUEUE_HEAD(disowned); /* a target's line was forgotten */

struct workqueue_struct *apn_control_wq;
EXPORT_SYMBOL_GPL(apn_control_wq);

static void forget_work(struct work_struct *work);

static void line_reap(struct work_struct *work)
{
	struct apn_line *line = container_of(work, struct apn_line, reap);
	struct apn_lane *lane, *next;
	LIST_HEAD(drained);

	mutex_lock(&line->lock);
	list_for_each_entry_safe(lane, next, &line->undrained, undrained)
		if (line->host || !atomic_read(&lane->requests))
			list_move_tail(&lane->undrained, &drained);
	mutex_unlock(&line->lock);
	wake_up_all(&line->changed);
	list_for_each_entry_safe(lane, next, &drained, undrained) {
		list_del_init(&lane->undrained);
		apn_lane_put(lane);
	}
}

struct apn_line *apn_line_alloc(const struct apn_transport *transport, bool host)
{
	struct apn_line *line = kzalloc(sizeof(*line), GFP_KERNEL);
	unsigned int i;

	if (!line)
		return NULL;
	kref_init(&line->ref);
	INIT_LIST_HEAD(&line->node);
	line->host = host;
	line->transport = transport;
	line->since = jiffies;
	line->beat_due = jiffies;
	line->io_bytes = APN_CHUNK_BYTES;
	mutex_init(&line->lock);
	mutex_init(&line->tell);
	init_waitqueue_head(&line->changed);
	sema_init(&line->asking, APN_ASKING_MAX);
	INIT_LIST_HEAD(&line->undrained);
	INIT_WORK(&line->reap, line_reap);
	spin_lock_init(&line->window.lock);
	INIT_LIST_HEAD(&line->window.waiting);
	xa_init_flags(&line->sessions, XA_FLAGS_ALLOC1);
	apn_pacer_init(&line->pacer, apn_line_kick_waiting);
	INIT_DELAYED_WORK(&line->beat, apn_beat_work);
	INIT_WORK(&line->forget, forget_work);
	for (i = 0; i < APN_LANES_MAX; i++)
		apn_slot_init(line, i);
	apn_log_create("line", line);
	return line;
}

/* Under line->lock. */
void apn_line_set_state(struct apn_line *line, enum apn_line_state state, const char *reason)
{
	lockdep_assert_held(&line->lock);
	strscpy(line->reason, reason ?: "", sizeof(line->reason));
	if (line->state != state && line->state != APN_LINE_CLOSING) {
		WRITE_ONCE(line->state, state);
		line->since = jiffies;
	}
	wake_up_all(&line->changed);
}

bool apn_line_live(const struct apn_line *line)
{
	return READ_ONCE(line->state) == APN_LINE_LIVE;
}
EXPORT_SYMBOL_GPL(apn_line_live);

struct apn_line *apn_line_get(struct apn_line *line)
{
	kref_get(&line->ref);
	return line;
}
EXPORT_SYMBOL_GPL(apn_line_get);

/*
 * Nobody is left: the list was left under lines_lock; the sessions are gone, since
 * each held a reference; the slots' work and the beat are over when they were
 * cancelled, and with the slots the lanes.
 */
static void line_free(struct apn_line *line)
{
	mutex_lock(&line->lock);
	apn_line_set_state(line, APN_LINE_CLOSING, "closed");
	mutex_unlock(&line->lock);
	cancel_delayed_work_sync(&line->beat);
	apn_slot_close_all(line);
	apn_pacer_stop(&line->pacer);
	cancel_work_sync(&line->reap);
	line_reap(&line->reap);
	WARN_ON_ONCE(!list_empty(&line->undrained));
	WARN_ON_ONCE(!xa_empty(&line->sessions));
	xa_destroy(&line->sessions);
	if (line->ops->freed)
		line->ops->freed(line);
	mutex_destroy(&line->tell);
	mutex_destroy(&line->lock);
	if (line->host)
		put_net(line->route.net);
	apn_transport_put(line->transport);
	apn_log_free("line", line);
	kfree(line);
}

static void line_release(struct kref *ref)
{
	struct apn_line *line = container_of(ref, struct apn_line, ref);

	list_del_init(&line->node);
	mutex_unlock(&lines_lock);
	line_free(line);
}

void apn_line_put(struct apn_line *line)
{
	might_sleep();
	kref_put_mutex(&line->ref, line_release, &lines_lock);
}
EXPORT_SYMBOL_GPL(apn_line_put);

int apn_line_each(bool host, int (*show)(struct apn_line *line, void *arg), void *arg)
{
	struct apn_line *line;
	int ret = 0;

	guard(mutex)(&lines_lock);
	list_for_each_entry(line, &lines, node) {
		if (line->host != host)
			continue;
		mutex_lock(&line->lock);
		ret = show(line, arg);
		mutex_unlock(&line->lock);
		if (ret)
			break;
	}
	return ret;
}
EXPORT_SYMBOL_GPL(apn_line_each);

void apn_line_list(struct apn_line *line)
{
	guard(mutex)(&lines_lock);
	line->id = ++line_ids;
	list_add_tail(&line->node, &lines);
	queue_delayed_work(apn_control_wq, &line->beat, msecs_to_jiffies(APN_PING_MS));
}

/* Lanes that went without the pacer may need it now. The peer is told by the next PING. */
void apn_line_declare(struct apn_line *line, u64 rate)
{
	unsigned int i;

	guard(mutex)(&line->lock);
	if (line->state == APN_LINE_CLOSING)
		return;
	if (!line->host)
		rate = line->ops->reserve(line, min(rate, APN_RATE_MAX));
	if (line->rate == rate)
		return;
	WRITE_ONCE(line->rate, rate);
	apn_pacer_declare(&line->pacer, rate);
	for (i = 0; i < APN_LANES_MAX; i++)
		if (rcu_access_pointer(line->slot[i].lane))
			apn_slot_wake(&line->slot[i]);
	if (line->host)
		mod_delayed_work(apn_control_wq, &line->beat, 0);
}
EXPORT_SYMBOL_GPL(apn_line_declare);

u64 apn_line_read_rate(struct apn_line *line)
{
	u64 known = READ_ONCE(line->peer_rate) ?: min(READ_ONCE(line->rate), APN_RATE_MAX);

	return known ?: max(2 * READ_ONCE(line->seen_rate), (u64)APN_RATE_UNKNOWN);
}
EXPORT_SYMBOL_GPL(apn_line_read_rate);

/* ---- the host's: open ---- */

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool fits(const struct apn_line *line, const struct apn_line_wish *wish)
{
	return line->host && line->ops == wish->ops && line->state != APN_LINE_CLOSING &&
	       !strcmp(line->transport->name, wish->transport) &&
	       same_address(&line->route.peer, &wish->route.peer) &&
	       same_address(&line->route.source, &wish->route.source) &&
	       net_eq(line->route.net, wish->route.net) && line->security == wish->security &&
	       line->features == wish->features && !strcmp(line->identity, wish->identity);
}

static struct apn_line *find_fitting(const struct apn_line_wish *wish)
{
	struct apn_line *line;

	list_for_each_entry(line, &lines, node)
		if (fits(line, wish))
			return apn_line_get(line);
	return NULL;
}

static struct apn_line *make(const struct apn_line_wish *wish, char *reason)
{
	const struct apn_transport *transport = apn_transport_find(wish->transport);
	struct apn_line *line;

	if (!transport) {
		snprintf(reason, APN_REASON_BYTES, "there is no transport '%s' on this kernel",
			 wish->transport);
		return ERR_PTR(-EPROTONOSUPPORT);
	}
	line = apn_line_alloc(transport, true);
	if (!line) {
		apn_transport_put(transport);
		return ERR_PTR(-ENOMEM);
	}
	line->ops = wish->ops;
	line->route = wish->route;
	get_net(line->route.net);
	line->route.security = wish->security;
	line->route.identity = line->identity;
	line->security = wish->security;
	line->features = wish->features;
	line->wanted = wish->lanes;
	line->rate = wish->rate;
	apn_pacer_declare(&line->pacer, wish->rate);
	strscpy(line->identity, wish->identity, sizeof(line->identity));
	generate_random_uuid(line->uuid);
	return line;
}

static struct apn_line *find_or_make(const struct apn_line_wish *wish, char *reason)
{
	struct apn_line *line;

	guard(mutex)(&lines_lock);
	line = find_fitting(wish);
	if (line)
		return line;
	line = make(wish, reason);
	if (IS_ERR(line))
		return line;
	line->id = ++line_ids;
	list_add_tail(&line->node, &lines);
	apn_slot_start(line);
	queue_delayed_work(apn_control_wq, &line->beat, msecs_to_jiffies(APN_PING_MS));
	return line;
}

struct apn_line *apn_line_open(const struct apn_line_wish *wish, char *reason)
{
	struct apn_line *line = find_or_make(wish, reason);
	int ret;

	if (IS_ERR(line))
		return line;
	ret = wait_event_killable(line->changed,
				  READ_ONCE(line->state) != APN_LINE_CONNECTING);
	if (!ret && !wish->patient && !apn_line_live(line)) {
		mutex_lock(&line->lock);
		strscpy(reason, line->reason, APN_REASON_BYTES);
		ret = line->slot[0].error ?: -ENOTCONN;
		mutex_unlock(&line->lock);
	}
	if (!ret)
		return line;
	apn_line_put(line);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(apn_line_open);

/* ---- the target's: known lines ---- */

struct apn_line *apn_line_known(const u8 *uuid, const char *identity, const void *owner)
{
	struct apn_line *line;

	guard(mutex)(&lines_lock);
	list_for_each_entry(line, &lines, node)
		if (!line->host && line->owner == owner &&
		    READ_ONCE(line->state) != APN_LINE_CLOSING &&
		    !memcmp(line->uuid, uuid, APN_UUID_BYTES) && !strcmp(line->identity, identity))
			return apn_line_get(line);
	return NULL;
}

static struct apn_line *next_like(const u8 *uuid, const char *identity, u32 after)
{
	struct apn_line *line;

	guard(mutex)(&lines_lock);
	list_for_each_entry(line, &lines, node)
		if (!line->host && line->id > after &&
		    !memcmp(line->uuid, uuid, APN_UUID_BYTES) && !strcmp(line->identity, identity))
			return apn_line_get(line);
	return NULL;
}

/*
 * Every line of this UUID, also one that is closing: what came by it may be with a
 * device still. The list is in the order of the ids.
 */
bool apn_line_fence_all(const u8 *uuid, const char *identity, unsigned int index,
			u32 incarnation, const struct apn_lane *by, u64 *begun)
{
	struct apn_line *line;
	bool quiet = true;
	u32 after = 0;

	*begun = 0;
	while (quiet && (line = next_like(uuid, identity, after))) {
		after = line->id;
		quiet = apn_line_fence(line, index, incarnation, by, begun);
		apn_line_put(line);
	}
	return quiet;
}
EXPORT_SYMBOL_GPL(apn_line_fence_all);

/* Its sessions go, then the reference that keeps it known. Once a line. */
static void line_forget(struct apn_line *line)
{
	apn_slot_close_all(line);
	line->ops->forget(line);
	scoped_guard(mutex, &lines_lock)
		line->owner = NULL; /* it may go */
	wake_up_all(&disowned);
	apn_line_put(line);
}

static void forget_work(struct work_struct *work)
{
	line_forget(container_of(work, struct apn_line, forget));
}

bool apn_line_mark_closing(struct apn_line *line, const char *reason)
{
	guard(mutex)(&line->lock);
	if (line->state == APN_LINE_CLOSING)
		return false;
	apn_line_set_state(line, APN_LINE_CLOSING, reason);
	return true;
}

static struct apn_line *next_owned(const void *owner)
{
	struct apn_line *line;

	guard(mutex)(&lines_lock);
	list_for_each_entry(line, &lines, node)
		if (!line->host && (!owner || line->owner == owner) &&
		    READ_ONCE(line->state) != APN_LINE_CLOSING)
			return apn_line_get(line);
	return NULL;
}

/* One that a proof made: under level none a name is no identity. */
static struct apn_line *next_of(const char *identity)
{
	struct apn_line *line;

	guard(mutex)(&lines_lock);
	list_for_each_entry(line, &lines, node)
		if (!line->host && line->security != APN_SECURITY_NONE &&
		    READ_ONCE(line->state) != APN_LINE_CLOSING &&
		    !strcmp(line->identity, identity))
			return apn_line_get(line);
	return NULL;
}

static struct apn_line *longest_dead(void)
{
	struct apn_line *line, *oldest = NULL;

	guard(mutex)(&lines_lock);
	list_for_each_entry(line, &lines, node)
		if (!line->host && READ_ONCE(line->state) == APN_LINE_WAITING &&
		    (!oldest || time_before(line->since, oldest->since)))
			oldest = line;
	return oldest ? apn_line_get(oldest) : NULL;
}

/*
 * There is no room for one more: the line that has had no lane for the longest time is
 * forgotten. Its host attaches anew if it comes back. False: there is none.
 */
bool apn_line_shed(void)
{
	struct apn_line *line = longest_dead();

	if (!line)
		return false;
	if (apn_line_mark_closing(line, "forgotten to make room"))
		line_forget(line);
	apn_line_put(line);
	return true;
}

/* What an identity does ends, now, when its key is gone. */
void apn_line_close_identity(const char *identity)
{
	struct apn_line *line;

	while ((line = next_of(identity))) {
		if (apn_line_mark_closing(line, "the key of this identity was deleted"))
			line_forget(line);
		apn_line_put(line);
	}
}
EXPORT_SYMBOL_GPL(apn_line_close_identity);

static bool owns_any(const void *owner)
{
	struct apn_line *line;

	guard(mutex)(&lines_lock);
	list_for_each_entry(line, &lines, node)
		if (!line->host && line->owner == owner)
			return true;
	return false;
}

/* Every line that came in by this gate ends, now; also one that another ends meanwhile. */
void apn_line_close_owned(const void *owner)
{
	struct apn_line *line;

	while ((line = next_owned(owner))) {
		if (apn_line_mark_closing(line, "the port was removed"))
			line_forget(line);
		apn_line_put(line);
	}
	flush_workqueue(apn_control_wq);
	apn_wait_until(disowned, !owns_any(owner), MAX_SCHEDULE_TIMEOUT);
}
EXPORT_SYMBOL_GPL(apn_line_close_owned);

/* ---- sessions ---- */

int apn_line_join(struct apn_line *line, u32 *handle, void *session)
{
	return xa_alloc(&line->sessions, handle, session, XA_LIMIT(1, APN_HANDLE_MAX), GFP_KERNEL);
}
EXPORT_SYMBOL_GPL(apn_line_join);

int apn_line_join_as(struct apn_line *line, u32 handle, void *session)
{
	return xa_insert(&line->sessions, handle, session, GFP_KERNEL);
}
EXPORT_SYMBOL_GPL(apn_line_join_as);

void apn_line_leave(struct apn_line *line, u32 handle)
{
	mutex_lock(&line->tell);
	xa_erase(&line->sessions, handle);
	mutex_unlock(&line->tell);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(apn_line_leave);

struct apn_lane *apn_line_lane(struct apn_line *line, unsigned int index)
{
	struct apn_lane *lane;

	guard(rcu)();
	lane = rcu_dereference(line->slot[index].lane);
	return lane && kref_get_unless_zero(&lane->ref) ? lane : NULL;
}
EXPORT_SYMBOL_GPL(apn_line_lane);

struct apn_lane *apn_line_any_lane(struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = apn_line_lane(line, i);

		if (lane && !apn_lane_dead(lane))
			return lane;
		if (lane)
			apn_lane_put(lane);
	}
	return NULL;
}
EXPORT_SYMBOL_GPL(apn_line_any_lane);

int apn_line_reaches(struct apn_line *line, struct page *page)
{
	struct apn_lane *lane = apn_line_any_lane(line);
	int ret;

	if (!lane)
		return -EAGAIN;
	ret = lane->peer_bytes ? lane->transport->reaches(lane, page) : 0;
	apn_lane_put(lane);
	return ret;
}
EXPORT_SYMBOL_GPL(apn_line_reaches);

void apn_line_say_why(struct apn_line *line, char *reason)
{
	guard(mutex)(&line->lock);
	strscpy(reason, line->reason, APN_REASON_BYTES);
}
EXPORT_SYMBOL_GPL(apn_line_say_why);

/* Control goes by lane 0. */
int apn_line_ask(struct apn_line *line, const struct apn_hdr *hdr, const void *body, size_t bytes,
		 u8 wanted, struct apn_answer *answer, unsigned int timeout_ms)
{
	struct apn_lane *lane;
	int ret;

	if (down_killable(&line->asking))
		return -EINTR;
	lane = apn_line_lane(line, 0);
	ret = lane ? apn_ask(lane, hdr, body, bytes, wanted, answer, timeout_ms) : -ENOTCONN;
	if (lane)
		apn_lane_put(lane);
	up(&line->asking);
	return ret;
}
EXPORT_SYMBOL_GPL(apn_line_ask);

int apn_line_init(void)
{
	apn_control_wq = alloc_workqueue("apn_control", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return apn_control_wq ? 0 : -ENOMEM;
}

void apn_line_exit(void)
{
	WARN_ON(!list_empty(&lines));
	destroy_workqueue(apn_control_wq);
}

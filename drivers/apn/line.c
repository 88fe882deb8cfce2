// SPDX-License-Identifier: GPL-2.0
/* One host to one target over one transport: lanes, window, RTT, who uses it. */
#include "line.h"
#include "attach.h"
#include "gate.h"
#include "log.h"
#include "slot.h"

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uuid.h>

static LIST_HEAD(lines);
static DEFINE_MUTEX(lines_lock); /* the list; a line's last reference goes under it */
static u32 line_ids; /* lines_lock */

struct workqueue_struct *apn_control_wq;
EXPORT_SYMBOL_GPL(apn_control_wq);

static void line_beat(struct work_struct *work);
static void forget_work(struct work_struct *work);

static void line_reap(struct work_struct *work)
{
	struct apn_line *line = container_of(work, struct apn_line, reap);
	struct apn_lane *lane, *next;
	LIST_HEAD(drained);

	mutex_lock(&line->lock);
	list_for_each_entry_safe(lane, next, &line->undrained, undrained)
		if (!atomic_read(&lane->requests))
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
	line->io_bytes = APN_CHUNK_BYTES;
	mutex_init(&line->lock);
	init_waitqueue_head(&line->changed);
	INIT_LIST_HEAD(&line->undrained);
	INIT_WORK(&line->reap, line_reap);
	spin_lock_init(&line->window.lock);
	INIT_LIST_HEAD(&line->window.waiting);
	xa_init_flags(&line->sessions, XA_FLAGS_ALLOC1);
	INIT_DELAYED_WORK(&line->beat, line_beat);
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
	cancel_work_sync(&line->reap);
	line_reap(&line->reap);
	WARN_ON_ONCE(!list_empty(&line->undrained));
	WARN_ON_ONCE(!xa_empty(&line->sessions));
	xa_destroy(&line->sessions);
	if (line->ops->freed)
		line->ops->freed(line);
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
}

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
	line->security = wish->security;
	line->features = wish->features;
	line->wanted = wish->lanes;
	line->rate = wish->rate;
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
	if (!ret && !apn_line_live(line)) {
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
		if (!line->host && (!owner || line->owner == owner) &&
		    READ_ONCE(line->state) != APN_LINE_CLOSING &&
		    !memcmp(line->uuid, uuid, APN_UUID_BYTES) && !strcmp(line->identity, identity))
			return apn_line_get(line);
	return NULL;
}
EXPORT_SYMBOL_GPL(apn_line_known);

/* Its sessions go, then the reference that keeps it known. Once a line. */
static void line_forget(struct apn_line *line)
{
	apn_slot_close_all(line);
	line->ops->forget(line);
	apn_line_put(line);
}

static void forget_work(struct work_struct *work)
{
	line_forget(container_of(work, struct apn_line, forget));
}

/* True for one caller only, who forgets the line. */
static bool mark_closing(struct apn_line *line, const char *reason)
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

/* Every line that came in by this gate ends, now. */
void apn_line_close_owned(const void *owner)
{
	struct apn_line *line;

	while ((line = next_owned(owner))) {
		if (mark_closing(line, "the port was removed"))
			line_forget(line);
		apn_line_put(line);
	}
	flush_workqueue(apn_control_wq);
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
	xa_erase(&line->sessions, handle);
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

/* Control goes by lane 0. */
int apn_line_ask(struct apn_line *line, const struct apn_hdr *hdr, const void *body, size_t bytes,
		 u8 wanted, struct apn_answer *answer)
{
	struct apn_lane *lane = apn_line_lane(line, 0);
	int ret;

	if (!lane)
		return -ENOTCONN;
	ret = apn_ask(lane, hdr, body, bytes, wanted, answer, APN_SETUP_MS);
	apn_lane_put(lane);
	return ret;
}
EXPORT_SYMBOL_GPL(apn_line_ask);

/* ---- which lane, and when ---- */

static struct apn_lane *lane_at(struct apn_line *line, unsigned int index)
{
	struct apn_lane *lane = rcu_dereference(line->slot[index].lane);

	return lane && !apn_lane_dead(lane) ? lane : NULL;
}

static struct apn_lane *least_loaded(struct apn_line *line, unsigned int from)
{
	struct apn_lane *best = NULL;
	unsigned int i;

	for (i = from; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = lane_at(line, i);

		if (lane && (!best || atomic_long_read(&lane->load) < atomic_long_read(&best->load)))
			best = lane;
	}
	return best;
}

/* Small requests by lane 0, bulk by the others; any, if those are not there. */
static struct apn_lane *pick(struct apn_line *line, u32 load)
{
	struct apn_lane *lane = NULL;

	if (load <= APN_SMALL_BYTES)
		lane = lane_at(line, 0);
	return lane ?: least_loaded(line, 1) ?: lane_at(line, 0);
}

static bool window_admits(const struct apn_window *w, u32 bytes)
{
	return w->granted - w->sent >= bytes;
}

/*
 * Count first, then queue: a fence of the lane waits for this RCU section, so what
 * is counted and never arrives is taken back by its answer.
 */
static int give(struct apn_line *line, struct apn_tx *tx, u32 load)
{
	struct apn_lane *lane = pick(line, load);

	if (!lane)
		return -ENOTCONN;
	if (tx->hdr.op == APN_OP_WRITE) {
		line->window.sent += tx->bytes;
		line->slot[lane->index].writes += tx->bytes;
	}
	tx->lane = lane;
	if (!apn_lane_queue(lane, tx)) {
		atomic_long_add(load, &lane->load);
		return 0;
	}
	tx->lane = NULL;
	return -EAGAIN; /* it died just now; the next pick won't see it */
}

static int give_any(struct apn_line *line, struct apn_tx *tx, u32 load)
{
	int ret;

	do {
		ret = give(line, tx, load);
	} while (ret == -EAGAIN);
	return ret;
}

/* Under window.lock. What does not fit waits, and all behind it. */
static int submit_write(struct apn_line *line, struct apn_tx *tx, u32 load)
{
	struct apn_window *w = &line->window;

	if (list_empty(&w->waiting) && window_admits(w, tx->bytes))
		return give_any(line, tx, load);
	if (!apn_line_live(line))
		return -ENOTCONN;
	list_add_tail(&tx->queued, &w->waiting);
	w->queued++;
	return 0;
}

static int submit(struct apn_line *line, struct apn_tx *tx, u32 load)
{
	guard(rcu)();
	tx->lane = NULL;
	if (tx->hdr.op != APN_OP_WRITE)
		return give_any(line, tx, load);
	guard(spinlock_bh)(&line->window.lock);
	return submit_write(line, tx, load);
}

int apn_line_submit(struct apn_line *line, struct apn_tx *tx, u32 load, bool last)
{
	int ret = submit(line, tx, load);

	if (last)
		apn_line_kick(line);
	return ret;
}
EXPORT_SYMBOL_GPL(apn_line_submit);

static struct apn_lane *pending_lane(struct apn_line *line, unsigned int index)
{
	struct apn_lane *lane;

	guard(rcu)();
	lane = lane_at(line, index);
	return lane && apn_lane_pending(lane) && kref_get_unless_zero(&lane->ref) ? lane : NULL;
}

/* Send what was submitted; from a context that may sleep. */
void apn_line_kick(struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < READ_ONCE(line->lanes); i++) {
		struct apn_lane *lane = pending_lane(line, i);

		if (!lane)
			continue;
		apn_lane_kick(lane, true);
		apn_lane_put(lane);
	}
}
EXPORT_SYMBOL_GPL(apn_line_kick);

/* ---- the window ---- */

static struct apn_tx *first_waiting(struct apn_window *w)
{
	return list_first_entry_or_null(&w->waiting, struct apn_tx, queued);
}

static void stop_waiting(struct apn_window *w, struct apn_tx *tx)
{
	list_del_init(&tx->queued);
	w->queued--;
}

/* Under window.lock and RCU: whoever fits now goes, in order. */
static void admit_waiting(struct apn_line *line)
{
	struct apn_window *w = &line->window;
	struct apn_tx *tx;

	while ((tx = first_waiting(w)) && window_admits(w, tx->bytes)) {
		u32 load = tx->bytes;

		stop_waiting(w, tx);
		if (!give_any(line, tx, load))
			continue;
		list_add(&tx->queued, &w->waiting);
		w->queued++;
		return;
	}
}

static void kick_all(struct apn_line *line)
{
	unsigned int i;

	for (i = 0; i < READ_ONCE(line->lanes); i++) {
		struct apn_lane *lane = lane_at(line, i);

		if (lane && apn_lane_pending(lane))
			apn_lane_kick(lane, false);
	}
}

/* From any context; @granted is what a header said, old or new. */
void apn_line_window_open(struct apn_line *line, u64 granted)
{
	struct apn_window *w = &line->window;
	bool gave;

	guard(rcu)();
	spin_lock_bh(&w->lock);
	if ((s64)(granted - w->granted) > 0)
		w->granted = granted;
	gave = w->queued;
	admit_waiting(line);
	spin_unlock_bh(&w->lock);
	if (gave)
		kick_all(line);
}

/* The target counts anew: so do we. No lane of before is alive. */
void apn_line_window_restart(struct apn_line *line, u64 granted)
{
	struct apn_window *w = &line->window;
	unsigned int i;

	guard(spinlock_bh)(&w->lock);
	w->granted = granted;
	w->sent = 0;
	for (i = 0; i < APN_LANES_MAX; i++)
		line->slot[i].writes = 0;
}

/* Fenced: what was counted for this lane and never came there is taken back. */
void apn_line_window_lost(struct apn_line *line, struct apn_slot *slot, u64 received)
{
	struct apn_window *w = &line->window;

	spin_lock_bh(&w->lock);
	if (slot->writes >= received && slot->writes - received <= w->sent) {
		w->sent -= slot->writes - received;
		slot->writes = received;
	}
	spin_unlock_bh(&w->lock);
	apn_line_window_open(line, 0);
}

bool apn_line_cancel(struct apn_line *line, struct apn_tx *tx)
{
	struct apn_window *w = &line->window;
	struct apn_tx *at;

	guard(spinlock_bh)(&w->lock);
	list_for_each_entry(at, &w->waiting, queued) {
		if (at == tx) {
			stop_waiting(w, tx);
			return true;
		}
	}
	return false;
}
EXPORT_SYMBOL_GPL(apn_line_cancel);

/* No lane is left: those who wait are their owners' again. */
void apn_line_waiting_fail(struct apn_line *line)
{
	struct apn_window *w = &line->window;
	struct apn_tx *tx;
	LIST_HEAD(failed);

	spin_lock_bh(&w->lock);
	list_splice_init(&w->waiting, &failed);
	w->queued = 0;
	spin_unlock_bh(&w->lock);
	while ((tx = list_first_entry_or_null(&failed, struct apn_tx, queued))) {
		list_del_init(&tx->queued);
		tx->sent(tx, -ENOTCONN);
	}
}

/* ---- signs of life ---- */

static void sample_rtt(struct apn_line *line, u64 sent_ns)
{
	u64 now = ktime_get_ns();
	u32 us = now > sent_ns ? min_t(u64, div_u64(now - sent_ns, NSEC_PER_USEC), U32_MAX) : 0;

	if (!line->rtt_us)
		line->rtt_us = us;
	WRITE_ONCE(line->rtt_us, line->rtt_us - line->rtt_us / 8 + us / 8);
	if (!line->rtt_min_us || us < line->rtt_min_us)
		WRITE_ONCE(line->rtt_min_us, us ?: 1);
}

static void send_ping(struct apn_lane *lane)
{
	struct apn_hdr hdr = { .op = APN_OP_PING, .ping.sent_ns = cpu_to_le64(ktime_get_ns()) };

	apn_msg_send(lane, &hdr, NULL, 0);
}

static bool silent(const struct apn_line *line, const struct apn_lane *lane)
{
	u32 limit_ms = max_t(u32, APN_SILENCE_MS, 3 * (line->rtt_us / 1000));

	return time_after(jiffies, READ_ONCE(lane->heard) + msecs_to_jiffies(limit_ms));
}

/* Lane 0 is silent though it was asked: so are those that heard nothing either. */
static void check_silence(struct apn_line *line)
{
	unsigned int i;

	guard(rcu)();
	for (i = 0; i < APN_LANES_MAX; i++) {
		struct apn_lane *lane = lane_at(line, i);

		if (lane && silent(line, lane))
			apn_lane_die(lane, -ETIMEDOUT, "no sign of life from the peer");
	}
}

static void beat_host(struct apn_line *line)
{
	struct apn_lane *lane = apn_line_lane(line, 0);

	if (!lane)
		return;
	if (silent(line, lane))
		check_silence(line);
	else
		send_ping(lane);
	apn_lane_put(lane);
}

static bool kept_long_enough(struct apn_line *line)
{
	guard(mutex)(&line->lock);
	return !line->live && line->state == APN_LINE_WAITING &&
	       time_after(jiffies, line->since + msecs_to_jiffies(APN_LINE_KEEP_MS));
}

/* A target forgets a line that stays away; its host attaches anew if it returns. */
static void beat_target(struct apn_line *line)
{
	struct apn_lane *lane = apn_line_lane(line, 0);

	if (lane) {
		if (silent(line, lane))
			apn_lane_die(lane, -ETIMEDOUT, "no sign of life from the peer");
		apn_lane_put(lane);
	}
	if (kept_long_enough(line) && mark_closing(line, "forgotten"))
		queue_work(apn_control_wq, &line->forget);
}

static void line_beat(struct work_struct *work)
{
	struct apn_line *line = container_of(to_delayed_work(work), struct apn_line, beat);

	if (line->host)
		beat_host(line);
	else
		beat_target(line);
	if (READ_ONCE(line->state) != APN_LINE_CLOSING)
		queue_delayed_work(apn_control_wq, &line->beat, msecs_to_jiffies(APN_PING_MS));
}

/* ---- what comes over a lane ---- */

static int begin_request(struct apn_lane *lane, struct apn_rx *rx)
{
	struct apn_line *line = lane->line;

	if (!line)
		return -EPROTO;
	guard(rcu)();
	return line->ops->begin(lane, xa_load(&line->sessions, le32_to_cpu(rx->hdr.handle)), rx);
}

static int line_begin(struct apn_lane *lane, struct apn_rx *rx)
{
	if (rx->hdr.op == APN_OP_AUTH_ACK)
		lane->granted = le64_to_cpu(rx->hdr.granted);
	else if (rx->hdr.granted)
		apn_line_window_open(lane->line, le64_to_cpu(rx->hdr.granted));
	if (rx->hdr.op >= APN_OP_READ)
		return begin_request(lane, rx);
	apn_payload_buffer(&rx->to, ITER_DEST, &lane->body_vec);
	return 0;
}

static bool bad_body(struct apn_lane *lane, struct apn_rx *rx)
{
	enum apn_bad bad = rx->damaged ? APN_BAD_DIGEST : apn_pdu_check_body(&rx->hdr, lane->body);

	if (bad)
		apn_lane_die(lane, -EPROTO, apn_pdu_why(bad));
	return bad;
}

static void answered(struct apn_lane *lane, struct apn_rx *rx)
{
	if (rx->hdr.op == APN_OP_HELLO_ACK || rx->hdr.op == APN_OP_AUTH_ACK)
		apn_attach_advance(lane, rx->hdr.op);
	if (!apn_ask_answered(lane, rx) && rx->hdr.op != APN_OP_REFUSE)
		apn_lane_die(lane, -EPROTO, "an answer that nobody asked for");
}

static bool host_end(struct apn_lane *lane, struct apn_rx *rx)
{
	switch (rx->hdr.op) {
	case APN_OP_PONG:
		if (lane->line)
			sample_rtt(lane->line, le64_to_cpu(rx->hdr.ping.sent_ns));
		return false;
	case APN_OP_WINDOW:
		return false;
	case APN_OP_PING:
	case APN_OP_NOTICE:
		lane->control_due = true;
		return true;
	}
	answered(lane, rx);
	return false;
}

static bool line_end(struct apn_lane *lane, struct apn_rx *rx)
{
	if (rx->hdr.op >= APN_OP_READ) {
		lane->line->ops->end(lane, rx);
		return false;
	}
	if (bad_body(lane, rx))
		return false;
	if (lane->host)
		return host_end(lane, rx);
	lane->control_due = true;
	return true;
}

static void pong(struct apn_lane *lane)
{
	struct apn_hdr hdr = { .op = APN_OP_PONG, .ping.sent_ns = lane->rx.hdr.ping.sent_ns };

	apn_msg_send(lane, &hdr, NULL, 0);
}

static void give_notice(struct apn_lane *lane)
{
	struct apn_line *line = lane->line;
	void *session;

	guard(rcu)();
	session = xa_load(&line->sessions, le32_to_cpu(lane->rx.hdr.handle));
	if (session)
		line->ops->notice(lane, session, (const void *)lane->body);
}

static void settle_control(struct apn_lane *lane)
{
	switch (lane->rx.hdr.op) {
	case APN_OP_PING:
		pong(lane);
		return;
	case APN_OP_PONG:
		return;
	case APN_OP_NOTICE:
		give_notice(lane);
		return;
	case APN_OP_HELLO:
	case APN_OP_AUTH:
		apn_attach_target(lane);
		return;
	}
	lane->line->ops->control(lane, &lane->rx.hdr, lane->body);
}

static void line_settle(struct apn_lane *lane)
{
	if (lane->line && lane->line->ops->settle)
		lane->line->ops->settle(lane);
	if (!lane->control_due)
		return;
	lane->control_due = false;
	settle_control(lane);
}

static void line_wait(struct apn_lane *lane, struct apn_rx *rx)
{
	lane->line->ops->wait(lane, rx);
}

/*
 * The slot's work closes it. A lane that is not in its slot yet is its setter-up's:
 * the host's waits in apn_ask(), the target's gate has a deadline.
 */
static void line_lane_died(struct apn_lane *lane)
{
	apn_ask_fail_all(lane);
	if (READ_ONCE(lane->stranger))
		apn_gate_stranger_died(lane);
	else if (lane->line)
		apn_slot_wake(&lane->line->slot[lane->index]);
}

static void line_lane_release(struct apn_lane *lane)
{
	WARN_ON_ONCE(!list_empty(&lane->asks));
}

static u64 line_granted(struct apn_lane *lane)
{
	if (lane->host)
		return 0;
	return lane->line ? READ_ONCE(lane->line->window.granted) : lane->granted;
}

const struct apn_lane_user apn_line_lane_user = {
	.begin = line_begin,
	.end = line_end,
	.settle = line_settle,
	.wait = line_wait,
	.died = line_lane_died,
	.release = line_lane_release,
	.granted = line_granted,
};

/* ---- the target's requests and fences ---- */

void apn_line_request_begin(struct apn_lane *lane)
{
	apn_lane_get(lane);
	atomic_inc(&lane->requests);
}
EXPORT_SYMBOL_GPL(apn_line_request_begin);

/* Only a buried lane can get to zero: the slot holds one until then. */
void apn_line_request_end(struct apn_lane *lane)
{
	if (atomic_dec_and_test(&lane->requests))
		queue_work(apn_control_wq, &lane->line->reap);
	apn_lane_put(lane);
}
EXPORT_SYMBOL_GPL(apn_line_request_end);

static bool quiet(struct apn_line *line, unsigned int index, u32 incarnation)
{
	struct apn_lane *lane;

	guard(mutex)(&line->lock);
	lane = rcu_dereference_protected(line->slot[index].lane, lockdep_is_held(&line->lock));
	if (lane && lane->incarnation <= incarnation)
		return false;
	list_for_each_entry(lane, &line->undrained, undrained)
		if (lane->index == index && lane->incarnation <= incarnation)
			return false;
	return true;
}

static void end_incarnation(struct apn_line *line, unsigned int index, u32 incarnation)
{
	struct apn_slot *slot = &line->slot[index];
	struct apn_lane *lane;

	guard(mutex)(&line->lock);
	slot->incarnation = max(slot->incarnation, incarnation);
	lane = rcu_dereference_protected(slot->lane, lockdep_is_held(&line->lock));
	if (lane && lane->incarnation <= incarnation)
		apn_lane_die(lane, -ESTALE, "fenced");
}

/**
 * apn_line_fence() - nothing of these incarnations will reach a device
 *
 * First no lane of that number up to @incarnation can begin a request: the live one
 * dies, a later HELLO for one is refused. Then the socket is shut, what was not
 * submitted is dropped, and what was has ended: the lane has left its slot and the
 * undrained. Sleeps as long as the slowest device, or until the line closes.
 */
void apn_line_fence(struct apn_line *line, unsigned int index, u32 incarnation)
{
	end_incarnation(line, index, incarnation);
	wait_event(line->changed, quiet(line, index, incarnation) ||
					  READ_ONCE(line->state) == APN_LINE_CLOSING);
}
EXPORT_SYMBOL_GPL(apn_line_fence);

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

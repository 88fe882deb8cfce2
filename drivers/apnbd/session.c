// SPDX-License-Identifier: GPL-2.0
/* One disk attached to one export: its state, its name, the list of all. */
#include "session.h"
#include "disk.h"
#include "leave.h"
#include "peer.h"
#include "recover.h"

#include <apn/log.h>
#include <linux/idr.h>
#include <linux/slab.h>
#include <linux/uuid.h>
#include <net/net_namespace.h>

static LIST_HEAD(sessions);
static DEFINE_MUTEX(sessions_lock); /* the list and who is closing */
static DEFINE_IDA(indexes);

/* ---- states ---- */

/* The one function that changes the state; under held_lock. */
static bool become(struct apnbd_session *session, enum apnbd_disk_state state, const char *reason)
{
	lockdep_assert_held(&session->held_lock);
	if (!apnbd_rule_may_become(session->state, state))
		return false;
	WRITE_ONCE(session->state, state);
	session->since = jiffies;
	strscpy(session->reason, reason ?: "", sizeof(session->reason));
	wake_up_all(&session->changed);
	return true;
}

bool apnbd_session_change(struct apnbd_session *session, enum apnbd_disk_state state,
			  const char *reason)
{
	guard(spinlock_bh)(&session->held_lock);
	return become(session, state, reason);
}

void apnbd_session_explain(struct apnbd_session *session, const char *reason)
{
	guard(spinlock_bh)(&session->held_lock);
	if (session->state != APNBD_STATE(LIVE))
		strscpy(session->reason, reason, sizeof(session->reason));
}

/* ---- references and the list ---- */

/*
 * Nobody is left: the paths left their lines, the disk its last opener (free_disk), and
 * the list was left at disconnect.
 */
static void session_release(struct kref *ref)
{
	struct apnbd_session *session = container_of(ref, struct apnbd_session, ref);

	ida_free(&indexes, session->index);
	free_percpu(session->stat);
	put_net(session->net);
	mutex_destroy(&session->paths_lock);
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

/*
 * To a target, a disk whose boot it does not know is of a host that lost, or let go of,
 * whatever it had of that export: an old writer of it gives way, though its leave was
 * never heard. Disks that are there at a time share one, so that none ousts another.
 */
static void choose_boot(struct apnbd_session *session)
{
	struct apnbd_session *other;

	guard(mutex)(&sessions_lock);
	list_for_each_entry(other, &sessions, node) {
		if (strcmp(other->export, session->export) ||
		    apnbd_rule_is_final(READ_ONCE(other->state)))
			continue;
		memcpy(session->boot, other->boot, APN_UUID_BYTES);
		return;
	}
	generate_random_uuid(session->boot);
}

struct apnbd_session *apnbd_session_alloc(const struct apnbd_wish *wish)
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
	mutex_init(&session->paths_lock);
	INIT_LIST_HEAD(&session->paths);
	init_waitqueue_head(&session->changed);
	session->net = get_net(wish->route.net);
	spin_lock_init(&session->held_lock);
	INIT_LIST_HEAD(&session->held);
	INIT_LIST_HEAD(&session->unfenced);
	apnbd_leave_init(session);
	apnbd_disk_init(session);
	apnbd_recover_init(session);
	apnbd_peer_init(session);
	session->since = jiffies;
	session->tags_gone = true;
	session->showing = true;
	session->fail_after_ms = wish->fail_after_ms;
	session->read_only = wish->read_only;
	session->takeover = wish->takeover;
	strscpy(session->name, wish->name, sizeof(session->name));
	strscpy(session->export, wish->export, sizeof(session->export));
	generate_random_uuid(session->uuid);
	choose_boot(session);
	apn_log_create("disk", session);
	return session;
}

void apnbd_session_enlist(struct apnbd_session *session)
{
	guard(mutex)(&sessions_lock);
	list_add_tail(&session->node, &sessions);
}

void apnbd_session_delist(struct apnbd_session *session)
{
	guard(mutex)(&sessions_lock);
	list_del_init(&session->node);
}

static bool is_same_wish(struct apnbd_session *session, const struct apnbd_wish *wish)
{
	return !session->closing && !strcmp(session->export, wish->export) &&
	       apnbd_paths_lead_to(session, &wish->route.peer);
}

struct apnbd_session *apnbd_session_existing(const struct apnbd_wish *wish, char *reason)
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

bool apnbd_session_begin_closing(struct apnbd_session *session, bool force)
{
	guard(mutex)(&sessions_lock);
	if (session->closing || session->showing)
		return false;
	if (!force && !apnbd_disk_unused(session))
		return false;
	session->closing = true;
	return true;
}

/* Its connect is done: from now on it can be disconnected. */
void apnbd_session_shown(struct apnbd_session *session)
{
	guard(mutex)(&sessions_lock);
	session->showing = false;
}

void apnbd_session_take(struct apnbd_session *session, const struct apn_line *line,
			const struct apn_attached *a)
{
	session->flags = le32_to_cpu(a->flags);
	session->size = le64_to_cpu(a->size);
	if (a->generation)
		session->generation = le64_to_cpu(a->generation);
	memcpy(session->instance, line->instance, APN_UUID_BYTES);
	session->takeover = false;
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

void apnbd_session_exit(void)
{
	ida_destroy(&indexes);
}

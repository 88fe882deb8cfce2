/* SPDX-License-Identifier: GPL-2.0 */
/* One disk attached to one export: its state, what it holds back, its recovery. */
#ifndef APNBD_SESSION_H
#define APNBD_SESSION_H

#include "paths.h"
#include "request.h"
#include "rules.h"
#include "stat.h"

#include <compat/blk.h>
#include <linux/kref.h>

struct netlink_ext_ack;

enum {
	APNBD_DEPTH = 1024,
	APNBD_LANES = 4,
	APNBD_DRAIN_RETRY_MS = 1000,
	APNBD_UNFIT_RETRY_MS = 10000,
	APNBD_POLL_MS = 20,
	APNBD_CUT_MS = 2000, /* how long --force waits for answers that are on their way */
	APNBD_LOST_MS = 10000, /* a path that was lost so lately may be back in a moment */
	APNBD_HASTY_MS = 2000, /* to take leave where nobody may be there any more */
};

struct apnbd_session {
	struct list_head node; /* sessions_lock */
	struct kref ref;
	struct rcu_head rcu;
	unsigned int index;
	char name[APN_NAME_BYTES];
	char export[APN_NAME_BYTES];
	u8 uuid[APN_UUID_BYTES];
	u8 boot[APN_UUID_BYTES]; /* shared by the disks of one export that were there at a time */
	bool read_only; /* asked for */
	bool takeover; /* for the first attach */
	bool closing; /* a disconnect is under way; sessions_lock */
	u32 leave_ms; /* how long it tries to tell the target; zero: once; set by who is closing */
	bool showing; /* its connect is under way; sessions_lock */

	/* What ATTACHED said: written before the disk exists, then under @lock. */
	struct mutex lock; /* recovery and control, one at a time */
	u8 volume[APN_UUID_BYTES];
	u8 instance[APN_UUID_BYTES];
	u64 generation;
	u64 size;
	u32 flags; /* enum apn_disk_flag */
	struct apn_disk_limits limits;

	struct mutex tags_lock; /* who walks the tags */
	bool tags_gone; /* or not there yet */

	/*
	 * Its paths. They change under @lock and @held_lock, with the queue quiet, so that
	 * each of the three is enough to look; the first is the one it was connected by.
	 */
	struct list_head paths;
	unsigned int paths_n;
	struct apnbd_path *only; /* of one; NULL: each request chooses */
	struct mutex paths_lock; /* who adds and removes one; outside of @lock */
	wait_queue_head_t changed; /* recovery went round once more */
	bool untold; /* something changed that nobody was told by an event */
	struct net *net; /* where it was connected; a reference */

	struct blk_mq_tag_set set;
	struct gendisk *disk;
	unsigned long ahead_pages; /* of read-ahead: what we set last; zero: nothing yet */
	u64 ahead_bytes; /* asked for; zero: what the line needs */
	bool peer_said; /* the disk says that it takes other devices' memory; @peer_look's own */
	struct delayed_work peer_look;
	struct delayed_work read_table;
	struct completion table_read;

	spinlock_t held_lock; /* state and the two lists */
	enum apnbd_disk_state state;
	struct list_head held; /* wait for a path */
	struct list_head unfenced; /* writes whose lane died: wait for its fence */
	unsigned int waiting; /* on both */
	struct list_head leaving; /* failed: wait for their pages; held_lock */
	unsigned long leave_by; /* jiffies; held_lock */
	struct delayed_work leave;
	unsigned long fencing_since; /* jiffies: since when one is on @unfenced */
	unsigned long since; /* jiffies */
	char reason[APN_REASON_BYTES];

	struct delayed_work recover;
	struct delayed_work give_up;
	u32 fail_after_ms; /* zero: never */

	/* A notice, from the lane's receiver; the work acts on it. */
	atomic_t notices; /* bits: enum apn_notice_kind */
	u64 notice_size;
	u32 notice_flags;

	/* P4: what is acknowledged and what a FLUSH has covered. */
	atomic64_t acked;
	atomic64_t flushed;
	struct apnbd_stat __percpu *stat;
};

struct apnbd_wish {
	const char *name, *export, *identity, *transport;
	struct apn_route route;
	enum apn_security security;
	unsigned int lanes, depth;
	u64 rate;
	u32 fail_after_ms;
	bool read_only, digest, takeover;
	bool patient; /* its line need not be live yet */
};

/* A live disk, with a reference; ERR_PTR and @reason otherwise. */
struct apnbd_session *apnbd_session_connect(const struct apnbd_wish *wish, char *reason);
/* -EBUSY while it is open, unless by force. */
int apnbd_session_disconnect(struct apnbd_session *session, bool force,
			     struct netlink_ext_ack *extack);
struct apnbd_session *apnbd_session_find(const char *name);
/* What @act returns for the disk of this name, which stays listed meanwhile; -ENOENT. */
int apnbd_session_with(const char *name, int (*act)(struct apnbd_session *session, void *arg),
		       void *arg);
void apnbd_session_put(struct apnbd_session *session);
int apnbd_session_each(unsigned int skip, int (*show)(struct apnbd_session *session, void *arg),
		       void *arg);
void apnbd_session_remove_all(void);

/* May it be in this state now? Then it is, and the reason is shown. Any context. */
bool apnbd_session_change(struct apnbd_session *session, enum apnbd_disk_state state,
			  const char *reason);
/* The state stays; what is shown as its reason is this. */
void apnbd_session_explain(struct apnbd_session *session, const char *reason);
/* What an attach over this line says now. */
void apnbd_session_take(struct apnbd_session *session, const struct apn_line *line,
			const struct apn_attached *a);
int apnbd_session_set_read_only(struct apnbd_session *session, bool read_only);

/* For connect.c. */
struct apnbd_session *apnbd_session_alloc(const struct apnbd_wish *wish);
void apnbd_session_enlist(struct apnbd_session *session);
void apnbd_session_delist(struct apnbd_session *session);
/* The disk of that name, if it is the one that is wished for; NULL: there is none. */
struct apnbd_session *apnbd_session_existing(const struct apnbd_wish *wish, char *reason);
/* True for one caller only, and unless by force only while nobody has it open. */
bool apnbd_session_begin_closing(struct apnbd_session *session, bool force);
void apnbd_session_shown(struct apnbd_session *session);

void apnbd_session_exit(void);

#endif /* APNBD_SESSION_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* A block device under a name: who may use it, what outlives us, who does use it. */
#ifndef APN_TARGET_EXPORT_H
#define APN_TARGET_EXPORT_H

#include "access.h"
#include "limit.h"
#include "state.h"

#include <apn/line.h>
#include <linux/apn_target.h>

struct netlink_ext_ack;
struct nlattr;

enum {
	APN_EXPORT_LENGTH_MAX = 1 << 30, /* of a DISCARD or WRITE_ZEROES */
};

struct apn_use { /* counters of an export or a session */
	atomic64_t reads, read_bytes, writes, write_bytes, flushes, discards, errors, storage_ns;
};

struct apn_export {
	struct list_head node; /* exports_lock */
	struct kref ref;
	char name[APN_NAME_BYTES];
	char *device;
	char *state_dir;
	struct file *file; /* of the block device, opened exclusively */
	struct block_device *bdev;
	bool device_read_only;

	struct apn_access access;

	struct mutex lock; /* all below, and the order of attach, takeover and removal */
	enum apn_target_export_state state;
	unsigned int turns; /* how often it was drained or resumed */
	int paused; /* how the last drain ended; -EAGAIN: it has not */
	bool read_only;
	bool gone; /* being removed: nobody attaches any more */
	bool finished; /* @settle's own: and @finish takes it off the list */
	bool used; /* an orderly end has to be recorded again */
	enum apn_target_durability durability;
	struct list_head sessions;
	unsigned int joins; /* how often one was added */
	struct list_head ended; /* sessions whose requests may be with the device still */
	wait_queue_head_t idle; /* a session's last request left the device */
	struct work_struct settle;
	struct work_struct finish;
	u8 before[APN_UUID_BYTES]; /* the instance that served it before us */
	bool before_orderly;
	struct apn_state record;
	struct apn_state_file state_file;
	u64 size; /* as last told to the sessions; that of a device that was removed stays */
	bool missing; /* it was removed */
	struct delayed_work watch; /* the device's size */
	struct apn_limit limit;
	struct apn_use use;

	/* Requests that the device would make wait who submits them: so a work does. */
	spinlock_t submit_lock;
	struct list_head submits;
	atomic_t deferred; /* on @submits, or in the work's hands */
	struct work_struct submit;
	atomic_t busy; /* requests with the device */
	unsigned long moved; /* jiffies: when one of them came first or ended last */
};

struct apn_export_wish {
	const char *name;
	const struct nlattr *device, *state_dir; /* strings; an error names the attribute */
	bool read_only;
	int durability; /* enum apn_target_durability, or -1: what fits the device */
	u64 limit_bps, limit_iops;
};

/* @fill says who may, before anybody can. */
struct apn_export *apn_export_add(const struct apn_export_wish *wish,
				  struct netlink_ext_ack *extack,
				  int (*fill)(struct apn_export *export, void *arg), void *arg);
/* -EBUSY while sessions use it, unless by force. A device that hangs keeps it on the list. */
int apn_export_del(struct apn_export *export, bool force, struct netlink_ext_ack *extack);
struct apn_export *apn_export_find(const char *name);
/*
 * The one of this name, if @line's identity may use it. Otherwise NULL, and how long that
 * took does not tell whether there is one.
 */
struct apn_export *apn_export_find_for(const struct apn_line *line, const char *name);

struct apn_export *apn_export_get(struct apn_export *export);
void apn_export_put(struct apn_export *export); /* sleeps */
void apn_export_remove_all(void);
/* Each in turn, from the @skip-th on; stops at an error. */
int apn_export_each(unsigned int skip, int (*show)(struct apn_export *export, void *arg),
		    void *arg);

/* Under export->lock. */
u32 apn_export_flags(struct apn_export *export, bool read_only);
void apn_export_describe(struct apn_export *export, bool read_only, struct apn_attached *a);
void apn_export_set_read_only(struct apn_export *export, bool read_only);
/* Not under export->lock, which it takes. */
int apn_export_drain(struct apn_export *export);
/* None of the ended sessions' requests is with the device. Takes export->lock. */
bool apn_export_settled(struct apn_export *export);
/* Under export->lock: what the medium must know before anybody writes. */
int apn_export_mark_used(struct apn_export *export);
int apn_export_resume(struct apn_export *export);
void apn_export_tell_changed(struct apn_export *export);

extern u8 apn_target_instance[APN_UUID_BYTES];

#endif /* APN_TARGET_EXPORT_H */

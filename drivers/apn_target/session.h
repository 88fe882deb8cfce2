/* SPDX-License-Identifier: GPL-2.0 */
/* One line's use of one export. Several with the same UUID are paths of one disk. */
#ifndef APN_TARGET_SESSION_H
#define APN_TARGET_SESSION_H

#include "export.h"

struct apn_session {
	struct kref ref; /* the attachment's, and one for each request */
	struct rcu_head rcu;
	struct work_struct release;
	struct list_head node; /* export->sessions, then export->ended; export->lock */
	struct apn_export *export; /* a reference */
	struct apn_line *line; /* a reference */
	u32 handle;
	u32 id;
	u8 uuid[APN_UUID_BYTES];
	u8 boot[APN_UUID_BYTES];
	char identity[APN_NAME_BYTES];
	bool writer;
	bool read_only; /* the list says so for this identity */
	u64 generation;
	unsigned long since; /* jiffies */
	enum apn_status ended; /* why its requests are refused; OK: they are not */
	atomic_t inflight; /* requests that may reach the device */
	struct apn_use use;
};

struct apn_session *apn_session_make(struct apn_export *export, struct apn_line *line,
				     const struct apn_attach *ask);
bool apn_session_get(struct apn_session *session);
void apn_session_put(struct apn_session *session); /* any context */

/*
 * Under export->lock, which orders ends. From now on its requests are refused with
 * @why; those under way are left to end. The host is told by @notice, if any.
 */
void apn_session_end(struct apn_session *session, enum apn_status why,
		     enum apn_notice_kind notice);
/* Under export->lock: those of @identity may write, or no more; they are told. */
void apn_session_restrict(struct apn_export *export, const char *identity, bool read_only);
void apn_session_tell(struct apn_session *session, enum apn_notice_kind kind);
/*
 * A request is about to be judged and given to the device; it has left it. Between
 * the two its session's end is waited for.
 */
void apn_session_device_begin(struct apn_session *session);
void apn_session_device_end(struct apn_session *session);

/*
 * Works that may wait for a device, for as long as it hangs. They stand apart: whoever waits
 * for one of apn_control_wq's or apn_release_wq's does not wait for a device.
 */
extern struct workqueue_struct *apn_device_wq;
/* Works that put what may be the last reference: those of the other two are waited for there. */
extern struct workqueue_struct *apn_release_wq;
int apn_session_init(void);
void apn_session_exit(void);

#endif /* APN_TARGET_SESSION_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* How a disk comes back, and what the target says about it meanwhile. */
#ifndef APNBD_RECOVER_H
#define APNBD_RECOVER_H

#include "session.h"

void apnbd_recover_init(struct apnbd_session *session);
void apnbd_recover_stop(struct apnbd_session *session);
/* There is something to do. Any context. */
void apnbd_recover_wake(struct apnbd_session *session);
void apnbd_recover_wake_later(struct apnbd_session *session, unsigned int ms);
/* Another work of a session, where memory may be scarce. */
void apnbd_recover_queue(struct delayed_work *work, unsigned int ms);
/* The target said that it is over for good. Any context. */
void apnbd_recover_final(struct apnbd_session *session, enum apn_status why);
/* An answer said that the handle is not known, or that the export drains. Any context. */
void apnbd_recover_reattach(struct apnbd_path *path);
void apnbd_recover_path_down(struct apnbd_path *path);
/* What can be used has changed. Any context. */
void apnbd_recover_look(struct apnbd_session *session);
void apnbd_recover_set_fail_after(struct apnbd_session *session, u32 ms);

int apnbd_recover_start(void);
void apnbd_recover_exit(void);

#endif /* APNBD_RECOVER_H */

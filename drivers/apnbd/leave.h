/* SPDX-License-Identifier: GPL-2.0 */
/* Writes that failed and whose pages may still go out: they end when those can't any more. */
#ifndef APNBD_LEAVE_H
#define APNBD_LEAVE_H

#include "session.h"

void apnbd_leave_init(struct apnbd_session *session);
/* @req ends with @status, later. Any context. */
void apnbd_leave(struct apnbd_session *session, struct apnbd_request *req, blk_status_t status);
/* All have ended; nothing of it runs when this returns. */
void apnbd_leave_stop(struct apnbd_session *session);

#endif /* APNBD_LEAVE_H */

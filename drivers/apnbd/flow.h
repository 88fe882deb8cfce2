/* SPDX-License-Identifier: GPL-2.0 */
/* A disk's requests: they go, they are held, they are taken back, they fail. */
#ifndef APNBD_FLOW_H
#define APNBD_FLOW_H

#include "session.h"

/* A request comes from the queue, or was held: it goes, is held or fails. */
void apnbd_flow_send(struct apnbd_session *session, struct apnbd_request *req, bool last);
void apnbd_flow_hold(struct apnbd_session *session, struct apnbd_request *req);
/* The session is live: what was held by now goes. */
void apnbd_flow_resume(struct apnbd_session *session);
/* The session is over: what waits, for whatever, fails. */
void apnbd_flow_fail(struct apnbd_session *session);
/* A lane is closed: what it carried is taken back. */
void apnbd_flow_lost(struct apnbd_path *path, struct apn_lane *lane);
/* And what of it waited for the fence may go again. */
void apnbd_flow_fenced(struct apnbd_path *path, unsigned int lane);
/* How many of those wait, and since when (jiffies) one has. */
unsigned int apnbd_flow_fencing(struct apnbd_session *session, unsigned long *since);
/* Requests that have not ended, wherever they are. */
unsigned int apnbd_flow_inflight(struct apnbd_session *session);
/* Of them, those that a path has: on their way, in its queue, or not fenced. */
unsigned int apnbd_flow_with(struct apnbd_path *path);

#endif /* APNBD_FLOW_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of other devices, as of a GPU: which disks take it, and how it goes. */
#ifndef APNBD_PEER_H
#define APNBD_PEER_H

#include "session.h"

void apnbd_peer_init(struct apnbd_session *session);
/* A new disk: all of its paths can, and nothing of it needs a CPU to look at the data. */
bool apnbd_peer_can(struct apnbd_session *session);
/* A path came or went: the disk says so or stops saying so, soon. Any context. */
void apnbd_peer_look(struct apnbd_session *session);
/* Nothing of it runs when this returns; no request is left. */
void apnbd_peer_stop(struct apnbd_session *session);
/*
 * From queue_rq or under session->lock: a path that reaches the pages of @req. NULL: none
 * is there now. ERR_PTR: those that are there never will.
 */
struct apnbd_path *apnbd_peer_path(struct apnbd_session *session, struct apnbd_request *req);

#endif /* APNBD_PEER_H */

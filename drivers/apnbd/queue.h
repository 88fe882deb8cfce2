/* SPDX-License-Identifier: GPL-2.0 */
/* The blk-mq side. */
#ifndef APNBD_QUEUE_H
#define APNBD_QUEUE_H

#include "session.h"

int apnbd_queue_init(struct apnbd_session *session, unsigned int depth);
void apnbd_queue_free(struct apnbd_session *session);

#endif /* APNBD_QUEUE_H */

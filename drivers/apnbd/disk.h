/* SPDX-License-Identifier: GPL-2.0 */
/* The gendisk: made, grown, shown in sysfs, removed. */
#ifndef APNBD_DISK_H
#define APNBD_DISK_H

#include "session.h"

void apnbd_disk_init(struct apnbd_session *session);
int apnbd_disk_make(struct apnbd_session *session, unsigned int depth);
/* Visible from here on; its partitions are there, too, if it answers in a few seconds. */
int apnbd_disk_show(struct apnbd_session *session);
void apnbd_disk_hide(struct apnbd_session *session); /* del_gendisk() */
void apnbd_disk_free(struct apnbd_session *session);
/* Size and read-only as the session has them now. */
void apnbd_disk_update(struct apnbd_session *session);
/* Once it is shown: bytes that are read ahead; zero asks for what the line needs. */
void apnbd_disk_set_read_ahead(struct apnbd_session *session, u64 bytes);
u64 apnbd_disk_get_read_ahead(const struct apnbd_session *session);
/* The line was measured anew. */
void apnbd_disk_read_ahead(struct apnbd_session *session);
/* False: somebody has it open. True: from now on it counts as free. */
bool apnbd_disk_unused(struct apnbd_session *session);

#endif /* APNBD_DISK_H */

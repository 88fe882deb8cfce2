/* SPDX-License-Identifier: GPL-2.0 */
/* The family "apnbd": commands in, notifications out. */
#ifndef APNBD_NETLINK_H
#define APNBD_NETLINK_H

struct apnbd_session;

int apnbd_netlink_init(void);
void apnbd_netlink_exit(void);

/* After netlink_exit() they do nothing. */
void apnbd_netlink_disk_event(struct apnbd_session *session);
void apnbd_netlink_disk_gone(struct apnbd_session *session);

#endif /* APNBD_NETLINK_H */

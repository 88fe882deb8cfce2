/* SPDX-License-Identifier: GPL-2.0 */
/* The family "apnbd": commands in, notifications out. */
#ifndef APNBD_NETLINK_H
#define APNBD_NETLINK_H

#include "paths.h"

struct sk_buff;

int apnbd_netlink_init(void);
void apnbd_netlink_exit(void);

/* After netlink_exit() they do nothing. */
void apnbd_netlink_disk_event(struct apnbd_session *session);
void apnbd_netlink_disk_gone(struct apnbd_session *session);

/* Between its files: of all paths, and of the line that will try to connect first. */
int apnbd_netlink_put_paths(struct sk_buff *skb, const struct apnbd_row *paths);
const struct apn_line *apnbd_netlink_next_to_try(const struct apnbd_row *paths);
u32 apnbd_netlink_until(unsigned long when); /* ms */

#endif /* APNBD_NETLINK_H */

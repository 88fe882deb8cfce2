/* SPDX-License-Identifier: GPL-2.0 */
/* The family "apn_target": commands in, notifications out. */
#ifndef APN_TARGET_NETLINK_H
#define APN_TARGET_NETLINK_H

struct apn_audit;
struct apn_export;
struct apn_port;
struct apn_session;

int apn_target_netlink_init(void);
void apn_target_netlink_exit(void);

/* Under the object's lock. After netlink_exit() they do nothing. */
void apn_target_export_event(struct apn_export *export);
void apn_target_session_event(struct apn_session *session);
void apn_target_port_event(struct apn_port *port);
void apn_target_audit_event(const struct apn_audit *audit);
void apn_target_export_gone(struct apn_export *export);
void apn_target_port_gone(struct apn_port *port);

#endif /* APN_TARGET_NETLINK_H */

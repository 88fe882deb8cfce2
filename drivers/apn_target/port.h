/* SPDX-License-Identifier: GPL-2.0 */
/* An address at which the target listens. */
#ifndef APN_TARGET_PORT_H
#define APN_TARGET_PORT_H

#include <apn/gate.h>

struct netlink_ext_ack;

struct apn_port {
	struct list_head node; /* ports_lock */
	u32 id;
	struct net *net; /* a reference */
	struct sockaddr_storage address;
	struct apn_gate gate;
	spinlock_t lock; /* the two below */
	u64 rate; /* bytes a second that its lines may declare together; zero: any */
	u64 reserved; /* what they declared and is believed */
};

struct apn_port_wish {
	const char *transport;
	struct net *net;
	struct sockaddr_storage address;
	enum apn_security security;
	u64 rate;
};

/* @show is called with the new port, while it can't go. */
int apn_port_add(const struct apn_port_wish *wish, struct netlink_ext_ack *extack,
		 int (*show)(struct apn_port *port, void *arg), void *arg);
/* Ends the lines that came in there. By @id, or by @wish's address where that is zero. */
int apn_port_del(u32 id, const struct apn_port_wish *wish);
/* Its rate becomes @wish's; its lines hear of it with their next PING. */
int apn_port_set(u32 id, const struct apn_port_wish *wish,
		 int (*show)(struct apn_port *port, void *arg), void *arg);
int apn_port_each(unsigned int skip, int (*show)(struct apn_port *port, void *arg), void *arg);
void apn_port_remove_all(void);

#endif /* APN_TARGET_PORT_H */

// SPDX-License-Identifier: GPL-2.0
/* An address at which the target listens. */
#include "port.h"
#include "audit.h"
#include "control.h"
#include "export.h"
#include "io.h"
#include "memory.h"
#include "netlink.h"

#include <apn/log.h>
#include <apn/nl.h>
#include <linux/netlink.h>
#include <linux/slab.h>

enum {
	LINE_LANES = 8,
	LINE_IO_BYTES = 8 << 20,
	LINE_REQUESTS = 4096,
};

static LIST_HEAD(ports);
static DEFINE_MUTEX(ports_lock);
static u32 ids; /* ports_lock */

static struct apn_port *port_of(const struct apn_line *line)
{
	return container_of(line->owner, struct apn_port, gate);
}

/*
 * What the others left of the port's rate. A host declares with each PING, so what one
 * gives back is another's within a second.
 */
static u64 reserve(struct apn_line *line, u64 wanted)
{
	struct apn_port *port = port_of(line);
	u64 others, left;

	guard(spinlock)(&port->lock);
	others = port->reserved - line->rate;
	left = port->rate > others ? port->rate - others : 0;
	if (port->rate)
		wanted = min(wanted, left);
	port->reserved = others + wanted;
	return wanted;
}

/* It is closing, so it declares no more. */
static void forget(struct apn_line *line)
{
	struct apn_port *port = port_of(line);

	scoped_guard(spinlock, &port->lock)
		port->reserved -= line->rate;
	apn_control_forget(line);
}

static const struct apn_line_ops target_line_ops = {
	.owner = THIS_MODULE,
	.begin = apn_io_begin,
	.end = apn_io_end,
	.settle = apn_io_settle,
	.wait = apn_io_wait,
	.lost = apn_io_lost,
	.control = apn_control_ask,
	.reserve = reserve,
	.forget = forget,
	.freed = apn_memory_forget,
};

static bool is_wished(const struct apn_port *port, const struct apn_port_wish *wish)
{
	return net_eq(port->net, wish->net) &&
	       !memcmp(&port->address, &wish->address, sizeof(port->address)) &&
	       !strcmp(port->gate.listener->transport->name, wish->transport);
}

static struct apn_port *find(u32 id, const struct apn_port_wish *wish)
{
	struct apn_port *port;

	list_for_each_entry(port, &ports, node) {
		if (id ? port->id == id : is_wished(port, wish))
			return port;
	}
	return NULL;
}

static int open_gate(struct apn_port *port, const struct apn_port_wish *wish,
		     struct netlink_ext_ack *extack)
{
	int ret;

	port->gate.ops = &target_line_ops;
	port->gate.security = wish->security;
	port->gate.instance = apn_target_instance;
	port->gate.lanes = LINE_LANES;
	port->gate.io_bytes = LINE_IO_BYTES;
	port->gate.requests = LINE_REQUESTS;
	port->gate.window = apn_memory_window;
	port->gate.refused = apn_audit_stranger;
	ret = apn_gate_open(&port->gate, wish->transport, wish->net, &wish->address);
	if (ret == -EADDRINUSE)
		NL_SET_ERR_MSG(extack, "another program listens at this address and port");
	else if (ret == -EADDRNOTAVAIL)
		NL_SET_ERR_MSG(extack, "this host does not have that address");
	else if (ret == -EPROTONOSUPPORT)
		NL_SET_ERR_MSG(extack, "there is no such transport on this kernel");
	else if (ret)
		NL_SET_ERR_MSG(extack, "the port can't be opened");
	return ret;
}

static void free_port(struct apn_port *port)
{
	put_net(port->net);
	apn_log_free("port", port);
	kfree(port);
}

int apn_port_add(const struct apn_port_wish *wish, struct netlink_ext_ack *extack,
		 int (*show)(struct apn_port *port, void *arg), void *arg)
{
	struct apn_port *port;
	int ret;

	guard(mutex)(&ports_lock);
	if (find(0, wish)) {
		NL_SET_ERR_MSG(extack, "this port exists");
		return -EEXIST;
	}
	port = kzalloc_obj(*port);
	if (!port)
		return -ENOMEM;
	apn_log_create("port", port);
	port->address = wish->address;
	port->net = get_net(wish->net);
	spin_lock_init(&port->lock);
	port->rate = wish->rate;
	ret = open_gate(port, wish, extack);
	if (ret) {
		free_port(port);
		return ret;
	}
	port->id = ++ids;
	list_add_tail(&port->node, &ports);
	apn_target_port_event(port);
	return show(port, arg);
}

static void remove_port(struct apn_port *port)
{
	apn_gate_close(&port->gate);
	apn_target_port_gone(port);
	free_port(port);
}

int apn_port_del(u32 id, const struct apn_port_wish *wish)
{
	struct apn_port *port;

	scoped_guard(mutex, &ports_lock) {
		port = find(id, wish);
		if (port)
			list_del_init(&port->node);
	}
	if (!port)
		return -ENOENT;
	remove_port(port);
	return 0;
}

int apn_port_set(u32 id, const struct apn_port_wish *wish,
		 int (*show)(struct apn_port *port, void *arg), void *arg)
{
	struct apn_port *port;

	guard(mutex)(&ports_lock);
	port = find(id, wish);
	if (!port)
		return -ENOENT;
	scoped_guard(spinlock, &port->lock)
		port->rate = wish->rate;
	apn_target_port_event(port);
	return show(port, arg);
}

int apn_port_each(unsigned int skip, int (*show)(struct apn_port *port, void *arg), void *arg)
{
	struct apn_port *port;
	int ret;

	guard(mutex)(&ports_lock);
	list_for_each_entry(port, &ports, node) {
		if (skip) {
			skip--;
			continue;
		}
		ret = show(port, arg);
		if (ret)
			return ret;
	}
	return 0;
}

void apn_port_remove_all(void)
{
	struct apn_port *port;

	for (;;) {
		scoped_guard(mutex, &ports_lock) {
			port = list_first_entry_or_null(&ports, struct apn_port, node);
			if (port)
				list_del_init(&port->node);
		}
		if (!port)
			return;
		remove_port(port);
	}
}

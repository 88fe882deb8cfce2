// SPDX-License-Identifier: GPL-2.0
/* The list of transports. */
#include "transport.h"
#include "line.h"

#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

static LIST_HEAD(transports);
static DEFINE_MUTEX(transports_lock);

int apn_transport_register(struct apn_transport *transport)
{
	guard(mutex)(&transports_lock);
	list_add_tail(&transport->node, &transports);
	return 0;
}
EXPORT_SYMBOL_GPL(apn_transport_register);

/* A module that unloads holds the last reference of its transport: nobody is left. */
void apn_transport_unregister(struct apn_transport *transport)
{
	guard(mutex)(&transports_lock);
	list_del(&transport->node);
}
EXPORT_SYMBOL_GPL(apn_transport_unregister);

static const struct apn_transport *find_locked(const char *name)
{
	struct apn_transport *t;

	list_for_each_entry(t, &transports, node)
		if (!strcmp(t->name, name) && try_module_get(t->owner))
			return t;
	return NULL;
}

/* With a reference on its module; asks modprobe for what is not loaded. */
const struct apn_transport *apn_transport_find(const char *name)
{
	const struct apn_transport *t;

	scoped_guard(mutex, &transports_lock)
		t = find_locked(name);
	if (t)
		return t;
	request_module("apn_%s", name);
	guard(mutex)(&transports_lock);
	return find_locked(name);
}
EXPORT_SYMBOL_GPL(apn_transport_find);

void apn_transport_put(const struct apn_transport *transport)
{
	module_put(transport->owner);
}
EXPORT_SYMBOL_GPL(apn_transport_put);

bool apn_transport_refuses(const char *name, enum apn_security security, char *reason)
{
	const struct apn_transport *t = apn_transport_find(name);
	const char *refusal = t && t->refuses ? t->refuses(security) : NULL;

	if (refusal)
		strscpy(reason, refusal, APN_REASON_BYTES);
	if (t)
		apn_transport_put(t);
	return refusal;
}
EXPORT_SYMBOL_GPL(apn_transport_refuses);

struct apn_listener *apn_listener_alloc(const char *name)
{
	const struct apn_transport *t = apn_transport_find(name);
	struct apn_listener *l;

	if (!t)
		return NULL;
	l = kzalloc(t->listener_bytes, GFP_KERNEL);
	if (!l) {
		apn_transport_put(t);
		return NULL;
	}
	l->transport = t;
	return l;
}
EXPORT_SYMBOL_GPL(apn_listener_alloc);

void apn_listener_free(struct apn_listener *l)
{
	apn_transport_put(l->transport);
	kfree(l);
}
EXPORT_SYMBOL_GPL(apn_listener_free);

// SPDX-License-Identifier: GPL-2.0
/* Who may use an export. */
#include "access.h"

#include <linux/cleanup.h>
#include <linux/slab.h>
#include <linux/string.h>

void apn_access_init(struct apn_access *access)
{
	spin_lock_init(&access->lock);
	INIT_LIST_HEAD(&access->allowed);
}

void apn_access_free(struct apn_access *access)
{
	struct apn_allow *allow, *next;

	list_for_each_entry_safe(allow, next, &access->allowed, node)
		kfree(allow);
}

static struct apn_allow *find(struct apn_access *access, const char *identity)
{
	struct apn_allow *allow;

	lockdep_assert_held(&access->lock);
	list_for_each_entry(allow, &access->allowed, node)
		if (!strcmp(allow->identity, identity))
			return allow;
	return NULL;
}

int apn_access_allow(struct apn_access *access, const char *identity, bool read_only)
{
	struct apn_allow *fresh = kzalloc_obj(*fresh), *allow;

	if (!fresh)
		return -ENOMEM;
	strscpy(fresh->identity, identity, sizeof(fresh->identity));
	scoped_guard(spinlock, &access->lock) {
		allow = find(access, identity);
		if (!allow) {
			allow = fresh;
			list_add_tail(&allow->node, &access->allowed);
		}
		allow->read_only = read_only;
		access->restricted = true;
	}
	if (allow != fresh)
		kfree(fresh);
	return 0;
}

void apn_access_restrict(struct apn_access *access, bool restricted)
{
	guard(spinlock)(&access->lock);
	access->restricted = restricted || !list_empty(&access->allowed);
}

bool apn_access_deny(struct apn_access *access, const char *identity)
{
	struct apn_allow *allow;

	scoped_guard(spinlock, &access->lock) {
		allow = find(access, identity);
		if (allow)
			list_del(&allow->node);
	}
	kfree(allow);
	return allow;
}

bool apn_access_admits(struct apn_access *access, enum apn_security security,
		       const char *identity, bool *read_only)
{
	struct apn_allow *allow;

	*read_only = false;
	guard(spinlock)(&access->lock);
	if (security == APN_SECURITY_NONE)
		return !access->restricted;
	allow = find(access, identity);
	if (allow)
		*read_only = allow->read_only;
	return allow;
}

int apn_access_each(struct apn_access *access,
		    int (*show)(const struct apn_allow *allow, void *arg), void *arg)
{
	struct apn_allow *allow;
	int ret;

	guard(spinlock)(&access->lock);
	list_for_each_entry(allow, &access->allowed, node) {
		ret = show(allow, arg);
		if (ret)
			return ret;
	}
	return 0;
}

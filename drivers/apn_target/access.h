/* SPDX-License-Identifier: GPL-2.0 */
/* Who may use an export. */
#ifndef APN_TARGET_ACCESS_H
#define APN_TARGET_ACCESS_H

#include <apn/proto.h>
#include <linux/list.h>
#include <linux/spinlock.h>

struct apn_allow {
	struct list_head node;
	char identity[APN_NAME_BYTES];
	bool read_only;
};

struct apn_access {
	/* A leaf: nobody who asks waits for what is done to an export, and learns of it. */
	spinlock_t lock;
	struct list_head allowed;
	/* Had a list once, or was told so: without one it is nobody's, not everybody's. */
	bool restricted;
};

void apn_access_init(struct apn_access *access);
void apn_access_free(struct apn_access *access);

int apn_access_allow(struct apn_access *access, const char *identity, bool read_only);
void apn_access_restrict(struct apn_access *access, bool restricted);
/* False: it was not on the list. */
bool apn_access_deny(struct apn_access *access, const char *identity);
/*
 * May this identity, which came by a line of this level, use it, and then only read? A
 * list names identities that were proved: where nobody proves who he is, an export that
 * never had one is open, and one with a list is not.
 */
bool apn_access_admits(struct apn_access *access, enum apn_security security,
		       const char *identity, bool *read_only);
/* Each in turn, under a spinlock; stops at an error. */
int apn_access_each(struct apn_access *access,
		    int (*show)(const struct apn_allow *allow, void *arg), void *arg);

#endif /* APN_TARGET_ACCESS_H */

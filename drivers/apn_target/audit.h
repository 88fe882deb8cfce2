/* SPDX-License-Identifier: GPL-2.0 */
/* Who came, who was turned away, who went and what they had: a line each. */
#ifndef APN_TARGET_AUDIT_H
#define APN_TARGET_AUDIT_H

#include "session.h"

#include <linux/apn_target.h>

/* One line. It goes to the kernel's log and to who follows the events of the family. */
struct apn_audit {
	enum apn_target_audit_event event;
	const struct sockaddr_storage *address;
	const char *identity; /* "": nobody has said it yet */
	const char *export; /* "": none was named */
	const char *reason; /* "": none is needed */
	u64 read_bytes, write_bytes;
};

/* May sleep. Strangers are counted one by one, and told of only so often. */
void apn_audit(const struct apn_audit *audit);
/* One who is not known here. */
void apn_audit_stranger(const struct sockaddr_storage *address, const char *identity,
			const char *reason);
void apn_audit_attached(struct apn_session *session);
/* Why it ended says which event it is. */
void apn_audit_ended(struct apn_session *session, enum apn_status why);

#endif /* APN_TARGET_AUDIT_H */

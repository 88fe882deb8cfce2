/* SPDX-License-Identifier: GPL-2.0 */
/* A live disk gets a path, or loses one. */
#ifndef APNBD_REPATH_H
#define APNBD_REPATH_H

#include "session.h"

/* What of a path may differ from the disk's first one. */
struct apnbd_way {
	struct apn_route route;
	const char *transport; /* NULL: the same */
	bool patient; /* keep it, too, if its line can't be connected now */
};

/* Zero: requests can go over it, or it waits and @way is patient. Otherwise @reason. */
int apnbd_repath_add(struct apnbd_session *session, const struct apnbd_way *way, char *reason);
/* Zero: nothing went over it any more, and it is gone. Otherwise it stays. */
int apnbd_repath_del(struct apnbd_session *session, const struct sockaddr_storage *peer,
		     char *reason);

#endif /* APNBD_REPATH_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* A line as one disk uses it. */
#ifndef APNBD_PATH_H
#define APNBD_PATH_H

#include <apn/line.h>

struct apnbd_session;
struct apnbd_wish;

struct apnbd_path {
	struct apnbd_session *session;
	struct apn_line *line; /* a reference */
	u32 handle;
	bool attached; /* the target knows the handle; session->lock */
	bool stale; /* set by anybody who learns that it does not */
};

/* ERR_PTR's error and @reason, or zero: the path has a live line and a handle. */
int apnbd_path_open(struct apnbd_path *path, struct apnbd_session *session,
		    const struct apnbd_wish *wish, char *reason);
/* When it returns nothing of the line calls into the session; then the line can go. */
void apnbd_path_leave(struct apnbd_path *path);
void apnbd_path_close(struct apnbd_path *path);
/*
 * Zero: @attached says what we got. -ECONNREFUSED: @status says why not. May sleep as
 * long as a set-up. @reason is a sentence in either case of failure.
 */
int apnbd_path_attach(struct apnbd_path *path, struct apn_attached *attached,
		      enum apn_status *status, char *reason);
void apnbd_path_detach(struct apnbd_path *path);
/* Kill the lanes: what they carry comes back. */
void apnbd_path_cut(struct apnbd_path *path);

/* What the target at the end of @wish lets this identity use. */
int apnbd_path_discover(const struct apnbd_wish *wish,
			int (*show)(const struct apn_listed *entry, void *arg), void *arg,
			char *reason);

void apnbd_path_init(void);

#endif /* APNBD_PATH_H */

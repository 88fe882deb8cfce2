/* SPDX-License-Identifier: GPL-2.0 */
/* A line as one disk uses it. */
#ifndef APNBD_PATH_H
#define APNBD_PATH_H

#include <apn/line.h>

struct apnbd_session;
struct apnbd_wish;

/* What went over it; every member a u64 of its own CPU. */
struct apnbd_path_use {
	u64 requests, bytes;
};

/* Held by the disk's list, and by who shows it; the last one lets go of the line. */
struct apnbd_path {
	struct list_head node; /* session->paths */
	struct kref ref;
	struct apnbd_session *session;
	struct apn_line *line; /* a reference */
	u32 handle;
	bool attached; /* the target knows the handle; changed under session->lock */
	bool stale; /* to be attached again; set by anybody */
	bool barred; /* and not to be used before that; set by anybody, and from the first on */
	bool leaving; /* nothing new goes over it; session->lock */
	bool refused; /* the last attach was; session->lock */
	unsigned long retry_at; /* jiffies: not attached before; set by anybody */
	u32 losses; /* how often its line went down; held_lock */
	char reason[APN_REASON_BYTES]; /* why it is not attached; held_lock */
	struct apnbd_path_use __percpu *use;
};

/*
 * A path over a line that is live now and has a handle for this session; ERR_PTR and
 * @reason otherwise. With wish->patient the line need not be live yet.
 */
struct apnbd_path *apnbd_path_open(struct apnbd_session *session, const struct apnbd_wish *wish,
				   char *reason);
/* When it returns nothing of the line calls into the session; then it can be put. */
void apnbd_path_leave(struct apnbd_path *path);
void apnbd_path_put(struct apnbd_path *path); /* sleeps */
/*
 * Zero: @attached says what we got. -ECONNREFUSED: @status says why not. May sleep as
 * long as a set-up. @reason is a sentence in either case of failure.
 */
int apnbd_path_attach(struct apnbd_path *path, struct apn_attached *attached,
		      enum apn_status *status, char *reason);
/* @whole: the disk ends, on whatever lines the target has it. Zero: the target knows. */
int apnbd_path_detach(struct apnbd_path *path, bool whole);
/* Kill the lanes: what they carry comes back. */
void apnbd_path_cut(struct apnbd_path *path);
void apnbd_path_say(struct apnbd_path *path, const char *reason);
/* In its own words, or its line's while that is down. */
void apnbd_path_why(struct apnbd_path *path, char *reason);

/* Requests can go over it now. */
static inline bool apnbd_path_usable(const struct apnbd_path *path)
{
	return READ_ONCE(path->attached) && !READ_ONCE(path->barred) &&
	       !READ_ONCE(path->leaving) && apn_line_live(path->line);
}

/* What the target at the end of @wish lets this identity use. */
int apnbd_path_discover(const struct apnbd_wish *wish,
			int (*show)(const struct apn_listed *entry, void *arg), void *arg,
			char *reason);

#endif /* APNBD_PATH_H */

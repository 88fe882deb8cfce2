/* SPDX-License-Identifier: GPL-2.0 */
/* The paths of a disk: which there are, and which of them a request takes. */
#ifndef APNBD_PATHS_H
#define APNBD_PATHS_H

#include "path.h"

enum { APNBD_PATHS_MAX = 8 };

struct apn_tx;

/* All of a disk, with a reference each. */
struct apnbd_row {
	unsigned int n;
	struct apnbd_path *path[APNBD_PATHS_MAX];
};

void apnbd_paths_row(struct apnbd_session *session, struct apnbd_row *row);
void apnbd_paths_row_end(struct apnbd_row *row); /* sleeps */

/* Under session->lock. */
void apnbd_paths_enter(struct apnbd_session *session, struct apnbd_path *path);
/* Leaves its line and the list; nobody refers to it when this returns. */
void apnbd_paths_quit(struct apnbd_session *session, struct apnbd_path *path);
/* The disk ends: all leave. They go to @left, since requests may still name them. */
void apnbd_paths_quit_all(struct apnbd_session *session, struct list_head *left);
void apnbd_paths_close(struct list_head *left);
/* May a page that was sent over a dead lane of any of them still go out? Sleeps. */
bool apnbd_paths_pages_out(struct apnbd_session *session);
void apnbd_paths_set_rate(struct apnbd_session *session, u64 rate);
/* Kill the lanes of all. */
void apnbd_paths_cut(struct apnbd_session *session);

/* Under session->lock: the one that the disk was connected by, or the next after it. */
struct apnbd_path *apnbd_paths_first(struct apnbd_session *session);
struct apnbd_path *apnbd_paths_find(struct apnbd_session *session,
				    const struct sockaddr_storage *peer);
bool apnbd_paths_use(struct apnbd_session *session, const struct apn_line *line);
/* Nothing new goes over it when this returns. */
void apnbd_paths_set_leaving(struct apnbd_path *path, bool leaving);
/* Any context. */
bool apnbd_paths_lead_to(struct apnbd_session *session, const struct sockaddr_storage *peer);

/* From queue_rq or under session->lock: where a request of so many bytes goes; or NULL. */
struct apnbd_path *apnbd_paths_choose(struct apnbd_session *session, u32 bytes);
/* Send what was submitted. */
void apnbd_paths_kick(struct apnbd_session *session);
/* Any context. */
bool apnbd_paths_usable(struct apnbd_session *session);
/* Another path can be used, and was heard lately. */
bool apnbd_paths_spare(struct apnbd_path *path);
/* A live lane of another path, with a reference; or NULL. */
struct apn_lane *apnbd_paths_detour(struct apnbd_path *path);
/* Under session->lock: there is a detour now for what waits for a fence. */
void apnbd_paths_fence_again(struct apnbd_session *session);
/* Under session->lock: does a path's line wait for a fence? */
bool apnbd_paths_unfenced(struct apnbd_session *session);
/* Take back what waits for a window: true if it did. */
bool apnbd_paths_cancel(struct apnbd_session *session, struct apn_tx *tx);

#endif /* APNBD_PATHS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* Signs of life of a line. */
#ifndef APN_BEAT_H
#define APN_BEAT_H

#include "line.h"

/* Of line->beat; it queues itself again until the line closes. */
void apn_beat_work(struct work_struct *work);
/* Over a lane that is live: is the peer there, and, from the host, the line's rate. */
void apn_beat_ping(struct apn_lane *lane);
/* An answer to our PING: a sample of the round trip. */
void apn_beat_pong(struct apn_line *line, u64 sent_ns);
/* A PING or PONG came: is that more than a peer may send? The receiver's. */
bool apn_beat_floods(struct apn_lane *lane);

#endif /* APN_BEAT_H */

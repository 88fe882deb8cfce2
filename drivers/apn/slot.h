/* SPDX-License-Identifier: GPL-2.0 */
/* One place for a lane in a line: connects it, buries it, has it fenced. */
#ifndef APN_SLOT_H
#define APN_SLOT_H

#include "line.h"

void apn_slot_init(struct apn_line *line, unsigned int index);

/* Something changed that the slot's work should look at. Any context. */
void apn_slot_wake(struct apn_slot *slot);
void apn_slot_start(struct apn_line *line);
/* The line is CLOSING: when it returns no slot has a lane, and no work runs. */
void apn_slot_close_all(struct apn_line *line);
/*
 * The target's: @lane is to take its place. First its claim: the one that stands
 * there dies, and is gone when it returns. -ESTALE: its incarnation was seen before,
 * or the line closes. Then, when its AUTH_ACK is queued, it takes the place.
 */
int apn_slot_claim(struct apn_line *line, struct apn_lane *lane);
int apn_slot_stand(struct apn_line *line, struct apn_lane *lane);

#endif /* APN_SLOT_H */

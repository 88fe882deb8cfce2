/* SPDX-License-Identifier: GPL-2.0 */
/* Set-up of a lane: HELLO, AUTH; one conversation, both ends. */
#ifndef APN_ATTACH_H
#define APN_ATTACH_H

#include "line.h"

/*
 * The host's part. Zero: the lane is live and @agreed says under what terms. An
 * error: @reason is a sentence for the user; the caller closes the lane.
 */
int apn_attach_host(struct apn_line *line, struct apn_lane *lane, char *reason,
		    struct apn_auth_ack *agreed);

/* The receiver saw HELLO_ACK or AUTH_ACK: from the next PDU on other rules hold. */
void apn_attach_advance(struct apn_lane *lane, u8 op);

/* The target's part: a HELLO or AUTH lies in lane->body. Process context. */
void apn_attach_target(struct apn_lane *lane);

#endif /* APN_ATTACH_H */

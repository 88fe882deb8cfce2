/* SPDX-License-Identifier: GPL-2.0 */
/* Set-up and control: messages with a body, and questions that wait for an answer. */
#ifndef APN_MSG_H
#define APN_MSG_H

#include "lane.h"

/*
 * What is sent is copied. Zero: it is queued, and what becomes of it is the lane's;
 * an error: it is not. Process context.
 */
int apn_msg_send(struct apn_lane *lane, const struct apn_hdr *hdr, const void *body, size_t bytes);
int apn_msg_refuse(struct apn_lane *lane, u64 tag, enum apn_status status, const char *text);

/* What the other side answered. */
struct apn_answer {
	struct apn_hdr hdr;
	u32 bytes; /* of the body, as far as it was kept */
	u8 body[APN_BODY_BYTES_MAX];
};

/*
 * Zero: @answer holds the reply of the op that was @wanted. -ECONNREFUSED: it holds
 * a REFUSE. -ETIMEDOUT, -ENOTCONN, -EINTR, -ENOMEM: nothing. May sleep.
 */
int apn_ask(struct apn_lane *lane, const struct apn_hdr *hdr, const void *body, size_t bytes,
	    u8 wanted, struct apn_answer *answer, unsigned int timeout_ms);

/* Says whether the asker has to end. */
struct apn_stop {
	bool (*now)(void *arg);
	void *arg;
};

/* The same; given up, too, soon after @stop says so. */
int apn_ask_unless(struct apn_lane *lane, const struct apn_hdr *hdr, const void *body, size_t bytes,
		   u8 wanted, struct apn_answer *answer, unsigned int timeout_ms,
		   const struct apn_stop *stop);

/* The receiver's side of apn_ask(): false if nobody asked. */
bool apn_ask_answered(struct apn_lane *lane, const struct apn_rx *rx);
void apn_ask_fail_all(struct apn_lane *lane);

/* A refusal, ready to be shown. */
const char *apn_answer_text(const struct apn_answer *answer);

#endif /* APN_MSG_H */

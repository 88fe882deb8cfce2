/* SPDX-License-Identifier: GPL-2.0 */
/* Who the other side is: proofs over all that was said, by a key that both hold. */
#ifndef APN_AUTH_H
#define APN_AUTH_H

#include "proto.h"

#include <compat/crypto.h>
#include <linux/atomic.h>

/* What was said so far, in the order in which it was. */
struct apn_transcript {
	struct sha256_ctx hash;
};

/* One for each role, so that none is good in the other direction. */
struct apn_proofs {
	u8 host[APN_PROOF_BYTES];
	u8 target[APN_PROOF_BYTES];
};

/* Who is claimed to speak, over what. */
struct apn_claim {
	bool host; /* we are: which end's keys are used */
	enum apn_security security;
	const char *identity; /* APN_NAME_BYTES, as on the wire */
	const u8 *channel; /* APN_CHANNEL_BYTES: what the connection is bound to */
	atomic64_t *computed; /* proofs that cost us work; or NULL */
};

void apn_transcript_begin(struct apn_transcript *said);
/* A body as it was sent, whole. */
void apn_transcript_add(struct apn_transcript *said, const void *body, size_t bytes);

/*
 * The proofs that both sides must show. -ENOKEY: we hold no key of that identity; they
 * are computed all the same, and nobody can show them. Level none: all zero.
 */
int apn_auth_prove(const struct apn_claim *claim, const struct apn_transcript *said,
		   struct apn_proofs *proofs);
bool apn_auth_holds(const u8 shown[APN_PROOF_BYTES], const u8 wanted[APN_PROOF_BYTES]);

int apn_auth_selftest(void);

#endif /* APN_AUTH_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Who somebody is: the proofs of protocol.rst, over what was said on a connection. */
#ifndef PROOF_H
#define PROOF_H

#include "pdu_env_user.h"
#include "pdu.h"
#include "sha256.h"

struct transcript {
	struct sha256 hash;
};

/* The key that WIREPEER_KEY names, 64 hexadecimal digits; false: none, so there are no proofs. */
bool proof_key(__u8 key[SHA256_BYTES]);

void transcript_begin(struct transcript *said);
void transcript_add(struct transcript *said, const void *body, size_t bytes);

/* @role: "host" or "target". @identity: the whole field. */
void proof_make(const struct transcript *said, const __u8 key[SHA256_BYTES], const char *identity,
		const char *role, __u8 proof[APN_PROOF_BYTES]);

#endif /* PROOF_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Keys and proofs as Documentation/protocol.rst says them, written a second time and
 * without a line of the drivers: what a peer of the tests shows, and what the vectors
 * are checked with.
 */
#ifndef PROOF_H
#define PROOF_H

#include <stddef.h>
#include <stdint.h>

enum {
	PROOF_BYTES = 32,
	PROOF_NAME_BYTES = 64,
};

struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sha256_start(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *data, size_t bytes);
void sha256_end(struct sha256 *sha, uint8_t out[PROOF_BYTES]);

/* The key for one use, out of an identity's: "apnbd auth key", "apnbd tls psk". */
void proof_key(const uint8_t key[PROOF_BYTES], const char *label, uint8_t out[PROOF_BYTES]);

/* What is said, in its order: HELLO's body, HELLO_ACK's body, the identity, the channel. */
void proof_say(struct sha256 *said, const void *part, size_t bytes);
void proof_close(struct sha256 *said, const char identity[PROOF_NAME_BYTES],
		 const uint8_t channel[PROOF_BYTES], uint8_t transcript[PROOF_BYTES]);

/* @role is "host" or "target". */
void proof_make(const uint8_t auth_key[PROOF_BYTES], const char *role,
		const uint8_t transcript[PROOF_BYTES], uint8_t out[PROOF_BYTES]);

#endif /* PROOF_H */

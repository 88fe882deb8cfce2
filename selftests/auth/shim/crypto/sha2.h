/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The kernel's SHA-256 before v6.17, as far as drivers/compat/crypto.c uses it. */
#ifndef SHIM_SHA2_H
#define SHIM_SHA2_H

#include <string.h>

#include "proof.h"

#define u8 uint8_t

enum {
	SHA256_DIGEST_SIZE = 32,
	SHA256_BLOCK_SIZE = 64,
};

struct sha256_state {
	struct sha256 sha;
};

static inline void sha256_init(struct sha256_state *state)
{
	sha256_start(&state->sha);
}

static inline void sha256_update(struct sha256_state *state, const u8 *data, unsigned int len)
{
	sha256_add(&state->sha, data, len);
}

static inline void sha256_final(struct sha256_state *state, u8 *out)
{
	sha256_end(&state->sha, out);
}

static inline void sha256(const u8 *data, unsigned int len, u8 *out)
{
	struct sha256 sha;

	sha256_start(&sha);
	sha256_add(&sha, data, len);
	sha256_end(&sha, out);
}

static inline void memzero_explicit(void *data, size_t len)
{
	explicit_bzero(data, len);
}

#endif /* SHIM_SHA2_H */

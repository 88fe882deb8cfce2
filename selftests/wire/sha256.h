/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* SHA-256 and HMAC with it, as FIPS 180-4 and RFC 2104 say. */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>

enum { SHA256_BYTES = 32, SHA256_BLOCK = 64 };

struct sha256 {
	unsigned int state[8];
	unsigned long long bytes;
	unsigned char block[SHA256_BLOCK];
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *from, size_t bytes);
void sha256_end(struct sha256 *s, unsigned char out[SHA256_BYTES]);

/* Of two texts behind each other; the key is a hash. */
void hmac256(const unsigned char key[SHA256_BYTES], const void *first, size_t first_bytes,
	     const void *then, size_t then_bytes, unsigned char out[SHA256_BYTES]);

#endif /* SHA256_H */

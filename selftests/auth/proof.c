// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#include <stdio.h>
#include <string.h>

#include "proof.h"

/* -- SHA-256, by FIPS 180-4 -- */

enum { BLOCK_BYTES = 64 };

static const uint32_t round_constant[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static void expand_block(const uint8_t block[BLOCK_BYTES], uint32_t w[64])
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
}

static void mix_block(struct sha256 *sha)
{
	uint32_t w[64], v[8], t1, t2;
	unsigned int i;

	expand_block(sha->block, w);
	memcpy(v, sha->state, sizeof(v));
	for (i = 0; i < 64; i++) {
		t1 = v[7] + (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) +
		     ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constant[i] + w[i];
		t2 = (turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) +
		     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		sha->state[i] += v[i];
}

void sha256_start(struct sha256 *sha)
{
	static const uint32_t first[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(sha->state, first, sizeof(first));
	sha->bytes = 0;
}

void sha256_add(struct sha256 *sha, const void *data, size_t bytes)
{
	const uint8_t *from = data;

	while (bytes--) {
		sha->block[sha->bytes++ % BLOCK_BYTES] = *from++;
		if (sha->bytes % BLOCK_BYTES == 0)
			mix_block(sha);
	}
}

void sha256_end(struct sha256 *sha, uint8_t out[PROOF_BYTES])
{
	uint64_t bits = sha->bytes * 8;
	uint8_t length[8];
	unsigned int i;

	for (i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(sha, "\x80", 1);
	while (sha->bytes % BLOCK_BYTES != BLOCK_BYTES - sizeof(length))
		sha256_add(sha, "", 1);
	sha256_add(sha, length, sizeof(length));
	for (i = 0; i < PROOF_BYTES; i++)
		out[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

/* -- HMAC, by RFC 2104; our keys are shorter than a block -- */

static void start_padded(struct sha256 *sha, const uint8_t key[PROOF_BYTES], uint8_t pad)
{
	uint8_t block[BLOCK_BYTES];
	unsigned int i;

	for (i = 0; i < BLOCK_BYTES; i++)
		block[i] = (i < PROOF_BYTES ? key[i] : 0) ^ pad;
	sha256_start(sha);
	sha256_add(sha, block, sizeof(block));
}

static void hmac(const uint8_t key[PROOF_BYTES], const void *data, size_t bytes,
		 uint8_t out[PROOF_BYTES])
{
	struct sha256 sha;

	start_padded(&sha, key, 0x36);
	sha256_add(&sha, data, bytes);
	sha256_end(&sha, out);
	start_padded(&sha, key, 0x5c);
	sha256_add(&sha, out, PROOF_BYTES);
	sha256_end(&sha, out);
}

/* -- keys and proofs -- */

void proof_key(const uint8_t key[PROOF_BYTES], const char *label, uint8_t out[PROOF_BYTES])
{
	char info[64];
	int n = snprintf(info, sizeof(info), "%s\1", label);

	hmac(key, info, (size_t)n, out);
}

void proof_say(struct sha256 *said, const void *part, size_t bytes)
{
	const uint8_t length[4] = { (uint8_t)bytes, (uint8_t)(bytes >> 8), (uint8_t)(bytes >> 16),
				    (uint8_t)(bytes >> 24) };

	sha256_add(said, length, sizeof(length));
	sha256_add(said, part, bytes);
}

void proof_close(struct sha256 *said, const char identity[PROOF_NAME_BYTES],
		 const uint8_t channel[PROOF_BYTES], uint8_t transcript[PROOF_BYTES])
{
	proof_say(said, identity, PROOF_NAME_BYTES);
	proof_say(said, channel, PROOF_BYTES);
	sha256_end(said, transcript);
}

void proof_make(const uint8_t auth_key[PROOF_BYTES], const char *role,
		const uint8_t transcript[PROOF_BYTES], uint8_t out[PROOF_BYTES])
{
	char text[32 + PROOF_BYTES];
	int n = snprintf(text, sizeof(text), "apnbd auth %s", role);

	memcpy(text + n, transcript, PROOF_BYTES);
	hmac(auth_key, text, (size_t)n + PROOF_BYTES, out);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* SHA-256 and HMAC with it, as FIPS 180-4 and RFC 2104 say. */
#include <string.h>

#include "sha256.h"

typedef unsigned __int128 wide;

/* The constants are the first bits of roots of primes: they are taken where they come from. */
static unsigned int constant[64], start[8];

static unsigned int root_bits(unsigned int prime, int degree)
{
	wide of = (wide)prime << 32 * degree;
	unsigned long long root = 0, bit;

	for (bit = 1ULL << 36; bit; bit >>= 1) {
		wide x = root | bit, power = degree == 3 ? x * x * x : x * x;

		if (power <= of)
			root |= bit;
	}
	return root;
}

static int is_prime(unsigned int n)
{
	unsigned int i;

	for (i = 2; i * i <= n; i++)
		if (n % i == 0)
			return 0;
	return 1;
}

static void make_constants(void)
{
	unsigned int prime = 1, i;

	for (i = 0; i < 64; i++) {
		do {
			prime++;
		} while (!is_prime(prime));
		constant[i] = root_bits(prime, 3);
		if (i < 8)
			start[i] = root_bits(prime, 2);
	}
}

static unsigned int turn(unsigned int x, int by)
{
	return x >> by | x << (32 - by);
}

static void spread(const unsigned char *block, unsigned int w[64])
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		w[i] = (unsigned int)block[4 * i] << 24 | block[4 * i + 1] << 16 | block[4 * i + 2] << 8 |
		       block[4 * i + 3];
	for (; i < 64; i++)
		w[i] = w[i - 16] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
		       (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
}

static void mix(struct sha256 *s)
{
	unsigned int v[8], w[64], i;

	memcpy(v, s->state, sizeof(v));
	spread(s->block, w);
	for (i = 0; i < 64; i++) {
		unsigned int a = v[0], e = v[4];
		unsigned int t = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
				 ((e & v[5]) ^ (~e & v[6])) + constant[i] + w[i];
		unsigned int u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) +
				 ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t;
		v[0] = t + u;
	}
	for (i = 0; i < 8; i++)
		s->state[i] += v[i];
}

void sha256_begin(struct sha256 *s)
{
	if (!constant[0])
		make_constants();
	memcpy(s->state, start, sizeof(start));
	s->bytes = 0;
}

void sha256_add(struct sha256 *s, const void *from, size_t bytes)
{
	const unsigned char *at = from;

	while (bytes--) {
		s->block[s->bytes++ % SHA256_BLOCK] = *at++;
		if (s->bytes % SHA256_BLOCK == 0)
			mix(s);
	}
}

void sha256_end(struct sha256 *s, unsigned char out[SHA256_BYTES])
{
	static const unsigned char pad[SHA256_BLOCK] = { 0x80 };
	unsigned long long bits = s->bytes * 8;
	unsigned char length[8];
	int i;

	for (i = 0; i < 8; i++)
		length[i] = bits >> (56 - 8 * i);
	sha256_add(s, pad, 1 + (SHA256_BLOCK + 55 - s->bytes % SHA256_BLOCK) % SHA256_BLOCK);
	sha256_add(s, length, sizeof(length));
	for (i = 0; i < SHA256_BYTES; i++)
		out[i] = s->state[i / 4] >> (24 - i % 4 * 8);
}

void hmac256(const unsigned char key[SHA256_BYTES], const void *first, size_t first_bytes,
	     const void *then, size_t then_bytes, unsigned char out[SHA256_BYTES])
{
	unsigned char pad[SHA256_BLOCK], inner[SHA256_BYTES];
	struct sha256 s;
	int i;

	for (i = 0; i < SHA256_BLOCK; i++)
		pad[i] = (i < SHA256_BYTES ? key[i] : 0) ^ 0x36;
	sha256_begin(&s);
	sha256_add(&s, pad, sizeof(pad));
	sha256_add(&s, first, first_bytes);
	sha256_add(&s, then, then_bytes);
	sha256_end(&s, inner);
	for (i = 0; i < SHA256_BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha256_begin(&s);
	sha256_add(&s, pad, sizeof(pad));
	sha256_add(&s, inner, sizeof(inner));
	sha256_end(&s, out);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Who somebody is: the proofs of protocol.rst, over what was said on a connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof.h"

enum { CHANNEL_BYTES = 32 }; /* what TLS binds; zeroes without it */

bool proof_key(__u8 key[SHA256_BYTES])
{
	const char *text = getenv("WIREPEER_KEY");
	unsigned int i, byte;

	if (!text)
		return false;
	for (i = 0; i < SHA256_BYTES; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1) {
			fprintf(stderr, "wirepeer: WIREPEER_KEY is not 64 hexadecimal digits\n");
			exit(2);
		}
		key[i] = byte;
	}
	return true;
}

void transcript_begin(struct transcript *said)
{
	sha256_begin(&said->hash);
}

void transcript_add(struct transcript *said, const void *body, size_t bytes)
{
	__u32 length = cpu_to_le32(bytes);

	sha256_add(&said->hash, &length, sizeof(length));
	sha256_add(&said->hash, body, bytes);
}

static void derive(const __u8 key[SHA256_BYTES], __u8 out[SHA256_BYTES])
{
	static const char label[] = "apnbd auth key";

	hmac256(key, label, sizeof(label) - 1, "\x01", 1, out);
}

void proof_make(const struct transcript *said, const __u8 key[SHA256_BYTES], const char *identity,
		const char *role, __u8 proof[APN_PROOF_BYTES])
{
	static const __u8 channel[CHANNEL_BYTES];
	__u8 auth_key[SHA256_BYTES], digest[SHA256_BYTES];
	struct transcript whole = *said;
	char label[32];

	transcript_add(&whole, identity, APN_NAME_BYTES);
	transcript_add(&whole, channel, sizeof(channel));
	sha256_end(&whole.hash, digest);
	snprintf(label, sizeof(label), "apnbd auth %s", role);
	derive(key, auth_key);
	hmac256(auth_key, label, strlen(label), digest, sizeof(digest), proof);
}

// SPDX-License-Identifier: GPL-2.0
/* Who the other side is: proofs over all that was said, by a key that both hold. */
#include "auth.h"
#include "key.h"

#include <linux/string.h>

#define LABEL_HOST "apnbd auth host"
#define LABEL_TARGET "apnbd auth target"

enum { LABEL_BYTES_MAX = 31 };

void apn_transcript_begin(struct apn_transcript *said)
{
	sha256_init(&said->hash);
}

/* With its length in front: no byte can be moved from one body to the next. */
void apn_transcript_add(struct apn_transcript *said, const void *body, size_t bytes)
{
	__le32 length = cpu_to_le32(bytes);

	sha256_update(&said->hash, (const u8 *)&length, sizeof(length));
	sha256_update(&said->hash, body, bytes);
}

/* What was said may be closed once more by another claim: this works on a copy. */
static void close_transcript(const struct apn_transcript *said, const struct apn_claim *claim,
			     u8 digest[SHA256_DIGEST_SIZE])
{
	struct apn_transcript whole = *said;

	apn_transcript_add(&whole, claim->identity, APN_NAME_BYTES);
	apn_transcript_add(&whole, claim->channel, APN_CHANNEL_BYTES);
	sha256_final(&whole.hash, digest);
}

static void prove_role(const struct apn_claim *claim, const u8 key[APN_KEY_DERIVED_BYTES],
		       const char *label, const u8 digest[SHA256_DIGEST_SIZE],
		       u8 proof[APN_PROOF_BYTES])
{
	u8 text[LABEL_BYTES_MAX + SHA256_DIGEST_SIZE];
	size_t n = strnlen(label, LABEL_BYTES_MAX);

	memcpy(text, label, n);
	memcpy(text + n, digest, SHA256_DIGEST_SIZE);
	hmac_sha256_usingrawkey(key, APN_KEY_DERIVED_BYTES, text, n + SHA256_DIGEST_SIZE, proof);
	if (claim->computed)
		atomic64_inc(claim->computed);
}

/* No way through here is shorter than another: an unknown identity has nobody's key. */
int apn_auth_prove(const struct apn_claim *claim, const struct apn_transcript *said,
		   struct apn_proofs *proofs)
{
	u8 key[APN_KEY_DERIVED_BYTES], digest[SHA256_DIGEST_SIZE];
	int ret;

	memset(proofs, 0, sizeof(*proofs));
	if (claim->security == APN_SECURITY_NONE)
		return 0;
	close_transcript(said, claim, digest);
	ret = apn_key_derive(apn_keyring(claim->host), claim->identity, APN_KEY_LABEL_AUTH, key);
	prove_role(claim, key, LABEL_HOST, digest, proofs->host);
	prove_role(claim, key, LABEL_TARGET, digest, proofs->target);
	memzero_explicit(key, sizeof(key));
	return ret;
}

bool apn_auth_holds(const u8 shown[APN_PROOF_BYTES], const u8 wanted[APN_PROOF_BYTES])
{
	return !crypto_memneq(shown, wanted, APN_PROOF_BYTES);
}

#ifdef DEBUG
#include "auth_test.c"
#else
int apn_auth_selftest(void)
{
	return 0;
}
#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * Part of auth.c, in the debug build: the first case of selftests/auth/vectors.txt, which
 * two programs that share no line with us made.
 */
#include <linux/printk.h>

static const u8 vector_host_proof[APN_PROOF_BYTES] = {
	0x07, 0x47, 0xe3, 0x55, 0x26, 0xd3, 0x29, 0x9e,
	0xb3, 0x5a, 0x6c, 0x18, 0xa0, 0xf5, 0xd3, 0x4d,
	0x99, 0xaf, 0x89, 0x42, 0x66, 0x71, 0xc2, 0x3f,
	0x34, 0x83, 0x86, 0xc5, 0x02, 0xc9, 0xd2, 0xa0,
};
static const u8 vector_target_proof[APN_PROOF_BYTES] = {
	0x4a, 0xcd, 0x80, 0x44, 0x5b, 0xc5, 0xd3, 0xfd,
	0xc3, 0xe5, 0x5a, 0x85, 0x15, 0xb9, 0x8a, 0x13,
	0xf3, 0x0c, 0x1c, 0x48, 0x02, 0x75, 0x4c, 0xf6,
	0x8b, 0x5c, 0xc8, 0x80, 0x2a, 0xb9, 0x0a, 0x55,
};

/* HELLO's bytes count up from 0, those of HELLO_ACK down from 255. */
static void say_vector(struct apn_transcript *said)
{
	u8 body[sizeof(struct apn_hello)];
	unsigned int i;

	for (i = 0; i < sizeof(body); i++)
		body[i] = i;
	apn_transcript_begin(said);
	apn_transcript_add(said, body, sizeof(struct apn_hello));
	for (i = 0; i < sizeof(body); i++)
		body[i] = 255 - i;
	apn_transcript_add(said, body, sizeof(struct apn_hello_ack));
}

static bool vector_holds(const struct apn_claim *claim)
{
	struct apn_transcript said;
	struct apn_proofs proofs;

	say_vector(&said);
	return !apn_auth_prove(claim, &said, &proofs) &&
	       apn_auth_holds(proofs.host, vector_host_proof) &&
	       apn_auth_holds(proofs.target, vector_target_proof);
}

/* Who is not known gets proofs too, and other ones than with a key. */
static bool stranger_is_lost(const struct apn_claim *claim)
{
	struct apn_transcript said;
	struct apn_proofs proofs;

	say_vector(&said);
	return apn_auth_prove(claim, &said, &proofs) == -ENOKEY &&
	       !apn_auth_holds(proofs.host, vector_host_proof) &&
	       memchr_inv(proofs.target, 0, sizeof(proofs.target));
}

int apn_auth_selftest(void)
{
	static const u8 channel[APN_CHANNEL_BYTES];
	static const char identity[APN_NAME_BYTES] = "gpu-a";
	const struct apn_claim claim = {
		.host = true,
		.security = APN_SECURITY_AUTH,
		.identity = identity,
		.channel = channel,
	};
	u8 secret[APN_KEY_BYTES];
	unsigned int i;
	bool ok;

	for (i = 0; i < sizeof(secret); i++)
		secret[i] = i;
	ok = stranger_is_lost(&claim) && !apn_key_set(apn_keyring(true), identity, secret) &&
	     vector_holds(&claim);
	apn_key_del(apn_keyring(true), identity);
	pr_info("apn: auth self-test: %s\n", ok ? "pass" : "FAIL");
	return ok ? 0 : -EINVAL;
}

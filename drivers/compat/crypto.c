// SPDX-License-Identifier: GPL-2.0
/* Hashes: what differs between kernels. */
#include "crypto.h"

#ifndef HAVE_HMAC_SHA256 /* v6.17 */
static void begin_pad(struct sha256_ctx *ctx, const u8 block[SHA256_BLOCK_SIZE], u8 pad)
{
	u8 padded[SHA256_BLOCK_SIZE];
	unsigned int i;

	for (i = 0; i < sizeof(padded); i++)
		padded[i] = block[i] ^ pad;
	sha256_init(ctx);
	sha256_update(ctx, padded, sizeof(padded));
	memzero_explicit(padded, sizeof(padded));
}

/* RFC 2104. */
void hmac_sha256_usingrawkey(const u8 *raw_key, size_t raw_key_len, const u8 *data,
			     size_t data_len, u8 out[SHA256_DIGEST_SIZE])
{
	u8 block[SHA256_BLOCK_SIZE] = {};
	struct sha256_ctx ctx;

	if (raw_key_len > sizeof(block))
		sha256(raw_key, raw_key_len, block);
	else
		memcpy(block, raw_key, raw_key_len);
	begin_pad(&ctx, block, 0x36);
	sha256_update(&ctx, data, data_len);
	sha256_final(&ctx, out);
	begin_pad(&ctx, block, 0x5c);
	sha256_update(&ctx, out, SHA256_DIGEST_SIZE);
	sha256_final(&ctx, out);
	memzero_explicit(block, sizeof(block));
}
#endif

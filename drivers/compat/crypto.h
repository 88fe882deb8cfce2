/* SPDX-License-Identifier: GPL-2.0 */
/* Hashes: what differs between kernels. */
#ifndef APN_COMPAT_CRYPTO_H
#define APN_COMPAT_CRYPTO_H

#include <crypto/algapi.h> /* crypto_memneq() */
#include <crypto/sha2.h>

#ifndef HAVE_HMAC_SHA256 /* v6.17 */
#define sha256_ctx sha256_state

void hmac_sha256_usingrawkey(const u8 *raw_key, size_t raw_key_len, const u8 *data,
			     size_t data_len, u8 out[SHA256_DIGEST_SIZE]);
#endif

#endif /* APN_COMPAT_CRYPTO_H */

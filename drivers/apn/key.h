/* SPDX-License-Identifier: GPL-2.0 */
/* The keys: one an identity and end. What leaves here is derived from them. */
#ifndef APN_KEY_H
#define APN_KEY_H

#include "proto.h"

#include <linux/types.h>

enum {
	APN_KEY_BYTES = 32,
	APN_KEY_DERIVED_BYTES = 32,
	APN_KEY_FINGERPRINT_BYTES = 8,
	APN_KEYS_MAX = 1024, /* an end: each search looks at all of them */
};

/* One for each use, so that no two uses share a key. See protocol.rst, Keys. */
#define APN_KEY_LABEL_AUTH "apnbd auth key"
#define APN_KEY_LABEL_TLS "apnbd tls psk"
#define APN_KEY_LABEL_FINGERPRINT "apnbd key fingerprint"

/* What may be shown of a key. */
struct apn_key_info {
	char identity[APN_NAME_BYTES];
	u8 fingerprint[APN_KEY_FINGERPRINT_BYTES];
};

/* The two ends know keys of their own, also when one kernel is both. */
struct apn_keyring;
struct apn_keyring *apn_keyring(bool host);

/* A new key, or one that takes the place of another. -ENOSPC: there are as many as can be. */
int apn_key_set(struct apn_keyring *ring, const char *identity, const u8 secret[APN_KEY_BYTES]);
bool apn_key_known(struct apn_keyring *ring, const char *identity);
int apn_key_del(struct apn_keyring *ring, const char *identity);
/* Each in turn, from the @skip-th on; stops at an error. */
int apn_key_each(struct apn_keyring *ring, unsigned int skip,
		 int (*show)(const struct apn_key_info *info, void *arg), void *arg);
void apn_key_forget_all(struct apn_keyring *ring);

/**
 * apn_key_derive() - the key of an identity for one use
 * @ring: whose keys
 * @identity: a name as on the wire, NUL-terminated
 * @label: which use: APN_KEY_LABEL_AUTH or another one
 * @out: HMAC-SHA-256 of the identity's key over @label and a byte 0x01
 *
 * Zero: @out is that key. -ENOKEY: there is none for @identity, and @out is made in the
 * same way and in the same time from a random one that nobody knows, so that a caller
 * who goes on with it takes as long as with a wrong one, and fails in the end.
 */
int apn_key_derive(struct apn_keyring *ring, const char *identity, const char *label,
		   u8 out[APN_KEY_DERIVED_BYTES]);

void apn_key_init(void);
void apn_key_exit(void);

#endif /* APN_KEY_H */

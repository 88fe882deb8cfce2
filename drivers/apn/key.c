// SPDX-License-Identifier: GPL-2.0
/* The keys: one an identity and end. What leaves here is derived from them. */
#include "key.h"
#include "log.h"
#include "psk.h"

#include <compat/crypto.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

enum { LABEL_BYTES_MAX = 31 };

struct key {
	struct list_head node; /* ring->keys */
	struct apn_key_info info;
	u8 secret[APN_KEY_BYTES];
};

struct apn_keyring {
	spinlock_t lock; /* all below */
	struct list_head keys;
	unsigned int count;
};

static struct apn_keyring rings[2];

/* What stands for the key of who has none: drawn at load, never shown, never equal to one. */
static u8 nobodys[APN_KEY_BYTES];

struct apn_keyring *apn_keyring(bool host)
{
	return &rings[host];
}
EXPORT_SYMBOL_GPL(apn_keyring);

static bool is_hosts(const struct apn_keyring *ring)
{
	return ring == &rings[true];
}

/* All are looked at, and each in full: how long it takes tells nothing of who is there. */
static struct key *find(struct apn_keyring *ring, const char *identity)
{
	char name[APN_NAME_BYTES] = "";
	struct key *key, *found = NULL;

	lockdep_assert_held(&ring->lock);
	strscpy(name, identity, sizeof(name));
	list_for_each_entry(key, &ring->keys, node)
		if (!crypto_memneq(key->info.identity, name, sizeof(name)))
			found = key;
	return found;
}

/* The first block of HKDF-Expand (RFC 5869) with the label as its info. */
static void expand(const u8 secret[APN_KEY_BYTES], const char *label,
		   u8 out[APN_KEY_DERIVED_BYTES])
{
	u8 info[LABEL_BYTES_MAX + 1];
	size_t n = strnlen(label, LABEL_BYTES_MAX);

	memcpy(info, label, n);
	info[n] = 1;
	hmac_sha256_usingrawkey(secret, APN_KEY_BYTES, info, n + 1, out);
}

/* The caller's: it is on no list yet. */
static struct key *make(const char *identity, const u8 secret[APN_KEY_BYTES])
{
	struct key *key = kzalloc_obj(*key);
	u8 derived[APN_KEY_DERIVED_BYTES];

	if (!key)
		return NULL;
	strscpy(key->info.identity, identity, sizeof(key->info.identity));
	memcpy(key->secret, secret, sizeof(key->secret));
	expand(secret, APN_KEY_LABEL_FINGERPRINT, derived);
	memcpy(key->info.fingerprint, derived, sizeof(key->info.fingerprint));
	memzero_explicit(derived, sizeof(derived));
	apn_log_create("key", key);
	return key;
}

static void destroy(struct key *key)
{
	if (!key)
		return;
	apn_log_free("key", key);
	kfree_sensitive(key);
}

/* What is the caller's to destroy is in @old afterwards. */
static int swap_in(struct apn_keyring *ring, struct key *key, struct key **old)
{
	guard(spinlock)(&ring->lock);
	*old = find(ring, key->info.identity);
	if (*old) {
		list_replace_init(&(*old)->node, &key->node);
		return 0;
	}
	if (ring->count >= APN_KEYS_MAX)
		return -ENOSPC;
	ring->count++;
	list_add_tail(&key->node, &ring->keys);
	return 0;
}

int apn_key_set(struct apn_keyring *ring, const char *identity, const u8 secret[APN_KEY_BYTES])
{
	struct key *key = make(identity, secret), *old;
	int ret;

	if (!key)
		return -ENOMEM;
	ret = swap_in(ring, key, &old);
	destroy(ret ? key : old);
	return ret ?: apn_psk_follow(is_hosts(ring), identity);
}
EXPORT_SYMBOL_GPL(apn_key_set);

bool apn_key_known(struct apn_keyring *ring, const char *identity)
{
	guard(spinlock)(&ring->lock);
	return find(ring, identity);
}
EXPORT_SYMBOL_GPL(apn_key_known);

static struct key *take_out(struct apn_keyring *ring, const char *identity)
{
	struct key *key;

	guard(spinlock)(&ring->lock);
	key = find(ring, identity);
	if (!key)
		return NULL;
	list_del(&key->node);
	ring->count--;
	return key;
}

int apn_key_del(struct apn_keyring *ring, const char *identity)
{
	struct key *key = take_out(ring, identity);

	destroy(key);
	apn_psk_follow(is_hosts(ring), identity);
	return key ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(apn_key_del);

static bool nth(struct apn_keyring *ring, unsigned int n, struct apn_key_info *info)
{
	struct key *key;

	guard(spinlock)(&ring->lock);
	list_for_each_entry(key, &ring->keys, node) {
		if (n--)
			continue;
		*info = key->info;
		return true;
	}
	return false;
}

int apn_key_each(struct apn_keyring *ring, unsigned int skip,
		 int (*show)(const struct apn_key_info *info, void *arg), void *arg)
{
	struct apn_key_info info;
	int ret = 0;

	while (!ret && nth(ring, skip++, &info))
		ret = show(&info, arg);
	return ret;
}
EXPORT_SYMBOL_GPL(apn_key_each);

static int copy_secret(struct apn_keyring *ring, const char *identity, u8 secret[APN_KEY_BYTES])
{
	struct key *key;

	guard(spinlock)(&ring->lock);
	key = find(ring, identity);
	memcpy(secret, key ? key->secret : nobodys, APN_KEY_BYTES);
	return key ? 0 : -ENOKEY;
}

int apn_key_derive(struct apn_keyring *ring, const char *identity, const char *label,
		   u8 out[APN_KEY_DERIVED_BYTES])
{
	u8 secret[APN_KEY_BYTES];
	int ret = copy_secret(ring, identity, secret);

	expand(secret, label, out);
	memzero_explicit(secret, sizeof(secret));
	return ret;
}
EXPORT_SYMBOL_GPL(apn_key_derive);

/* Of an end whose module goes: nobody derives from them any more. */
void apn_key_forget_all(struct apn_keyring *ring)
{
	struct key *key, *next;
	LIST_HEAD(all);

	scoped_guard(spinlock, &ring->lock) {
		list_splice_init(&ring->keys, &all);
		ring->count = 0;
	}
	list_for_each_entry_safe(key, next, &all, node)
		destroy(key);
	apn_psk_forget_all(is_hosts(ring));
}
EXPORT_SYMBOL_GPL(apn_key_forget_all);

void apn_key_init(void)
{
	unsigned int i;

	get_random_bytes(nobodys, sizeof(nobodys));
	for (i = 0; i < ARRAY_SIZE(rings); i++) {
		spin_lock_init(&rings[i].lock);
		INIT_LIST_HEAD(&rings[i].keys);
	}
}

void apn_key_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rings); i++)
		WARN_ON(!list_empty(&rings[i].keys));
	memzero_explicit(nobodys, sizeof(nobodys));
}

// SPDX-License-Identifier: GPL-2.0
/* What the TLS daemon may see of a key: a PSK derived from it, in a keyring of ours. */
#include "psk.h"
#include "key.h"
#include "log.h"

#include <compat/tls.h>
#include <linux/cred.h>
#include <linux/key.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

/*
 * Root may read what the daemon reads; nobody but us changes a key or adds one. A target's
 * is found by its name, from a keyring that the daemon has linked. A host's is read by its
 * serial: Debian 13's daemon links no keyring for that.
 */
enum {
	RING_RIGHTS = KEY_POS_VIEW | KEY_POS_READ | KEY_POS_WRITE | KEY_POS_SEARCH | KEY_POS_LINK |
		      KEY_USR_VIEW | KEY_USR_LINK,
	KEY_RIGHTS = KEY_POS_VIEW | KEY_POS_READ | KEY_POS_SEARCH | KEY_USR_VIEW | KEY_USR_READ,
};

struct psk {
	struct list_head node; /* psks, under lock */
	bool host;
	char identity[APN_NAME_BYTES];
	struct key *key;
};

static LIST_HEAD(psks);
static DEFINE_MUTEX(lock);
static struct key *ring[2]; /* by @host; set at init */
static struct workqueue_struct *wq;

static struct psk *find(bool host, const char *identity)
{
	struct psk *psk;

	lockdep_assert_held(&lock);
	list_for_each_entry(psk, &psks, node)
		if (psk->host == host && !strcmp(psk->identity, identity))
			return psk;
	return NULL;
}

/* Not by its name, by which the one in its place would go, too. */
static void destroy(struct psk *psk)
{
	if (!psk)
		return;
	list_del(&psk->node);
	key_invalidate(psk->key);
	key_put(psk->key);
	apn_log_free("psk", psk);
	kfree(psk);
}

/*
 * Made by a work, which lives in the first network namespace: a key of this type goes
 * with the namespace that it was made in.
 */
struct making {
	struct work_struct work;
	bool host;
	const char *identity;
	const u8 *secret;
	key_ref_t key;
};

static void make_key(struct work_struct *work)
{
	struct making *m = container_of(work, struct making, work);
	char name[APN_NAME_BYTES + sizeof("apnbd <>")];

	snprintf(name, sizeof(name), "apnbd <%s>", m->identity);
	m->key = key_create_or_update(make_key_ref(ring[m->host], true), "psk", name, m->secret,
				      APN_KEY_DERIVED_BYTES, KEY_RIGHTS, KEY_ALLOC_NOT_IN_QUOTA);
}

static struct psk *make(bool host, const char *identity, const u8 *secret)
{
	struct making m = { .host = host, .identity = identity, .secret = secret };
	struct psk *psk = kzalloc_obj(*psk);

	if (!psk)
		return ERR_PTR(-ENOMEM);
	INIT_WORK_ONSTACK(&m.work, make_key);
	queue_work(wq, &m.work);
	flush_work(&m.work);
	destroy_work_on_stack(&m.work);
	if (IS_ERR(m.key)) {
		kfree(psk);
		return ERR_CAST(m.key);
	}
	psk->host = host;
	psk->key = key_ref_to_ptr(m.key);
	strscpy(psk->identity, identity, sizeof(psk->identity));
	apn_log_create("psk", psk);
	return psk;
}

static int replace(bool host, const char *identity, const u8 *secret)
{
	struct psk *psk = make(host, identity, secret), *old = find(host, identity);

	if (IS_ERR(psk))
		return PTR_ERR(psk);
	destroy(old);
	list_add_tail(&psk->node, &psks);
	return 0;
}

/* Of two changes at a time the later one to come here sees what both left. */
int apn_psk_follow(bool host, const char *identity)
{
	u8 secret[APN_KEY_DERIVED_BYTES];
	int ret = 0;

	if (!ring[host])
		return 0;
	guard(mutex)(&lock);
	if (!apn_key_derive(apn_keyring(host), identity, APN_KEY_LABEL_TLS, secret))
		ret = replace(host, identity, secret);
	else
		destroy(find(host, identity));
	memzero_explicit(secret, sizeof(secret));
	return ret;
}

void apn_psk_forget_all(bool host)
{
	struct psk *psk, *next;

	guard(mutex)(&lock);
	list_for_each_entry_safe(psk, next, &psks, node)
		if (psk->host == host)
			destroy(psk);
}

s32 apn_psk_keyring(bool host)
{
	return key_serial(ring[host]);
}

s32 apn_psk_serial(bool host, const char *identity)
{
	struct psk *psk;

	guard(mutex)(&lock);
	psk = find(host, identity);
	return psk ? key_serial(psk->key) : 0;
}

bool apn_psk_identity(s32 serial, char identity[APN_NAME_BYTES])
{
	struct psk *psk;

	guard(mutex)(&lock);
	list_for_each_entry(psk, &psks, node) {
		if (key_serial(psk->key) != serial)
			continue;
		memcpy(identity, psk->identity, APN_NAME_BYTES);
		return true;
	}
	return false;
}

/* Undone at exit. A daemon who was told of no keyring finds ours by this. */
static int show_ring(bool host, int (*act)(struct key *common, struct key *ring))
{
	struct key *common = apn_tls_common_keyring();
	int ret;

	if (IS_ERR(common))
		return PTR_ERR(common);
	ret = act(common, ring[host]);
	key_put(common);
	return ret;
}

static int make_ring(bool host, const char *name)
{
	ring[host] = keyring_alloc(name, GLOBAL_ROOT_UID, GLOBAL_ROOT_GID, current_cred(),
				   RING_RIGHTS, KEY_ALLOC_NOT_IN_QUOTA, NULL, NULL);
	if (!IS_ERR(ring[host]))
		return 0;
	return PTR_ERR(no_free_ptr(ring[host]));
}

static void drop_ring(bool host)
{
	if (!ring[host])
		return;
	show_ring(host, key_unlink);
	key_revoke(ring[host]);
	key_put(no_free_ptr(ring[host]));
}

static int make_rings(void)
{
	int ret = make_ring(true, ".apnbd");

	if (!ret)
		ret = make_ring(false, ".apn_target");
	return ret ?: show_ring(false, key_link);
}

/* Where the kernel can't do TLS there are no keyrings, and PSKs are not kept. */
int apn_psk_init(void)
{
	int ret;

	if (!apn_tls_possible())
		return 0;
	wq = alloc_workqueue("apn_psk", WQ_UNBOUND, 0);
	if (!wq)
		return -ENOMEM;
	ret = make_rings();
	if (ret)
		apn_psk_exit();
	return ret;
}

void apn_psk_exit(void)
{
	apn_psk_forget_all(true);
	apn_psk_forget_all(false);
	drop_ring(true);
	drop_ring(false);
	if (wq)
		destroy_workqueue(wq);
	wq = NULL;
}

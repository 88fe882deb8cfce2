// SPDX-License-Identifier: GPL-2.0
/* The commands on keys, which both netlink families have. */
#include "nl_key.h"

#include <linux/export.h>
#include <linux/string.h>

/* The policy says how long it is. It is wiped where it came from: the kernel keeps one copy. */
int apn_nl_key_set(const struct apn_nl_key *nl, struct genl_info *info)
{
	struct nlattr *secret = info->attrs[nl->secret];
	const char *identity = apn_nl_name(info, nl->identity);
	int ret;

	if (IS_ERR(identity))
		return PTR_ERR(identity);
	if (!secret || nla_len(secret) != APN_KEY_BYTES) {
		NL_SET_ERR_MSG(info->extack, "a key of 32 bytes is missing");
		return -EINVAL;
	}
	ret = apn_key_set(apn_keyring(nl->host), identity, nla_data(secret));
	memzero_explicit(nla_data(secret), nla_len(secret));
	if (ret == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "there are as many keys as there can be: 1024");
	return ret;
}
EXPORT_SYMBOL_GPL(apn_nl_key_set);

int apn_nl_key_del(const struct apn_nl_key *nl, struct genl_info *info)
{
	const char *identity = apn_nl_name(info, nl->identity);
	int ret;

	if (IS_ERR(identity))
		return PTR_ERR(identity);
	ret = apn_key_del(apn_keyring(nl->host), identity);
	if (ret)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[nl->identity],
				    "there is no key of this identity");
	return ret;
}
EXPORT_SYMBOL_GPL(apn_nl_key_del);

struct dump {
	const struct apn_nl_key *nl;
	struct sk_buff *skb;
	struct netlink_callback *cb;
	const struct apn_key_info *key;
};

/* The secret has no place here. */
static int fill_key(struct sk_buff *skb, void *object)
{
	const struct dump *d = object;

	if (nla_put_string(skb, d->nl->identity, d->key->identity) ||
	    nla_put(skb, d->nl->fingerprint, sizeof(d->key->fingerprint), d->key->fingerprint))
		return -EMSGSIZE;
	return 0;
}

static int dump_one(const struct apn_key_info *key, void *arg)
{
	struct dump *d = arg;
	int ret;

	d->key = key;
	ret = apn_nl_dump_one(d->skb, d->cb, d->nl->family, d->nl->get, fill_key, d);
	if (!ret)
		d->cb->args[0]++;
	return ret;
}

int apn_nl_key_dump(const struct apn_nl_key *nl, struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump d = { nl, skb, cb, NULL };
	int ret = apn_nl_allowed(cb->skb, cb->extack);

	if (ret)
		return ret;
	ret = apn_key_each(apn_keyring(nl->host), cb->args[0], dump_one, &d);
	return ret && !skb->len ? ret : skb->len;
}
EXPORT_SYMBOL_GPL(apn_nl_key_dump);

/* SPDX-License-Identifier: GPL-2.0 */
/* The commands on keys, which both netlink families have. */
#ifndef APN_NL_KEY_H
#define APN_NL_KEY_H

#include "key.h"
#include "nl.h"

/* The same in both families, under the numbers of each. */
struct apn_nl_key {
	const struct genl_family *family;
	bool host; /* whose keys */
	u8 get;
	int identity, secret, fingerprint; /* attributes */
};

int apn_nl_key_set(const struct apn_nl_key *nl, struct genl_info *info);
int apn_nl_key_del(const struct apn_nl_key *nl, struct genl_info *info);
int apn_nl_key_dump(const struct apn_nl_key *nl, struct sk_buff *skb,
		    struct netlink_callback *cb);

#endif /* APN_NL_KEY_H */

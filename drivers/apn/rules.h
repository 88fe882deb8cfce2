/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the ends of a line decide by numbers alone: incarnations of a lane's place, and the
 * window. Pure, so that the model checker (selftests/model) compiles the same lines.
 */
#ifndef APN_RULES_H
#define APN_RULES_H

#include <linux/types.h>

/* A place takes a lane whose incarnation is above all that stood there or was fenced. */
static inline bool apn_rule_may_stand(__u32 highest, __u32 incarnation)
{
	return incarnation > highest;
}

/* A fence of @fenced speaks of that lane, and of all before it. */
static inline bool apn_rule_is_fenced(__u32 fenced, __u32 incarnation)
{
	return incarnation <= fenced;
}

/* What the place has to refuse from now on, however late it comes. */
static inline __u32 apn_rule_fence(__u32 highest, __u32 fenced)
{
	return fenced > highest ? fenced : highest;
}

/* Another instance can't know our line, whatever it says. */
static inline bool apn_rule_is_fresh(bool resumed, bool same_instance)
{
	return !resumed || !same_instance;
}

/* Counts are cumulative: one that is heard twice, or too late, changes nothing. */
static inline bool apn_rule_grants_more(__u64 granted, __u64 said)
{
	return (__s64)(said - granted) > 0;
}

static inline bool apn_rule_has_room(__u64 granted, __u64 sent, __u64 bytes)
{
	return granted - sent >= bytes;
}

/* Of what the dead lanes of a place were given, so much never came; none if that can't be. */
static inline __u64 apn_rule_never_came(__u64 given, __u64 came, __u64 sent)
{
	return given >= came && given - came <= sent ? given - came : 0;
}

#endif /* APN_RULES_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a disk decides by its state and by numbers alone. Pure, so that the model checker
 * (selftests/model) compiles the same lines.
 */
#ifndef APNBD_RULES_H
#define APNBD_RULES_H

#include <linux/apnbd.h>
#include <linux/types.h>

#define APNBD_STATE(s) APNBD_DISK_STATE_##s
#define APNBD_TO(s) (1U << APNBD_STATE(s))

enum {
	APNBD_FINAL = APNBD_TO(LOST) | APNBD_TO(SUPERSEDED) | APNBD_TO(REVOKED) | APNBD_TO(CLOSING),
};

/* The states of a disk, whole: from each to which. */
static inline bool apnbd_rule_may_become(enum apnbd_disk_state from, enum apnbd_disk_state to)
{
	static const __u16 may_become[] = {
		[APNBD_STATE(IDLE)] = APNBD_TO(CONNECTING) | APNBD_TO(CLOSING),
		[APNBD_STATE(CONNECTING)] = APNBD_TO(LIVE) | APNBD_TO(WAITING) | APNBD_FINAL,
		[APNBD_STATE(LIVE)] = APNBD_TO(WAITING) | APNBD_FINAL,
		[APNBD_STATE(WAITING)] = APNBD_TO(LIVE) | APNBD_TO(FAILED) | APNBD_FINAL,
		[APNBD_STATE(FAILED)] = APNBD_TO(LIVE) | APNBD_FINAL,
		[APNBD_STATE(LOST)] = APNBD_TO(CLOSING),
		[APNBD_STATE(SUPERSEDED)] = APNBD_TO(CLOSING),
		[APNBD_STATE(REVOKED)] = APNBD_TO(CLOSING),
		[APNBD_STATE(CLOSING)] = 0,
	};

	return may_become[from] & (1U << to);
}

/* In these I/O fails for good. */
static inline bool apnbd_rule_is_final(enum apnbd_disk_state state)
{
	return APNBD_FINAL & (1U << state);
}

/* In these I/O fails at once. */
static inline bool apnbd_rule_is_over(enum apnbd_disk_state state)
{
	return (APNBD_FINAL | APNBD_TO(FAILED)) & (1U << state);
}

/*
 * P4: another instance, writes acknowledged that no FLUSH covered, and no record that the
 * instance we knew had flushed them before it went.
 */
static inline bool apnbd_rule_lost_writes(bool write_cache, bool same_instance, bool orderly,
					  __u64 acked, __u64 flushed)
{
	return write_cache && !same_instance && !orderly && acked != flushed;
}

/* A FLUSH covers what was acknowledged when it was issued, and takes nothing back. */
static inline __u64 apnbd_rule_flushed(__u64 flushed, __u64 covers)
{
	return (__s64)(covers - flushed) > 0 ? covers : flushed;
}

#endif /* APNBD_RULES_H */

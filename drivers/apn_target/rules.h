/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may write to an export, decided by facts alone. Pure, so that the model checker
 * (selftests/model) compiles the same lines.
 */
#ifndef APN_TARGET_RULES_H
#define APN_TARGET_RULES_H

#include <linux/types.h>

/* What the record, the sessions that are present and the one who asks are to each other. */
struct apn_writer_facts {
	__u64 generation; /* of the record */
	__u64 held; /* under which the one who asks wrote last; zero: never */
	bool recorded; /* the record names a writer, who did not take its leave */
	bool is_recorded; /* it is the one who asks */
	bool by_same_identity; /* it was of the asker's identity */
	bool by_same_boot; /* and of the asker's boot */
	bool present; /* a session that writes is there */
	bool present_same_identity;
	bool present_same_boot;
	bool takeover; /* asked for, by a person */
};

enum apn_writer_verdict {
	APN_WRITER_STAYS, /* it is the writer */
	APN_WRITER_BECOMES, /* once the one before is deposed and has left the device */
	APN_WRITER_BUSY,
	APN_WRITER_SUPERSEDED, /* another wrote since: for good */
	APN_WRITER_REFUSED,
};

/*
 * A host that was started anew, or whose disk is gone, could not always say so: another
 * boot does, and the old self gives way. Of one boot there may be two disks at a time.
 */
static inline bool apn_writer_gives_way(const struct apn_writer_facts *f)
{
	return f->takeover || (f->present_same_identity && !f->present_same_boot);
}

/* One that left without a word is the writer still, until it or a takeover says else. */
static inline bool apn_writer_is_missed(const struct apn_writer_facts *f)
{
	return f->recorded && (!f->by_same_identity || f->by_same_boot) && !f->takeover;
}

static inline enum apn_writer_verdict apn_writer_judge(const struct apn_writer_facts *f)
{
	if (f->held && f->held < f->generation && !f->is_recorded)
		return APN_WRITER_SUPERSEDED;
	if (f->is_recorded)
		return f->by_same_identity ? APN_WRITER_STAYS : APN_WRITER_REFUSED;
	if (f->present ? !apn_writer_gives_way(f) : apn_writer_is_missed(f))
		return APN_WRITER_BUSY;
	return APN_WRITER_BECOMES;
}

#endif /* APN_TARGET_RULES_H */

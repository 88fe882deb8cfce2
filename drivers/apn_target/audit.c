// SPDX-License-Identifier: GPL-2.0
/* Who came, who was turned away, who went and what they had: a line each. */
#include "audit.h"
#include "netlink.h"

#include <linux/ratelimit.h>

enum { LINES_A_SECOND = 50 };

/*
 * Who is not known can be turned away as often as he likes, and must not drown what is
 * told of the others.
 */
static DEFINE_RATELIMIT_STATE(strangers, HZ, LINES_A_SECOND);
static DEFINE_RATELIMIT_STATE(others, HZ, LINES_A_SECOND);

static const char *const event_name[] = {
	[APN_TARGET_AUDIT_EVENT_ATTACH] = "attach",
	[APN_TARGET_AUDIT_EVENT_REFUSE] = "refuse",
	[APN_TARGET_AUDIT_EVENT_TAKEOVER] = "takeover",
	[APN_TARGET_AUDIT_EVENT_REVOKE] = "revoke",
	[APN_TARGET_AUDIT_EVENT_DETACH] = "detach",
};

static const char *or_none(const char *text)
{
	return text[0] ? text : "-";
}

void apn_audit(const struct apn_audit *a)
{
	bool refused = a->event == APN_TARGET_AUDIT_EVENT_REFUSE;

	if (!__ratelimit(refused ? &strangers : &others))
		return;
	pr_info("apn_target: audit %s: identity %s, address %pISpc, export %s, read %llu, written %llu%s%s\n",
		event_name[a->event], or_none(a->identity), a->address, or_none(a->export),
		a->read_bytes, a->write_bytes, a->reason[0] ? ": " : "", a->reason);
	apn_target_audit_event(a);
}

void apn_audit_stranger(const struct sockaddr_storage *address, const char *identity,
			const char *reason)
{
	const struct apn_audit audit = {
		.event = APN_TARGET_AUDIT_EVENT_REFUSE,
		.address = address,
		.identity = identity,
		.export = "",
		.reason = reason,
	};

	apn_audit(&audit);
}

static void audit_session(struct apn_session *session, enum apn_target_audit_event event,
			  const char *reason)
{
	const struct apn_audit audit = {
		.event = event,
		.address = &session->line->route.peer,
		.identity = session->identity,
		.export = session->export->name,
		.reason = reason,
		.read_bytes = atomic64_read(&session->use.read_bytes),
		.write_bytes = atomic64_read(&session->use.write_bytes),
	};

	apn_audit(&audit);
}

void apn_audit_attached(struct apn_session *session)
{
	audit_session(session, APN_TARGET_AUDIT_EVENT_ATTACH,
		      session->writer ? "as the writer" : "as a reader");
}

void apn_audit_ended(struct apn_session *session, enum apn_status why)
{
	switch (why) {
	case APN_STATUS_REVOKED:
		audit_session(session, APN_TARGET_AUDIT_EVENT_REVOKE, "");
		break;
	case APN_STATUS_SUPERSEDED:
		audit_session(session, APN_TARGET_AUDIT_EVENT_TAKEOVER,
			      "another writer took its place");
		break;
	default:
		audit_session(session, APN_TARGET_AUDIT_EVENT_DETACH, "");
	}
}

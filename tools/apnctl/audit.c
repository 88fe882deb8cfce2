// SPDX-License-Identifier: GPL-2.0
/* What a target tells of those who came; monitor shows it. */
#include <linux/apn_target.h>

#include "kind.h"
#include "nouns.h"

static const char *const audit_events[] = {
	[APN_TARGET_AUDIT_EVENT_ATTACH] = "attach",
	[APN_TARGET_AUDIT_EVENT_REFUSE] = "refuse",
	[APN_TARGET_AUDIT_EVENT_TAKEOVER] = "takeover",
	[APN_TARGET_AUDIT_EVENT_REVOKE] = "revoke",
	[APN_TARGET_AUDIT_EVENT_DETACH] = "detach",
	NULL,
};

static const struct field audit_fields[] = {
	{ .name = "event",
	  .kind = &kind_enum,
	  .attr = APN_TARGET_A_AUDIT_EVENT,
	  .words = audit_events },
	{ .name = "identity", .kind = &kind_name, .attr = APN_TARGET_A_AUDIT_IDENTITY },
	{ .name = "address", .kind = &kind_addr, .attr = APN_TARGET_A_AUDIT_ADDRESS },
	{ .name = "export", .kind = &kind_name, .attr = APN_TARGET_A_AUDIT_EXPORT },
	{ .name = "read", .kind = &kind_bytes, .attr = APN_TARGET_A_AUDIT_READ_BYTES },
	{ .name = "written", .kind = &kind_bytes, .attr = APN_TARGET_A_AUDIT_WRITE_BYTES },
	{ .name = "reason",
	  .kind = &kind_string,
	  .attr = APN_TARGET_A_AUDIT_REASON,
	  .flags = FIELD_NONZERO },
	{ 0 },
};

const struct object audit_object = {
	.noun = "audit",
	.nouns = "audit lines",
	.family = APN_TARGET_FAMILY_NAME,
	.fields = audit_fields,
};

// SPDX-License-Identifier: GPL-2.0
#include <linux/apn_target.h>

#include "kind.h"
#include "nouns.h"

static const struct field session_fields[] = {
	{ .name = "id",
	  .kind = &kind_counter,
	  .attr = APN_TARGET_A_SESSION_ID,
	  .flags = FIELD_COLUMN },
	{ .name = "export",
	  .kind = &kind_name,
	  .attr = APN_TARGET_A_SESSION_EXPORT,
	  .flags = FIELD_COLUMN },
	{ .name = "identity",
	  .kind = &kind_name,
	  .attr = APN_TARGET_A_SESSION_IDENTITY,
	  .flags = FIELD_COLUMN },
	{ .name = "address",
	  .kind = &kind_addr,
	  .attr = APN_TARGET_A_SESSION_ADDRESS,
	  .flags = FIELD_COLUMN },
	{ .name = "transport",
	  .kind = &kind_word,
	  .attr = APN_TARGET_A_SESSION_TRANSPORT,
	  .flags = FIELD_COLUMN },
	{ .name = "security",
	  .kind = &kind_enum,
	  .attr = APN_TARGET_A_SESSION_SECURITY,
	  .words = security_words,
	  .flags = FIELD_COLUMN },
	{ .name = "warning", .kind = &kind_string },
	{ .name = "writer",
	  .kind = &kind_bool,
	  .attr = APN_TARGET_A_SESSION_WRITER,
	  .flags = FIELD_COLUMN },
	{ .name = "connected",
	  .kind = &kind_bool,
	  .attr = APN_TARGET_A_SESSION_CONNECTED,
	  .flags = FIELD_COLUMN },
	{ .name = "since",
	  .kind = &kind_time,
	  .attr = APN_TARGET_A_SESSION_SINCE,
	  .flags = FIELD_COLUMN },
	{ .name = "inflight",
	  .kind = &kind_counter,
	  .attr = APN_TARGET_A_SESSION_INFLIGHT,
	  .flags = FIELD_COLUMN },
	{ .name = "generation", .kind = &kind_counter, .attr = APN_TARGET_A_SESSION_GENERATION },
	{ .name = "uuid", .kind = &kind_uuid, .attr = APN_TARGET_A_SESSION_UUID },
	{ .name = "stat",
	  .kind = &kind_nest,
	  .attr = APN_TARGET_A_SESSION_STAT,
	  .of = &use_object },
	{ 0 },
};

static void finish(struct json_object *session)
{
	struct json_object *warning = security_warning(session);

	if (warning)
		json_object_object_add(session, "warning", warning);
}

const struct object session_object = {
	.noun = "session",
	.nouns = "sessions",
	.family = APN_TARGET_FAMILY_NAME,
	.key = "id",
	.fields = session_fields,
	.dump = APN_TARGET_CMD_SESSION_GET,
	.finish = finish,
};

int session_show(struct json_object *values)
{
	return show(&session_object, object_string(values, "id"), false);
}

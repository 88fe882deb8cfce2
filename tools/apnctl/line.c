// SPDX-License-Identifier: GPL-2.0
#include <linux/apnbd.h>

#include "kind.h"
#include "nouns.h"

static const char *const line_states[] = {
	[APNBD_LINE_STATE_CONNECTING] = "connecting",
	[APNBD_LINE_STATE_LIVE] = "live",
	[APNBD_LINE_STATE_WAITING] = "waiting",
	[APNBD_LINE_STATE_CLOSING] = "closing",
	NULL,
};

static const char *const lane_states[] = {
	[APNBD_LANE_STATE_DOWN] = "down",
	[APNBD_LANE_STATE_CONNECTING] = "connecting",
	[APNBD_LANE_STATE_LIVE] = "live",
	[APNBD_LANE_STATE_FENCING] = "fencing",
	NULL,
};

static const char *const congestion_words[] = {
	[APNBD_CONGESTION_KERNEL] = "kernel",
	[APNBD_CONGESTION_FINDING] = "finding",
	[APNBD_CONGESTION_STEADY] = "steady",
	[APNBD_CONGESTION_RESERVED] = "reserved",
	[APNBD_CONGESTION_SHARED] = "shared",
	NULL,
};

static const struct field lane_fields[] = {
	{ .name = "index", .kind = &kind_counter, .attr = APNBD_A_LANE_INDEX },
	{ .name = "state", .kind = &kind_enum, .attr = APNBD_A_LANE_STATE, .words = lane_states },
	{ .name = "incarnation", .kind = &kind_counter, .attr = APNBD_A_LANE_INCARNATION },
	{ .name = "sent", .kind = &kind_bytes, .attr = APNBD_A_LANE_SENT },
	{ .name = "received", .kind = &kind_bytes, .attr = APNBD_A_LANE_RECEIVED },
	{ 0 },
};

static const struct object lane_object = {
	.noun = "lane",
	.nouns = "lanes",
	.fields = lane_fields,
};

static const struct field line_fields[] = {
	{ .name = "id", .kind = &kind_counter, .attr = APNBD_A_LINE_ID, .flags = FIELD_COLUMN },
	{ .name = "address",
	  .kind = &kind_addr,
	  .attr = APNBD_A_LINE_ADDRESS,
	  .flags = FIELD_COLUMN },
	{ .name = "source", .kind = &kind_source, .attr = APNBD_A_LINE_SOURCE },
	{ .name = "transport",
	  .kind = &kind_word,
	  .attr = APNBD_A_LINE_TRANSPORT,
	  .flags = FIELD_COLUMN },
	{ .name = "security",
	  .kind = &kind_enum,
	  .attr = APNBD_A_LINE_SECURITY,
	  .words = security_words,
	  .flags = FIELD_COLUMN },
	{ .name = "warning", .kind = &kind_string },
	{ .name = "identity", .kind = &kind_name, .attr = APNBD_A_LINE_IDENTITY },
	{ .name = "state",
	  .kind = &kind_enum,
	  .attr = APNBD_A_LINE_STATE,
	  .words = line_states,
	  .flags = FIELD_COLUMN },
	{ .name = "since",
	  .kind = &kind_time,
	  .attr = APNBD_A_LINE_SINCE,
	  .flags = FIELD_COLUMN | FIELD_TROUBLE },
	{ .name = "attempt",
	  .kind = &kind_counter,
	  .attr = APNBD_A_LINE_ATTEMPT,
	  .flags = FIELD_COLUMN | FIELD_TROUBLE | FIELD_NONZERO },
	{ .name = "next-try",
	  .title = "next",
	  .kind = &kind_time,
	  .attr = APNBD_A_LINE_NEXT_TRY,
	  .flags = FIELD_COLUMN | FIELD_TROUBLE | FIELD_NONZERO },
	{ .name = "reason",
	  .kind = &kind_string,
	  .attr = APNBD_A_LINE_REASON,
	  .flags = FIELD_NONZERO },
	{ .name = "disks",
	  .kind = &kind_counter,
	  .attr = APNBD_A_LINE_DISKS,
	  .flags = FIELD_COLUMN },
	{ .name = "rtt-us",
	  .title = "rtt",
	  .kind = &kind_us,
	  .attr = APNBD_A_LINE_RTT_US,
	  .flags = FIELD_COLUMN },
	{ .name = "rtt-min-us",
	  .title = "rtt-min",
	  .kind = &kind_us,
	  .attr = APNBD_A_LINE_RTT_MIN_US },
	{ .name = "rate",
	  .kind = &kind_rate,
	  .attr = APNBD_A_LINE_RATE,
	  .flags = FIELD_COLUMN | FIELD_NONZERO },
	{ .name = "congestion",
	  .kind = &kind_enum,
	  .attr = APNBD_A_LINE_CONGESTION,
	  .words = congestion_words,
	  .flags = FIELD_COLUMN },
	{ .name = "send-rate",
	  .kind = &kind_rate,
	  .attr = APNBD_A_LINE_SEND_RATE,
	  .flags = FIELD_NONZERO },
	{ .name = "receive-rate",
	  .kind = &kind_rate,
	  .attr = APNBD_A_LINE_RECEIVE_RATE,
	  .flags = FIELD_NONZERO },
	{ .name = "send-window",
	  .kind = &kind_bytes,
	  .attr = APNBD_A_LINE_SEND_WINDOW,
	  .flags = FIELD_NONZERO },
	{ .name = "bound",
	  .kind = &kind_bytes,
	  .attr = APNBD_A_LINE_BOUND,
	  .flags = FIELD_NONZERO },
	{ .name = "resent",
	  .kind = &kind_bytes,
	  .attr = APNBD_A_LINE_RESENT,
	  .flags = FIELD_NONZERO },
	{ .name = "window", .kind = &kind_bytes, .attr = APNBD_A_LINE_WINDOW },
	{ .name = "outstanding",
	  .kind = &kind_bytes,
	  .attr = APNBD_A_LINE_OUTSTANDING,
	  .flags = FIELD_COLUMN },
	{ .name = "queued",
	  .kind = &kind_counter,
	  .attr = APNBD_A_LINE_QUEUED,
	  .flags = FIELD_COLUMN },
	{ .name = "fences", .kind = &kind_counter, .attr = APNBD_A_LINE_FENCES },
	{ .name = "digest", .kind = &kind_bool, .attr = APNBD_A_LINE_DIGEST },
	{ .name = "uuid", .kind = &kind_uuid, .attr = APNBD_A_LINE_UUID },
	{ .name = "instance", .kind = &kind_uuid, .attr = APNBD_A_LINE_INSTANCE },
	{ .name = "software",
	  .kind = &kind_string,
	  .attr = APNBD_A_LINE_SOFTWARE,
	  .flags = FIELD_NONZERO },
	{ .name = "lane",
	  .kind = &kind_nest,
	  .attr = APNBD_A_LINE_LANE,
	  .of = &lane_object,
	  .flags = FIELD_MULTI },
	{ 0 },
};

static void finish(struct json_object *line)
{
	struct json_object *warning = security_warning(line);

	if (warning)
		json_object_object_add(line, "warning", warning);
}

const struct object line_object = {
	.noun = "line",
	.nouns = "lines",
	.family = APNBD_FAMILY_NAME,
	.key = "id",
	.good = "live",
	.fields = line_fields,
	.dump = APNBD_CMD_LINE_GET,
	.finish = finish,
};

const struct field id_args[] = {
	{ .name = "id",
	  .kind = &kind_number,
	  .arg = "ID",
	  .help = "the number in the first column",
	  .flags = FIELD_WORD },
	{ 0 },
};

int line_show(struct json_object *values)
{
	return show(&line_object, object_string(values, "id"), false);
}

// SPDX-License-Identifier: GPL-2.0
/* The paths of a disk. */
#include <stdio.h>
#include <string.h>

#include <linux/apnbd.h>

#include "call.h"
#include "err.h"
#include "kind.h"
#include "nouns.h"
#include "out.h"

static const char *const path_states[] = {
	[APNBD_PATH_STATE_WAITING] = "waiting",
	[APNBD_PATH_STATE_LIVE] = "live",
	[APNBD_PATH_STATE_REFUSED] = "refused",
	[APNBD_PATH_STATE_LEAVING] = "leaving",
	NULL,
};

static const struct field path_fields[] = {
	{ .name = "address",
	  .kind = &kind_addr,
	  .attr = APNBD_A_PATH_ADDRESS,
	  .flags = FIELD_COLUMN },
	{ .name = "transport",
	  .kind = &kind_word,
	  .attr = APNBD_A_PATH_TRANSPORT,
	  .flags = FIELD_COLUMN },
	{ .name = "state",
	  .kind = &kind_enum,
	  .attr = APNBD_A_PATH_STATE,
	  .words = path_states,
	  .flags = FIELD_COLUMN },
	{ .name = "rtt-us",
	  .title = "rtt",
	  .kind = &kind_us,
	  .attr = APNBD_A_PATH_RTT_US,
	  .flags = FIELD_COLUMN },
	{ .name = "inflight",
	  .kind = &kind_counter,
	  .attr = APNBD_A_PATH_INFLIGHT,
	  .flags = FIELD_COLUMN },
	{ .name = "requests",
	  .kind = &kind_counter,
	  .attr = APNBD_A_PATH_REQUESTS,
	  .flags = FIELD_COLUMN },
	{ .name = "bytes",
	  .kind = &kind_bytes,
	  .attr = APNBD_A_PATH_BYTES,
	  .flags = FIELD_COLUMN },
	{ .name = "losses",
	  .kind = &kind_counter,
	  .attr = APNBD_A_PATH_LOSSES,
	  .flags = FIELD_COLUMN },
	{ .name = "attempt",
	  .kind = &kind_counter,
	  .attr = APNBD_A_PATH_ATTEMPT,
	  .flags = FIELD_COLUMN | FIELD_TROUBLE | FIELD_NONZERO },
	{ .name = "next-try",
	  .title = "next",
	  .kind = &kind_time,
	  .attr = APNBD_A_PATH_NEXT_TRY,
	  .flags = FIELD_COLUMN | FIELD_TROUBLE | FIELD_NONZERO },
	{ .name = "reason",
	  .kind = &kind_string,
	  .attr = APNBD_A_PATH_REASON,
	  .flags = FIELD_COLUMN | FIELD_TROUBLE | FIELD_NONZERO },
	{ .name = "line", .kind = &kind_counter, .attr = APNBD_A_PATH_LINE },
	{ .name = "source",
	  .kind = &kind_source,
	  .attr = APNBD_A_PATH_SOURCE,
	  .flags = FIELD_QUIET },
	{ .name = "live", .kind = &kind_bool, .attr = APNBD_A_PATH_LIVE, .flags = FIELD_QUIET },
	{ .name = "handle",
	  .kind = &kind_counter,
	  .attr = APNBD_A_PATH_HANDLE,
	  .flags = FIELD_QUIET },
	{ 0 },
};

const struct object path_object = {
	.noun = "path",
	.nouns = "paths",
	.good = "live",
	.fields = path_fields,
};

/* -- what "add" and "del" ask for -- */

static const struct field way_fields[] = {
	{ .name = "disk", .kind = &kind_name, .attr = APNBD_A_WAY_DISK },
	{ .name = "address",
	  .kind = &kind_addr,
	  .attr = APNBD_A_WAY_ADDRESS,
	  .help = "of the target, at the far end of the path",
	  .flags = FIELD_NEED },
	{ .name = "transport",
	  .kind = &kind_word,
	  .attr = APNBD_A_WAY_TRANSPORT,
	  .arg = "tcp|rdma",
	  .help = "how to get there (default: as the disk's first path)",
	  .flags = FIELD_ADD },
	{ .name = "patient", .kind = &kind_flag, .attr = APNBD_A_WAY_PATIENT },
	{ 0 },
};

const struct object way_object = {
	.noun = "path",
	.nouns = "paths",
	.family = APNBD_FAMILY_NAME,
	.key = "address",
	.peer = true,
	.fields = way_fields,
};

/* -- "also": ADDR[:PORT][,TRANSPORT] -- */

static struct json_object *also_of(const char *address, const char *transport)
{
	char text[VALUE_BYTES];

	snprintf(text, sizeof(text), "%s%s%s", address, *transport ? "," : "", transport);
	return json_object_new_string(text);
}

static int parse_also(const struct field *field, const char *text, struct json_object **value)
{
	size_t size = strcspn(text, ",");
	struct json_object *address;
	char host[VALUE_BYTES];
	int code;

	if (text[size] && !text[size + 1])
		return fail(EXIT_USAGE, "'%s' has no transport behind its comma", text);
	snprintf(host, sizeof(host), "%.*s", (int)size, text);
	code = kind_addr.parse(field, host, &address);
	if (code)
		return code;
	*value = also_of(json_object_get_string(address), text[size] ? text + size + 1 : "");
	json_object_put(address);
	return 0;
}

const struct kind kind_also = {
	.arg = "ADDR[:PORT][,TRANSPORT]",
	.parse = parse_also,
	.word = kind_word_string,
};

struct json_object *path_also(struct json_object *disk)
{
	struct json_object *paths = json_object_object_get(disk, "path"), *path;
	struct json_object *list = json_object_new_array();
	const char *transport;
	size_t i;

	for (i = 1; i < json_object_array_length(paths); i++) {
		path = json_object_array_get_idx(paths, i);
		transport = object_string(path, "transport");
		if (!strcmp(transport, object_string(disk, "transport")))
			transport = "";
		json_object_array_add(list, also_of(object_string(path, "address"), transport));
	}
	return list;
}

struct json_object *path_way(const char *disk, const char *also)
{
	size_t size = strcspn(also, ",");
	struct json_object *way = values_of("disk", disk);

	json_object_object_add(way, "address", json_object_new_string_len(also, (int)size));
	if (also[size])
		values_default(way, "transport", also + size + 1);
	return way;
}

struct json_object *path_first(struct json_object *disk)
{
	return also_of(object_string(disk, "address"), object_string(disk, "transport"));
}

void path_make_first(struct json_object *disk, struct json_object *way)
{
	struct json_object *transport = json_object_object_get(way, "transport");

	json_object_object_add(disk, "address",
			       json_object_get(json_object_object_get(way, "address")));
	if (transport)
		json_object_object_add(disk, "transport", json_object_get(transport));
}

/* -- the commands -- */

const struct field path_args[] = {
	{ .name = "name",
	  .kind = &kind_disk,
	  .help = "the disk: its name, apnbdN or /dev/apnbdN",
	  .flags = FIELD_WORD },
	{ 0 },
};

static int change(uint8_t cmd, struct json_object *values)
{
	int code = disk_resolve(values);

	if (code)
		return code;
	values_default(values, "disk", object_string(values, "name"));
	return call(&way_object, cmd, values, NULL);
}

int path_add(struct json_object *values)
{
	return change(APNBD_CMD_PATH_ADD, values);
}

int path_del(struct json_object *values)
{
	return change(APNBD_CMD_PATH_DEL, values);
}

int path_show(struct json_object *values)
{
	struct json_object *disk;
	int code = disk_resolve(values);

	if (!code)
		code = call_one(&disk_object, object_string(values, "name"), &disk);
	if (code)
		return code;
	out_list(&path_object, json_object_object_get(disk, "path"));
	json_object_put(disk);
	return 0;
}

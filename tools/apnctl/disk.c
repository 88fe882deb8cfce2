// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include <linux/apnbd.h>

#include "call.h"
#include "err.h"
#include "kind.h"
#include "nouns.h"
#include "out.h"

static const char *const disk_states[] = {
	[APNBD_DISK_STATE_IDLE] = "idle",
	[APNBD_DISK_STATE_CONNECTING] = "connecting",
	[APNBD_DISK_STATE_LIVE] = "live",
	[APNBD_DISK_STATE_WAITING] = "waiting",
	[APNBD_DISK_STATE_FAILED] = "failed",
	[APNBD_DISK_STATE_LOST] = "lost",
	[APNBD_DISK_STATE_SUPERSEDED] = "superseded",
	[APNBD_DISK_STATE_REVOKED] = "revoked",
	[APNBD_DISK_STATE_CLOSING] = "closing",
	NULL,
};

static const struct field disk_fields[] = {
	{ .name = "name",
	  .kind = &kind_name,
	  .attr = APNBD_A_DISK_NAME,
	  .help = "what to call the disk (default: as the export)",
	  .flags = FIELD_ADD | FIELD_COLUMN },
	{ .name = "device",
	  .kind = &kind_device,
	  .attr = APNBD_A_DISK_DEVICE,
	  .flags = FIELD_COLUMN },
	{ .name = "state",
	  .kind = &kind_enum,
	  .attr = APNBD_A_DISK_STATE,
	  .words = disk_states,
	  .flags = FIELD_COLUMN },
	{ .name = "size",
	  .kind = &kind_bytes,
	  .attr = APNBD_A_DISK_SIZE,
	  .flags = FIELD_COLUMN },
	{ .name = "export",
	  .kind = &kind_name,
	  .attr = APNBD_A_DISK_EXPORT,
	  .arg = "EXPORT",
	  .help = "name of the export at the target",
	  .flags = FIELD_NEED | FIELD_KEEP | FIELD_COLUMN },
	{ .name = "address",
	  .kind = &kind_addr,
	  .attr = APNBD_A_DISK_ADDRESS,
	  .help = "of the target; the port is 4921 by default",
	  .flags = FIELD_NEED | FIELD_KEEP | FIELD_COLUMN },
	{ .name = "since",
	  .kind = &kind_time,
	  .attr = APNBD_A_DISK_SINCE,
	  .flags = FIELD_COLUMN | FIELD_TROUBLE },
	{ .name = "attempt",
	  .kind = &kind_counter,
	  .attr = APNBD_A_DISK_ATTEMPT,
	  .flags = FIELD_COLUMN | FIELD_TROUBLE | FIELD_NONZERO },
	{ .name = "next-try",
	  .title = "next",
	  .kind = &kind_time,
	  .attr = APNBD_A_DISK_NEXT_TRY,
	  .flags = FIELD_COLUMN | FIELD_TROUBLE | FIELD_NONZERO },
	{ .name = "fencing",
	  .kind = &kind_counter,
	  .attr = APNBD_A_DISK_FENCING,
	  .flags = FIELD_COLUMN | FIELD_NONZERO },
	{ .name = "fencing-since",
	  .kind = &kind_time,
	  .attr = APNBD_A_DISK_FENCING_SINCE,
	  .flags = FIELD_COLUMN | FIELD_NONZERO },
	{ .name = "reason",
	  .kind = &kind_string,
	  .attr = APNBD_A_DISK_REASON,
	  .flags = FIELD_NONZERO },
	{ .name = "transport",
	  .kind = &kind_word,
	  .attr = APNBD_A_DISK_TRANSPORT,
	  .arg = "tcp|rdma",
	  .help = "how to get there (default: tcp)",
	  .flags = FIELD_ADD | FIELD_KEEP },
	{ .name = "also",
	  .kind = &kind_also,
	  .help = "a further path, to this address of the same target; may be repeated",
	  .flags = FIELD_ADD | FIELD_KEEP | FIELD_MULTI | FIELD_NONZERO },
	{ .name = "security",
	  .kind = &kind_enum,
	  .attr = APNBD_A_DISK_SECURITY,
	  .words = security_words,
	  .arg = "tls|auth|none",
	  .help = "what protects the line, as the target's port has it (default: tls)",
	  .flags = FIELD_ADD | FIELD_KEEP },
	{ .name = "warning", .kind = &kind_string },
	{ .name = "identity",
	  .kind = &kind_name,
	  .attr = APNBD_A_DISK_IDENTITY,
	  .arg = "ID",
	  .help = "who this host is (default: that of its only key, else its node name)",
	  .flags = FIELD_ADD | FIELD_KEEP },
	{ .name = "source",
	  .kind = &kind_source,
	  .attr = APNBD_A_DISK_SOURCE,
	  .help = "local address to connect from",
	  .flags = FIELD_ADD | FIELD_KEEP | FIELD_NONZERO },
	{ .name = "lanes",
	  .kind = &kind_number,
	  .attr = APNBD_A_DISK_LANES,
	  .help = "connections of the line, 1 to 16",
	  .min = 1,
	  .max = 16,
	  .flags = FIELD_ADD | FIELD_KEEP },
	{ .name = "rate",
	  .kind = &kind_rate,
	  .attr = APNBD_A_DISK_RATE,
	  .help = "bits a second that are reserved for the line, as 100g (default: none)",
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP },
	{ .name = "read-ahead",
	  .kind = &kind_size,
	  .attr = APNBD_A_DISK_READ_AHEAD,
	  .help = "of who reads in sequence, as 64M; auto: what the line carries in a round trip",
	  .flags = FIELD_SET },
	{ .name = "fail-after",
	  .kind = &kind_patience,
	  .attr = APNBD_A_DISK_FAIL_AFTER,
	  .help = "time without a path after which I/O fails, as 5m (default: never)",
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP },
	{ .name = "depth",
	  .kind = &kind_number,
	  .attr = APNBD_A_DISK_DEPTH,
	  .help = "requests under way at a time, 1 to 8192",
	  .min = 1,
	  .max = 8192,
	  .flags = FIELD_ADD | FIELD_KEEP },
	{ .name = "read-only",
	  .kind = &kind_bool,
	  .attr = APNBD_A_DISK_READ_ONLY,
	  .help = "nothing is written; --read-only=no undoes it",
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP },
	{ .name = "digest",
	  .kind = &kind_bool,
	  .attr = APNBD_A_DISK_DIGEST,
	  .help = "a checksum over every payload",
	  .flags = FIELD_ADD | FIELD_KEEP },
	{ .name = "takeover",
	  .kind = &kind_flag,
	  .attr = APNBD_A_DISK_TAKEOVER,
	  .help = "take the export from the host that writes to it now",
	  .flags = FIELD_ADD },
	{ .name = "force", .kind = &kind_flag, .attr = APNBD_A_DISK_FORCE },
	{ .name = "block-size", .kind = &kind_counter, .attr = APNBD_A_DISK_BLOCK_SIZE },
	{ .name = "write-cache", .kind = &kind_bool, .attr = APNBD_A_DISK_WRITE_CACHE },
	{ .name = "peer-memory", .kind = &kind_bool, .attr = APNBD_A_DISK_PEER_MEMORY },
	{ .name = "volume", .kind = &kind_uuid, .attr = APNBD_A_DISK_VOLUME },
	{ .name = "generation", .kind = &kind_counter, .attr = APNBD_A_DISK_GENERATION },
	{ .name = "openers", .kind = &kind_counter, .attr = APNBD_A_DISK_OPENERS },
	{ .name = "inflight", .kind = &kind_counter, .attr = APNBD_A_DISK_INFLIGHT },
	{ .name = "held", .kind = &kind_counter, .attr = APNBD_A_DISK_HELD },
	{ .name = "index",
	  .kind = &kind_counter,
	  .attr = APNBD_A_DISK_INDEX,
	  .flags = FIELD_QUIET },
	{ .name = "stat", .kind = &kind_nest, .attr = APNBD_A_DISK_STAT, .of = &stat_object },
	{ .name = "path",
	  .kind = &kind_nest,
	  .attr = APNBD_A_DISK_PATH,
	  .of = &path_object,
	  .flags = FIELD_MULTI },
	/* added by show NAME */
	{ .name = "line", .kind = &kind_nest, .of = &line_object, .flags = FIELD_MULTI },
	{ 0 },
};

/* A disk's address is that of its first path; the others are what it was made with "also". */
static void finish(struct json_object *disk)
{
	struct json_object *warning = security_warning(disk);
	struct json_object *paths = json_object_object_get(disk, "path");
	struct json_object *first = json_object_array_get_idx(paths, 0);

	if (first && !json_object_object_get(disk, "address") && *object_string(first, "address"))
		values_default(disk, "address", object_string(first, "address"));
	json_object_object_add(disk, "also", path_also(disk));
	if (warning)
		json_object_object_add(disk, "warning", warning);
}

const struct object disk_object = {
	.noun = "disk",
	.nouns = "disks",
	.family = APNBD_FAMILY_NAME,
	.key = "name",
	.good = "live",
	.peer = true,
	.fields = disk_fields,
	.get = APNBD_CMD_DISK_GET,
	.dump = APNBD_CMD_DISK_GET,
	.finish = finish,
};

/* -- which disk is meant -- */

const char *disk_device_number(const char *text)
{
	if (!strncmp(text, "/dev/", 5))
		text += 5;
	if (strncmp(text, "apnbd", 5))
		return NULL;
	text += 5;
	return *text && strspn(text, "0123456789") == strlen(text) ? text : NULL;
}

static int parse_disk(const struct field *field, const char *text, struct json_object **value)
{
	if (!disk_device_number(text))
		return kind_name.parse(field, text, value);
	*value = json_object_new_string(text);
	return 0;
}

const struct kind kind_disk = { .arg = "NAME", .parse = parse_disk };

int disk_resolve(struct json_object *values)
{
	const char *text = object_string(values, "name"), *other;
	const char *number = disk_device_number(text);
	struct json_object *list, *disk;
	size_t i;
	int code;

	if (!number)
		return 0;
	code = call_all(&disk_object, &list);
	if (code)
		return code;
	for (i = 0; i < json_object_array_length(list); i++) {
		disk = json_object_array_get_idx(list, i);
		other = disk_device_number(object_string(disk, "device"));
		if (!other || strcmp(other, number))
			continue;
		json_object_object_add(values, "name",
				       json_object_get(json_object_object_get(disk, "name")));
		json_object_put(list);
		return 0;
	}
	json_object_put(list);
	return fail(EXIT_ABSENT, "there is no disk %s", text);
}

/* -- list, show, set -- */

const struct field disk_word[] = {
	{ .name = "name",
	  .kind = &kind_disk,
	  .help = "the disk: its name, apnbdN or /dev/apnbdN",
	  .flags = FIELD_WORD },
	{ 0 },
};

const struct field disk_args[] = {
	{ .name = "name",
	  .kind = &kind_disk,
	  .help = "the disk: its name, apnbdN or /dev/apnbdN",
	  .flags = FIELD_WORD },
	{ .name = "config",
	  .kind = &kind_flag,
	  .help = "as a section of a file that \"up\" reads" },
	{ 0 },
};

int disk_list(struct json_object *values)
{
	(void)values;
	return show(&disk_object, "", false);
}

/* The lines that the disk's paths run over, as part of it. */
static int add_lines(struct json_object *disk)
{
	struct json_object *paths = json_object_object_get(disk, "path"), *list, *line;
	struct json_object *lines;
	size_t i, j;
	int code;

	code = call_all(&line_object, &list);
	if (code)
		return code;
	lines = json_object_new_array();
	for (i = 0; i < json_object_array_length(list); i++) {
		line = json_object_array_get_idx(list, i);
		for (j = 0; j < json_object_array_length(paths); j++)
			if (object_number(json_object_array_get_idx(paths, j), "line") ==
			    object_number(line, "id"))
				json_object_array_add(lines, json_object_get(line));
	}
	json_object_put(list);
	json_object_object_add(disk, "line", lines);
	return 0;
}

static int show_disk(const char *name)
{
	struct json_object *disk;
	int code = call_one(&disk_object, name, &disk);

	if (!code)
		code = add_lines(disk);
	if (!code)
		out_detail(&disk_object, disk);
	json_object_put(disk);
	return code;
}

static int show_disks(void)
{
	struct json_object *list;
	int code = call_all(&disk_object, &list);

	if (!code)
		out_details(&disk_object, list);
	json_object_put(list);
	return code;
}

int disk_show(struct json_object *values)
{
	int code = disk_resolve(values);
	const char *name = object_string(values, "name");

	if (code)
		return code;
	if (object_true(values, "config") && !out_json)
		return show(&disk_object, name, true);
	return *name ? show_disk(name) : show_disks();
}

int disk_set(struct json_object *values)
{
	struct json_object *disk = NULL;
	int code;

	if (json_object_object_length(values) < 2)
		return fail(EXIT_USAGE,
			    "nothing to set: give --fail-after, --rate, --read-ahead or --read-only");
	code = disk_resolve(values);
	if (!code)
		code = call(&disk_object, APNBD_CMD_DISK_SET, values, &disk);
	if (!code && out_json)
		out_print_json(disk);
	json_object_put(disk);
	return code;
}

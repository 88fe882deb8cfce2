// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <linux/apn_target.h>

#include "call.h"
#include "conf.h"
#include "err.h"
#include "kind.h"
#include "nouns.h"
#include "out.h"
#include "units.h"

enum {
	DRAIN_WAIT_MS = 30000,
	POLL_MS = 50,
};

#define STATE_DIR "/var/lib/apnbd"

static const char *const durability_words[] = {
	[APN_TARGET_DURABILITY_ACK] = "ack",
	[APN_TARGET_DURABILITY_FLUSH] = "flush",
	NULL,
};

static const char *const export_states[] = {
	[APN_TARGET_EXPORT_STATE_SERVING] = "serving",
	[APN_TARGET_EXPORT_STATE_DRAINING] = "draining",
	[APN_TARGET_EXPORT_STATE_DRAINED] = "drained",
	NULL,
};

static const struct field allow_fields[] = {
	{ .name = "identity", .kind = &kind_name, .attr = APN_TARGET_A_ALLOW_IDENTITY },
	{ .name = "read-only", .kind = &kind_bool, .attr = APN_TARGET_A_ALLOW_READ_ONLY },
	{ 0 },
};

static const struct object allow_object = {
	.noun = "allow",
	.nouns = "identities",
	.fields = allow_fields,
};

static const struct field export_fields[] = {
	{ .name = "name",
	  .kind = &kind_name,
	  .attr = APN_TARGET_A_EXPORT_NAME,
	  .help = "of the export",
	  .flags = FIELD_COLUMN },
	{ .name = "state",
	  .kind = &kind_enum,
	  .attr = APN_TARGET_A_EXPORT_STATE,
	  .words = export_states,
	  .flags = FIELD_COLUMN },
	{ .name = "device",
	  .kind = &kind_path,
	  .attr = APN_TARGET_A_EXPORT_DEVICE,
	  .arg = "DEV",
	  .help = "the block device to serve",
	  .flags = FIELD_ADD | FIELD_NEED | FIELD_KEEP | FIELD_COLUMN },
	{ .name = "size",
	  .kind = &kind_bytes,
	  .attr = APN_TARGET_A_EXPORT_SIZE,
	  .flags = FIELD_COLUMN },
	{ .name = "read-only",
	  .kind = &kind_bool,
	  .attr = APN_TARGET_A_EXPORT_READ_ONLY,
	  .help = "nobody writes; --read-only=no undoes it",
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP | FIELD_COLUMN },
	{ .name = "allow",
	  .kind = &kind_allow,
	  .attr = APN_TARGET_A_EXPORT_ALLOW,
	  .help = "an identity that may use it, with :ro to read alone; may be repeated",
	  .of = &allow_object,
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP | FIELD_MULTI },
	{ .name = "restricted",
	  .kind = &kind_bool,
	  .attr = APN_TARGET_A_EXPORT_RESTRICTED,
	  .help = "nobody who is not on that list; so it is once somebody was on it",
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP | FIELD_NONZERO },
	{ .name = "deny",
	  .kind = &kind_name,
	  .attr = APN_TARGET_A_EXPORT_DENY,
	  .arg = "ID",
	  .help = "an identity to take off that list",
	  .flags = FIELD_SET },
	{ .name = "durability",
	  .kind = &kind_enum,
	  .attr = APN_TARGET_A_EXPORT_DURABILITY,
	  .words = durability_words,
	  .arg = "ack|flush",
	  .help = "a write is durable once acknowledged, or once flushed (default: by the device)",
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP },
	{ .name = "limit-bps",
	  .kind = &kind_limit,
	  .attr = APN_TARGET_A_EXPORT_LIMIT_BPS,
	  .help = "bytes a second, as 200M (default: none)",
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP },
	{ .name = "limit-iops",
	  .kind = &kind_count,
	  .attr = APN_TARGET_A_EXPORT_LIMIT_IOPS,
	  .help = "requests a second, as 20k (default: none)",
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP },
	{ .name = "state-dir",
	  .kind = &kind_path,
	  .attr = APN_TARGET_A_EXPORT_STATE_DIR,
	  .arg = "DIR",
	  .help = "folder of its state file (default: " STATE_DIR ")",
	  .flags = FIELD_ADD | FIELD_KEEP },
	{ .name = "force", .kind = &kind_flag, .attr = APN_TARGET_A_EXPORT_FORCE },
	{ .name = "resume", .kind = &kind_flag, .attr = APN_TARGET_A_EXPORT_RESUME },
	{ .name = "writer",
	  .kind = &kind_name,
	  .attr = APN_TARGET_A_EXPORT_WRITER,
	  .flags = FIELD_COLUMN | FIELD_NONZERO },
	{ .name = "sessions",
	  .kind = &kind_counter,
	  .attr = APN_TARGET_A_EXPORT_SESSIONS,
	  .flags = FIELD_COLUMN },
	{ .name = "busy",
	  .kind = &kind_counter,
	  .attr = APN_TARGET_A_EXPORT_BUSY,
	  .flags = FIELD_COLUMN | FIELD_NONZERO },
	{ .name = "stuck",
	  .kind = &kind_time,
	  .attr = APN_TARGET_A_EXPORT_STUCK,
	  .flags = FIELD_COLUMN | FIELD_NONZERO },
	{ .name = "generation", .kind = &kind_counter, .attr = APN_TARGET_A_EXPORT_GENERATION },
	{ .name = "block-size", .kind = &kind_counter, .attr = APN_TARGET_A_EXPORT_BLOCK_SIZE },
	{ .name = "volume", .kind = &kind_uuid, .attr = APN_TARGET_A_EXPORT_VOLUME },
	{ .name = "stat", .kind = &kind_nest, .attr = APN_TARGET_A_EXPORT_STAT, .of = &use_object },
	{ 0 },
};

const struct object export_object = {
	.noun = "export",
	.nouns = "exports",
	.family = APN_TARGET_FAMILY_NAME,
	.key = "name",
	.good = "serving",
	.fields = export_fields,
	.get = APN_TARGET_CMD_EXPORT_GET,
	.dump = APN_TARGET_CMD_EXPORT_GET,
};

const struct field export_args[] = {
	{ .name = "config",
	  .kind = &kind_flag,
	  .help = "as a section of a file that \"up\" reads" },
	{ 0 },
};

const struct field export_del_args[] = {
	{ .name = "force", .kind = &kind_flag, .help = "end the sessions that use it" },
	{ 0 },
};

const struct field export_drain_args[] = {
	{ .name = "resume", .kind = &kind_flag, .help = "serve again" },
	{ 0 },
};

const struct field export_revoke_args[] = {
	{ .name = "identity",
	  .kind = &kind_name,
	  .arg = "ID",
	  .help = "whose sessions end",
	  .flags = FIELD_WORD },
	{ .name = "dir",
	  .kind = &kind_path,
	  .arg = "DIR",
	  .help = "folder of target.conf, which forgets it too (default: /etc/apnbd)" },
	{ 0 },
};

/* One command that answers with the export. */
static int change(uint8_t cmd, struct json_object *values)
{
	struct json_object *export = NULL;
	int code = call(&export_object, cmd, values, &export);

	if (!code && out_json && export)
		out_print_json(export);
	json_object_put(export);
	return code;
}

/* The folder of the state files is root's alone; those above it are as usual. */
static int make_state_dir(const char *path)
{
	char part[VALUE_BYTES];
	const char *slash;

	for (slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			break;
	}
	if (mkdir(path, 0700) && errno != EEXIST)
		return fail(errno == EACCES ? EXIT_DENIED : exit_of_errno(errno),
			    "can't make the folder %s: %s", path, strerror(errno));
	return 0;
}

static int add(struct json_object *values, struct json_object **export)
{
	int code;

	values_default(values, "state_dir", STATE_DIR);
	code = make_state_dir(object_string(values, "state_dir"));
	if (!code)
		code = call(&export_object, APN_TARGET_CMD_EXPORT_ADD, values, export);
	return code;
}

int export_add(struct json_object *values)
{
	struct json_object *export = NULL;
	int code = add(values, &export);

	if (!code && out_json && export)
		out_print_json(export);
	json_object_put(export);
	return code;
}

int export_set(struct json_object *values)
{
	if (json_object_object_length(values) < 2)
		return fail(EXIT_USAGE, "nothing to set: \"apnctl help export set\" lists what can be");
	return change(APN_TARGET_CMD_EXPORT_SET, values);
}

int export_show(struct json_object *values)
{
	return show(&export_object, object_string(values, "name"), object_true(values, "config"));
}

/* -- drain and del -- */

/*
 * A device may hang: the kernel does not wait for it; who types the command does, for a
 * while. Until it is @done, or where that is NULL, gone.
 */
static int wait_until(const char *name, bool (*done)(struct json_object *export),
		      const char *what)
{
	uint64_t end = unit_now() + DRAIN_WAIT_MS;
	struct json_object *export;
	bool over;
	int code;

	while (unit_now() < end) {
		code = call_one(&export_object, name, &export);
		if (code)
			return code;
		over = done && done(export);
		json_object_put(export);
		if (over)
			return 0;
		unit_sleep(POLL_MS);
	}
	return fail(EXIT_UNREACHABLE,
		    "export %s still %s after %d seconds: its device has not ended all requests",
		    name, what, DRAIN_WAIT_MS / 1000);
}

static bool is_drained(struct json_object *export)
{
	return strcmp(object_string(export, "state"), "draining") != 0;
}

int export_drain(struct json_object *values)
{
	int code = call(&export_object, APN_TARGET_CMD_EXPORT_DRAIN, values, NULL);

	if (code || object_true(values, "resume"))
		return code;
	return wait_until(object_string(values, "name"), is_drained, "drains");
}

int export_del(struct json_object *values)
{
	int code = call(&export_object, APN_TARGET_CMD_EXPORT_DEL, values, NULL);

	if (code)
		return code;
	code = wait_until(object_string(values, "name"), NULL, "ends");
	return code == EXIT_ABSENT ? 0 : code;
}

int export_revoke(struct json_object *values)
{
	const char *identity = object_string(values, "identity"), *dir;
	bool forgotten;
	int code, kept;

	values_default(values, "deny", identity);
	values_default(values, "dir", "/etc/apnbd");
	dir = object_string(values, "dir");
	code = call(&export_object, APN_TARGET_CMD_EXPORT_REVOKE, values, NULL);
	if (code && code != EXIT_ABSENT)
		return code;
	kept = conf_revoke(dir, "target", object_string(values, "name"), identity, &forgotten);
	if (kept)
		fail_prefix("%s is out, and would be let in again by the next start: ", identity);
	return kept ? kept : forgotten ? 0 : code;
}

/* -- what a configuration file says -- */

static bool listed(struct json_object *allows, const char *identity)
{
	size_t i;

	for (i = 0; allows && i < json_object_array_length(allows); i++)
		if (!strcmp(object_string(json_object_array_get_idx(allows, i), "identity"),
			    identity))
			return true;
	return false;
}

/* Identities that are on the export's list and not in the file. */
static int deny_others(struct json_object *old, struct json_object *values)
{
	struct json_object *allows = json_object_object_get(old, "allow"), *deny;
	const char *identity;
	int code = 0;
	size_t i;

	for (i = 0; !code && i < json_object_array_length(allows); i++) {
		identity = object_string(json_object_array_get_idx(allows, i), "identity");
		if (listed(json_object_object_get(values, "allow"), identity))
			continue;
		deny = values_of("name", object_string(values, "name"));
		values_default(deny, "deny", identity);
		code = call(&export_object, APN_TARGET_CMD_EXPORT_SET, deny, NULL);
		json_object_put(deny);
	}
	return code;
}

/* An export that is there becomes as the file says, unless it stands for another device. */
static int adjust(struct json_object *old, struct json_object *values)
{
	struct json_object *set = json_object_new_object();
	const struct field *field;
	char key[KEY_BYTES];
	int code;

	if (strcmp(object_string(old, "device"), object_string(values, "device"))) {
		json_object_put(set);
		return fail(EXIT_EXISTS, "export %s is there and serves %s, not %s",
			    object_string(values, "name"), object_string(old, "device"),
			    object_string(values, "device"));
	}
	for (field = export_fields; field->name; field++)
		if ((field->flags & FIELD_SET || !strcmp(field->name, "name")) &&
		    object_value(values, field))
			json_object_object_add(set, field_key(field, key),
					       json_object_get(object_value(values, field)));
	code = call(&export_object, APN_TARGET_CMD_EXPORT_SET, set, NULL);
	if (!code)
		code = deny_others(old, values);
	json_object_put(set);
	return code;
}

int export_up(struct json_object *values)
{
	struct json_object *old = NULL;
	int code = add(values, NULL);

	if (code != EXIT_EXISTS)
		return code;
	code = call_one(&export_object, object_string(values, "name"), &old);
	if (!code)
		code = adjust(old, values);
	json_object_put(old);
	return code;
}

int export_quiet(struct json_object *values)
{
	struct json_object *which = values_of("name", object_string(values, "name"));
	int code = export_drain(which);

	json_object_put(which);
	return code == EXIT_ABSENT ? 0 : code;
}

int export_down(struct json_object *values)
{
	struct json_object *del = values_of("name", object_string(values, "name"));
	int code;

	json_object_object_add(del, "force", json_object_new_boolean(true));
	code = export_del(del);
	json_object_put(del);
	return code == EXIT_ABSENT ? 0 : code;
}

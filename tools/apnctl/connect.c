// SPDX-License-Identifier: GPL-2.0
/* A disk comes and goes. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <linux/apnbd.h>

#include "call.h"
#include "err.h"
#include "key.h"
#include "kind.h"
#include "nouns.h"
#include "out.h"
#include "units.h"

enum {
	NODE_WAIT_MS = 5000, /* for devtmpfs or udev to show the device */
	BUSY_WAIT_MS = 3000, /* for udev to close a disk that was just unmounted */
	POLL_MS = 50,
};

static int wait_for_node(const char *path)
{
	uint64_t end = unit_now() + NODE_WAIT_MS;
	struct stat st;

	while (unit_now() < end) {
		if (!stat(path, &st) && S_ISBLK(st.st_mode))
			return 0;
		unit_sleep(POLL_MS);
	}
	return fail(EXIT_SYSTEM,
		    "the disk is connected, but %s did not appear: neither devtmpfs nor udev made it",
		    path);
}

/* A disk that is called as another one's device would be disconnected in its place one day. */
static int complete(struct json_object *values)
{
	values_default(values, "name", object_string(values, "export"));
	values_default(values, "transport", "tcp");
	values_default(values, "security", "tls");
	if (disk_device_number(object_string(values, "name")))
		return fail(EXIT_USAGE, "a disk can't be called %s, as a device: give another --name",
			    object_string(values, "name"));
	return 0;
}

/* What the network or the target says is about an export and an address. */
static int name_peer(int code, struct json_object *values)
{
	if (code == EXIT_REFUSED || code == EXIT_UNREACHABLE || code == EXIT_IN_USE)
		fail_suffix(" (export %s at %s)", object_string(values, "export"),
			    object_string(values, "address"));
	return code;
}

static int ask_connect(struct json_object *values, struct json_object **disk)
{
	return name_peer(call(&disk_object, APNBD_CMD_DISK_CONNECT, values, disk), values);
}

/* The first path that can be reached makes the disk; the one it replaces is one of the others. */
static int connect_by_any(struct json_object *values, struct json_object **disk)
{
	struct json_object *also = json_object_object_get(values, "also");
	int code = ask_connect(values, disk);
	size_t i, n = also ? json_object_array_length(also) : 0;

	for (i = 0; i < n && code == EXIT_UNREACHABLE; i++) {
		const char *other = json_object_get_string(json_object_array_get_idx(also, i));
		struct json_object *way = path_way("", other);

		json_object_array_put_idx(also, i, path_first(values));
		path_make_first(values, way);
		json_object_put(way);
		code = ask_connect(values, disk);
	}
	return code;
}

/* One that can't be reached now is used as soon as it can; one that is there is there. */
static int add_path(const char *disk, const char *also)
{
	struct json_object *way = path_way(disk, also);
	int code;

	json_object_object_add(way, "patient", json_object_new_boolean(true));
	code = call(&way_object, APNBD_CMD_PATH_ADD, way, NULL);
	json_object_put(way);
	return code == EXIT_EXISTS ? 0 : code;
}

static int add_paths(struct json_object *disk, struct json_object *values)
{
	struct json_object *also = json_object_object_get(values, "also");
	size_t i, n = also ? json_object_array_length(also) : 0;
	int first = 0;

	for (i = 0; i < n; i++) {
		const char *other = json_object_get_string(json_object_array_get_idx(also, i));
		int code = add_path(object_string(disk, "name"), other);

		if (code)
			first = fail_note(first, code);
	}
	if (first)
		fail(first, "the disk is connected, without what the lines above name");
	return first;
}

static int connect_disk(struct json_object *values, struct json_object **disk)
{
	int code = complete(values);

	*disk = NULL;
	if (!code)
		code = key_choose(values);
	if (!code)
		code = connect_by_any(values, disk);
	if (!code && !*disk)
		code = fail(EXIT_SYSTEM, "the kernel did not say what the disk became");
	if (!code)
		code = wait_for_node(object_string(*disk, "device"));
	return code ? code : add_paths(*disk, values);
}

int disk_connect(struct json_object *values)
{
	struct json_object *disk;
	int code = connect_disk(values, &disk);

	if (disk && out_json)
		out_print_json(disk);
	else if (disk)
		puts(object_string(disk, "device"));
	json_object_put(disk);
	return code;
}

int disk_up(struct json_object *values)
{
	struct json_object *disk;
	int code = connect_disk(values, &disk);

	json_object_put(disk);
	return code;
}

/* -- disconnect -- */

const struct field disconnect_args[] = {
	{ .name = "name",
	  .kind = &kind_disk,
	  .help = "the disk: its name, apnbdN or /dev/apnbdN",
	  .flags = FIELD_WORD },
	{ .name = "all", .kind = &kind_flag, .help = "every disk that is not in use" },
	{ .name = "force", .kind = &kind_flag, .help = "also one in use: its I/O fails" },
	{ 0 },
};

static void say_who(const char *name)
{
	struct json_object *disk;
	char why[1024];

	snprintf(why, sizeof(why), "%s", fail_message());
	if (call_one(&disk_object, name, &disk)) {
		fail(EXIT_IN_USE, "%s", why);
		return;
	}
	fail(EXIT_IN_USE, "%s; to see by whom: lsblk %s; fuser -vm %s", why,
	     object_string(disk, "device"), object_string(disk, "device"));
	json_object_put(disk);
}

/* Right after an umount udev looks at the disk once more: that passes. */
static int disconnect(struct json_object *values)
{
	uint64_t end = unit_now() + BUSY_WAIT_MS;
	int code;

	for (;;) {
		code = call(&disk_object, APNBD_CMD_DISK_DISCONNECT, values, NULL);
		if (code != EXIT_IN_USE || unit_now() >= end)
			break;
		unit_sleep(POLL_MS);
	}
	if (code == EXIT_IN_USE)
		say_who(object_string(values, "name"));
	return code;
}

static int disconnect_all(bool force)
{
	struct json_object *list, *values;
	int code = call_all(&disk_object, &list), first = 0;
	size_t i;

	if (code)
		return code;
	for (i = 0; i < json_object_array_length(list); i++) {
		values = values_of("name",
				   object_string(json_object_array_get_idx(list, i), "name"));
		json_object_object_add(values, "force", json_object_new_boolean(force));
		code = disconnect(values);
		if (code && code != EXIT_ABSENT)
			first = fail_note(first, code);
		json_object_put(values);
	}
	json_object_put(list);
	return first;
}

int disk_disconnect(struct json_object *values)
{
	bool named = json_object_object_get(values, "name"), all = object_true(values, "all");
	int code;

	if (named == all)
		return fail(EXIT_USAGE, "say which disk, or --all");
	if (all)
		return disconnect_all(object_true(values, "force"));
	code = disk_resolve(values);
	return code ? code : disconnect(values);
}

/* Of a whole section only what the command takes goes out. */
int disk_down(struct json_object *values)
{
	struct json_object *which = values_of("name", object_string(values, "name"));
	int code;

	json_object_object_add(which, "force",
			       json_object_new_boolean(object_true(values, "force")));
	code = disconnect(which);
	json_object_put(which);
	return code == EXIT_ABSENT ? 0 : code;
}

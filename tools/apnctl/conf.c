// SPDX-License-Identifier: GPL-2.0
/* up, down and save: the live objects and /etc/apnbd. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/apnbd.h>
#include <linux/apn_target.h>

#include "call.h"
#include "conf.h"
#include "err.h"
#include "kind.h"
#include "nl.h"
#include "nouns.h"

#define CONF_DIR    "/etc/apnbd"
#define CONF_TARGET "target" /* the file of all exports and ports */

static const char conf_head[] = "# Written by apnctl save. apnctl(8) says what the words mean.\n";

struct step {
	const struct object *object;
	int (*run)(struct json_object *values);
};

/* A port opens when there is something behind it. */
static const struct step up_steps[] = {
	{ &export_object, export_up },
	{ &port_object, port_up },
	{ &disk_object, disk_up },
	{ 0 },
};

/* Hosts hear that the export drains, and wait; only then their lines end. */
static const struct step down_steps[] = {
	{ &disk_object, disk_down },
	{ &export_object, export_quiet },
	{ &port_object, port_down },
	{ &export_object, export_down },
	{ 0 },
};

#define DIR_ARG                                                       \
	{                                                             \
		.name = "dir",                                        \
		.kind = &kind_path,                                   \
		.arg = "DIR",                                         \
		.help = "folder of the files (default: " CONF_DIR ")" \
	}

const struct field conf_args[] = {
	{ .name = "name",
	  .kind = &kind_name,
	  .help = "the file " CONF_DIR "/NAME.conf",
	  .flags = FIELD_WORD },
	{ .name = "all", .kind = &kind_flag, .help = "all files of the folder" },
	DIR_ARG,
	{ 0 },
};

const struct field down_args[] = {
	{ .name = "name",
	  .kind = &kind_name,
	  .help = "the file " CONF_DIR "/NAME.conf",
	  .flags = FIELD_WORD },
	{ .name = "all", .kind = &kind_flag, .help = "all files of the folder" },
	{ .name = "force", .kind = &kind_flag, .help = "also disks in use: their I/O fails" },
	DIR_ARG,
	{ 0 },
};

const struct field save_args[] = { DIR_ARG, { 0 } };

/* -- up and down -- */

static int run_step(const struct step *step, struct json_object *sections, bool force, int first)
{
	struct json_object *section, *values;
	size_t i;
	int code;

	for (i = 0; i < json_object_array_length(sections); i++) {
		section = json_object_array_get_idx(sections, i);
		if (strcmp(object_string(section, "noun"), step->object->noun))
			continue;
		values = json_object_object_get(section, "values");
		if (force && step->object == &disk_object)
			json_object_object_add(values, "force", json_object_new_boolean(true));
		code = step->run(values);
		if (code) {
			if (!fail_names(object_string(values, step->object->key)))
				fail_prefix("%s %s: ", step->object->noun,
					    object_string(values, step->object->key));
			first = fail_note(first, code);
		}
	}
	return first;
}

static int conf_entry(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return entry->d_name[0] != '.' && size > 5 && !strcmp(entry->d_name + size - 5, ".conf");
}

/* A file that can't be read must not keep the others from being used. */
static int read_dir(const char *dir, struct json_object *sections)
{
	struct json_object *list, *section;
	struct dirent **entries;
	int i, n, first = 0;
	size_t j;

	n = scandir(dir, &entries, conf_entry, alphasort);
	if (n < 0)
		return fail(EXIT_ABSENT, "there is no folder %s", dir);
	for (i = 0; i < n; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - 5] = '\0';
		list = json_object_new_array();
		int code = conf_read(dir, entries[i]->d_name, list);

		if (code)
			first = fail_note(first, code);
		for (j = 0; !code && j < json_object_array_length(list); j++) {
			section = json_object_array_get_idx(list, j);
			json_object_array_add(sections, json_object_get(section));
		}
		json_object_put(list);
		free(entries[i]);
	}
	free(entries);
	return first;
}

static int run_steps(const struct step *step, struct json_object *values)
{
	struct json_object *sections = json_object_new_array();
	const char *dir, *name = object_string(values, "name");
	int code;

	values_default(values, "dir", CONF_DIR);
	dir = object_string(values, "dir");
	if (*name)
		code = conf_read(dir, name, sections);
	else
		code = read_dir(dir, sections);
	/* One file that is wrong: nothing half done. Of many, what is right. */
	for (; step->object && (!code || !*name); step++)
		code = run_step(step, sections, object_true(values, "force"), code);
	json_object_put(sections);
	return code;
}

static int check_which(struct json_object *values, bool all)
{
	bool named = json_object_object_get(values, "name");

	if (named && object_true(values, "all"))
		return fail(EXIT_USAGE, "NAME or --all, not both");
	if (!named && !all)
		return fail(EXIT_USAGE, "say which, or --all");
	return 0;
}

int conf_up(struct json_object *values)
{
	int code = check_which(values, true);

	return code ? code : run_steps(up_steps, values);
}

int conf_down(struct json_object *values)
{
	int code = check_which(values, object_true(values, "all"));

	return code ? code : run_steps(down_steps, values);
}

/* -- save -- */

static int save_disk(const char *dir, struct json_object *disk)
{
	const char *name = object_string(disk, "name");
	char *text;
	size_t size;
	FILE *out;
	int code;

	if (!strcmp(name, CONF_TARGET))
		return fail(EXIT_EXISTS, "disk %s can't be saved: %s.conf is for exports and ports",
			    name, name);
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	fputs(conf_head, out);
	object_config(&disk_object, disk, out);
	fclose(out);
	code = conf_write(dir, name, text);
	free(text);
	return code;
}

static int save_disks(const char *dir)
{
	struct json_object *list;
	int code = call_all(&disk_object, &list), first = 0;
	size_t i;

	for (i = 0; !code && i < json_object_array_length(list); i++) {
		int failed = save_disk(dir, json_object_array_get_idx(list, i));

		if (failed)
			first = fail_note(first, failed);
	}
	json_object_put(list);
	return code ? code : first;
}

static int add_sections(const struct object *object, FILE *out)
{
	struct json_object *list;
	int code = call_all(object, &list);
	size_t i;

	for (i = 0; !code && i < json_object_array_length(list); i++) {
		fputc('\n', out);
		object_config(object, json_object_array_get_idx(list, i), out);
	}
	json_object_put(list);
	return code;
}

static int save_target(const char *dir)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int code;

	if (!out)
		abort();
	fputs(conf_head, out);
	code = add_sections(&export_object, out);
	if (!code)
		code = add_sections(&port_object, out);
	fclose(out);
	if (!code)
		code = conf_write(dir, CONF_TARGET, text);
	free(text);
	return code;
}

int conf_save(struct json_object *values)
{
	bool host = nl_known(APNBD_FAMILY_NAME), target = nl_known(APN_TARGET_FAMILY_NAME);
	const char *dir;
	int code = 0;

	values_default(values, "dir", CONF_DIR);
	dir = object_string(values, "dir");
	if (!host && !target)
		return fail(EXIT_MODULE, "nothing to save: neither module apnbd nor apn_target is loaded");
	if (host)
		code = save_disks(dir);
	if (target && !code)
		code = save_target(dir);
	return code;
}

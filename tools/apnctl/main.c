// SPDX-License-Identifier: GPL-2.0
/* apnctl: remote disks, at both ends. */
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "cmd.h"
#include "err.h"
#include "kind.h"
#include "nouns.h"
#include "out.h"

static int run_help(struct json_object *values);
static int run_completion(struct json_object *values);

static const struct field help_args[] = {
	{ .name = "command", .kind = &kind_name, .arg = "COMMAND", .flags = FIELD_WORD },
	{ .name = "verb", .kind = &kind_name, .arg = "VERB", .flags = FIELD_WORD },
	{ 0 },
};

static const struct field completion_args[] = {
	{ .name = "what", .kind = &kind_name, .arg = "bash|disk|export", .flags = FIELD_WORD },
	{ 0 },
};

const struct command commands[] = {
	{ .noun = "disk",
	  .verb = "connect",
	  .args = "address export",
	  .help = "attach to an export and show it as a disk",
	  .run = disk_connect,
	  .object = &disk_object,
	  .takes = FIELD_ADD },
	{ .noun = "disk",
	  .verb = "list",
	  .help = "all disks, one a line",
	  .run = disk_list,
	  .object = &disk_object },
	{ .noun = "disk",
	  .verb = "show",
	  .args = "[name]",
	  .help = "all of a disk, with its paths and lines",
	  .run = disk_show,
	  .object = &disk_object,
	  .own = disk_args },
	{ .noun = "disk",
	  .verb = "set",
	  .args = "name",
	  .help = "change a live disk",
	  .run = disk_set,
	  .object = &disk_object,
	  .takes = FIELD_SET,
	  .own = disk_word },
	{ .noun = "disk",
	  .verb = "stat",
	  .args = "name",
	  .help = "counters, and where the time goes",
	  .run = disk_stat,
	  .object = &disk_object,
	  .own = stat_args },
	{ .noun = "disk",
	  .verb = "disconnect",
	  .args = "[name]",
	  .help = "end a disk that is not in use",
	  .run = disk_disconnect,
	  .object = &disk_object,
	  .own = disconnect_args },
	{ .noun = "path",
	  .verb = "add",
	  .args = "name address",
	  .help = "one more path from a disk to its target",
	  .run = path_add,
	  .object = &way_object,
	  .takes = FIELD_ADD,
	  .own = path_args },
	{ .noun = "path",
	  .verb = "del",
	  .args = "name address",
	  .help = "take a path away, but for the last",
	  .run = path_del,
	  .object = &way_object,
	  .own = path_args },
	{ .noun = "path",
	  .verb = "show",
	  .args = "name",
	  .help = "the paths of a disk, and what they carry",
	  .run = path_show,
	  .object = &path_object,
	  .own = path_args },
	{ .noun = "line",
	  .verb = "show",
	  .args = "[id]",
	  .help = "lines to targets, and one with its lanes",
	  .run = line_show,
	  .object = &line_object,
	  .own = id_args },
	{ .noun = "discover",
	  .args = "address",
	  .help = "what a target lets this identity use",
	  .run = discover,
	  .object = &offer_object,
	  .takes = FIELD_ADD },
	{ .noun = "export",
	  .verb = "add",
	  .args = "name",
	  .help = "serve a block device",
	  .run = export_add,
	  .object = &export_object,
	  .takes = FIELD_ADD },
	{ .noun = "export",
	  .verb = "set",
	  .args = "name",
	  .help = "change an export while it is served",
	  .run = export_set,
	  .object = &export_object,
	  .takes = FIELD_SET },
	{ .noun = "export",
	  .verb = "show",
	  .args = "[name]",
	  .help = "all exports, or all of one",
	  .run = export_show,
	  .object = &export_object,
	  .own = export_args },
	{ .noun = "export",
	  .verb = "drain",
	  .args = "name",
	  .help = "let what is under way end, and take nothing new",
	  .run = export_drain,
	  .object = &export_object,
	  .own = export_drain_args },
	{ .noun = "export",
	  .verb = "revoke",
	  .args = "name identity",
	  .help = "end what an identity does now, and deny it",
	  .run = export_revoke,
	  .object = &export_object,
	  .own = export_revoke_args },
	{ .noun = "export",
	  .verb = "del",
	  .args = "name",
	  .help = "stop to serve it",
	  .run = export_del,
	  .object = &export_object,
	  .own = export_del_args },
	{ .noun = "port",
	  .verb = "add",
	  .args = "address",
	  .help = "listen at an address",
	  .run = port_add,
	  .object = &port_object,
	  .takes = FIELD_ADD },
	{ .noun = "port",
	  .verb = "set",
	  .args = "address",
	  .help = "change a port while it is used",
	  .run = port_set,
	  .object = &port_object,
	  .takes = FIELD_SET,
	  .own = port_set_args },
	{ .noun = "port",
	  .verb = "show",
	  .help = "all ports",
	  .run = port_show,
	  .object = &port_object,
	  .own = port_show_args },
	{ .noun = "port",
	  .verb = "del",
	  .args = "[address]",
	  .help = "stop to listen there",
	  .run = port_del,
	  .object = &port_object,
	  .own = port_del_args },
	{ .noun = "session",
	  .verb = "show",
	  .args = "[id]",
	  .help = "who uses the exports",
	  .run = session_show,
	  .object = &session_object,
	  .own = id_args },
	{ .noun = "key",
	  .verb = "generate",
	  .args = "identity",
	  .help = "make a key, keep it here, print it once for the other end",
	  .run = key_generate,
	  .object = &key_object,
	  .own = key_make_args },
	{ .noun = "key",
	  .verb = "import",
	  .args = "[file]",
	  .help = "take a key that the other end made",
	  .run = key_import,
	  .object = &key_object,
	  .own = key_import_args },
	{ .noun = "key",
	  .verb = "list",
	  .help = "whose keys are here; never the keys",
	  .run = key_list,
	  .object = &key_object,
	  .own = key_list_args },
	{ .noun = "key",
	  .verb = "del",
	  .args = "identity",
	  .help = "forget a key; at a target its owner is out at once",
	  .run = key_del,
	  .object = &key_object,
	  .own = key_del_args },
	{ .noun = "monitor",
	  .help = "what changes, one line an event",
	  .run = monitor },
	{ .noun = "doctor",
	  .help = "what is wrong with this machine, and the command that mends it",
	  .run = doctor,
	  .own = doctor_args },
	{ .noun = "up",
	  .args = "[name]",
	  .help = "make what the files in /etc/apnbd say",
	  .run = conf_up,
	  .own = conf_args },
	{ .noun = "down",
	  .args = "[name]",
	  .help = "end what the files in /etc/apnbd say",
	  .run = conf_down,
	  .own = down_args },
	{ .noun = "save",
	  .help = "write what there is now to /etc/apnbd",
	  .run = conf_save,
	  .own = save_args },
	{ .noun = "help",
	  .args = "[command] [verb]",
	  .help = "this, or the options of a command",
	  .run = run_help,
	  .own = help_args },
	{ .noun = "completion",
	  .args = "what",
	  .help = "what a shell needs to complete words",
	  .run = run_completion,
	  .own = completion_args,
	  .hidden = true },
	{ 0 },
};

static int run_help(struct json_object *values)
{
	char *argv[3] = { 0 };
	const struct command *command;
	size_t words;

	if (!json_object_object_get(values, "command")) {
		cmd_help_all(stdout);
		return 0;
	}
	argv[0] = (char *)object_string(values, "command");
	if (json_object_object_get(values, "verb"))
		argv[1] = (char *)object_string(values, "verb");
	command = cmd_find(argv, &words);
	if (!command)
		return EXIT_USAGE;
	cmd_help(command);
	return 0;
}

static int print_names(const struct object *object)
{
	struct json_object *list;
	int code = call_all(object, &list);
	size_t i;

	for (i = 0; !code && i < json_object_array_length(list); i++)
		puts(object_string(json_object_array_get_idx(list, i), object->key));
	json_object_put(list);
	return code;
}

static int run_completion(struct json_object *values)
{
	const char *what = object_string(values, "what");

	if (!strcmp(what, "disk"))
		return print_names(&disk_object);
	if (!strcmp(what, "export"))
		return print_names(&export_object);
	if (strcmp(what, "bash"))
		return fail(EXIT_USAGE, "completion is for bash");
	cmd_complete();
	return 0;
}

/* -j, -h and -V may stand anywhere before "--"; what is left is the command and its words. */
static void take_global(char **argv, bool *help, bool *version)
{
	char **to = argv;
	bool options = true;

	for (; *argv; argv++) {
		if (options && (!strcmp(*argv, "-j") || !strcmp(*argv, "--json")))
			out_json = true;
		else if (options && (!strcmp(*argv, "-h") || !strcmp(*argv, "--help")))
			*help = true;
		else if (options && (!strcmp(*argv, "-V") || !strcmp(*argv, "--version")))
			*version = true;
		else
			*to++ = *argv;
		options = options && strcmp(*argv, "--");
	}
	*to = NULL;
}

static int run(const struct command *command, char **argv)
{
	struct json_object *values = json_object_new_object();
	int code = opt_parse(command, argv, values);

	if (!code)
		code = command->run(values);
	json_object_put(values);
	return code;
}

static int dispatch(char **argv, bool help)
{
	const struct command *command;
	size_t words;

	if (!*argv) {
		cmd_help_all(help ? stdout : stderr);
		return help ? 0 : EXIT_USAGE;
	}
	command = cmd_find(argv, &words);
	if (!command)
		return EXIT_USAGE;
	if (!help)
		return run(command, argv + words);
	cmd_help(command);
	return 0;
}

int main(int argc, char **argv)
{
	bool help = false, version = false;
	int code, printed;

	if (argc < 1)
		return EXIT_USAGE;
	take_global(argv + 1, &help, &version);
	if (version) {
		puts("apnctl " APN_VERSION);
		code = 0;
	} else {
		code = dispatch(argv + 1, help);
	}
	if (code && *fail_message())
		fail_print(code, out_json);
	printed = out_end();
	if (printed && !code)
		fail_print(code = printed, out_json);
	return code;
}

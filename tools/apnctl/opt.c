// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "near.h"
#include "opt.h"

const char *field_arg(const struct field *field)
{
	return field->arg ? field->arg : field->kind->arg;
}

static const struct field *next_taken(const struct field *field, uint32_t takes)
{
	while (field && field->name && !(field->flags & takes))
		field++;
	return field && field->name ? field : NULL;
}

static const struct field *next_own(const struct field *field)
{
	while (field && field->name && (field->flags & FIELD_WORD))
		field++;
	return field && field->name ? field : NULL;
}

static bool among(const struct field *fields, const struct field *at)
{
	for (; fields && fields->name; fields++)
		if (fields == at)
			return true;
	return false;
}

const struct field *command_next(const struct command *command, const struct field *at)
{
	const struct field *fields = command->object ? command->object->fields : NULL;
	const struct field *next;

	if (among(command->own, at))
		return next_own(at + 1);
	next = next_taken(at ? at + 1 : fields, command->takes);
	return next ? next : next_own(command->own);
}

const struct field *command_option(const struct command *command, const char *name)
{
	const struct field *field;

	for (field = command_next(command, NULL); field; field = command_next(command, field))
		if (!strcmp(field->name, name))
			return field;
	return NULL;
}

/* "address export", "[name]" */
const struct field *command_arg(const struct command *command, size_t n, bool *optional)
{
	const char *p = command->args ? command->args : "";
	const struct field *field;
	char name[KEY_BYTES];
	size_t size;

	for (; n && *p; n--) {
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
	*optional = *p == '[';
	p += *optional;
	size = strcspn(p, " ]");
	if (!size || size >= sizeof(name))
		return NULL;
	memcpy(name, p, size);
	name[size] = '\0';
	field = command->own ? object_field(command->own, name) : NULL;
	return field || !command->object ? field : object_field(command->object->fields, name);
}

static int unknown_option(const struct command *command, const char *name)
{
	const struct field *field;
	struct near near;

	near_start(&near, name);
	for (field = command_next(command, NULL); field; field = command_next(command, field))
		near_offer(&near, field->name);
	fail(EXIT_USAGE, "unknown option --%s", name);
	if (near.word)
		fail_suffix("; did you mean --%s?", near.word);
	return EXIT_USAGE;
}

/* Up to the "="; what is longer than any option is cut, and matches none. */
static void copy_name(char name[KEY_BYTES], const char *word)
{
	size_t size = strcspn(word, "=");

	size = size < KEY_BYTES ? size : KEY_BYTES - 1;
	memcpy(name, word, size);
	name[size] = '\0';
}

/* --name VALUE, --name=VALUE; one that means yes by itself takes a value only behind "=". */
static int parse_option(const struct command *command, char ***argv, struct json_object *values)
{
	const char *word = **argv + 2, *text = strchr(word, '=');
	const struct field *field;
	char name[KEY_BYTES];
	int code;

	copy_name(name, word);
	field = command_option(command, name);
	if (!field)
		return unknown_option(command, name);
	if (text)
		text++;
	else if (!field->kind->yes_no)
		text = *++*argv;
	if (!text && !field->kind->yes_no)
		return fail(EXIT_USAGE, "--%s wants %s", name, field_arg(field));
	code = object_parse(field, text, values);
	if (code)
		fail_prefix("--%s: ", name);
	return code;
}

static int parse_word(const struct command *command, size_t n, const char *text,
		      struct json_object *values)
{
	bool optional;
	const struct field *field = command_arg(command, n, &optional);
	int code;

	if (!field)
		return fail(EXIT_USAGE, "'%s' is one word too many", text);
	code = object_parse(field, text, values);
	if (code)
		fail_prefix("%s: ", field_arg(field));
	return code;
}

static int check_complete(const struct command *command, size_t words, struct json_object *values)
{
	const struct field *field;
	bool optional;

	field = command_arg(command, words, &optional);
	if (field && !optional)
		return fail(EXIT_USAGE, "%s is missing", field_arg(field));
	if (!(command->takes & FIELD_ADD))
		return 0;
	for (field = command->object->fields; field->name; field++)
		if ((field->flags & FIELD_NEED) && !object_value(values, field))
			return fail(EXIT_USAGE, "--%s is missing", field->name);
	return 0;
}

int opt_parse(const struct command *command, char **argv, struct json_object *values)
{
	bool options = true;
	size_t words = 0;
	int code = 0;

	for (; *argv && !code; argv += !!*argv) {
		if (options && !strcmp(*argv, "--"))
			options = false;
		else if (options && !strncmp(*argv, "--", 2))
			code = parse_option(command, &argv, values);
		else if (options && **argv == '-' && (*argv)[1])
			code = fail(EXIT_USAGE, "unknown option %s: the only short ones are -j and -h",
				    *argv);
		else
			code = parse_word(command, words++, *argv, values);
	}
	return code ? code : check_complete(command, words, values);
}

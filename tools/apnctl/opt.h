/* SPDX-License-Identifier: GPL-2.0 */
/* The command line: which command, and its words and options as values. */
#ifndef APNCTL_OPT_H
#define APNCTL_OPT_H

#include "object.h"

struct command {
	const char *noun;
	const char *verb; /* NULL: the noun is the whole command */
	const char *args; /* the words it takes, fields by name; in [] where they may be left out */
	const char *help;
	int (*run)(struct json_object *values);
	const struct object *object; /* its fields with one of the flags @takes are options */
	uint32_t takes;
	const struct field *own; /* options that are nobody's fields */
	bool hidden;
};

const struct field *command_option(const struct command *command, const char *name);

/* Each option of a command in its order; start with *at NULL, end at NULL. */
const struct field *command_next(const struct command *command, const struct field *at);

/* The n-th word of the command's args as a field; NULL behind the last. */
const struct field *command_arg(const struct command *command, size_t n, bool *optional);

/* What help calls the value of an option. */
const char *field_arg(const struct field *field);

/* All words behind the command's name. 0 or an exit code after fail(). */
int opt_parse(const struct command *command, char **argv, struct json_object *values);

#endif

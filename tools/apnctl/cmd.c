// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "err.h"
#include "near.h"

/* "apnctl list" is "apnctl disk list". */
static const char implied[] = "disk";

static const struct command *find(const char *noun, const char *verb)
{
	const struct command *command;

	for (command = commands; command->noun; command++)
		if (!strcmp(command->noun, noun) &&
		    (!command->verb || (verb && !strcmp(command->verb, verb))))
			return command;
	return NULL;
}

static bool is_noun(const char *noun)
{
	const struct command *command;

	for (command = commands; command->noun; command++)
		if (!strcmp(command->noun, noun))
			return true;
	return false;
}

static const struct command *unknown_verb(const char *noun, const char *verb)
{
	const struct command *command;
	struct near near;

	near_start(&near, verb);
	for (command = commands; command->noun; command++)
		if (!strcmp(command->noun, noun))
			near_offer(&near, command->verb);
	fail(EXIT_USAGE, "unknown command '%s %s'", noun, verb);
	if (near.word)
		fail_suffix("; did you mean '%s %s'?", noun, near.word);
	else
		fail_suffix("; try apnctl help");
	return NULL;
}

static const struct command *missing_verb(const char *noun)
{
	const struct command *command;
	const char *gap = "";

	fail(EXIT_USAGE, "%s: what? ", noun);
	for (command = commands; command->noun; command++) {
		if (strcmp(command->noun, noun))
			continue;
		fail_suffix("%s%s", gap, command->verb);
		gap = ", ";
	}
	return NULL;
}

static const struct command *unknown_noun(const char *noun)
{
	const struct command *command;
	struct near near;

	near_start(&near, noun);
	for (command = commands; command->noun; command++) {
		if (command->hidden)
			continue;
		near_offer(&near, command->noun);
		if (!strcmp(command->noun, implied))
			near_offer(&near, command->verb);
	}
	fail(EXIT_USAGE, "unknown command '%s'", noun);
	if (near.word)
		fail_suffix("; did you mean '%s'?", near.word);
	else
		fail_suffix("; try apnctl help");
	return NULL;
}

const struct command *cmd_find(char **argv, size_t *words)
{
	const struct command *command = find(argv[0], argv[1]);

	*words = 1;
	if (command) {
		*words += !!command->verb;
		return command;
	}
	if (is_noun(argv[0]))
		return argv[1] ? unknown_verb(argv[0], argv[1]) : missing_verb(argv[0]);
	command = find(implied, argv[0]);
	return command ? command : unknown_noun(argv[0]);
}

/* -- help -- */

static bool has_name(const struct command *command)
{
	return strcmp(command->noun, implied);
}

void cmd_usage(const struct command *command, char *buf, size_t size)
{
	const struct field *field;
	bool optional;
	size_t i, n;

	n = (size_t)snprintf(buf, size, "%s%s%s", has_name(command) ? command->noun : "",
			     has_name(command) && command->verb ? " " : "",
			     command->verb ? command->verb : "");
	for (i = 0; (field = command_arg(command, i, &optional)) && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, optional ? " [%s]" : " %s",
				      field_arg(field));
	for (field = command_next(command, NULL); field && n < size;
	     field = command_next(command, field))
		if ((field->flags & FIELD_NEED) && (command->takes & FIELD_ADD))
			n += (size_t)snprintf(buf + n, size - n, " --%s %s", field->name,
					      field_arg(field));
}

static void option_text(const struct field *field, char *buf, size_t size)
{
	if (field->kind->yes_no)
		snprintf(buf, size, "--%s", field->name);
	else
		snprintf(buf, size, "--%s %s", field->name, field_arg(field));
}

void cmd_help(const struct command *command)
{
	const struct field *field;
	char buf[1024];
	bool optional;
	size_t i;

	cmd_usage(command, buf, sizeof(buf));
	printf("usage: apnctl %s%s\n%s\n", buf, command_next(command, NULL) ? " [OPTIONS]" : "",
	       command->help);
	if (command_arg(command, 0, &optional) || command_next(command, NULL))
		putchar('\n');
	for (i = 0; (field = command_arg(command, i, &optional)); i++)
		printf("  %-24s %s\n", field_arg(field), field->help ? field->help : "");
	for (field = command_next(command, NULL); field; field = command_next(command, field)) {
		option_text(field, buf, sizeof(buf));
		printf("  %-24s %s\n", buf, field->help ? field->help : "");
	}
	printf("  %-24s %s\n", "-j, --json", "JSON in place of text");
}

void cmd_help_all(FILE *out)
{
	const struct command *command;
	char buf[256];
	int i;

	fputs("usage: apnctl [-j] COMMAND [WORDS] [OPTIONS]\n\n", out);
	for (command = commands; command->noun; command++) {
		if (command->hidden)
			continue;
		cmd_usage(command, buf, sizeof(buf));
		fprintf(out, "  %-36s %s\n", buf, command->help);
	}
	fputs("\n\"apnctl help COMMAND\" lists its options; apnctl(8) says the rest.\n\nExit codes:\n",
	      out);
	for (i = 0; i < EXIT_CODES; i++)
		fprintf(out, "  %2d  %s\n", i, exit_meanings[i]);
}

/* -- completion: a case for each command, made from the same tables as the commands -- */

static const char complete_head[] =
	"# Completion of apnctl for bash, made by \"apnctl completion bash\".\n"
	"_apnctl()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal word command='' words='' objects=''\n"
	"\tCOMPREPLY=()\n"
	"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	"\t\t[[ $word == -* ]] || command+=${command:+ }$word\n"
	"\tdone\n"
	"\tcommand=${command#disk }\n"
	"\tcase $prev in\n";

static const char complete_tail[] =
	"\tesac\n"
	"\t[[ -z $objects ]] || words+=\" $(apnctl completion $objects 2>/dev/null)\"\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"}\n"
	"complete -F _apnctl apnctl\n";

/* The words that an option can be followed by, once for all commands that have it. */
static void complete_option(const struct field *field)
{
	const char *const *word;

	if (field->kind->arg && !strcmp(field->kind->arg, "PATH")) {
		printf("\t--%s) mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n",
		       field->name);
		return;
	}
	if (!field->words || !(field->flags & (FIELD_ADD | FIELD_SET)))
		return;
	printf("\t--%s) mapfile -t COMPREPLY < <(compgen -W \"", field->name);
	for (word = field->words; *word; word++)
		printf("%s%s", word == field->words ? "" : " ", *word);
	printf("\" -- \"$cur\"); return ;;\n");
}

static bool seen_before(const struct command *until, const char *name)
{
	const struct command *command;

	for (command = commands; command != until; command++)
		if (command_option(command, name))
			return true;
	return false;
}

static void complete_options(void)
{
	const struct command *command;
	const struct field *field;

	for (command = commands; command->noun; command++)
		for (field = command_next(command, NULL); field;
		     field = command_next(command, field))
			if (!seen_before(command, field->name))
				complete_option(field);
}

/* A word that names an object is completed by asking the kernel for the names. */
static const char *complete_objects(const struct command *command)
{
	bool optional;
	const struct field *field = command_arg(command, 0, &optional);

	if (!field || strcmp(field->name, "name") || !command->object)
		return "";
	return command->takes & FIELD_ADD ? "" : command->object->noun;
}

static void complete_command(const struct command *command)
{
	const struct field *field;

	printf("\t'%s%s%s'*) words=\"--json --help", has_name(command) ? command->noun : "",
	       has_name(command) && command->verb ? " " : "", command->verb ? command->verb : "");
	for (field = command_next(command, NULL); field; field = command_next(command, field))
		printf(" --%s", field->name);
	printf("\" objects='%s' ;;\n", complete_objects(command));
}

static bool first_of_noun(const struct command *command)
{
	return command == commands || strcmp(command[-1].noun, command->noun);
}

static void complete_first_words(void)
{
	const struct command *command;

	printf("\t'') words=\"--json --help --version");
	for (command = commands; command->noun; command++) {
		if (!command->hidden && first_of_noun(command))
			printf(" %s", command->noun);
		if (!has_name(command))
			printf(" %s", command->verb);
	}
	printf("\" ;;\n");
}

static void complete_verbs(void)
{
	const struct command *command, *other;

	for (command = commands; command->noun; command++) {
		if (!command->verb || !first_of_noun(command))
			continue;
		printf("\t'%s') words=\"", command->noun);
		for (other = command; other->noun && !strcmp(other->noun, command->noun); other++)
			printf("%s%s", other == command ? "" : " ", other->verb);
		printf("\" ;;\n");
	}
}

void cmd_complete(void)
{
	const struct command *command;

	fputs(complete_head, stdout);
	complete_options();
	fputs("\tesac\n\tcase $command in\n", stdout);
	complete_first_words();
	complete_verbs();
	for (command = commands; command->noun; command++)
		if (!command->hidden)
			complete_command(command);
	fputs(complete_tail, stdout);
}

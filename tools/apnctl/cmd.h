/* SPDX-License-Identifier: GPL-2.0 */
/* The table of commands: finding one, helping with it, completing it. */
#ifndef APNCTL_CMD_H
#define APNCTL_CMD_H

#include "opt.h"

extern const struct command commands[]; /* up to one without a noun */

/* The command that @argv begins with; *@words is how many of them name it. NULL after fail(). */
const struct command *cmd_find(char **argv, size_t *words);

void cmd_usage(const struct command *command, char *buf, size_t size);
void cmd_help(const struct command *command);
void cmd_help_all(FILE *out);
void cmd_complete(void);

#endif

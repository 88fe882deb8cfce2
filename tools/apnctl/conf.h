/* SPDX-License-Identifier: GPL-2.0 */
/* The configuration files: /etc/apnbd/NAME.conf. */
#ifndef APNCTL_CONF_H
#define APNCTL_CONF_H

#include "object.h"

/*
 * @text, which is changed on the way, into sections at the end of @list: each an object with
 * "noun" and "values". @file is for messages; @name is that of a disk whose section has none.
 * 0, or an exit code after fail().
 */
int conf_parse(const char *file, const char *name, char *text, struct json_object *list);

/* The sections of one file. */
int conf_read(const char *dir, const char *name, struct json_object *list);

bool conf_there(const char *dir, const char *name);
/* One file as it stands, to be freed. */
int conf_text(const char *dir, const char *name, char **text);

/*
 * Takes @identity off the list of @export in that file, and says there that nobody else
 * gets in for it. 0 also where there is no such file.
 */
int conf_revoke(const char *dir, const char *name, const char *export, const char *identity,
		bool *changed);

/* A file that says @text, unless it says the same in other words already. */
int conf_write(const char *dir, const char *name, const char *text);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Commands of the kernel on objects. All return 0, or an exit code after fail(). */
#ifndef APNCTL_CALL_H
#define APNCTL_CALL_H

#include "object.h"

/* @values go out by @object's table; *@reply, if wanted, is what came back, or NULL. */
int call(const struct object *object, uint8_t cmd, struct json_object *values,
	 struct json_object **reply);

/* All objects of the kind, as an array. */
int call_all(const struct object *object, struct json_object **list);

/* The one whose @key is exactly @text. */
int call_one(const struct object *object, const char *text, struct json_object **found);

/* A new object with one value in it. */
struct json_object *values_of(const char *key, const char *text);

void values_default(struct json_object *values, const char *key, const char *text);

#endif

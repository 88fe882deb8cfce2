/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tool knows of an object, said once: its fields in the order in which they are
 * shown. From this table come the options of the commands, the keys of the configuration
 * files, the netlink attributes, and the output as table, detail and JSON. The object
 * itself is a JSON object whose values are plain: bytes, milliseconds, true.
 */
#ifndef APNCTL_OBJECT_H
#define APNCTL_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <libmnl/libmnl.h>
#include <json-c/json.h>

struct field;
struct object;
struct measure;

enum {
	VALUE_BYTES = 4608, /* the longest value as text: a path */
	KEY_BYTES = 64,
};

/* A value in its five forms: typed, sent, received, exact and for people. */
struct kind {
	const char *arg; /* what help calls it */
	bool yes_no; /* the option alone means yes */
	/* 0, or an exit code after fail(); NULL: never typed */
	int (*parse)(const struct field *field, const char *text, struct json_object **value);
	/* false: no room */
	bool (*put)(struct nlmsghdr *nlh, size_t size, const struct field *field,
		    struct json_object *value);
	/* NULL: not such a value */
	struct json_object *(*get)(const struct field *field, const struct nlattr *attr);
	/* what parse reads back; NULL: can't be typed */
	void (*word)(const struct field *field, struct json_object *value, char *buf, size_t size);
	/* NULL: as word */
	void (*text)(const struct field *field, struct json_object *value, char *buf, size_t size);
	const struct measure *measure; /* of numbers with a unit */
};

enum field_flags {
	FIELD_ADD = 1 << 0, /* an option of the command that makes the object */
	FIELD_SET = 1 << 1, /* ... and of the one that changes it */
	FIELD_KEEP = 1 << 2, /* belongs into a configuration file */
	FIELD_NEED = 1 << 3, /* the object can't be made without */
	FIELD_COLUMN = 1 << 4, /* of the table */
	FIELD_TROUBLE = 1 << 5, /* in a table only while the object is not in its good state */
	FIELD_NONZERO = 1 << 6, /* zero, no and "" say nothing */
	FIELD_MULTI = 1 << 7, /* a list: the option may be repeated */
	FIELD_QUIET = 1 << 8, /* for JSON alone */
	FIELD_WORD = 1 << 9, /* a word of the command line, never an option */
};

struct field {
	const char *name; /* option, key of a configuration file; "_" for "-" in JSON */
	const char *title; /* for people; NULL: the name */
	const struct kind *kind;
	uint32_t flags;
	uint16_t attr; /* 0: none, the tool's own */
	const char *arg; /* NULL: the kind's */
	const char *help;
	const char *const *words; /* of an enumeration */
	uint64_t min, max; /* of a number; max 0: no limit */
	const struct object *of; /* what is nested here */
};

struct object {
	const char *noun;
	const char *nouns;
	const char *family;
	const char *key; /* the field that names it */
	const char *good; /* the state in which nothing is wrong */
	bool peer; /* commands on it ask another host, who may refuse */
	const struct field *fields; /* up to one without a name */
	uint8_t get; /* command that gets one (0: none) */
	uint8_t dump; /* ... and all */
	void (*finish)(struct json_object *object); /* adds what follows from the rest */
};

const struct field *object_field(const struct field *fields, const char *name);
const char *field_key(const struct field *field, char buf[KEY_BYTES]);

struct json_object *object_value(struct json_object *object, const struct field *field);
const char *object_string(struct json_object *object, const char *key);
uint64_t object_number(struct json_object *object, const char *key);
bool object_true(struct json_object *object, const char *key);

/* Typed text into @values. 0 or an exit code; a second value is one too many. */
int object_parse(const struct field *field, const char *text, struct json_object *values);

/* All of @values that @fields has attributes for. */
bool object_put(struct nlmsghdr *nlh, size_t size, const struct field *fields,
		struct json_object *values);

/* Attributes into an object; NULL after fail() where one of them is not what it should be. */
struct json_object *object_get(const struct object *object, const void *attrs, size_t size);

/* Is it left out where people read? */
bool object_says_nothing(const struct field *field, struct json_object *value);

void field_text(const struct field *field, struct json_object *value, char *buf, size_t size);

/* As the section of a configuration file that makes it again. */
void object_config(const struct object *object, struct json_object *value, FILE *out);

#endif

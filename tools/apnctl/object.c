// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "object.h"

const struct field *object_field(const struct field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (!strcmp(fields->name, name))
			return fields;
	return NULL;
}

/* Programs read "read_only": in most of them "-" is a minus. */
const char *field_key(const struct field *field, char buf[KEY_BYTES])
{
	size_t i;

	for (i = 0; field->name[i] && i < KEY_BYTES - 1; i++)
		buf[i] = field->name[i] == '-' ? '_' : field->name[i];
	buf[i] = '\0';
	return buf;
}

struct json_object *object_value(struct json_object *object, const struct field *field)
{
	char key[KEY_BYTES];

	return json_object_object_get(object, field_key(field, key));
}

const char *object_string(struct json_object *object, const char *key)
{
	struct json_object *value = json_object_object_get(object, key);

	return value ? json_object_get_string(value) : "";
}

uint64_t object_number(struct json_object *object, const char *key)
{
	struct json_object *value = json_object_object_get(object, key);

	return value ? json_object_get_uint64(value) : 0;
}

bool object_true(struct json_object *object, const char *key)
{
	struct json_object *value = json_object_object_get(object, key);

	return value && json_object_get_boolean(value);
}

static struct json_object *list_of(struct json_object *values, const char *key)
{
	struct json_object *list = json_object_object_get(values, key);

	if (!list) {
		list = json_object_new_array();
		json_object_object_add(values, key, list);
	}
	return list;
}

int object_parse(const struct field *field, const char *text, struct json_object *values)
{
	struct json_object *value;
	char key[KEY_BYTES];
	int code;

	field_key(field, key);
	if (!(field->flags & FIELD_MULTI) && json_object_object_get(values, key))
		return fail(EXIT_USAGE, "given twice");
	code = field->kind->parse(field, text, &value);
	if (code)
		return code;
	if (field->flags & FIELD_MULTI)
		json_object_array_add(list_of(values, key), value);
	else
		json_object_object_add(values, key, value);
	return 0;
}

static bool put_field(struct nlmsghdr *nlh, size_t size, const struct field *field,
		      struct json_object *value)
{
	size_t i;

	if (!(field->flags & FIELD_MULTI))
		return field->kind->put(nlh, size, field, value);
	for (i = 0; i < json_object_array_length(value); i++)
		if (!field->kind->put(nlh, size, field, json_object_array_get_idx(value, i)))
			return false;
	return true;
}

bool object_put(struct nlmsghdr *nlh, size_t size, const struct field *fields,
		struct json_object *values)
{
	struct json_object *value;

	for (; fields->name; fields++) {
		value = object_value(values, fields);
		if (!value || !fields->attr || !fields->kind->put)
			continue;
		if (!put_field(nlh, size, fields, value))
			return false;
	}
	return true;
}

/* What the kernel sent under this field's number; for a list all of it. */
static int get_field(const struct field *field, const void *attrs, size_t size,
		     struct json_object *object)
{
	const struct nlattr *attr;
	struct json_object *value;
	char key[KEY_BYTES];

	field_key(field, key);
	if (field->flags & FIELD_MULTI)
		list_of(object, key);
	mnl_attr_for_each_payload(attrs, size) {
		if (mnl_attr_get_type(attr) != field->attr)
			continue;
		value = field->kind->get(field, attr);
		if (!value)
			return fail(EXIT_SYSTEM, "the kernel's answer has a malformed '%s'",
				    field->name);
		if (field->flags & FIELD_MULTI)
			json_object_array_add(list_of(object, key), value);
		else
			json_object_object_add(object, key, value);
	}
	return 0;
}

struct json_object *object_get(const struct object *object, const void *attrs, size_t size)
{
	struct json_object *result = json_object_new_object();
	const struct field *field;

	for (field = object->fields; field->name; field++) {
		if (field->attr && field->kind->get && get_field(field, attrs, size, result)) {
			json_object_put(result);
			return NULL;
		}
	}
	if (object->finish)
		object->finish(result);
	return result;
}

/* Names come from the other end too: nothing of them may steer a terminal. */
static void disarm(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void field_text(const struct field *field, struct json_object *value, char *buf, size_t size)
{
	if (field->kind->text)
		field->kind->text(field, value, buf, size);
	else
		field->kind->word(field, value, buf, size);
	disarm(buf);
}

bool object_says_nothing(const struct field *field, struct json_object *value)
{
	if (!value || (field->flags & FIELD_QUIET))
		return true;
	if (!(field->flags & FIELD_NONZERO))
		return false;
	if (json_object_is_type(value, json_type_string))
		return !json_object_get_string_len(value);
	if (json_object_is_type(value, json_type_array))
		return !json_object_array_length(value);
	return !json_object_get_uint64(value);
}

static void config_line(const struct field *field, struct json_object *value, FILE *out)
{
	char buf[VALUE_BYTES];

	field->kind->word(field, value, buf, sizeof(buf));
	disarm(buf);
	fprintf(out, "%s = %s\n", field->name, buf);
}

void object_config(const struct object *object, struct json_object *value, FILE *out)
{
	const struct field *field;
	struct json_object *item;
	size_t i;

	fprintf(out, "[%s%s%s]\n", object->noun, object->key ? " " : "",
		object->key ? object_string(value, object->key) : "");
	for (field = object->fields; field->name; field++) {
		item = object_value(value, field);
		if (!(field->flags & FIELD_KEEP) || !item || object_says_nothing(field, item))
			continue;
		if (!(field->flags & FIELD_MULTI))
			config_line(field, item, out);
		else
			for (i = 0; i < json_object_array_length(item); i++)
				config_line(field, json_object_array_get_idx(item, i), out);
	}
}

// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "err.h"
#include "nl.h"

enum { DUMP_TRIES = 16 };

struct reader {
	const struct object *object;
	struct json_object *list;
};

static int read_object(const struct nlmsghdr *nlh, void *data)
{
	struct reader *reader = data;
	struct json_object *object;
	const void *attrs;
	size_t size;

	attrs = nl_attrs(nlh, &size);
	object = object_get(reader->object, attrs, size);
	if (!object)
		return EXIT_SYSTEM;
	json_object_array_add(reader->list, object);
	return 0;
}

/* The option behind an offset into the request. */
static const struct field *blamed(const struct object *object, const struct nlmsghdr *request,
				  int offset)
{
	const struct field *field;
	struct nlattr attr;

	if (offset < (int)sizeof(*request) ||
	    (size_t)offset + sizeof(attr) > request->nlmsg_len)
		return NULL;
	memcpy(&attr, (const char *)request + offset, sizeof(attr));
	for (field = object->fields; field->name; field++)
		if (field->attr && field->attr == (attr.nla_type & NLA_TYPE_MASK))
			return field;
	return NULL;
}

/* The value that is to blame, as it was typed; what netlink itself refused has a range. */
static void name_value(const struct field *field, struct json_object *values,
		       const struct nl_answer *answer)
{
	struct json_object *value = object_value(values, field);
	char buf[VALUE_BYTES];

	if (!value || (field->flags & FIELD_MULTI) || !field->kind->word)
		return;
	if (answer->range)
		fail_suffix(" (%s)", answer->range);
	field->kind->word(field, value, buf, sizeof(buf));
	if (!fail_names(buf))
		fail_prefix("%s %s: ", field->name, buf);
}

/* The kernel says what is wrong; of which object and value it may leave to us. */
static void name_object(const struct object *object, struct json_object *values,
			const struct nlmsghdr *request, const struct nl_answer *answer)
{
	const struct field *field = blamed(object, request, answer->offset);
	const char *key = values && object->key ? object_string(values, object->key) : "";

	if (answer->code == EXIT_DENIED)
		return;
	if (field && values && (!object->key || strcmp(field->name, object->key)))
		name_value(field, values, answer);
	if (*key && !fail_names(key))
		fail_prefix("%s %s: ", object->noun, key);
}

static int talk(const struct object *object, uint8_t cmd, uint16_t flags,
		struct json_object *values, struct nl_answer *answer)
{
	struct nlmsghdr *request;
	struct nl nl;
	char *buf;
	int code;

	code = nl_open(&nl, object->family);
	if (code)
		return code;
	buf = calloc(1, NL_REQUEST_BYTES);
	if (!buf)
		abort();
	request = nl_request(&nl, buf, cmd, flags);
	if (values && !object_put(request, NL_REQUEST_BYTES, object->fields, values)) {
		code = fail(EXIT_USAGE, "too much for one request");
	} else {
		code = nl_talk(&nl, request, answer);
		if (code)
			name_object(object, values, request, answer);
		if (code == EXIT_REFUSED && !object->peer)
			code = EXIT_INVALID;
	}
	free(buf);
	nl_close(&nl);
	return code;
}

int call(const struct object *object, uint8_t cmd, struct json_object *values,
	 struct json_object **reply)
{
	struct reader reader = { .object = object, .list = json_object_new_array() };
	struct nl_answer answer = { .message = reply ? read_object : NULL, .data = &reader };
	int code;

	code = talk(object, cmd, NLM_F_ACK, values, &answer);
	if (reply)
		*reply = json_object_get(json_object_array_get_idx(reader.list, 0));
	json_object_put(reader.list);
	return code;
}

int call_all(const struct object *object, struct json_object **list)
{
	int code, tries;

	*list = NULL;
	for (tries = 0; tries < DUMP_TRIES; tries++) {
		struct reader reader = { .object = object, .list = json_object_new_array() };
		struct nl_answer answer = { .message = read_object, .data = &reader };

		code = talk(object, object->dump, NLM_F_DUMP, NULL, &answer);
		if (!code && !answer.interrupted) {
			*list = reader.list;
			return 0;
		}
		json_object_put(reader.list);
		if (code)
			return code;
	}
	return fail(EXIT_SYSTEM, "the list of %s changes faster than it can be read",
		    object->nouns);
}

struct json_object *values_of(const char *key, const char *text)
{
	struct json_object *values = json_object_new_object();

	json_object_object_add(values, key, json_object_new_string(text));
	return values;
}

void values_default(struct json_object *values, const char *key, const char *text)
{
	if (!json_object_object_get(values, key))
		json_object_object_add(values, key, json_object_new_string(text));
}

static int find_one(const struct object *object, const char *text, struct json_object **found)
{
	struct json_object *list;
	size_t i;
	int code;

	code = call_all(object, &list);
	if (code)
		return code;
	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *one = json_object_array_get_idx(list, i);

		if (!strcmp(object_string(one, object->key), text)) {
			*found = json_object_get(one);
			json_object_put(list);
			return 0;
		}
	}
	json_object_put(list);
	return fail(EXIT_ABSENT, "there is no %s %s", object->noun, text);
}

int call_one(const struct object *object, const char *text, struct json_object **found)
{
	struct json_object *values;
	int code;

	*found = NULL;
	if (!object->get)
		return find_one(object, text, found);
	values = values_of(object->key, text);
	code = call(object, object->get, values, found);
	json_object_put(values);
	if (!code && !*found)
		code = fail(EXIT_SYSTEM, "the kernel did not answer");
	return code;
}

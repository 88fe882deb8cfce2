// SPDX-License-Identifier: GPL-2.0
/* Kinds that the kernel keeps as bytes, and what is nested in others. */
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "err.h"
#include "kind.h"

enum {
	UUID_BYTES = 16,
	BUCKETS = 32,
};

/* -- addresses -- */

static int parse_addr(const char *text, unsigned int port, struct json_object **value)
{
	char buf[ADDR_TEXT_BYTES];
	union addr addr;
	int code = addr_parse(text, port, &addr);

	if (code)
		return code;
	addr_text(&addr, addr_bytes(&addr), buf, sizeof(buf));
	*value = json_object_new_string(buf);
	return 0;
}

static int parse_target(const struct field *field, const char *text, struct json_object **value)
{
	(void)field;
	return parse_addr(text, ADDR_PORT, value);
}

static int parse_source(const struct field *field, const char *text, struct json_object **value)
{
	(void)field;
	return parse_addr(text, 0, value);
}

/* The value was made by addr_text(), so that it can't fail to be read. */
static bool put_addr(struct nlmsghdr *nlh, size_t size, const struct field *field,
		     struct json_object *value)
{
	union addr addr = { 0 };

	return !addr_parse(json_object_get_string(value),
			   field->kind == &kind_source ? 0 : ADDR_PORT, &addr) &&
	       mnl_attr_put_check(nlh, size, field->attr, addr_bytes(&addr), &addr);
}

static struct json_object *get_addr(const struct field *field, const struct nlattr *attr)
{
	char buf[ADDR_TEXT_BYTES];

	(void)field;
	if (addr_text(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), buf, sizeof(buf)))
		return NULL;
	return json_object_new_string(buf);
}

/* The port that the kernel picked for a connection is nothing to ask for again. */
static struct json_object *get_source(const struct field *field, const struct nlattr *attr)
{
	union addr addr = { 0 };
	char buf[ADDR_TEXT_BYTES];
	size_t size = mnl_attr_get_payload_len(attr);

	(void)field;
	if (size > sizeof(addr))
		return NULL;
	memcpy(&addr, mnl_attr_get_payload(attr), size);
	addr.in.sin_port = 0;
	if (addr_text(&addr, size, buf, sizeof(buf)))
		return NULL;
	return json_object_new_string(buf);
}

const struct kind kind_addr = {
	.arg = "ADDR[:PORT]",
	.parse = parse_target,
	.put = put_addr,
	.get = get_addr,
	.word = kind_word_string,
};

const struct kind kind_source = {
	.arg = "ADDR",
	.parse = parse_source,
	.put = put_addr,
	.get = get_source,
	.word = kind_word_string,
};

/* -- UUIDs and histograms -- */

static struct json_object *get_uuid(const struct field *field, const struct nlattr *attr)
{
	const uint8_t *b = mnl_attr_get_payload(attr);
	size_t i, n = 0, size = mnl_attr_get_payload_len(attr);
	char buf[2 * UUID_BYTES + 5];

	(void)field;
	if (size > UUID_BYTES)
		return NULL;
	buf[0] = '\0';
	for (i = 0; i < size; i++) {
		if (size == UUID_BYTES && (i == 4 || i == 6 || i == 8 || i == 10))
			buf[n++] = '-';
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%02x", b[i]);
	}
	return json_object_new_string(buf);
}

const struct kind kind_uuid = {
	.get = get_uuid,
	.word = kind_word_string,
};

static struct json_object *get_histogram(const struct field *field, const struct nlattr *attr)
{
	const uint8_t *data = mnl_attr_get_payload(attr);
	struct json_object *list;
	uint64_t count;
	size_t i;

	(void)field;
	if (mnl_attr_get_payload_len(attr) != BUCKETS * sizeof(count))
		return NULL;
	list = json_object_new_array();
	for (i = 0; i < BUCKETS; i++) {
		memcpy(&count, data + i * sizeof(count), sizeof(count));
		json_object_array_add(list, json_object_new_uint64(count));
	}
	return list;
}

const struct kind kind_histogram = { .get = get_histogram };

/* -- nested objects -- */

static bool put_nest(struct nlmsghdr *nlh, size_t size, const struct field *field,
		     struct json_object *value)
{
	struct nlattr *nest = mnl_attr_nest_start_check(nlh, size, field->attr);

	if (!nest)
		return false;
	if (!object_put(nlh, size, field->of->fields, value)) {
		mnl_attr_nest_cancel(nlh, nest);
		return false;
	}
	mnl_attr_nest_end(nlh, nest);
	return true;
}

static struct json_object *get_nest(const struct field *field, const struct nlattr *attr)
{
	return object_get(field->of, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
}

const struct kind kind_nest = {
	.put = put_nest,
	.get = get_nest,
};

/* ID, ID:ro, ID:rw: the last for an identity that itself ends in ":ro". */
static int parse_allow(const struct field *field, const char *text, struct json_object **value)
{
	const struct field *identity = object_field(field->of->fields, "identity");
	size_t size = strlen(text);
	struct json_object *allow;
	bool ro = size > 3 && !strcmp(text + size - 3, ":ro");
	bool rw = size > 3 && !strcmp(text + size - 3, ":rw");
	char id[VALUE_BYTES];
	int code;

	snprintf(id, sizeof(id), "%.*s", (int)(ro || rw ? size - 3 : size), text);
	allow = json_object_new_object();
	code = object_parse(identity, id, allow);
	if (code) {
		json_object_put(allow);
		return code;
	}
	json_object_object_add(allow, "read_only", json_object_new_boolean(ro));
	*value = allow;
	return 0;
}

static void word_allow(const struct field *field, struct json_object *value, char *buf,
		       size_t size)
{
	const char *id = object_string(value, "identity");
	size_t n = strlen(id);
	bool odd = n > 3 && (!strcmp(id + n - 3, ":ro") || !strcmp(id + n - 3, ":rw"));

	(void)field;
	snprintf(buf, size, "%s%s", id,
		 object_true(value, "read_only") ? ":ro" : odd ? ":rw" :
								 "");
}

const struct kind kind_allow = {
	.arg = "ID[:ro]",
	.parse = parse_allow,
	.put = put_nest,
	.get = get_nest,
	.word = word_allow,
};

/* -- security -- */

const char *const security_words[] = { "tls", "auth", "none", NULL };

struct json_object *security_warning(struct json_object *object)
{
	static const struct {
		const char *level, *warning;
	} warnings[] = {
		{ "auth", "nothing is protected in flight" },
		{ "none", "nobody is authenticated and nothing is protected in flight" },
	};
	const char *level = object_string(object, "security");
	size_t i;

	for (i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (!strcmp(warnings[i].level, level))
			return json_object_new_string(warnings[i].warning);
	return NULL;
}

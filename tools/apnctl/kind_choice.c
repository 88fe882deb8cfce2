// SPDX-License-Identifier: GPL-2.0
/* Kinds that are a choice: yes or no, one of some words. */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "kind.h"
#include "near.h"

static int parse_enum(const struct field *field, const char *text, struct json_object **value)
{
	struct near near;
	char list[256] = "";
	size_t i, n = 0;

	near_start(&near, text);
	for (i = 0; field->words[i]; i++) {
		if (!strcmp(field->words[i], text)) {
			*value = json_object_new_string(text);
			return 0;
		}
		near_offer(&near, field->words[i]);
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
				      field->words[i]);
	}
	fail(EXIT_USAGE, "'%s' is none of %s", text, list);
	if (near.word)
		fail_suffix("; did you mean %s?", near.word);
	return EXIT_USAGE;
}

static bool put_enum(struct nlmsghdr *nlh, size_t size, const struct field *field,
		     struct json_object *value)
{
	uint32_t i = 0;

	while (field->words[i] && strcmp(field->words[i], json_object_get_string(value)))
		i++;
	return mnl_attr_put_u32_check(nlh, size, field->attr, i);
}

/* A newer kernel may know a word that we don't: then its number has to do. */
static struct json_object *get_enum(const struct field *field, const struct nlattr *attr)
{
	uint64_t value;
	char number[32];
	size_t i;

	if (kind_unsigned(attr, &value))
		return NULL;
	for (i = 0; field->words[i]; i++)
		if (i == value)
			return json_object_new_string(field->words[i]);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)value);
	return json_object_new_string(number);
}

const struct kind kind_enum = {
	.parse = parse_enum,
	.put = put_enum,
	.get = get_enum,
	.word = kind_word_string,
};

static int parse_bool(const struct field *field, const char *text, struct json_object **value)
{
	static const char *const words[] = { "no", "yes", "off", "on", "false", "true", "0", "1" };
	size_t i;

	(void)field;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text && strcmp(words[i], text))
			continue;
		*value = json_object_new_boolean(!text || i % 2);
		return 0;
	}
	return fail(EXIT_USAGE, "'%s' is neither yes nor no", text);
}

static void word_bool(const struct field *field, struct json_object *value, char *buf, size_t size)
{
	(void)field;
	snprintf(buf, size, "%s", json_object_get_boolean(value) ? "yes" : "no");
}

static bool put_bool(struct nlmsghdr *nlh, size_t size, const struct field *field,
		     struct json_object *value)
{
	return mnl_attr_put_u8_check(nlh, size, field->attr,
				     (uint8_t)json_object_get_boolean(value));
}

static struct json_object *get_bool(const struct field *field, const struct nlattr *attr)
{
	uint64_t value;

	(void)field;
	return kind_unsigned(attr, &value) ? NULL : json_object_new_boolean(!!value);
}

const struct kind kind_bool = {
	.yes_no = true,
	.parse = parse_bool,
	.put = put_bool,
	.get = get_bool,
	.word = word_bool,
};

static bool put_flag(struct nlmsghdr *nlh, size_t size, const struct field *field,
		     struct json_object *value)
{
	return !json_object_get_boolean(value) ||
	       mnl_attr_put_check(nlh, size, field->attr, 0, NULL);
}

const struct kind kind_flag = {
	.yes_no = true,
	.parse = parse_bool,
	.put = put_flag,
	.word = word_bool,
};

// SPDX-License-Identifier: GPL-2.0
/* Kinds that are text: names, paths, words. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "kind.h"

enum { NAME_CHARS = 63 };

static bool put_string(struct nlmsghdr *nlh, size_t size, const struct field *field,
		       struct json_object *value)
{
	return mnl_attr_put_strz_check(nlh, size, field->attr, json_object_get_string(value));
}

static struct json_object *get_string(const struct field *field, const struct nlattr *attr)
{
	const char *text = mnl_attr_get_payload(attr);
	size_t size = strnlen(text, mnl_attr_get_payload_len(attr));

	(void)field;
	return json_object_new_string_len(text, (int)size);
}

void kind_word_string(const struct field *field, struct json_object *value, char *buf,
		      size_t size)
{
	(void)field;
	snprintf(buf, size, "%s", json_object_get_string(value));
}

static bool name_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return !first && c && strchr("._-:@", c);
}

static int parse_name(const struct field *field, const char *text, struct json_object **value)
{
	size_t i, size = strlen(text);

	if (!size || size > NAME_CHARS)
		return fail(EXIT_USAGE, "'%s' is %s for a name: 1 to %d characters", text,
			    size ? "too long" : "too short", NAME_CHARS);
	for (i = 0; i < size; i++)
		if (!name_char(text[i], !i))
			return fail(EXIT_USAGE,
				    "'%s' is no name: letters, digits, and then also . _ - : @",
				    text);
	(void)field;
	*value = json_object_new_string(text);
	return 0;
}

const struct kind kind_name = {
	.arg = "NAME",
	.parse = parse_name,
	.put = put_string,
	.get = get_string,
	.word = kind_word_string,
};

const struct kind kind_string = {
	.get = get_string,
	.word = kind_word_string,
};

static int parse_path(const struct field *field, const char *text, struct json_object **value)
{
	char path[PATH_MAX], dir[PATH_MAX];
	const char *p;
	int n;

	(void)field;
	for (p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || (*p == ' ' && !p[1]))
			return fail(EXIT_USAGE, "a path with control characters or a blank at its end");
	if (!*text)
		return fail(EXIT_USAGE, "a path is wanted");
	if (*text != '/' && !getcwd(dir, sizeof(dir)))
		return fail(EXIT_SYSTEM, "the current folder is gone; write the whole path");
	if (*text == '/')
		n = snprintf(path, sizeof(path), "%s", text);
	else
		n = snprintf(path, sizeof(path), "%s/%s", dir, text);
	if (n < 0 || (size_t)n >= sizeof(path))
		return fail(EXIT_USAGE, "the path is longer than %zu characters", sizeof(path) - 1);
	*value = json_object_new_string(path);
	return 0;
}

const struct kind kind_path = {
	.arg = "PATH",
	.parse = parse_path,
	.put = put_string,
	.get = get_string,
	.word = kind_word_string,
};

static struct json_object *get_device(const struct field *field, const struct nlattr *attr)
{
	char path[KEY_BYTES];

	(void)field;
	snprintf(path, sizeof(path), "/dev/%.*s", (int)mnl_attr_get_payload_len(attr),
		 (const char *)mnl_attr_get_payload(attr));
	return json_object_new_string(path);
}

const struct kind kind_device = {
	.get = get_device,
	.word = kind_word_string,
};

const struct kind kind_word = {
	.arg = "WORD",
	.parse = parse_name,
	.put = put_string,
	.get = get_string,
	.word = kind_word_string,
};

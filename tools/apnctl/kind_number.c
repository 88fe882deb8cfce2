// SPDX-License-Identifier: GPL-2.0
/* Kinds that are a number, with or without a unit. */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "kind.h"
#include "units.h"

/* How the numbers of one unit are read and written; functions of units.h. */
struct measure {
	const char *what;
	const char *none; /* the word for zero, where zero is no limit */
	int (*parse)(const char *text, uint64_t *value);
	void (*word)(uint64_t value, char *buf, size_t size);
	void (*text)(uint64_t value, char *buf, size_t size);
};

int kind_unsigned(const struct nlattr *attr, uint64_t *value)
{
	const void *data = mnl_attr_get_payload(attr);
	uint8_t u8;
	uint32_t u32;

	switch (mnl_attr_get_payload_len(attr)) {
	case sizeof(u8):
		memcpy(&u8, data, sizeof(u8));
		*value = u8;
		return 0;
	case sizeof(u32):
		memcpy(&u32, data, sizeof(u32));
		*value = u32;
		return 0;
	case sizeof(*value):
		memcpy(value, data, sizeof(*value));
		return 0;
	}
	return -1;
}

static struct json_object *get_number(const struct field *field, const struct nlattr *attr)
{
	uint64_t value;

	(void)field;
	return kind_unsigned(attr, &value) ? NULL : json_object_new_uint64(value);
}

static bool put_u32(struct nlmsghdr *nlh, size_t size, const struct field *field,
		    struct json_object *value)
{
	return mnl_attr_put_u32_check(nlh, size, field->attr,
				      (uint32_t)json_object_get_uint64(value));
}

static bool put_u64(struct nlmsghdr *nlh, size_t size, const struct field *field,
		    struct json_object *value)
{
	return mnl_attr_put_u64_check(nlh, size, field->attr, json_object_get_uint64(value));
}

static void word_number(const struct field *field, struct json_object *value, char *buf,
			size_t size)
{
	(void)field;
	snprintf(buf, size, "%llu", (unsigned long long)json_object_get_uint64(value));
}

static int parse_number(const struct field *field, const char *text, struct json_object **value)
{
	uint64_t number, max = field->max ? field->max : UINT32_MAX;

	if (unit_parse_number(text, &number) || number < field->min || number > max)
		return fail(EXIT_USAGE, "'%s' is no number from %llu to %llu", text,
			    (unsigned long long)field->min, (unsigned long long)max);
	*value = json_object_new_uint64(number);
	return 0;
}

/* A limit of zero is none, in the kernel and here; typed as zero it is a slip. */
static int parse_measure(const struct field *field, const char *text, struct json_object **value)
{
	const struct measure *m = field->kind->measure;
	bool none = m->none && !strcmp(text, m->none);
	uint64_t number = 0;

	if (!none && m->parse(text, &number))
		return fail(EXIT_USAGE, "'%s' is no %s", text, m->what);
	if (!none && m->none && !number)
		return fail(EXIT_USAGE, "'%s' would be no limit; say %s", text, m->none);
	*value = json_object_new_uint64(number);
	return 0;
}

static void word_measure(const struct field *field, struct json_object *value, char *buf,
			 size_t size)
{
	const struct measure *m = field->kind->measure;
	uint64_t number = json_object_get_uint64(value);

	if (m->none && !number)
		snprintf(buf, size, "%s", m->none);
	else
		m->word(number, buf, size);
}

static void text_measure(const struct field *field, struct json_object *value, char *buf,
			 size_t size)
{
	const struct measure *m = field->kind->measure;
	uint64_t number = json_object_get_uint64(value);

	if (m->none && !number)
		snprintf(buf, size, "%s", m->none);
	else
		m->text(number, buf, size);
}

static void text_limit(uint64_t bytes, char *buf, size_t size)
{
	size_t n;

	unit_text_bytes(bytes, buf, size);
	n = strlen(buf);
	snprintf(buf + n, size - n, "/s");
}

static void text_us(uint64_t us, char *buf, size_t size)
{
	unit_text_ns(us * 1000, buf, size);
}

static const struct measure bytes = {
	.word = unit_word_bytes,
	.text = unit_text_bytes,
};

static const struct measure size_or_auto = {
	.what = "size: write 64M, 1G or auto",
	.none = "auto",
	.parse = unit_parse_bytes,
	.word = unit_word_bytes,
	.text = unit_text_bytes,
};

static const struct measure count = {
	.what = "number: write 20000, 20k or none",
	.none = "none",
	.parse = unit_parse_count,
	.word = unit_word_count,
	.text = unit_word_count,
};

static const struct measure limit = {
	.what = "number of bytes: write 200M, 1G or none",
	.none = "none",
	.parse = unit_parse_bytes,
	.word = unit_word_bytes,
	.text = text_limit,
};

static const struct measure rate = {
	.what = "rate in bits a second: write 400m, 100g or none",
	.none = "none",
	.parse = unit_parse_rate,
	.word = unit_word_rate,
	.text = unit_text_rate,
};

static const struct measure span = {
	.what = "time: write 500ms, 30s, 5m or 2h",
	.parse = unit_parse_time,
	.word = unit_word_time,
	.text = unit_text_time,
};

static const struct measure patience = {
	.what = "time: write 500ms, 30s, 5m, 2h or never",
	.none = "never",
	.parse = unit_parse_time,
	.word = unit_word_time,
	.text = unit_text_time,
};

static const struct measure us = { .text = text_us };
static const struct measure ns = { .text = unit_text_ns };

const struct kind kind_number = {
	.arg = "N",
	.parse = parse_number,
	.put = put_u32,
	.get = get_number,
	.word = word_number,
};

const struct kind kind_counter = {
	.get = get_number,
	.word = word_number,
};

#define MEASURE_TYPED(name, m, arg_text) \
	const struct kind name = {       \
		.arg = arg_text,         \
		.parse = parse_measure,  \
		.put = put_u64,          \
		.get = get_number,       \
		.word = word_measure,    \
		.text = text_measure,    \
		.measure = m,            \
	}

#define MEASURE_SHOWN(name, m) \
	const struct kind name = { .get = get_number, .text = text_measure, .measure = m }

MEASURE_TYPED(kind_count, &count, "N");
MEASURE_TYPED(kind_size, &size_or_auto, "SIZE");
MEASURE_TYPED(kind_limit, &limit, "BYTES");
MEASURE_TYPED(kind_rate, &rate, "RATE");
MEASURE_TYPED(kind_time, &span, "TIME");
MEASURE_TYPED(kind_patience, &patience, "TIME");
MEASURE_SHOWN(kind_bytes, &bytes);
MEASURE_SHOWN(kind_us, &us);
MEASURE_SHOWN(kind_ns, &ns);

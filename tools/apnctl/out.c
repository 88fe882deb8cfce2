// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "out.h"

enum {
	GAP = 2,
	COLUMNS_MAX = 32,
};

bool out_json;

/* A field as people read it; "" where it says nothing. */
static void cell(const struct object *object, const struct field *field, struct json_object *one,
		 char *buf, size_t size)
{
	struct json_object *value = object_value(one, field);

	*buf = '\0';
	if ((field->flags & FIELD_TROUBLE) && object->good &&
	    !strcmp(object_string(one, "state"), object->good))
		return;
	if (!object_says_nothing(field, value))
		field_text(field, value, buf, size);
}

static const char *label(const struct field *field)
{
	return field->title ? field->title : field->name;
}

static void head(const struct field *field, char buf[KEY_BYTES])
{
	const char *text = label(field);
	size_t i;

	for (i = 0; text[i] && i < KEY_BYTES - 1; i++)
		buf[i] = (char)toupper((unsigned char)text[i]);
	buf[i] = '\0';
}

/* -- tables -- */

struct table {
	const struct field *columns[COLUMNS_MAX];
	size_t width[COLUMNS_MAX]; /* 0: all cells are empty, no column */
	size_t count;
};

static void table_start(struct table *table, const struct object *object)
{
	const struct field *field;

	memset(table, 0, sizeof(*table));
	for (field = object->fields; field->name; field++)
		if ((field->flags & FIELD_COLUMN) && table->count < COLUMNS_MAX)
			table->columns[table->count++] = field;
}

static void table_measure(struct table *table, const struct object *object,
			  struct json_object *list)
{
	char buf[VALUE_BYTES], title[KEY_BYTES];
	size_t i, row, n;

	for (i = 0; i < table->count; i++) {
		for (row = 0; row < json_object_array_length(list); row++) {
			cell(object, table->columns[i], json_object_array_get_idx(list, row), buf,
			     sizeof(buf));
			n = strlen(buf);
			table->width[i] = n > table->width[i] ? n : table->width[i];
		}
		head(table->columns[i], title);
		n = strlen(title);
		if (table->width[i] && n > table->width[i])
			table->width[i] = n;
	}
}

/* Blanks come before a cell that follows, so that no line ends with them. */
static void print_cell(const char *text, size_t width, size_t *blanks)
{
	size_t n = strlen(text);

	if (!width)
		return;
	if (n)
		printf("%*s%s", (int)*blanks, "", text);
	*blanks = n ? 0 : *blanks;
	*blanks += width - n + GAP;
}

static void table_print(const struct table *table, const struct object *object,
			struct json_object *one)
{
	char buf[VALUE_BYTES];
	size_t i, blanks = 0;

	for (i = 0; i < table->count; i++) {
		if (one)
			cell(object, table->columns[i], one, buf, sizeof(buf));
		else
			head(table->columns[i], buf);
		print_cell(buf, table->width[i], &blanks);
	}
	putchar('\n');
}

void out_list(const struct object *object, struct json_object *list)
{
	struct table table;
	size_t row;

	if (out_json) {
		out_print_json(list);
		return;
	}
	if (!json_object_array_length(list)) {
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "apnctl: no %s\n", object->nouns);
		return;
	}
	table_start(&table, object);
	table_measure(&table, object, list);
	table_print(&table, object, NULL);
	for (row = 0; row < json_object_array_length(list); row++)
		table_print(&table, object, json_object_array_get_idx(list, row));
}

/* Rows that come one by one can't be measured before: their columns are as wide as it takes. */
static void table_fixed(struct table *table, const struct object *object)
{
	enum { WIDTH = 10 };
	char title[KEY_BYTES];
	size_t i;

	table_start(table, object);
	for (i = 0; i < table->count; i++) {
		head(table->columns[i], title);
		table->width[i] = strlen(title) > WIDTH ? strlen(title) : WIDTH;
	}
}

void out_head(const struct object *object)
{
	struct table table;

	table_fixed(&table, object);
	table_print(&table, object, NULL);
}

void out_row(const struct object *object, struct json_object *one)
{
	struct table table;

	table_fixed(&table, object);
	table_print(&table, object, one);
}

/* -- detail -- */

/* What has a text form is one line, even where it is an object inside. */
static bool is_plain(const struct field *field)
{
	return field->kind->text || field->kind->word;
}

static size_t widest_name(const struct object *object, struct json_object *one)
{
	const struct field *field;
	size_t n, width = 0;

	for (field = object->fields; field->name; field++) {
		n = strlen(label(field)) + 1;
		if (is_plain(field) && n > width &&
		    !object_says_nothing(field, object_value(one, field)))
			width = n;
	}
	return width;
}

static void detail(const struct object *object, struct json_object *one, int indent);

static void detail_nested(const struct field *field, struct json_object *value, int indent)
{
	size_t i;

	if (!(field->flags & FIELD_MULTI)) {
		printf("%*s%s:\n", indent, "", field->name);
		detail(field->of, value, indent + GAP);
		return;
	}
	for (i = 0; i < json_object_array_length(value); i++) {
		printf("%*s%s:\n", indent, "", field->name);
		detail(field->of, json_object_array_get_idx(value, i), indent + GAP);
	}
}

static void detail_plain(const struct field *field, struct json_object *value, int indent,
			 size_t width)
{
	char buf[VALUE_BYTES];
	size_t i, n = field->flags & FIELD_MULTI ? json_object_array_length(value) : 1;

	for (i = 0; i < n; i++) {
		field_text(field,
			   field->flags & FIELD_MULTI ? json_object_array_get_idx(value, i) : value,
			   buf, sizeof(buf));
		printf("%*s%s:%*s%s\n", indent, "", label(field),
		       (int)(width - strlen(label(field))), "", buf);
	}
}

static void detail(const struct object *object, struct json_object *one, int indent)
{
	size_t width = widest_name(object, one);
	const struct field *field;
	struct json_object *value;

	for (field = object->fields; field->name; field++) {
		value = object_value(one, field);
		if (object_says_nothing(field, value))
			continue;
		if (is_plain(field))
			detail_plain(field, value, indent, width);
		else if (field->of)
			detail_nested(field, value, indent);
	}
}

void out_detail(const struct object *object, struct json_object *one)
{
	if (out_json)
		out_print_json(one);
	else
		detail(object, one, 0);
}

void out_details(const struct object *object, struct json_object *list)
{
	size_t i;

	if (out_json || !json_object_array_length(list)) {
		out_list(object, list);
		return;
	}
	for (i = 0; i < json_object_array_length(list); i++) {
		if (i)
			putchar('\n');
		detail(object, json_object_array_get_idx(list, i), 0);
	}
}

/* -- lines and JSON -- */

void out_line(const struct object *object, struct json_object *one)
{
	const struct field *field;
	char buf[VALUE_BYTES];

	for (field = object->fields; field->name; field++) {
		if (!(field->flags & FIELD_COLUMN))
			continue;
		cell(object, field, one, buf, sizeof(buf));
		if (*buf)
			printf(" %s=%s%s%s", label(field), strchr(buf, ' ') ? "\"" : "", buf,
			       strchr(buf, ' ') ? "\"" : "");
	}
	putchar('\n');
}

void out_print_json(struct json_object *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
							   JSON_C_TO_STRING_SPACED |
							   JSON_C_TO_STRING_NOSLASHESCAPE));
}

void out_print_json_line(struct json_object *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE));
}

int out_end(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	return fail(EXIT_SYSTEM, "can't write the result: %s", strerror(errno));
}

// SPDX-License-Identifier: GPL-2.0
/* An identity that was shown the door is not let in again by the next boot. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "err.h"

static const char restricted_line[] = "restricted = yes\n";

/* While a file is copied: which section a line stands in, and what of it was seen. */
struct editing {
	const char *export, *identity;
	bool inside; /* the section of that export */
	bool restricted; /* ... says already that it is nobody else's */
	bool changed;
	FILE *out;
};

/* The words of a line, without what is round them. */
static size_t word(const char *text, size_t size, const char **start)
{
	while (size && strchr(" \t\r", *text)) {
		text++;
		size--;
	}
	while (size && strchr(" \t\r", text[size - 1]))
		size--;
	*start = text;
	return size;
}

static bool is_word(const char *text, size_t size, const char *wanted)
{
	const char *start;

	size = word(text, size, &start);
	return size == strlen(wanted) && !strncmp(start, wanted, size);
}

/* "[export NAME]" */
static bool opens_export(const char *line, size_t size, const char *export)
{
	const char *start;

	size = word(line, size, &start);
	if (size < 9 || strncmp(start, "[export", 7) || start[size - 1] != ']')
		return false;
	return strchr(" \t", start[7]) && is_word(start + 7, size - 8, export);
}

/* "KEY = VALUE": the value's size, or 0 */
static size_t value_of(const char *line, size_t size, const char *key, const char **value)
{
	const char *equal = memchr(line, '=', size);

	if (!equal || !is_word(line, (size_t)(equal - line), key))
		return 0;
	return word(equal + 1, size - (size_t)(equal + 1 - line), value);
}

static bool allows(const char *line, size_t size, const char *identity)
{
	const char *value;
	size_t n = value_of(line, size, "allow", &value), id = strlen(identity);

	if (n < id || strncmp(value, identity, id))
		return false;
	return n == id || (n == id + 3 && (!strncmp(value + id, ":ro", 3) ||
					   !strncmp(value + id, ":rw", 3)));
}

static void copy_line(struct editing *e, const char *line, size_t size)
{
	const char *start;

	if (word(line, size, &start) && *start == '[') {
		e->inside = opens_export(line, size, e->export);
		e->restricted = false;
	}
	if (e->inside && value_of(line, size, "restricted", &start))
		e->restricted = true;
	if (!e->inside || !allows(line, size, e->identity)) {
		fprintf(e->out, "%.*s\n", (int)size, line);
		return;
	}
	e->changed = true;
	if (!e->restricted)
		fputs(restricted_line, e->out);
	e->restricted = true;
}

/* A list that gets empty must not become one that lets everybody in. */
static char *without(const char *text, const char *export, const char *identity)
{
	struct editing e = { .export = export, .identity = identity };
	size_t size, copied;
	char *copy;

	e.out = open_memstream(&copy, &copied);
	if (!e.out)
		abort();
	for (; *text; text += size + (text[size] == '\n')) {
		size = strcspn(text, "\n");
		copy_line(&e, text, size);
	}
	fclose(e.out);
	if (e.changed)
		return copy;
	free(copy);
	return NULL;
}

int conf_revoke(const char *dir, const char *name, const char *export, const char *identity,
		bool *changed)
{
	char *text, *copy = NULL;
	int code;

	*changed = false;
	if (!conf_there(dir, name))
		return 0;
	code = conf_text(dir, name, &text);
	if (!code)
		copy = without(text, export, identity);
	free(text);
	if (copy) {
		code = conf_write(dir, name, copy);
		*changed = !code;
	}
	free(copy);
	return code;
}

// SPDX-License-Identifier: GPL-2.0
/* The text of a configuration file, read and written. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "near.h"
#include "nouns.h"

enum { FILE_BYTES_MAX = 1 << 20 };

static const struct object *const nouns[] = { &disk_object, &export_object, &port_object };

enum { NOUNS = sizeof(nouns) / sizeof(nouns[0]) };

/* What is known while a file is read. */
struct reading {
	const char *name;
	struct json_object *list;
	const struct object *object; /* of the section that is open */
	struct json_object *values;
};

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r", end[-1]))
		end--;
	*end = '\0';
	return text;
}

static int find_noun(const char *noun, const struct object **object)
{
	struct near near;
	int i;

	near_start(&near, noun);
	for (i = 0; i < NOUNS; i++) {
		near_offer(&near, nouns[i]->noun);
		if (strcmp(nouns[i]->noun, noun))
			continue;
		*object = nouns[i];
		return 0;
	}
	fail(EXIT_USAGE, "unknown section [%s]", noun);
	if (near.word)
		fail_suffix("; did you mean [%s]?", near.word);
	return EXIT_USAGE;
}

static bool is_key(const struct object *object, const struct field *field)
{
	return (field->flags & FIELD_KEEP) || !strcmp(field->name, object->key);
}

/* A section is whole when the next one begins, or the file ends. */
static int close_section(struct reading *r)
{
	const struct field *field;

	if (!r->object)
		return 0;
	if (r->object == &disk_object && !json_object_object_get(r->values, "name") &&
	    object_parse(object_field(r->object->fields, "name"), r->name, r->values))
		return EXIT_USAGE;
	for (field = r->object->fields; field->name; field++)
		if (((field->flags & FIELD_NEED) || !strcmp(field->name, r->object->key)) &&
		    !object_value(r->values, field))
			return fail(EXIT_USAGE, "the section [%s] above has no %s", r->object->noun,
				    field->name);
	return 0;
}

/* "[noun]", "[noun KEY]" */
static int open_section(struct reading *r, char *line)
{
	struct json_object *section;
	const struct field *field;
	size_t size = strlen(line);
	char *key;
	int code = close_section(r);

	if (code)
		return code;
	if (size < 3 || line[size - 1] != ']')
		return fail(EXIT_USAGE, "'%s' is no section: write [disk], [export NAME] or [port]",
			    line);
	line[size - 1] = '\0';
	line = trim(line + 1);
	key = line + strcspn(line, " \t");
	if (*key)
		*key++ = '\0';
	key = trim(key);
	code = find_noun(line, &r->object);
	if (code)
		return code;
	section = json_object_new_object();
	r->values = json_object_new_object();
	json_object_object_add(section, "noun", json_object_new_string(r->object->noun));
	json_object_object_add(section, "values", r->values);
	json_object_array_add(r->list, section);
	field = object_field(r->object->fields, r->object->key);
	return *key ? object_parse(field, key, r->values) : 0;
}

static int unknown_key(const struct object *object, const char *key)
{
	const struct field *field;
	struct near near;

	near_start(&near, key);
	for (field = object->fields; field->name; field++)
		if (is_key(object, field))
			near_offer(&near, field->name);
	fail(EXIT_USAGE, "unknown key '%s' in [%s]", key, object->noun);
	if (near.word)
		fail_suffix("; did you mean %s?", near.word);
	return EXIT_USAGE;
}

static int read_key(struct reading *r, char *line)
{
	char *equal = strchr(line, '=');
	const struct field *field;
	int code;

	if (!r->object)
		return fail(EXIT_USAGE, "'%s' stands before the first section", line);
	if (!equal)
		return fail(EXIT_USAGE, "'%s' is not \"key = value\"", line);
	*equal = '\0';
	line = trim(line);
	field = object_field(r->object->fields, line);
	if (!field || !is_key(r->object, field))
		return unknown_key(r->object, line);
	code = object_parse(field, trim(equal + 1), r->values);
	if (code)
		fail_prefix("%s: ", field->name);
	return code;
}

static int read_line(struct reading *r, char *line)
{
	line = trim(line);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	return *line == '[' ? open_section(r, line) : read_key(r, line);
}

int conf_parse(const char *file, const char *name, char *text, struct json_object *list)
{
	struct reading r = { .name = name, .list = list };
	unsigned int number = 0;
	int code = 0;
	char *next;

	for (; text && !code; text = next) {
		next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		number++;
		code = read_line(&r, text);
	}
	if (!code)
		code = close_section(&r);
	if (code)
		fail_prefix("%s:%u: ", file, number);
	return code;
}

/* -- files -- */

static int file_error(const char *what, const char *path)
{
	int code = errno == EACCES ? EXIT_DENIED : exit_of_errno(errno);

	return fail(code, "can't %s %s: %s", what, path, strerror(errno));
}

static int read_all(int fd, const char *path, char **text)
{
	char *buf = malloc(FILE_BYTES_MAX + 1);
	size_t size = 0;
	ssize_t n = 1;

	if (!buf)
		abort();
	while (n > 0 && size < FILE_BYTES_MAX) {
		n = read(fd, buf + size, FILE_BYTES_MAX - size);
		size += n > 0 ? (size_t)n : 0;
	}
	buf[size] = '\0';
	*text = buf;
	if (n < 0)
		return file_error("read", path);
	if (size == FILE_BYTES_MAX || memchr(buf, '\0', size))
		return fail(EXIT_USAGE, "%s is no configuration file: too long, or not text", path);
	return 0;
}

static int read_file(const char *path, char **text)
{
	struct stat st;
	int code, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*text = NULL;
	if (fd < 0)
		return file_error("open", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		code = fail(EXIT_USAGE, "%s is no file", path);
	else
		code = read_all(fd, path, text);
	close(fd);
	return code;
}

bool conf_there(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.conf", dir, name);
	return !access(path, F_OK);
}

int conf_text(const char *dir, const char *name, char **text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.conf", dir, name);
	return read_file(path, text);
}

int conf_read(const char *dir, const char *name, struct json_object *list)
{
	char path[PATH_MAX], *text;
	int code;

	snprintf(path, sizeof(path), "%s/%s.conf", dir, name);
	code = read_file(path, &text);
	if (!code)
		code = conf_parse(path, name, text, list);
	free(text);
	return code;
}

/* A file that somebody wrote by hand, with comments, stays as it is while it says the same. */
static bool says_the_same(const char *dir, const char *name, const char *text)
{
	struct json_object *there = json_object_new_array(), *wanted = json_object_new_array();
	char *copy = strdup(text);
	bool same;

	same = copy && !conf_read(dir, name, there) && !conf_parse("", name, copy, wanted) &&
	       json_object_equal(there, wanted);
	free(copy);
	json_object_put(there);
	json_object_put(wanted);
	return same;
}

static int write_all(int fd, const char *text)
{
	size_t done = 0, size = strlen(text);
	ssize_t n;

	while (done < size) {
		n = write(fd, text + done, size - done);
		if (n < 0 && errno != EINTR)
			return -1;
		done += n > 0 ? (size_t)n : 0;
	}
	return fsync(fd);
}

/* Under another name first: at no moment is there half a file. */
int conf_write(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX], scratch[PATH_MAX];
	int fd, code = 0;

	if (says_the_same(dir, name, text))
		return 0;
	if (mkdir(dir, 0755) && errno != EEXIST)
		return file_error("make", dir);
	snprintf(path, sizeof(path), "%s/%s.conf", dir, name);
	snprintf(scratch, sizeof(scratch), "%s/.%s.conf.XXXXXX", dir, name);
	fd = mkostemp(scratch, O_CLOEXEC);
	if (fd < 0)
		return file_error("write into", dir);
	if (write_all(fd, text) || fchmod(fd, 0644) || rename(scratch, path)) {
		code = file_error("write", path);
		unlink(scratch);
	}
	close(fd);
	if (!code)
		fprintf(stderr, "apnctl: wrote %s\n", path);
	return code;
}

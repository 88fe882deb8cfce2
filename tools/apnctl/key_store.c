// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "key_store.h"
#include "kind.h"

static const char word[] = "apnbd-key";
static const char suffix[] = ".key";

int key_make(const char *identity, struct key *key)
{
	snprintf(key->identity, sizeof(key->identity), "%s", identity);
	if (getrandom(key->secret, sizeof(key->secret), 0) != (ssize_t)sizeof(key->secret))
		return fail(EXIT_SYSTEM, "the kernel gives no random bytes: %s", strerror(errno));
	return 0;
}

void key_wipe(struct key *key)
{
	explicit_bzero(key, sizeof(*key));
}

/* -- text -- */

void key_text(const struct key *key, char text[KEY_TEXT_BYTES])
{
	size_t i, n;

	n = (size_t)snprintf(text, KEY_TEXT_BYTES,
			     "# The key of identity %s: who has it is %s. apnctl key import reads it.\n"
			     "%s %s ",
			     key->identity, key->identity, word, key->identity);
	for (i = 0; i < KEY_SECRET_BYTES; i++)
		n += (size_t)snprintf(text + n, KEY_TEXT_BYTES - n, "%02x", key->secret[i]);
	snprintf(text + n, KEY_TEXT_BYTES - n, "\n");
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_secret(const char *hex, size_t size, unsigned char secret[KEY_SECRET_BYTES])
{
	size_t i;

	if (size != 2 * KEY_SECRET_BYTES)
		return false;
	for (i = 0; i < KEY_SECRET_BYTES; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		secret[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool is_name(const char *text)
{
	struct json_object *value = NULL;
	bool good = !kind_name.parse(NULL, text, &value);

	json_object_put(value);
	return good;
}

/* "apnbd-key IDENTITY HEX" */
static bool read_line(const char *line, size_t size, struct key *key)
{
	const char *end = line + size, *identity = line + sizeof(word), *secret;

	if (size < sizeof(word) || strncmp(line, word, sizeof(word) - 1) ||
	    line[sizeof(word) - 1] != ' ')
		return false;
	secret = memchr(identity, ' ', (size_t)(end - identity));
	if (!secret || secret - identity >= KEY_NAME_BYTES)
		return false;
	memset(key->identity, 0, sizeof(key->identity));
	memcpy(key->identity, identity, (size_t)(secret - identity));
	secret++;
	while (end > secret && strchr(" \t\r", end[-1]))
		end--;
	return is_name(key->identity) && read_secret(secret, (size_t)(end - secret), key->secret);
}

/* No word of the file goes into the message: it may be the secret. */
int key_parse(const char *file, const char *text, struct key *key)
{
	unsigned int found = 0;
	size_t size;

	for (; *text; text += size + (text[size] == '\n')) {
		size = strcspn(text, "\n");
		if (!size || *text == '#' || (*text == '\r' && size == 1))
			continue;
		if (found++ || !read_line(text, size, key))
			return fail(EXIT_USAGE, "%s is no key file: \"%s ID\" and 64 hex digits are expected",
				    file, word);
	}
	return found ? 0 : fail(EXIT_USAGE, "%s has no key in it", file);
}

/* -- files -- */

static int file_error(const char *what, const char *path)
{
	int code = errno == EACCES ? EXIT_DENIED : exit_of_errno(errno);

	return fail(code, "can't %s %s: %s", what, path, strerror(errno));
}

static int read_key(int fd, const char *path, struct key *key)
{
	char text[4 * KEY_TEXT_BYTES];
	size_t size = 0;
	ssize_t n = 1;
	int code;

	while (n > 0 && size < sizeof(text) - 1) {
		n = read(fd, text + size, sizeof(text) - 1 - size);
		size += n > 0 ? (size_t)n : 0;
	}
	text[size] = '\0';
	if (n < 0)
		code = file_error("read", path);
	else if (size == sizeof(text) - 1 || strlen(text) != size)
		code = fail(EXIT_USAGE, "%s is no key file: too long, or not text", path);
	else
		code = key_parse(path, text, key);
	explicit_bzero(text, sizeof(text));
	return code;
}

int key_read(const char *path, struct key *key)
{
	int code, fd;

	if (!strcmp(path, "-"))
		return read_key(STDIN_FILENO, "standard input", key);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return file_error("open", path);
	code = read_key(fd, path, key);
	close(fd);
	return code;
}

static void path_of(const char *dir, const char *identity, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s%s", dir, identity, suffix);
}

static int check_rights(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st))
		return file_error("look at", path);
	if (st.st_mode & 077)
		return fail(EXIT_DENIED, "others can read %s, which is secret: chmod 600 %s", path,
			    path);
	return 0;
}

int key_load(const char *dir, const char *identity, struct key *key)
{
	char path[PATH_MAX];
	int code, fd;

	path_of(dir, identity, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return file_error("open", path);
	code = check_rights(fd, path);
	if (!code)
		code = read_key(fd, path, key);
	if (!code && strcmp(key->identity, identity))
		code = fail(EXIT_USAGE, "%s holds the key of %s", path, key->identity);
	close(fd);
	return code;
}

bool key_stored(const char *dir, const char *identity)
{
	char path[PATH_MAX];

	path_of(dir, identity, path);
	return !access(path, F_OK);
}

/* The folder and what is in it are root's alone, whatever the umask; /etc/apnbd is as usual. */
static int make_dir(const char *dir)
{
	char above[PATH_MAX];
	char *slash;

	snprintf(above, sizeof(above), "%s", dir);
	slash = strrchr(above, '/');
	if (slash && slash != above) {
		*slash = '\0';
		if (mkdir(above, 0755) && errno != EEXIST)
			return file_error("make", above);
	}
	if (mkdir(dir, 0700) && errno != EEXIST)
		return file_error("make", dir);
	return 0;
}

static bool write_key(int fd, const struct key *key)
{
	char text[KEY_TEXT_BYTES];
	size_t size;
	bool good;

	key_text(key, text);
	size = strlen(text);
	good = write(fd, text, size) == (ssize_t)size && !fsync(fd);
	explicit_bzero(text, sizeof(text));
	return good;
}

/* Under another name first, which mkostemp() makes for its owner alone. */
int key_store(const char *dir, const struct key *key)
{
	char path[PATH_MAX], scratch[PATH_MAX];
	int fd, code = make_dir(dir);

	if (code)
		return code;
	path_of(dir, key->identity, path);
	snprintf(scratch, sizeof(scratch), "%s/.new.XXXXXX", dir);
	fd = mkostemp(scratch, O_CLOEXEC);
	if (fd < 0)
		return file_error("write into", dir);
	if (!write_key(fd, key) || rename(scratch, path)) {
		code = file_error("write", path);
		unlink(scratch);
	}
	close(fd);
	return code;
}

int key_remove(const char *dir, const char *identity)
{
	char path[PATH_MAX];

	path_of(dir, identity, path);
	if (unlink(path) && errno != ENOENT)
		return file_error("remove", path);
	return 0;
}

static int key_entry(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name), tail = sizeof(suffix) - 1;

	return entry->d_name[0] != '.' && size > tail &&
	       !strcmp(entry->d_name + size - tail, suffix);
}

struct json_object *key_identities(const char *dir)
{
	struct json_object *list = json_object_new_array();
	struct dirent **entries;
	int i, n = scandir(dir, &entries, key_entry, alphasort);

	for (i = 0; i < n; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - (sizeof(suffix) - 1)] = '\0';
		json_object_array_add(list, json_object_new_string(entries[i]->d_name));
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return list;
}

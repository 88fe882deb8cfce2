// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "err.h"
#include "out.h"

enum { MESSAGE_BYTES = 8192 };

static char message[MESSAGE_BYTES];

const char *const exit_meanings[EXIT_CODES] = {
	[EXIT_DONE] = "done",
	[EXIT_USAGE] = "wrong usage: unknown command, option, key or unit",
	[EXIT_DENIED] = "not permitted: CAP_SYS_ADMIN is needed",
	[EXIT_MODULE] = "the kernel module is not loaded",
	[EXIT_ABSENT] = "no such object: disk, export, port, device or file",
	[EXIT_IN_USE] = "in use: a disk, an export, a device, or a writable export that has a writer",
	[EXIT_EXISTS] = "it exists already and is another one",
	[EXIT_REFUSED] = "refused by the peer: identity, security level, protocol",
	[EXIT_UNREACHABLE] = "the peer can't be reached, or did not answer in time",
	[EXIT_INVALID] = "the kernel refuses a value",
	[EXIT_SYSTEM] = "another error of the system",
	[EXIT_UNSOUND] = "doctor found something that has to be mended",
};

static const struct {
	int err;
	int code;
} codes[] = {
	{ EPERM, EXIT_DENIED },
	{ ENOENT, EXIT_ABSENT },
	{ ENODEV, EXIT_ABSENT },
	{ ENXIO, EXIT_ABSENT },
	{ EBUSY, EXIT_IN_USE },
	{ ETXTBSY, EXIT_IN_USE },
	{ EEXIST, EXIT_EXISTS },
	{ EADDRINUSE, EXIT_EXISTS },
	{ EALREADY, EXIT_EXISTS },
	{ EISCONN, EXIT_EXISTS },
	{ ENOTUNIQ, EXIT_EXISTS },
	{ EACCES, EXIT_REFUSED },
	{ EKEYREJECTED, EXIT_REFUSED },
	{ EKEYEXPIRED, EXIT_REFUSED },
	{ EKEYREVOKED, EXIT_REFUSED },
	{ ENOKEY, EXIT_REFUSED },
	{ EPROTO, EXIT_REFUSED },
	{ EBADMSG, EXIT_REFUSED },
	{ ECONNABORTED, EXIT_REFUSED },
	{ EREMOTEIO, EXIT_REFUSED },
	{ ESTALE, EXIT_REFUSED },
	{ ETIMEDOUT, EXIT_UNREACHABLE },
	{ ECONNREFUSED, EXIT_UNREACHABLE },
	{ ECONNRESET, EXIT_UNREACHABLE },
	{ EHOSTUNREACH, EXIT_UNREACHABLE },
	{ EHOSTDOWN, EXIT_UNREACHABLE },
	{ ENETUNREACH, EXIT_UNREACHABLE },
	{ ENETDOWN, EXIT_UNREACHABLE },
	{ ENETRESET, EXIT_UNREACHABLE },
	{ EPIPE, EXIT_UNREACHABLE },
	{ ENOTCONN, EXIT_UNREACHABLE },
	{ ESHUTDOWN, EXIT_UNREACHABLE },
	{ EADDRNOTAVAIL, EXIT_UNREACHABLE },
	{ EINVAL, EXIT_INVALID },
	{ ERANGE, EXIT_INVALID },
	{ EOPNOTSUPP, EXIT_INVALID },
	{ EPROTONOSUPPORT, EXIT_INVALID },
	{ ENAMETOOLONG, EXIT_INVALID },
	{ ENOTBLK, EXIT_INVALID },
	{ EROFS, EXIT_INVALID },
	{ EAFNOSUPPORT, EXIT_INVALID },
	{ ESOCKTNOSUPPORT, EXIT_INVALID },
	{ EOVERFLOW, EXIT_INVALID },
	{ EMSGSIZE, EXIT_INVALID },
	{ E2BIG, EXIT_INVALID },
	{ EFBIG, EXIT_INVALID },
	{ EDESTADDRREQ, EXIT_INVALID },
	{ ENOTDIR, EXIT_INVALID },
	{ EISDIR, EXIT_INVALID },
	{ EMEDIUMTYPE, EXIT_INVALID },
};

int exit_of_errno(int err)
{
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].err == err)
			return codes[i].code;
	return EXIT_SYSTEM;
}

int fail(int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return code;
}

void fail_prefix(const char *format, ...)
{
	char old[MESSAGE_BYTES];
	va_list args;
	size_t n;

	memcpy(old, message, sizeof(old));
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	n = strlen(message);
	snprintf(message + n, sizeof(message) - n, "%s", old);
}

void fail_suffix(const char *format, ...)
{
	size_t n = strlen(message);
	va_list args;

	va_start(args, format);
	vsnprintf(message + n, sizeof(message) - n, format, args);
	va_end(args);
}

const char *fail_message(void)
{
	return message;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

bool fail_names(const char *word)
{
	size_t size = strlen(word);
	const char *at;

	for (at = strstr(message, word); at && size; at = strstr(at + 1, word))
		if ((at == message || !word_char(at[-1])) && !word_char(at[size]))
			return true;
	return false;
}

void fail_print(int code, bool as_json)
{
	struct json_object *error;

	if (!as_json) {
		fprintf(stderr, "apnctl: %s\n", message);
		return;
	}
	error = json_object_new_object();
	json_object_object_add(error, "error", json_object_new_string(message));
	json_object_object_add(error, "code", json_object_new_int(code));
	fprintf(stderr, "%s\n",
		json_object_to_json_string_ext(error, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(error);
}

int fail_note(int first, int code)
{
	fail_print(code, out_json);
	*message = '\0';
	return first ? first : code;
}

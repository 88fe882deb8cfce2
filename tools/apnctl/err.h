/* SPDX-License-Identifier: GPL-2.0 */
/* What went wrong: one sentence and one exit code. */
#ifndef APNCTL_ERR_H
#define APNCTL_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum exit_code {
	EXIT_DONE,
	EXIT_USAGE,
	EXIT_DENIED,
	EXIT_MODULE,
	EXIT_ABSENT,
	EXIT_IN_USE,
	EXIT_EXISTS,
	EXIT_REFUSED,
	EXIT_UNREACHABLE,
	EXIT_INVALID,
	EXIT_SYSTEM,
	EXIT_UNSOUND,
	EXIT_CODES
};

extern const char *const exit_meanings[EXIT_CODES];

int exit_of_errno(int err);

/* fail() remembers the sentence and returns @code, so that "return fail(...)" ends a function. */
int fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fail_prefix(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail_suffix(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *fail_message(void);
bool fail_names(const char *word); /* does the sentence have it as a word? */
void fail_print(int code, bool as_json);

/* One of several things failed: said at once. Returns the code of the first that did. */
int fail_note(int first, int code);

#endif

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* pdu-test VECTORS: every rule of pdu.c, once kept and once broken. */
#include <stdarg.h>
#include <stdio.h>

#include "check.h"

static unsigned int passed, failed;

bool check(bool ok, const char *format, ...)
{
	va_list args;

	if (ok) {
		passed++;
		return true;
	}
	failed++;
	printf("FAILED: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return false;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s VECTORS\n", argv[0]);
		return 2;
	}
	check_words();
	check_headers();
	check_bodies();
	check_names();
	check_vectors(argv[1]);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}

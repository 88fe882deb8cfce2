/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Counting what held and what did not. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>

/* Says what was expected only when it did not come. */
bool check(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));

void check_headers(void);
void check_bodies(void);
void check_names(void);
void check_words(void);
void check_vectors(const char *path);

#endif /* CHECK_H */

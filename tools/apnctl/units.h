/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers with units. parse: a whole word or nothing, 0 or -1. word: exact, what parse
 * reads back. text: rounded, for people.
 */
#ifndef APNCTL_UNITS_H
#define APNCTL_UNITS_H

#include <stddef.h>
#include <stdint.h>

int unit_parse_number(const char *text, uint64_t *value);

int unit_parse_bytes(const char *text, uint64_t *bytes); /* 512, 10G: powers of 1024 */
void unit_word_bytes(uint64_t bytes, char *buf, size_t size);
void unit_text_bytes(uint64_t bytes, char *buf, size_t size);

int unit_parse_count(const char *text, uint64_t *count); /* 20000, 20k: powers of 1000 */
void unit_word_count(uint64_t count, char *buf, size_t size);

int unit_parse_rate(const char *text, uint64_t *bytes); /* 100g: bits, returned as bytes */
void unit_word_rate(uint64_t bytes, char *buf, size_t size);
void unit_text_rate(uint64_t bytes, char *buf, size_t size);

int unit_parse_time(const char *text, uint64_t *ms); /* 500ms, 30s, 5m, 2h, 1d */
void unit_word_time(uint64_t ms, char *buf, size_t size);
void unit_text_time(uint64_t ms, char *buf, size_t size);
void unit_text_ns(uint64_t ns, char *buf, size_t size);

uint64_t unit_now(void); /* ms of a clock that nobody sets */
void unit_sleep(uint64_t ms);

#endif

// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "units.h"

/* From the largest to the smallest, which is what a word without a unit means. */
struct unit {
	const char *word;
	uint64_t factor;
};

static const struct unit bytes_units[] = {
	{ "T", 1ULL << 40 },
	{ "G", 1ULL << 30 },
	{ "M", 1ULL << 20 },
	{ "K", 1ULL << 10 },
	{ "", 1 },
	{ NULL, 0 },
};

static const struct unit count_units[] = {
	{ "g", 1000000000ULL },
	{ "m", 1000000 },
	{ "k", 1000 },
	{ "", 1 },
	{ NULL, 0 },
};

static const struct unit rate_units[] = {
	{ "t", 1000000000000ULL },
	{ "g", 1000000000 },
	{ "m", 1000000 },
	{ "k", 1000 },
	{ "", 1 },
	{ NULL, 0 },
};

/* No bare number here: 30 of what? */
static const struct unit time_units[] = {
	{ "d", 86400000 },
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
	{ NULL, 0 },
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int parse_digits(const char **text, uint64_t *value)
{
	const char *p = *text;

	if (!is_digit(*p))
		return -1;
	for (*value = 0; is_digit(*p); p++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*p - '0'), value))
			return -1;
	*text = p;
	return 0;
}

/* ".5", as a number and the power of ten it is divided by; six digits are exact enough. */
static int parse_fraction(const char **text, uint64_t *part, uint64_t *scale)
{
	const char *p = *text;

	*part = 0;
	*scale = 1;
	if (*p != '.')
		return 0;
	for (p++; is_digit(*p); p++) {
		if (*scale == 1000000)
			return -1;
		*scale *= 10;
		*part = *part * 10 + (uint64_t)(*p - '0');
	}
	*text = p;
	return *scale == 1 ? -1 : 0;
}

static int parse(const char *text, const struct unit *unit, uint64_t *value)
{
	uint64_t whole, part, scale;

	if (parse_digits(&text, &whole) || parse_fraction(&text, &part, &scale))
		return -1;
	while (unit->word && strcasecmp(unit->word, text))
		unit++;
	if (!unit->word || (scale > 1 && unit->factor == 1) ||
	    __builtin_mul_overflow(whole, unit->factor, &whole))
		return -1;
	return __builtin_add_overflow(whole, part * unit->factor / scale, value) ? -1 : 0;
}

/* The largest unit that divides it. */
static void word(uint64_t value, const struct unit *unit, char *buf, size_t size)
{
	while (unit[1].word && (!value || value % unit->factor))
		unit++;
	snprintf(buf, size, "%" PRIu64 "%s", value / unit->factor, unit->word);
}

/* Three digits and a unit. */
static void text(double value, const struct unit *unit, const char *tail, char *buf, size_t size)
{
	int digits;

	while (unit[1].word && value < (double)unit->factor)
		unit++;
	value /= (double)unit->factor;
	digits = value >= 99.95 || value == (double)(uint64_t)value ? 0 : value >= 9.995 ? 1 :
											   2;
	snprintf(buf, size, "%.*f %s%s", digits, value, unit->word, tail);
}

int unit_parse_number(const char *text, uint64_t *value)
{
	return parse_digits(&text, value) || *text ? -1 : 0;
}

int unit_parse_bytes(const char *text, uint64_t *bytes)
{
	return parse(text, bytes_units, bytes);
}

void unit_word_bytes(uint64_t bytes, char *buf, size_t size)
{
	word(bytes, bytes_units, buf, size);
}

void unit_text_bytes(uint64_t bytes, char *buf, size_t size)
{
	text((double)bytes, bytes_units, bytes < 1024 ? "B" : "iB", buf, size);
}

int unit_parse_count(const char *text, uint64_t *count)
{
	return parse(text, count_units, count);
}

void unit_word_count(uint64_t count, char *buf, size_t size)
{
	word(count, count_units, buf, size);
}

int unit_parse_rate(const char *text, uint64_t *bytes)
{
	uint64_t bits;

	if (parse(text, rate_units, &bits))
		return -1;
	*bytes = bits / 8 + !!(bits % 8);
	return 0;
}

void unit_word_rate(uint64_t bytes, char *buf, size_t size)
{
	uint64_t bits;

	if (__builtin_mul_overflow(bytes, 8, &bits))
		bits = UINT64_MAX;
	word(bits, rate_units, buf, size);
}

void unit_text_rate(uint64_t bytes, char *buf, size_t size)
{
	static const struct unit units[] = {
		{ "T", 1000000000000ULL },
		{ "G", 1000000000 },
		{ "M", 1000000 },
		{ "k", 1000 },
		{ "", 1 },
		{ NULL, 0 },
	};

	text((double)bytes * 8, units, "bit/s", buf, size);
}

/* The letters of time are small: "5M" would be taken for months. */
int unit_parse_time(const char *text, uint64_t *ms)
{
	const char *p;

	for (p = text; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			return -1;
	return parse(text, time_units, ms);
}

void unit_word_time(uint64_t ms, char *buf, size_t size)
{
	word(ms, time_units, buf, size);
}

/* Two units, the smaller one left out where it says nothing: "2h 5m". */
void unit_text_time(uint64_t ms, char *buf, size_t size)
{
	const struct unit *unit = time_units;
	uint64_t rest;
	int n;

	if (ms < 1000) {
		snprintf(buf, size, "%" PRIu64 "ms", ms);
		return;
	}
	ms -= ms % 1000;
	while (ms < unit->factor)
		unit++;
	n = snprintf(buf, size, "%" PRIu64 "%s", ms / unit->factor, unit->word);
	rest = ms % unit->factor;
	if (rest && n > 0 && (size_t)n < size && unit[1].factor >= 1000 && rest >= unit[1].factor)
		snprintf(buf + n, size - (size_t)n, " %" PRIu64 "%s", rest / unit[1].factor,
			 unit[1].word);
}

void unit_text_ns(uint64_t ns, char *buf, size_t size)
{
	static const struct unit units[] = {
		{ "s", 1000000000 },
		{ "ms", 1000000 },
		{ "us", 1000 },
		{ "ns", 1 },
		{ NULL, 0 },
	};

	text((double)ns, units, "", buf, size);
}

uint64_t unit_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void unit_sleep(uint64_t ms)
{
	const struct timespec time = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};

	nanosleep(&time, NULL);
}

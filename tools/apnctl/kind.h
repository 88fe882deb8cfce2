/* SPDX-License-Identifier: GPL-2.0 */
/* The kinds of values that fields are made of. */
#ifndef APNCTL_KIND_H
#define APNCTL_KIND_H

#include "object.h"

extern const struct kind kind_name; /* of a disk or an export; an identity */
extern const struct kind kind_string; /* shown, never typed */
extern const struct kind kind_path; /* made absolute */
extern const struct kind kind_device; /* "apnbd0" in the kernel, /dev/apnbd0 for people */
extern const struct kind kind_word; /* one of field->words by its text: the kernel judges it */
extern const struct kind kind_enum; /* one of field->words by its place */
extern const struct kind kind_flag; /* an attribute without a value */
extern const struct kind kind_bool;
extern const struct kind kind_number; /* 32 bits, field->min to field->max */
extern const struct kind kind_counter; /* any width, shown, never typed */
extern const struct kind kind_count; /* a limit: 20k, none */
extern const struct kind kind_bytes; /* 10G */
extern const struct kind kind_size; /* 64M, auto */
extern const struct kind kind_limit; /* bytes a second: 200M, none */
extern const struct kind kind_rate; /* bits a second: 100g, none */
extern const struct kind kind_time; /* milliseconds: 30s */
extern const struct kind kind_patience; /* the same, or never */
extern const struct kind kind_us;
extern const struct kind kind_ns;
extern const struct kind kind_addr; /* ADDR[:PORT] */
extern const struct kind kind_source; /* ADDR */
extern const struct kind kind_uuid;
extern const struct kind kind_histogram;
extern const struct kind kind_nest; /* field->of */
extern const struct kind kind_allow; /* field->of: an identity and whether it only reads */

/* An attribute as a number, whatever its width; -1 where it has none. */
int kind_unsigned(const struct nlattr *attr, uint64_t *value);
void kind_word_string(const struct field *field, struct json_object *value, char *buf,
		      size_t size);

extern const char *const security_words[];

/* What a security level leaves open, as the value of a field; NULL: nothing. */
struct json_object *security_warning(struct json_object *object);

#endif

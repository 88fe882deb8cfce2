/* SPDX-License-Identifier: GPL-2.0 */
/* Objects on standard output, as a table, as detail or as JSON. */
#ifndef APNCTL_OUT_H
#define APNCTL_OUT_H

#include "object.h"

extern bool out_json; /* -j */

/* Many: a row each. An empty list is no output, and a word on a terminal's stderr. */
void out_list(const struct object *object, struct json_object *list);

/* One: a line for each field; several are kept apart by an empty line. */
void out_detail(const struct object *object, struct json_object *one);
void out_details(const struct object *object, struct json_object *list);

/* One, as "name=value" words on a line. */
void out_line(const struct object *object, struct json_object *one);

/* One, as a row under a head that the caller printed before. */
void out_head(const struct object *object);
void out_row(const struct object *object, struct json_object *one);

void out_print_json(struct json_object *value);
void out_print_json_line(struct json_object *value);

/* 0, or an exit code where what was printed did not arrive. */
int out_end(void);

#endif

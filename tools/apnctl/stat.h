/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of a disk: what they mean, and what happened between two readings. */
#ifndef APNCTL_STAT_H
#define APNCTL_STAT_H

#include "object.h"

extern const struct object rate_object; /* a second of a disk's life, on the average */

/* The value that a fraction of all is below, from counters of 2^n to 2^(n+1). */
double stat_quantile(struct json_object *histogram, double fraction);

/* @now minus @before, as a disk's stat again. */
struct json_object *stat_since(struct json_object *now, struct json_object *before);
struct json_object *stat_rates(struct json_object *since, double seconds);

#endif

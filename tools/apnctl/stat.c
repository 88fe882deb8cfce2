// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <time.h>

#include <linux/apnbd.h>
#include <linux/apn_target.h>

#include "call.h"
#include "err.h"
#include "kind.h"
#include "nouns.h"
#include "out.h"
#include "stat.h"
#include "units.h"

enum {
	INTERVAL_MIN_MS = 10,
	INTERVAL_MAX_MS = 86400000,
};

/* What has no attribute follows from the sums and histograms; see finish(). */
static const struct field stat_fields[] = {
	{ .name = "reads", .kind = &kind_counter, .attr = APNBD_A_STAT_READS },
	{ .name = "read-bytes", .kind = &kind_bytes, .attr = APNBD_A_STAT_READ_BYTES },
	{ .name = "writes", .kind = &kind_counter, .attr = APNBD_A_STAT_WRITES },
	{ .name = "write-bytes", .kind = &kind_bytes, .attr = APNBD_A_STAT_WRITE_BYTES },
	{ .name = "flushes", .kind = &kind_counter, .attr = APNBD_A_STAT_FLUSHES },
	{ .name = "discards", .kind = &kind_counter, .attr = APNBD_A_STAT_DISCARDS },
	{ .name = "errors", .kind = &kind_counter, .attr = APNBD_A_STAT_ERRORS },
	{ .name = "resent", .kind = &kind_counter, .attr = APNBD_A_STAT_RESENT },
	{ .name = "network-mean-ns", .title = "network-mean", .kind = &kind_ns },
	{ .name = "network-p50-ns", .title = "network-p50", .kind = &kind_ns },
	{ .name = "network-p99-ns", .title = "network-p99", .kind = &kind_ns },
	{ .name = "storage-mean-ns", .title = "storage-mean", .kind = &kind_ns },
	{ .name = "storage-p50-ns", .title = "storage-p50", .kind = &kind_ns },
	{ .name = "storage-p99-ns", .title = "storage-p99", .kind = &kind_ns },
	{ .name = "network-ns",
	  .kind = &kind_ns,
	  .attr = APNBD_A_STAT_NETWORK_NS,
	  .flags = FIELD_QUIET },
	{ .name = "storage-ns",
	  .kind = &kind_ns,
	  .attr = APNBD_A_STAT_STORAGE_NS,
	  .flags = FIELD_QUIET },
	{ .name = "network-histogram",
	  .kind = &kind_histogram,
	  .attr = APNBD_A_STAT_NETWORK_HISTOGRAM,
	  .flags = FIELD_QUIET },
	{ .name = "storage-histogram",
	  .kind = &kind_histogram,
	  .attr = APNBD_A_STAT_STORAGE_HISTOGRAM,
	  .flags = FIELD_QUIET },
	{ 0 },
};

static const struct field use_fields[] = {
	{ .name = "reads", .kind = &kind_counter, .attr = APN_TARGET_A_USE_READS },
	{ .name = "read-bytes", .kind = &kind_bytes, .attr = APN_TARGET_A_USE_READ_BYTES },
	{ .name = "writes", .kind = &kind_counter, .attr = APN_TARGET_A_USE_WRITES },
	{ .name = "write-bytes", .kind = &kind_bytes, .attr = APN_TARGET_A_USE_WRITE_BYTES },
	{ .name = "flushes", .kind = &kind_counter, .attr = APN_TARGET_A_USE_FLUSHES },
	{ .name = "discards", .kind = &kind_counter, .attr = APN_TARGET_A_USE_DISCARDS },
	{ .name = "errors", .kind = &kind_counter, .attr = APN_TARGET_A_USE_ERRORS },
	{ .name = "storage-mean-ns", .title = "storage-mean", .kind = &kind_ns },
	{ .name = "storage-ns",
	  .kind = &kind_ns,
	  .attr = APN_TARGET_A_USE_STORAGE_NS,
	  .flags = FIELD_QUIET },
	{ 0 },
};

static const struct field rate_fields[] = {
	{ .name = "reads", .title = "read/s", .kind = &kind_counter, .flags = FIELD_COLUMN },
	{ .name = "read-bytes", .title = "bytes/s", .kind = &kind_bytes, .flags = FIELD_COLUMN },
	{ .name = "writes", .title = "write/s", .kind = &kind_counter, .flags = FIELD_COLUMN },
	{ .name = "write-bytes", .title = "bytes/s", .kind = &kind_bytes, .flags = FIELD_COLUMN },
	{ .name = "flushes", .title = "flush/s", .kind = &kind_counter, .flags = FIELD_COLUMN },
	{ .name = "network-mean-ns",
	  .title = "network",
	  .kind = &kind_ns,
	  .flags = FIELD_COLUMN },
	{ .name = "network-p99-ns", .title = "p99", .kind = &kind_ns, .flags = FIELD_COLUMN },
	{ .name = "storage-mean-ns",
	  .title = "storage",
	  .kind = &kind_ns,
	  .flags = FIELD_COLUMN },
	{ .name = "storage-p99-ns", .title = "p99", .kind = &kind_ns, .flags = FIELD_COLUMN },
	{ .name = "errors", .kind = &kind_counter, .flags = FIELD_COLUMN },
	{ 0 },
};

double stat_quantile(struct json_object *histogram, double fraction)
{
	size_t i, n = histogram ? json_object_array_length(histogram) : 0;
	double total = 0, seen = 0, count;

	for (i = 0; i < n; i++)
		total += (double)json_object_get_uint64(json_object_array_get_idx(histogram, i));
	for (i = 0; i < n && total > 0; i++) {
		count = (double)json_object_get_uint64(json_object_array_get_idx(histogram, i));
		/* Within a counter all values are taken for evenly spread. */
		if (count > 0 && seen + count >= fraction * total)
			return (double)(1ULL << i) * (1 + (fraction * total - seen) / count);
		seen += count;
	}
	return 0;
}

static void add_ns(struct json_object *stat, const char *key, double ns)
{
	json_object_object_add(stat, key, json_object_new_uint64((uint64_t)ns));
}

static double requests(struct json_object *stat)
{
	return (double)(object_number(stat, "reads") + object_number(stat, "writes") +
			object_number(stat, "flushes") + object_number(stat, "discards"));
}

static double mean(struct json_object *stat, const char *sum)
{
	double n = requests(stat);

	return n > 0 ? (double)object_number(stat, sum) / n : 0;
}

static void finish_stat(struct json_object *stat)
{
	struct json_object *network = json_object_object_get(stat, "network_histogram");
	struct json_object *storage = json_object_object_get(stat, "storage_histogram");

	add_ns(stat, "network_mean_ns", mean(stat, "network_ns"));
	add_ns(stat, "network_p50_ns", stat_quantile(network, 0.5) * 1000);
	add_ns(stat, "network_p99_ns", stat_quantile(network, 0.99) * 1000);
	add_ns(stat, "storage_mean_ns", mean(stat, "storage_ns"));
	add_ns(stat, "storage_p50_ns", stat_quantile(storage, 0.5) * 1000);
	add_ns(stat, "storage_p99_ns", stat_quantile(storage, 0.99) * 1000);
}

static void finish_use(struct json_object *use)
{
	add_ns(use, "storage_mean_ns", mean(use, "storage_ns"));
}

const struct object stat_object = {
	.noun = "stat",
	.nouns = "counters",
	.fields = stat_fields,
	.finish = finish_stat,
};

const struct object use_object = {
	.noun = "stat",
	.nouns = "counters",
	.fields = use_fields,
	.finish = finish_use,
};

const struct object rate_object = {
	.noun = "rates",
	.nouns = "rates",
	.fields = rate_fields,
};

/* A disk that was made anew under the same name starts from zero. */
static uint64_t grown(struct json_object *now, struct json_object *before)
{
	uint64_t a = json_object_get_uint64(now);
	uint64_t b = before ? json_object_get_uint64(before) : 0;

	return a >= b ? a - b : a;
}

static struct json_object *histogram_since(struct json_object *now, struct json_object *before)
{
	struct json_object *since = json_object_new_array(), *old;
	uint64_t count;
	size_t i;

	for (i = 0; i < json_object_array_length(now); i++) {
		old = before ? json_object_array_get_idx(before, i) : NULL;
		count = grown(json_object_array_get_idx(now, i), old);
		json_object_array_add(since, json_object_new_uint64(count));
	}
	return since;
}

struct json_object *stat_since(struct json_object *now, struct json_object *before)
{
	struct json_object *since = json_object_new_object();

	json_object_object_foreach(now, key, value) {
		struct json_object *old = json_object_object_get(before, key);

		if (json_object_is_type(value, json_type_array))
			json_object_object_add(since, key, histogram_since(value, old));
		else
			json_object_object_add(since, key,
					       json_object_new_uint64(grown(value, old)));
	}
	finish_stat(since);
	return since;
}

struct json_object *stat_rates(struct json_object *since, double seconds)
{
	struct json_object *rates = json_object_new_object();
	const struct field *field;
	char key[KEY_BYTES];

	for (field = rate_fields; field->name; field++) {
		double value = (double)object_number(since, field_key(field, key));

		if (field->kind != &kind_ns)
			value /= seconds;
		json_object_object_add(rates, key, json_object_new_uint64((uint64_t)(value + .5)));
	}
	return rates;
}

/* -- the command -- */

const struct field stat_args[] = {
	{ .name = "name",
	  .kind = &kind_disk,
	  .help = "the disk: its name, apnbdN or /dev/apnbdN",
	  .flags = FIELD_WORD },
	{ .name = "interval", .kind = &kind_time, .help = "a line each time, as 1s, until ^C" },
	{ 0 },
};

static int get_stat(const char *name, struct json_object **stat)
{
	struct json_object *disk;
	int code = call_one(&disk_object, name, &disk);

	*stat = code ? NULL : json_object_get(json_object_object_get(disk, "stat"));
	json_object_put(disk);
	if (!code && !*stat)
		code = fail(EXIT_SYSTEM, "the kernel gave no counters");
	return code;
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_rates(struct json_object *now, struct json_object *before, double seconds)
{
	struct json_object *since = stat_since(now, before);
	struct json_object *rates = stat_rates(since, seconds);

	if (out_json)
		out_print_json_line(rates);
	else
		out_row(&rate_object, rates);
	json_object_put(rates);
	json_object_put(since);
	fflush(stdout);
}

static int watch_stat(const char *name, uint64_t interval_ms)
{
	struct json_object *before, *now;
	double then = now_seconds(), time;
	int code = get_stat(name, &before);

	if (!code && !out_json)
		out_head(&rate_object);
	while (!code && !ferror(stdout)) {
		fflush(stdout);
		unit_sleep(interval_ms);
		code = get_stat(name, &now);
		if (code)
			break;
		time = now_seconds();
		print_rates(now, before, time - then);
		then = time;
		json_object_put(before);
		before = now;
	}
	json_object_put(before);
	return code;
}

int disk_stat(struct json_object *values)
{
	uint64_t interval_ms = object_number(values, "interval");
	struct json_object *stat;
	int code = disk_resolve(values);
	const char *name = object_string(values, "name");

	if (json_object_object_get(values, "interval") &&
	    (interval_ms < INTERVAL_MIN_MS || interval_ms > INTERVAL_MAX_MS))
		return fail(EXIT_USAGE, "--interval: 10ms to 1d");
	if (!code && interval_ms)
		return watch_stat(name, interval_ms);
	if (!code)
		code = get_stat(name, &stat);
	if (code)
		return code;
	out_detail(&stat_object, stat);
	json_object_put(stat);
	return 0;
}

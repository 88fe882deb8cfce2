// SPDX-License-Identifier: GPL-2.0
/*
 * A disk and its model in RAM: threads do the same to both, at random, and what is read is compared each time and at
 * the end as a whole.  A range is locked while it is used, so the model always knows.  A seed repeats each thread's
 * operations; how they interleave is the machine's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/falloc.h>
#include <linux/fs.h>

enum {
	STRIPE_BYTES = 64 << 10, /* what one lock guards */
	MOST_BYTES = 4 << 20, /* of one operation */
	VECTORS = 4,
	SLACK_BYTES = 4096, /* a buffer begins anywhere in here */
	BUFFER_ALIGN = 4, /* the disk's dma_alignment */
	THREADS_MOST = 64,
};

struct range {
	size_t at, bytes;
};

struct worker {
	pthread_t thread;
	unsigned int index;
	unsigned long ops, op;
	unsigned long random;
	unsigned char *buffer;
};

struct kind {
	const char *name;
	unsigned int weight;
	bool changes;
	void (*act)(struct worker *w, struct range r);
	unsigned long count;
};

static int disk;
static size_t size, block;
static unsigned long seed;
static unsigned char *model;
static bool *discarded; /* a block each: what it was, or zeros */
static pthread_rwlock_t *stripe;

static unsigned long mix(unsigned long x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static unsigned long pick(struct worker *w, unsigned long below)
{
	w->random = mix(w->random);
	return w->random % below;
}

__attribute__((format(printf, 2, 3), noreturn))
static void die(const struct worker *w, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "seed %lu: ", seed);
	if (w)
		fprintf(stderr, "thread %u, operation %lu: ", w->index, w->op);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* ---- what is where ---- */

static bool zeros(const unsigned char *p, size_t bytes)
{
	return !p[0] && !memcmp(p, p + 1, bytes - 1);
}

/* What a read says of a discarded block settles what it is. */
static void compare(const struct worker *w, struct range r, const unsigned char *got)
{
	size_t at;

	for (at = r.at; at < r.at + r.bytes; at += block, got += block) {
		if (!memcmp(got, model + at, block))
			continue;
		if (__atomic_load_n(&discarded[at / block], __ATOMIC_ACQUIRE) && zeros(got, block))
			continue;
		die(w, "the block at byte %zu is wrong (of %zu bytes from %zu): %02x%02x%02x%02x..., not %02x%02x%02x%02x...",
		    at, r.bytes, r.at, got[0], got[1], got[2], got[3], model[at], model[at + 1], model[at + 2],
		    model[at + 3]);
	}
}

static void becomes(struct range r, const unsigned char *data)
{
	if (data)
		memcpy(model + r.at, data, r.bytes);
	else
		memset(model + r.at, 0, r.bytes);
	memset(discarded + r.at / block, false, r.bytes / block);
}

static void becomes_unsure(struct range r)
{
	memset(discarded + r.at / block, true, r.bytes / block);
}

/* ---- the kinds of operations ---- */

/* A buffer somewhere in the slack, in some vectors. */
static unsigned char *vectors(struct worker *w, struct range r, struct iovec *v, int *n)
{
	unsigned char *data = w->buffer + pick(w, SLACK_BYTES / BUFFER_ALIGN) * BUFFER_ALIGN;
	size_t done = 0, part;

	for (*n = 0; done < r.bytes; ++*n, done += part) {
		part = r.bytes - done;
		if (*n < VECTORS - 1)
			part = (1 + pick(w, part / block)) * block;
		v[*n] = (struct iovec){ data + done, part };
	}
	return data;
}

static void expect(struct worker *w, const char *what, struct range r, ssize_t got)
{
	if (got != (ssize_t)r.bytes)
		die(w, "%s of %zu bytes at %zu: %s", what, r.bytes, r.at, got < 0 ? strerror(errno) : "short");
}

static void do_read(struct worker *w, struct range r)
{
	struct iovec v[VECTORS];
	int n;
	unsigned char *data = vectors(w, r, v, &n);

	memset(data, 0xa5, r.bytes);
	expect(w, "read", r, preadv(disk, v, n, r.at));
	compare(w, r, data);
}

static void write_with(struct worker *w, struct range r, int flags)
{
	struct iovec v[VECTORS];
	int n;
	unsigned char *data = vectors(w, r, v, &n);
	unsigned long word = mix(w->random);
	size_t i;

	for (i = 0; i < r.bytes; i += sizeof(word), word += 0x9e3779b97f4a7c15)
		memcpy(data + i, &word, sizeof(word));
	expect(w, "write", r, pwritev2(disk, v, n, r.at, flags));
	becomes(r, data);
}

static void do_write(struct worker *w, struct range r)
{
	write_with(w, r, 0);
}

static void do_fua(struct worker *w, struct range r)
{
	write_with(w, r, RWF_DSYNC);
}

static void do_flush(struct worker *w, struct range r)
{
	(void)r;
	if (fsync(disk))
		die(w, "flush: %m");
}

static void do_discard(struct worker *w, struct range r)
{
	unsigned long long range[2] = { r.at, r.bytes };

	if (ioctl(disk, BLKDISCARD, range) && errno != EOPNOTSUPP)
		die(w, "discard of %zu bytes at %zu: %m", r.bytes, r.at);
	becomes_unsure(r);
}

static void do_zero(struct worker *w, struct range r)
{
	unsigned long long range[2] = { r.at, r.bytes };

	if (ioctl(disk, BLKZEROOUT, range))
		die(w, "zeroes, %zu bytes at %zu: %m", r.bytes, r.at);
	becomes(r, NULL);
}

static void do_unmap(struct worker *w, struct range r)
{
	if (!fallocate(disk, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, r.at, r.bytes))
		becomes(r, NULL);
	else if (errno == EOPNOTSUPP)
		becomes_unsure(r); /* the device can't, and may have begun */
	else
		die(w, "zeroes with unmap, %zu bytes at %zu: %m", r.bytes, r.at);
}

static struct kind kinds[] = {
	{ "read", 40, false, do_read, 0 },
	{ "write", 35, true, do_write, 0 },
	{ "FUA", 6, true, do_fua, 0 },
	{ "flush", 3, false, do_flush, 0 },
	{ "discard", 5, true, do_discard, 0 },
	{ "zero", 5, true, do_zero, 0 },
	{ "unmap", 6, true, do_unmap, 0 },
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* ---- threads ---- */

/* As many of each size from one block to MOST_BYTES, counted in powers of two. */
static struct range some_range(struct worker *w)
{
	unsigned int powers = 1 + __builtin_ctzl(MOST_BYTES / block);
	size_t bytes = block << pick(w, powers);
	struct range r;

	r.bytes = block * (1 + pick(w, bytes / block));
	r.at = block * pick(w, (size - r.bytes) / block + 1);
	return r;
}

static struct kind *some_kind(struct worker *w)
{
	unsigned int all = 0, i, at;

	for (i = 0; i < KINDS; i++)
		all += kinds[i].weight;
	at = pick(w, all);
	for (i = 0; at >= kinds[i].weight; i++)
		at -= kinds[i].weight;
	return &kinds[i];
}

/* From low to high, as everybody does. */
static void lock(struct range r, bool changes)
{
	size_t i;

	for (i = r.at / STRIPE_BYTES; i <= (r.at + r.bytes - 1) / STRIPE_BYTES; i++)
		if (changes)
			pthread_rwlock_wrlock(&stripe[i]);
		else
			pthread_rwlock_rdlock(&stripe[i]);
}

static void unlock(struct range r)
{
	size_t i;

	for (i = r.at / STRIPE_BYTES; i <= (r.at + r.bytes - 1) / STRIPE_BYTES; i++)
		pthread_rwlock_unlock(&stripe[i]);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (w->op = 0; w->op < w->ops; w->op++) {
		struct range r = some_range(w);
		struct kind *kind = some_kind(w);

		lock(r, kind->changes);
		kind->act(w, r);
		unlock(r);
		__atomic_add_fetch(&kind->count, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *memory(size_t bytes)
{
	void *p = aligned_alloc(4096, (bytes + 4095) & ~4095ul);

	if (!p)
		die(NULL, "%zu bytes are not to be had", bytes);
	return p;
}

static void run(unsigned int threads, unsigned long ops)
{
	static struct worker worker[THREADS_MOST];
	unsigned int i;

	for (i = 0; i < threads; i++) {
		struct worker *w = &worker[i];

		w->index = i;
		w->ops = ops / threads;
		w->random = mix(seed + i);
		w->buffer = memory(MOST_BYTES + SLACK_BYTES);
		if (pthread_create(&w->thread, NULL, work, w))
			die(NULL, "no thread");
	}
	for (i = 0; i < threads; i++)
		pthread_join(worker[i].thread, NULL);
}

/* ---- as a whole ---- */

static int open_disk(const char *path, int flags)
{
	int fd = open(path, flags | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		die(NULL, "%s: %m", path);
	return fd;
}

/* All of it is what the model has; the twin, where the target keeps it, has the same bytes. */
static void compare_all(const char *twin)
{
	struct range r = { 0, 1 << 20 };
	unsigned char *here = memory(r.bytes), *there = memory(r.bytes);
	int other = twin ? open_disk(twin, O_RDONLY) : -1;

	for (; r.at < size; r.at += r.bytes) {
		if (r.at + r.bytes > size)
			r.bytes = size - r.at;
		expect(NULL, "read", r, pread(disk, here, r.bytes, r.at));
		compare(NULL, r, here);
		if (!twin)
			continue;
		expect(NULL, "read of the twin", r, pread(other, there, r.bytes, r.at));
		if (memcmp(here, there, r.bytes))
			die(NULL, "disk and twin differ within 1 MiB from byte %zu", r.at);
	}
}

static void prepare(const char *path)
{
	unsigned int block_bytes;
	size_t i, stripes;

	disk = open_disk(path, O_RDWR | O_EXCL);
	if (ioctl(disk, BLKSSZGET, &block_bytes) || ioctl(disk, BLKGETSIZE64, &size))
		die(NULL, "%s: %m", path);
	block = block_bytes;
	if (size < MOST_BYTES)
		die(NULL, "%s is smaller than one operation", path);
	stripes = (size + STRIPE_BYTES - 1) / STRIPE_BYTES;
	model = memory(size);
	discarded = memory(size / block);
	stripe = memory(stripes * sizeof(*stripe));
	for (i = 0; i < stripes; i++)
		pthread_rwlock_init(&stripe[i], NULL);
	memset(discarded, false, size / block);
	for (i = 0; i < size; i += MOST_BYTES) {
		size_t part = size - i < MOST_BYTES ? size - i : MOST_BYTES;

		if (pread(disk, model + i, part, i) != (ssize_t)part)
			die(NULL, "read at %zu: %m", i);
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "threads", required_argument, NULL, 't' },
		{ "twin", required_argument, NULL, 'w' },
		{ 0 },
	};
	unsigned long ops = 20000, threads = 8;
	const char *twin = NULL;
	int c, i;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		die(NULL, "no random number");
	seed %= 1000000;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			ops = strtoul(optarg, NULL, 0);
			break;
		case 't':
			threads = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			twin = optarg;
			break;
		default:
			return 2;
		}
	}
	if (optind != argc - 1 || !threads || threads > THREADS_MOST) {
		fprintf(stderr, "usage: model-disk [--seed N] [--ops N] [--threads N] [--twin DEVICE] DISK\n");
		return 2;
	}
	printf("seed %lu\n", seed);
	fflush(stdout);
	prepare(argv[optind]);
	run(threads, ops);
	compare_all(twin);
	for (i = 0; i < KINDS; i++)
		printf("%s %lu%s", kinds[i].name, kinds[i].count, i < KINDS - 1 ? ", " : "\n");
	return 0;
}

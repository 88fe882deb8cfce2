// SPDX-License-Identifier: GPL-2.0
/* What steer.c makes of lines that are its own, shared, lossy, longer or slower than said. */
#include "line.h"

#include <linux/kernel.h>
#include <stdio.h>

/* One row: the line, who sends, and what must be so between two moments. */
static const struct row {
	const char *what;
	double gbit, rtt_ms, queue_ms, lost, piece;
	double from_s, to_s;
	struct {
		char kind; /* a: undeclared, d: declared, c: cubic */
		double from_s, gbit;
	} senders[SENDERS_MAX];
	double share; /* of the line, what the first has at least */
	double queue_ms_max;
	double uneven; /* the first by the second, or the other way, at most; zero: not asked */
	double later_s, later_rtt_ms;
} rows[] = {
	{ "declared: full from the first round trip on", 100, 15, 15, 0, 65536,
	  0.016, 0.1, { { 'd', 0, 100 } }, 0.98, 0.2, 0, 0, 0 },
	{ "declared at 3,000 km", 100, 30.6, 30.6, 0, 65536,
	  0.032, 0.2, { { 'd', 0, 100 } }, 0.98, 0.2, 0, 0, 0 },
	{ "declared, one in a thousand lost", 100, 15, 15, 0.001, 65536,
	  0.1, 0.5, { { 'd', 0, 100 } }, 0.97, 0.2, 0, 0, 0 },
	{ "declared as more than it is: yields to what is there", 40, 15, 15, 0, 65536,
	  0.5, 1, { { 'd', 0, 100 } }, 0.99, 1, 0, 0, 0 },
	{ "undeclared: 512 MiB within eight round trips", 100, 15, 15, 0, 65536,
	  0.001, 0.12, { { 'a', 0, 0 } }, 0.36, 8, 0, 0, 0 },
	{ "undeclared: found within six round trips", 100, 15, 15, 0, 65536,
	  0.09, 0.5, { { 'a', 0, 0 } }, 0.97, 1, 0, 0, 0 },
	{ "undeclared, where a millisecond of queue is all there is", 100, 15, 1, 0, 65536,
	  0.18, 0.5, { { 'a', 0, 0 } }, 0.97, 1, 0, 0, 0 },
	{ "undeclared at 3,000 km", 100, 30.6, 30.6, 0, 65536,
	  0.45, 0.9, { { 'a', 0, 0 } }, 0.97, 1, 0, 0, 0 },
	{ "undeclared, slow", 1, 10, 10, 0, PACKET_BYTES,
	  0.2, 2, { { 'a', 0, 0 } }, 0.99, 1, 0, 0, 0 },
	{ "undeclared, one in a thousand lost", 100, 15, 15, 0.001, 65536,
	  0.3, 0.6, { { 'a', 0, 0 } }, 0.97, 1, 0, 0, 0 },
	{ "a longer way is not taken for a queue for ever", 1, 10, 10, 0, PACKET_BYTES,
	  40, 45, { { 'a', 0, 0 } }, 0.97, 1, 0, 5, 14 },
	{ "two hosts", 1, 10, 10, 0, PACKET_BYTES,
	  15, 40, { { 'a', 0, 0 }, { 'a', 5, 0 } }, 0.4, 1, 1.5, 0, 0 },
	{ "two hosts, each told that the line is its own", 1, 10, 10, 0, PACKET_BYTES,
	  15, 40, { { 'd', 0, 1 }, { 'd', 5, 1 } }, 0.4, 1, 1.5, 0, 0 },
	{ "beside cubic, which comes later", 1, 10, 10, 0, PACKET_BYTES,
	  20, 100, { { 'a', 0, 0 }, { 'c', 5, 0 } }, 0.35, 11, 1.5, 0, 0 },
	{ "beside cubic, which was there", 1, 10, 10, 0, PACKET_BYTES,
	  20, 100, { { 'a', 5, 0 }, { 'c', 0, 0 } }, 0.35, 11, 1.5, 0, 0 },
	{ "declared, beside cubic", 1, 10, 10, 0, PACKET_BYTES,
	  20, 100, { { 'd', 0, 1 }, { 'c', 5, 0 } }, 0.35, 11, 1.5, 0, 0 },
};

static int begin(const struct row *row, struct line *line, struct sender *senders)
{
	int n;

	*line = (struct line){
		.rate = row->gbit * 125, .rtt_us = row->rtt_ms * 1000, .lost = row->lost,
		.queue_bytes = row->gbit * 125 * row->queue_ms * 1000, .piece = row->piece,
		.later_us = row->later_s * 1e6, .later_rtt_us = row->later_rtt_ms * 1000,
	};
	for (n = 0; n < SENDERS_MAX && row->senders[n].kind; n++) {
		struct sender *s = &senders[n];

		memset(s, 0, sizeof(*s));
		s->cubic = row->senders[n].kind == 'c';
		s->from_us = row->senders[n].from_s * 1e6;
		s->window = 10 * PACKET_BYTES;
		s->plateau = 1e18;
		s->slow_start = true;
		apn_steer_start(&s->steer, row->rtt_ms * 1000 + 1, PACKET_BYTES);
		if (row->senders[n].kind == 'd')
			apn_steer_declare(&s->steer, row->senders[n].gbit * 125e6);
	}
	srand48(4921);
	return n;
}

static double share(const struct row *row, const struct sender *s, double us)
{
	return s->acked / (row->gbit * 125 * us);
}

static bool judge(const struct row *row)
{
	static struct sender senders[SENDERS_MAX];
	double took = (row->to_s - row->from_s) * 1e6, queue = 0, uneven = 1, part;
	struct line line;
	int n = begin(row, &line, senders), i;
	bool good;

	line_run(&line, senders, n, row->from_s * 1e6);
	for (i = 0; i < n; i++)
		senders[i].acked = 0;
	for (i = 1; i <= 100; i++) {
		line_run(&line, senders, n, row->from_s * 1e6 + took * i / 100);
		queue = max(queue, line_queue_us(&line) / 1000);
	}
	part = share(row, &senders[0], took);
	if (n > 1)
		uneven = max(senders[0].acked, senders[1].acked) /
			 max(1.0, min(senders[0].acked, senders[1].acked));
	good = part >= row->share && queue <= row->queue_ms_max &&
	       (!row->uneven || uneven <= row->uneven);
	printf("%sok - %s: %.1f %% of the line, queue %.2f ms at most, uneven by %.2f\n",
	       good ? "" : "not ", row->what, part * 100, queue, uneven);
	return good;
}

static void show(const struct row *row)
{
	static struct sender senders[SENDERS_MAX];
	struct line line;
	int n = begin(row, &line, senders), i, k;

	for (i = 1; i <= 20; i++) {
		for (k = 0; k < n; k++)
			senders[k].acked = 0;
		line_run(&line, senders, n, row->to_s * 1e6 * i / 20);
		printf("%8.3f s, queue %6.2f ms", line.now / 1e6, line_queue_us(&line) / 1000);
		for (k = 0; k < n; k++)
			printf(" | %5.1f %%, window %.2f MB, state %d",
			       100 * share(row, &senders[k], row->to_s * 1e6 / 20),
			       senders[k].steer.window / 1e6, senders[k].steer.state);
		printf("\n");
	}
}

int main(int argc, char **argv)
{
	int failed = 0;
	size_t i;

	if (argc > 1) {
		show(&rows[(size_t)atoi(argv[1]) % (sizeof(rows) / sizeof(rows[0]))]);
		return 0;
	}
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		failed += !judge(&rows[i]);
	return !!failed;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* A line with one queue, and those who send over it without a pause. */
#ifndef STEER_LINE_H
#define STEER_LINE_H

#include "steer.h"

enum { SENDERS_MAX = 4, PACKET_BYTES = 8948 };

/* In bytes, microseconds and bytes a microsecond. */
struct line {
	double rate, rtt_us, queue_bytes, lost; /* lost: of one, at random */
	double piece; /* what is sent at a time */
	double now, busy_until;
	double later_us, later_rtt_us; /* from then on the way is as long as this */
};

struct sender {
	bool cubic; /* else steer.c */
	struct apn_steer steer;
	double from_us;
	double due, in_flight;
	double window, plateau, epoch, cut_until; /* cubic's */
	bool slow_start;
	double acked; /* since it was last set to zero */
};

void line_run(struct line *line, struct sender *senders, int n, double until_us);
double line_queue_us(const struct line *line);

#endif

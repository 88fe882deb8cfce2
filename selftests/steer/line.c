// SPDX-License-Identifier: GPL-2.0
/* A line with one queue, and those who send over it without a pause: from event to event. */
#include "line.h"

#include <linux/kernel.h>
#include <stdio.h>

enum { EVENTS = 1 << 19, CREDIT_US = 100 };

/* What the sender hears of one piece. */
struct event {
	double at, sent;
	int who;
	bool lost;
};

static struct event heap[EVENTS];
static int events;

static void push(struct event e)
{
	int i = events++;

	if (events == EVENTS) {
		fprintf(stderr, "too many pieces under way\n");
		exit(1);
	}
	for (; i && heap[(i - 1) / 2].at > e.at; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = e;
}

static struct event pop(void)
{
	struct event first = heap[0], e = heap[--events];
	int i = 0, child;

	while ((child = 2 * i + 1) < events) {
		if (child + 1 < events && heap[child + 1].at < heap[child].at)
			child++;
		if (heap[child].at >= e.at)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = e;
	return first;
}

double line_queue_us(const struct line *line)
{
	return max(0.0, line->busy_until - line->now);
}

static double rtt(const struct line *line)
{
	return line->later_us && line->now >= line->later_us ? line->later_rtt_us : line->rtt_us;
}

static void send(struct line *line, struct sender *s, int who)
{
	double queue = line_queue_us(line), takes = line->piece / line->rate;
	struct event e = { .who = who, .sent = line->now };

	if (!s->cubic)
		s->due = max(s->due, line->now - CREDIT_US) + line->piece * 1e6 / s->steer.rate;
	s->in_flight += line->piece;
	e.lost = queue * line->rate + line->piece > line->queue_bytes || drand48() < line->lost;
	if (!e.lost)
		line->busy_until = max(line->busy_until, line->now) + takes;
	e.at = (e.lost ? line->now + queue + takes : line->busy_until) + rtt(line);
	push(e);
}

static void hear_cubic(struct line *line, struct sender *s, const struct event *e)
{
	double flat, past = (line->now - s->epoch + (line->now - e->sent)) / 1e6;

	if (e->lost && line->now > s->cut_until) {
		s->plateau = s->window < s->plateau ? s->window * 0.85 : s->window;
		s->window *= 0.7;
		s->epoch = line->now;
		s->cut_until = line->now + (line->now - e->sent);
		s->slow_start = false;
	} else if (!e->lost && s->slow_start) {
		s->window += line->piece;
	} else if (!e->lost) {
		flat = cbrt(s->plateau * 0.3 / PACKET_BYTES / 0.4);
		s->window += max(0.0, 0.4 * pow(past - flat, 3) * PACKET_BYTES + s->plateau - s->window) *
			     line->piece / s->window;
	}
}

static void hear(struct line *line, struct sender *s, const struct event *e)
{
	struct apn_heard h = { .now_us = line->now };

	s->in_flight -= line->piece;
	if (!e->lost)
		s->acked += line->piece;
	if (s->cubic) {
		hear_cubic(line, s, e);
		return;
	}
	h.in_flight = s->in_flight;
	h.acked = e->lost ? 0 : line->piece;
	h.lost = e->lost ? line->piece : 0;
	h.rtt_us = e->lost ? 0 : line->now - e->sent;
	apn_steer_heard(&s->steer, &h);
}

/* Who sends next, and when; -1: an event comes first. */
static int next_sender(const struct line *line, const struct sender *senders, int n, double *at)
{
	int i, who = -1;

	for (i = 0; i < n; i++) {
		const struct sender *s = &senders[i];
		double window = s->cubic ? s->window : s->steer.window;
		double due = max(max(s->due, s->from_us), line->now);

		if ((s->in_flight + line->piece <= window || !s->in_flight) && due < *at) {
			*at = due;
			who = i;
		}
	}
	return who;
}

void line_run(struct line *line, struct sender *senders, int n, double until_us)
{
	if (!line->now)
		events = 0;
	while (line->now < until_us) {
		double at = events ? heap[0].at : 1e18;
		int who = next_sender(line, senders, n, &at);

		line->now = at;
		if (who >= 0) {
			send(line, &senders[who], who);
		} else {
			struct event e = pop();

			hear(line, &senders[e.who], &e);
		}
	}
}

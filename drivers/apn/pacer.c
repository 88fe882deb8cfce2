// SPDX-License-Identifier: GPL-2.0
/* When the next bulk payload may go out on a line, whatever lane it takes. */
#include "pacer.h"

#include <linux/export.h>
#include <linux/ktime.h>
#include <linux/math64.h>

enum {
	CREDIT_NS = 100000, /* who is woken late may make up for so much */
	MIB_SHIFT = 20,
	SPREAD = 64, /* the others are woken for this part of the window */
	LONG_US = 2000, /* a shorter line is filled at once by the kernel's own slow start */
};

static enum hrtimer_restart timer_fired(struct hrtimer *timer)
{
	struct apn_pacer *p = container_of(timer, struct apn_pacer, timer);

	spin_lock_bh(&p->lock);
	p->armed = false;
	spin_unlock_bh(&p->lock);
	p->kick(p);
	return HRTIMER_NORESTART;
}

void apn_pacer_init(struct apn_pacer *p, void (*kick)(struct apn_pacer *pacer))
{
	spin_lock_init(&p->lock);
	p->kick = kick;
	hrtimer_setup(&p->timer, timer_fired, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_SOFT);
}

void apn_pacer_stop(struct apn_pacer *p)
{
	hrtimer_cancel(&p->timer);
}

static void take_rate(struct apn_pacer *p, u64 rate)
{
	if (rate != p->steer.rate)
		p->ns_per_mib = div64_u64((u64)NSEC_PER_SEC << MIB_SHIFT, p->steer.rate);
}

static void declare(struct apn_pacer *p)
{
	u64 before = p->steer.rate;

	apn_steer_declare(&p->steer, p->reserved);
	take_rate(p, before);
}

void apn_pacer_declare(struct apn_pacer *p, u64 rate)
{
	guard(spinlock_bh)(&p->lock);
	p->reserved = min(rate, APN_RATE_MAX);
	if (p->on)
		declare(p);
}

bool apn_pacer_join(struct apn_pacer *p, u32 rtt_us, u32 mss)
{
	guard(spinlock_bh)(&p->lock);
	if (p->on)
		return true;
	if (!p->reserved && rtt_us < LONG_US)
		return false;
	apn_steer_start(&p->steer, rtt_us, mss);
	take_rate(p, 0);
	declare(p);
	WRITE_ONCE(p->on, true);
	return true;
}
EXPORT_SYMBOL_GPL(apn_pacer_join);

static u64 room(const struct apn_pacer *p)
{
	return p->steer.window > p->in_flight ? p->steer.window - p->in_flight : 0;
}

u64 apn_pacer_heard(struct apn_pacer *p, struct apn_heard *h, s64 change, u64 *rate)
{
	u64 before;

	guard(spinlock_bh)(&p->lock);
	before = p->steer.rate;
	p->in_flight += change;
	p->resent += h->lost;
	h->in_flight = p->in_flight;
	apn_steer_heard(&p->steer, h);
	take_rate(p, before);
	*rate = p->steer.rate;
	return room(p);
}
EXPORT_SYMBOL_GPL(apn_pacer_heard);

u64 apn_pacer_room(struct apn_pacer *p, s64 change)
{
	guard(spinlock_bh)(&p->lock);
	p->in_flight += change;
	return room(p);
}
EXPORT_SYMBOL_GPL(apn_pacer_room);

void apn_pacer_leave(struct apn_pacer *p, u64 room)
{
	if (!READ_ONCE(p->wanted) ||
	    room < max_t(u64, READ_ONCE(p->steer.window) / SPREAD, APN_PACER_ROOM))
		return;
	WRITE_ONCE(p->wanted, false);
	p->kick(p);
}
EXPORT_SYMBOL_GPL(apn_pacer_leave);

bool apn_pacer_due(struct apn_pacer *p)
{
	guard(spinlock_bh)(&p->lock);
	if (ktime_get_ns() >= p->due_ns)
		return true;
	if (!p->armed)
		hrtimer_start(&p->timer, ns_to_ktime(p->due_ns), HRTIMER_MODE_ABS_SOFT);
	p->armed = true;
	return false;
}

void apn_pacer_spend(struct apn_pacer *p, u32 bytes)
{
	u64 now = ktime_get_ns();

	guard(spinlock_bh)(&p->lock);
	p->due_ns = max(p->due_ns, now - CREDIT_NS) + ((bytes * p->ns_per_mib) >> MIB_SHIFT);
}

void apn_pacer_look(struct apn_pacer *p, struct apn_pacer_view *view)
{
	guard(spinlock_bh)(&p->lock);
	view->state = p->on ? p->steer.state : APN_STEER_OFF;
	view->rate = p->steer.rate;
	view->window = p->steer.window;
	view->in_flight = p->in_flight;
	view->resent = p->resent;
	view->base_us = p->steer.base_us;
}
EXPORT_SYMBOL_GPL(apn_pacer_look);

u64 apn_pacer_known_rate(struct apn_pacer *p)
{
	guard(spinlock_bh)(&p->lock);
	return p->on ? apn_steer_known_rate(&p->steer) : 0;
}

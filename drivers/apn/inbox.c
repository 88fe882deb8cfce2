// SPDX-License-Identifier: GPL-2.0
/* What comes over a lane, sorted to those it is for. */
#include "attach.h"
#include "beat.h"
#include "gate.h"
#include "line.h"
#include "slot.h"

enum { PONGS_MAX = 16 }; /* that may wait in a lane's queue */

static int begin_request(struct apn_lane *lane, struct apn_rx *rx)
{
	struct apn_line *line = lane->line;

	if (!line)
		return -EPROTO;
	guard(rcu)();
	return line->ops->begin(lane, xa_load(&line->sessions, le32_to_cpu(rx->hdr.handle)), rx);
}

static int line_begin(struct apn_lane *lane, struct apn_rx *rx)
{
	if (rx->hdr.op == APN_OP_AUTH_ACK)
		lane->granted = le64_to_cpu(rx->hdr.granted);
	else if (rx->hdr.granted)
		apn_line_window_open(lane->line, lane, le64_to_cpu(rx->hdr.granted));
	if (!lane->host && lane->line && !READ_ONCE(lane->line->confirmed))
		WRITE_ONCE(lane->line->confirmed, true);
	if (rx->hdr.op >= APN_OP_READ)
		return begin_request(lane, rx);
	apn_payload_buffer(&rx->to, ITER_DEST, &lane->body_vec);
	return 0;
}

static bool bad_body(struct apn_lane *lane, struct apn_rx *rx)
{
	enum apn_bad bad = rx->damaged ? APN_BAD_DIGEST : apn_pdu_check_body(&rx->hdr, lane->body);

	if (bad)
		apn_lane_die(lane, -EPROTO, apn_pdu_why(bad));
	return bad;
}

static bool floods(struct apn_lane *lane, u8 op)
{
	if ((op != APN_OP_PING && op != APN_OP_PONG) || !apn_beat_floods(lane))
		return false;
	apn_lane_die(lane, -EPROTO, "a flood of PINGs");
	return true;
}

static void answered(struct apn_lane *lane, struct apn_rx *rx)
{
	if (rx->hdr.op == APN_OP_HELLO_ACK || rx->hdr.op == APN_OP_AUTH_ACK)
		apn_attach_advance(lane, rx->hdr.op);
	if (apn_lane_dead(lane))
		return;
	if (!apn_ask_answered(lane, rx))
		apn_lane_die(lane, -EPROTO, "an answer that nobody asked for");
}

static void take_pong(struct apn_line *line, const struct apn_wire_ping *ping)
{
	apn_beat_pong(line, le64_to_cpu(ping->sent_ns));
	WRITE_ONCE(line->peer_rate, min(le64_to_cpu(ping->rate), APN_RATE_MAX));
	apn_line_bound(line);
}

static bool host_end(struct apn_lane *lane, struct apn_rx *rx)
{
	switch (rx->hdr.op) {
	case APN_OP_PONG:
		if (!lane->index) /* what waits on a bulk lane says nothing of the line */
			take_pong(lane->line, &rx->hdr.ping);
		return false;
	case APN_OP_WINDOW:
		return false;
	case APN_OP_PING:
	case APN_OP_NOTICE:
		lane->control_due = true;
		return true;
	}
	answered(lane, rx);
	return false;
}

static bool line_end(struct apn_lane *lane, struct apn_rx *rx)
{
	if (rx->hdr.op >= APN_OP_READ) {
		lane->line->ops->end(lane, rx);
		return false;
	}
	if (bad_body(lane, rx) || floods(lane, rx->hdr.op))
		return false;
	if (lane->host)
		return host_end(lane, rx);
	lane->control_due = true;
	return true;
}

/* Who asks faster than he reads is answered when he reads. */
static void pong(struct apn_lane *lane)
{
	struct apn_hdr hdr = {
		.op = APN_OP_PONG,
		.tag = lane->rx.hdr.tag,
		.ping.sent_ns = lane->rx.hdr.ping.sent_ns,
	};

	if (lane->line && lane->rates && !lane->index) {
		if (!lane->host)
			apn_line_declare(lane->line, le64_to_cpu(lane->rx.hdr.ping.rate));
		hdr.ping.rate = cpu_to_le64(apn_pacer_known_rate(&lane->line->pacer));
	}
	if (atomic_read(&lane->messages) < PONGS_MAX)
		apn_msg_send(lane, &hdr, NULL, 0);
}

static void give_notice(struct apn_lane *lane)
{
	struct apn_line *line = lane->line;
	void *session;

	guard(rcu)();
	session = xa_load(&line->sessions, le32_to_cpu(lane->rx.hdr.handle));
	if (session)
		line->ops->notice(lane, session, (const void *)lane->body);
}

static void settle_control(struct apn_lane *lane)
{
	switch (lane->rx.hdr.op) {
	case APN_OP_PING:
		pong(lane);
		return;
	case APN_OP_PONG:
		return;
	case APN_OP_NOTICE:
		give_notice(lane);
		return;
	case APN_OP_HELLO:
	case APN_OP_AUTH:
		apn_attach_target(lane);
		return;
	}
	if (lane->line)
		lane->line->ops->control(lane, &lane->rx.hdr, lane->body);
}

static void line_settle(struct apn_lane *lane)
{
	if (lane->line && lane->line->ops->settle)
		lane->line->ops->settle(lane);
	if (!lane->control_due)
		return;
	lane->control_due = false;
	settle_control(lane);
}

static void line_wait(struct apn_lane *lane, struct apn_rx *rx)
{
	lane->line->ops->wait(lane, rx);
}

/*
 * The slot's work closes it. A lane that is not in its slot yet is its setter-up's:
 * the host's waits in apn_ask(), the target's gate has a deadline.
 */
static void line_lane_died(struct apn_lane *lane)
{
	apn_ask_fail_all(lane);
	if (READ_ONCE(lane->stranger))
		apn_gate_stranger_died(lane);
	else if (lane->line)
		apn_slot_wake(&lane->line->slot[lane->index]);
}

static void line_lane_release(struct apn_lane *lane)
{
	WARN_ON_ONCE(!list_empty(&lane->asks));
}

static u64 line_granted(struct apn_lane *lane)
{
	if (lane->host)
		return 0;
	return lane->line ? READ_ONCE(lane->line->window.granted) : lane->granted;
}

const struct apn_lane_user apn_line_lane_user = {
	.begin = line_begin,
	.end = line_end,
	.settle = line_settle,
	.wait = line_wait,
	.died = line_lane_died,
	.release = line_lane_release,
	.granted = line_granted,
	.handshake = apn_gate_handshake,
};

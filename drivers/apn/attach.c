// SPDX-License-Identifier: GPL-2.0
/* Set-up of a lane: HELLO, AUTH; one conversation, both ends. */
#include "attach.h"
#include "beat.h"
#include "gate.h"
#include "slot.h"

#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#define SOFTWARE "apnbd " APN_VERSION

/* ---- the host ---- */

static int say_why(int ret, const struct apn_answer *answer, const char *step, char *reason)
{
	if (ret == -ECONNREFUSED)
		snprintf(reason, APN_REASON_BYTES, "the target refused: %s",
			 apn_answer_text(answer));
	else if (ret == -ETIMEDOUT)
		snprintf(reason, APN_REASON_BYTES, "the target did not answer %s in %u s", step,
			 APN_SETUP_MS / 1000);
	else
		snprintf(reason, APN_REASON_BYTES, "the connection ended during %s", step);
	return ret;
}

static void fill_hello(const struct apn_line *line, const struct apn_lane *lane,
		       struct apn_hello *hello)
{
	memcpy(hello->magic, APN_MAGIC, sizeof(hello->magic));
	hello->version_min = cpu_to_le16(APN_VERSION_MIN);
	hello->version_max = cpu_to_le16(APN_VERSION_MAX);
	hello->lane = cpu_to_le16(lane->index);
	hello->security = line->security;
	hello->incarnation = cpu_to_le32(lane->incarnation);
	hello->features = cpu_to_le64(line->features);
	hello->required = cpu_to_le64(line->features);
	memcpy(hello->line, line->uuid, APN_UUID_BYTES);
	get_random_bytes(hello->nonce, sizeof(hello->nonce));
	strscpy(hello->software, SOFTWARE, sizeof(hello->software));
}

static int check_hello_ack(struct apn_line *line, struct apn_lane *lane,
			   const struct apn_hello_ack *ack, char *reason)
{
	u16 version = le16_to_cpu(ack->version);

	if (version < APN_VERSION_MIN || version > APN_VERSION_MAX ||
	    le64_to_cpu(ack->features) != line->features) {
		strscpy(reason, "the target agreed to something that was not offered",
			APN_REASON_BYTES);
		return -EPROTO;
	}
	lane->digest = line->features & APN_FEATURE_DIGEST;
	memcpy(line->software, ack->software, sizeof(line->software));
	return 0;
}

static int say_hello(struct apn_line *line, struct apn_lane *lane, char *reason,
		     struct apn_answer *answer)
{
	struct apn_hdr hdr = { .op = APN_OP_HELLO };
	struct apn_hello hello = {};
	u64 sent_ns;
	int ret;

	fill_hello(line, lane, &hello);
	sent_ns = ktime_get_ns();
	ret = apn_ask(lane, &hdr, &hello, sizeof(hello), APN_OP_HELLO_ACK, answer, APN_SETUP_MS);
	if (ret)
		return say_why(ret, answer, "HELLO", reason);
	apn_beat_pong(line, sent_ns);
	return check_hello_ack(line, lane, (const void *)answer->body, reason);
}

static int prove(struct apn_line *line, struct apn_lane *lane, char *reason,
		 struct apn_answer *answer)
{
	struct apn_hdr hdr = { .op = APN_OP_AUTH };
	struct apn_auth auth = {};
	int ret;

	memcpy(auth.identity, line->identity, sizeof(auth.identity));
	ret = apn_ask(lane, &hdr, &auth, sizeof(auth), APN_OP_AUTH_ACK, answer, APN_SETUP_MS);
	return ret ? say_why(ret, answer, "AUTH", reason) : 0;
}

int apn_attach_host(struct apn_line *line, struct apn_lane *lane, char *reason,
		    struct apn_auth_ack *agreed)
{
	struct apn_answer *answer = kzalloc_obj(*answer);
	int ret;

	if (!answer)
		return -ENOMEM;
	ret = say_hello(line, lane, reason, answer);
	if (!ret)
		ret = prove(line, lane, reason, answer);
	if (!ret)
		memcpy(agreed, answer->body, sizeof(*agreed));
	kfree(answer);
	return ret;
}

void apn_attach_advance(struct apn_lane *lane, u8 op)
{
	const struct apn_auth_ack *ack = (const void *)lane->body;

	if (op == APN_OP_HELLO_ACK) {
		lane->bounds.phase = APN_PHASE_AUTH;
		return;
	}
	lane->bounds.chunk_bytes = le32_to_cpu(ack->chunk_bytes);
	lane->bounds.io_bytes = le32_to_cpu(ack->io_bytes);
	lane->bounds.digest = lane->digest;
	lane->bounds.phase = APN_PHASE_LIVE;
}

/* ---- the target ---- */

static DEFINE_MUTEX(join_lock); /* who looks for a line and makes one */

static struct apn_gate *gate_of(struct apn_lane *lane)
{
	return ((struct apn_stranger *)lane->stranger)->gate;
}

static void refuse(struct apn_lane *lane, enum apn_status status, const char *text)
{
	apn_msg_refuse(lane, le64_to_cpu(lane->rx.hdr.tag), status, text);
	atomic64_inc(&gate_of(lane)->refused);
	lane->bounds.phase = APN_PHASE_OVER;
	apn_gate_stranger_refused(lane);
}

static bool hello_fits(struct apn_lane *lane, const struct apn_hello *hello)
{
	static const char *const level[] = { "tls", "auth", "none" };
	struct apn_gate *gate = gate_of(lane);
	char text[APN_TEXT_BYTES];

	if (le16_to_cpu(hello->version_min) > APN_VERSION_MAX ||
	    le16_to_cpu(hello->version_max) < APN_VERSION_MIN) {
		snprintf(text, sizeof(text), "this target speaks protocol %d to %d, the host %u to %u",
			 APN_VERSION_MIN, APN_VERSION_MAX, le16_to_cpu(hello->version_min),
			 le16_to_cpu(hello->version_max));
		refuse(lane, APN_STATUS_VERSION, text);
		return false;
	}
	if (le64_to_cpu(hello->required) & ~APN_FEATURES_KNOWN) {
		refuse(lane, APN_STATUS_FEATURE,
		       "the host requires a feature that this target does not know");
		return false;
	}
	if (hello->security != gate->security) {
		snprintf(text, sizeof(text), "this port has security '%s', the host asked for '%s'",
			 level[gate->security], level[hello->security]);
		refuse(lane, APN_STATUS_SECURITY, text);
		return false;
	}
	return true;
}

static void target_hello(struct apn_lane *lane)
{
	struct apn_stranger *stranger = lane->stranger;
	const struct apn_hello *hello = (const void *)lane->body;
	struct apn_hdr hdr = { .op = APN_OP_HELLO_ACK, .tag = lane->rx.hdr.tag };
	struct apn_hello_ack ack = { .version = cpu_to_le16(APN_VERSION_MAX) };
	u64 features = le64_to_cpu(hello->features) & APN_FEATURES_KNOWN;

	if (!hello_fits(lane, hello))
		return;
	stranger->hello = *hello;
	lane->index = le16_to_cpu(hello->lane);
	lane->incarnation = le32_to_cpu(hello->incarnation);
	lane->bounds.control = !lane->index;
	lane->digest = features & APN_FEATURE_DIGEST;
	lane->bounds.phase = APN_PHASE_AUTH;
	get_random_bytes(stranger->nonce, sizeof(stranger->nonce));
	memcpy(ack.nonce, stranger->nonce, sizeof(ack.nonce));
	ack.features = cpu_to_le64(features);
	strscpy(ack.software, SOFTWARE, sizeof(ack.software));
	apn_msg_send(lane, &hdr, &ack, sizeof(ack));
}

static struct apn_line *new_line(struct apn_lane *lane, const char *identity)
{
	struct apn_stranger *stranger = lane->stranger;
	struct apn_gate *gate = stranger->gate;
	struct apn_line *line;

	__module_get(lane->transport->owner);
	line = apn_line_alloc(lane->transport, false);
	if (!line) {
		module_put(lane->transport->owner);
		return NULL;
	}
	line->ops = gate->ops;
	line->owner = gate;
	line->security = gate->security;
	line->features = lane->digest ? APN_FEATURE_DIGEST : 0;
	line->wanted = gate->lanes;
	line->io_bytes = gate->io_bytes;
	line->requests = gate->requests;
	line->route.peer = stranger->peer;
	memcpy(line->uuid, stranger->hello.line, APN_UUID_BYTES);
	memcpy(line->instance, gate->instance, APN_UUID_BYTES);
	memcpy(line->software, stranger->hello.software, sizeof(line->software));
	strscpy(line->identity, identity, sizeof(line->identity));
	do {
		line->window.granted = gate->window(line);
	} while (!line->window.granted && apn_line_shed());
	if (!line->window.granted) {
		apn_line_put(line);
		return NULL;
	}
	apn_line_list(line);
	return line;
}

/* A reference for the caller; a new line has another one, which keeps it known. */
static struct apn_line *find_line(struct apn_lane *lane, const char *identity, bool *resumed)
{
	struct apn_stranger *stranger = lane->stranger;
	struct apn_line *line;

	guard(mutex)(&join_lock);
	line = apn_line_known(stranger->hello.line, identity, stranger->gate);
	*resumed = line && READ_ONCE(line->confirmed);
	if (line || lane->index || stranger->gate->closed)
		return line;
	line = new_line(lane, identity);
	return line ? apn_line_get(line) : NULL;
}

static void welcome(struct apn_lane *lane, struct apn_line *line, bool resumed)
{
	struct apn_hdr hdr = { .op = APN_OP_AUTH_ACK, .tag = lane->rx.hdr.tag };
	struct apn_auth_ack ack = {
		.lanes = cpu_to_le16(line->wanted),
		.ping_ms = cpu_to_le16(APN_PING_MS),
		.chunk_bytes = cpu_to_le32(APN_CHUNK_BYTES),
		.io_bytes = cpu_to_le32(line->io_bytes),
		.requests = cpu_to_le32(line->requests),
		.resumed = resumed,
	};

	memcpy(ack.instance, line->instance, APN_UUID_BYTES);
	lane->granted = READ_ONCE(line->window.granted);
	lane->bounds.io_bytes = line->io_bytes;
	lane->bounds.digest = lane->digest;
	lane->bounds.phase = APN_PHASE_LIVE;
	apn_msg_send(lane, &hdr, &ack, sizeof(ack));
}

static void take_place(struct apn_lane *lane, struct apn_line *line, bool resumed)
{
	struct apn_gate *gate = gate_of(lane);

	if (lane->index >= line->wanted || apn_slot_claim(line, lane)) {
		refuse(lane, APN_STATUS_PROTOCOL, "this lane's number or incarnation is not due");
		return;
	}
	if (!apn_gate_stranger_leave(lane))
		return;
	welcome(lane, line, resumed);
	if (apn_slot_stand(line, lane)) {
		apn_gate_stranger_return(lane);
		apn_lane_die(lane, -ESTALE, "a newer connection took its place");
		return;
	}
	atomic64_inc(&gate->accepted);
	apn_gate_stranger_known(lane);
}

static bool blank(const u8 *p, size_t n)
{
	return !memchr_inv(p, 0, n);
}

static void target_auth(struct apn_lane *lane)
{
	const struct apn_auth *auth = (const void *)lane->body;
	char identity[APN_NAME_BYTES];
	struct apn_line *line;
	bool resumed;

	if (!blank(auth->proof, sizeof(auth->proof))) {
		refuse(lane, APN_STATUS_REFUSED, "this port takes no proof of identity");
		return;
	}
	memcpy(identity, auth->identity, sizeof(identity));
	line = find_line(lane, identity, &resumed);
	if (!line && lane->index)
		refuse(lane, APN_STATUS_NO_SESSION, "this line is not known here, begin with lane 0");
	else if (!line)
		refuse(lane, APN_STATUS_LIMIT, "the target has no room for one more line");
	if (!line)
		return;
	take_place(lane, line, resumed);
	apn_line_put(line);
}

void apn_attach_target(struct apn_lane *lane)
{
	if (lane->rx.hdr.op == APN_OP_HELLO)
		target_hello(lane);
	else
		target_auth(lane);
}

// SPDX-License-Identifier: GPL-2.0
/* Set-up of a lane: HELLO, AUTH; one conversation, both ends. */
#include "attach.h"
#include "auth.h"
#include "beat.h"
#include "gate.h"
#include "key.h"
#include "slot.h"

#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>

#define SOFTWARE "apnbd " APN_VERSION

/* ---- the host ---- */

static int say_why(int ret, const struct apn_answer *answer, const char *step, char *reason)
{
	if (ret == -ECONNREFUSED) {
		snprintf(reason, APN_REASON_BYTES, "the target refused: %s",
			 apn_answer_text(answer));
		return -EACCES;
	}
	if (ret == -ETIMEDOUT)
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
	hello->features = cpu_to_le64(line->features | APN_FEATURE_RATE);
	hello->required = cpu_to_le64(line->features);
	memcpy(hello->line, line->uuid, APN_UUID_BYTES);
	get_random_bytes(hello->nonce, sizeof(hello->nonce));
	strscpy(hello->software, SOFTWARE, sizeof(hello->software));
}

static int check_hello_ack(const struct apn_line *line, struct apn_lane *lane,
			   const struct apn_hello_ack *ack, char *reason)
{
	u16 version = le16_to_cpu(ack->version);
	u64 features = le64_to_cpu(ack->features);

	if (version < APN_VERSION_MIN || version > APN_VERSION_MAX ||
	    (features & ~APN_FEATURE_RATE) != line->features) {
		strscpy(reason, "the target agreed to something that was not offered",
			APN_REASON_BYTES);
		return -EPROTO;
	}
	lane->digest = line->features & APN_FEATURE_DIGEST;
	lane->rates = features & APN_FEATURE_RATE;
	return 0;
}

static int say_hello(const struct apn_line *line, struct apn_lane *lane, char *reason,
		     struct apn_answer *answer, struct apn_transcript *said)
{
	struct apn_hdr hdr = { .op = APN_OP_HELLO };
	struct apn_hello hello = {};
	int ret;

	fill_hello(line, lane, &hello);
	apn_transcript_begin(said);
	apn_transcript_add(said, &hello, sizeof(hello));
	ret = apn_ask(lane, &hdr, &hello, sizeof(hello), APN_OP_HELLO_ACK, answer, APN_SETUP_MS);
	if (ret)
		return say_why(ret, answer, "HELLO", reason);
	apn_transcript_add(said, answer->body, answer->bytes);
	return check_hello_ack(line, lane, (const void *)answer->body, reason);
}

/* What we show, and what the target must: it is judged where it is received. */
static int compute_proofs(const struct apn_line *line, struct apn_lane *lane, char *reason,
			  const struct apn_transcript *said, struct apn_auth *auth)
{
	const struct apn_claim claim = {
		.host = true,
		.security = line->security,
		.identity = line->identity,
		.channel = lane->channel,
	};
	struct apn_proofs proofs;
	int ret = apn_auth_prove(&claim, said, &proofs);

	if (ret) {
		snprintf(reason, APN_REASON_BYTES, "there is no key of identity '%s' on this host",
			 line->identity);
		return ret;
	}
	memcpy(auth->identity, line->identity, sizeof(auth->identity));
	memcpy(auth->proof, proofs.host, sizeof(auth->proof));
	memcpy(lane->wanted, proofs.target, sizeof(lane->wanted));
	smp_store_release(&lane->wants, true); /* pairs with apn_attach_advance() */
	return 0;
}

static int prove(const struct apn_line *line, struct apn_lane *lane, char *reason,
		 struct apn_answer *answer, const struct apn_transcript *said)
{
	struct apn_hdr hdr = { .op = APN_OP_AUTH };
	struct apn_auth auth = {};
	int ret = compute_proofs(line, lane, reason, said, &auth);

	if (ret)
		return ret;
	ret = apn_ask(lane, &hdr, &auth, sizeof(auth), APN_OP_AUTH_ACK, answer, APN_SETUP_MS);
	if (ret && apn_lane_dead(lane) && lane->error == -EKEYREJECTED) {
		strscpy(reason, lane->reason, APN_REASON_BYTES);
		return -EKEYREJECTED;
	}
	return ret ? say_why(ret, answer, "AUTH", reason) : 0;
}

int apn_attach_host(struct apn_line *line, struct apn_lane *lane, char *reason,
		    struct apn_auth_ack *agreed)
{
	struct apn_answer *answer = kzalloc_obj(*answer);
	const struct apn_hello_ack *ack;
	char software[APN_SOFTWARE_BYTES];
	struct apn_transcript said;
	u64 sent_ns = 0;
	int ret;

	if (!answer)
		return -ENOMEM;
	ack = (const void *)answer->body;
	ret = say_hello(line, lane, reason, answer, &said);
	if (!ret) {
		memcpy(software, ack->software, sizeof(software));
		sent_ns = ktime_get_ns();
		ret = prove(line, lane, reason, answer, &said);
	}
	if (!ret) { /* nothing of the line changes before the target is who it says */
		apn_beat_pong(line, sent_ns);
		memcpy(line->software, software, sizeof(line->software));
		memcpy(agreed, answer->body, sizeof(*agreed));
	}
	kfree(answer);
	return ret;
}

/*
 * Before anything else that came is looked at: who can't show the proof never gets to
 * tell a disk anything.
 */
void apn_attach_advance(struct apn_lane *lane, u8 op)
{
	const struct apn_auth_ack *ack = (const void *)lane->body;

	if (op == APN_OP_HELLO_ACK) {
		lane->bounds.phase = APN_PHASE_AUTH;
		return;
	}
	/* pairs with compute_proofs(): an answer that comes before the question is none */
	if (!smp_load_acquire(&lane->wants) || !apn_auth_holds(ack->proof, lane->wanted)) {
		lane->bounds.phase = APN_PHASE_OVER;
		apn_lane_die(lane, -EKEYREJECTED,
			     "the target could not prove that it holds the key of this identity");
		return;
	}
	lane->bounds.chunk_bytes = le32_to_cpu(ack->chunk_bytes);
	lane->bounds.io_bytes = le32_to_cpu(ack->io_bytes);
	lane->bounds.digest = lane->digest;
	lane->bounds.rates = lane->rates;
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
	const struct apn_stranger *stranger = lane->stranger;

	apn_msg_refuse(lane, le64_to_cpu(lane->rx.hdr.tag), status, text);
	atomic64_inc(&stranger->gate->turned_away);
	stranger->gate->refused(&stranger->peer, stranger->identity, text);
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
	/* a port of TLS speaks in the clear to say this, and nothing else */
	if (gate->security == APN_SECURITY_TLS && !lane->sealed_as[0]) {
		refuse(lane, APN_STATUS_SECURITY,
		       "this port has security 'tls', and the host came without TLS");
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
	u32 bytes = le32_to_cpu(lane->rx.hdr.data_len);
	u64 features = le64_to_cpu(hello->features) & APN_FEATURES_KNOWN;

	if (!hello_fits(lane, hello))
		return;
	stranger->hello = *hello;
	lane->index = le16_to_cpu(hello->lane);
	lane->incarnation = le32_to_cpu(hello->incarnation);
	lane->bounds.control = !lane->index;
	lane->digest = features & APN_FEATURE_DIGEST;
	lane->rates = features & APN_FEATURE_RATE;
	lane->bounds.phase = APN_PHASE_AUTH;
	get_random_bytes(ack.nonce, sizeof(ack.nonce));
	ack.features = cpu_to_le64(features);
	strscpy(ack.software, SOFTWARE, sizeof(ack.software));
	apn_transcript_begin(&stranger->said);
	apn_transcript_add(&stranger->said, lane->body, bytes);
	apn_transcript_add(&stranger->said, &ack, sizeof(ack));
	apn_msg_send(lane, &hdr, &ack, sizeof(ack));
}

static struct apn_line *new_line(struct apn_lane *lane)
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
	memcpy(line->identity, stranger->identity, sizeof(line->identity));
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
static struct apn_line *find_line(struct apn_lane *lane, bool *resumed)
{
	struct apn_stranger *stranger = lane->stranger;
	struct apn_line *line;

	guard(mutex)(&join_lock);
	line = apn_line_known(stranger->hello.line, stranger->identity, stranger->gate);
	*resumed = line && READ_ONCE(line->confirmed);
	if (line || lane->index || stranger->gate->closed)
		return line;
	line = new_line(lane);
	return line ? apn_line_get(line) : NULL;
}

static void welcome(struct apn_lane *lane, struct apn_line *line, bool resumed,
		    const struct apn_proofs *proofs)
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

	memcpy(ack.proof, proofs->target, sizeof(ack.proof));
	memcpy(ack.instance, line->instance, APN_UUID_BYTES);
	lane->granted = READ_ONCE(line->window.granted);
	lane->bounds.io_bytes = line->io_bytes;
	lane->bounds.digest = lane->digest;
	lane->bounds.rates = lane->rates;
	lane->bounds.phase = APN_PHASE_LIVE;
	apn_msg_send(lane, &hdr, &ack, sizeof(ack));
}

static void take_place(struct apn_lane *lane, struct apn_line *line, bool resumed,
		       const struct apn_proofs *proofs)
{
	struct apn_gate *gate = gate_of(lane);

	if (lane->index >= line->wanted || apn_slot_claim(line, lane)) {
		refuse(lane, APN_STATUS_PROTOCOL, "this lane's number or incarnation is not due");
		return;
	}
	if (!apn_gate_stranger_leave(lane))
		return;
	welcome(lane, line, resumed, proofs);
	if (apn_slot_stand(line, lane)) {
		apn_gate_stranger_return(lane);
		apn_lane_die(lane, -ESTALE, "a newer connection took its place");
		return;
	}
	atomic64_inc(&gate->accepted);
	apn_gate_stranger_known(lane);
	if (lane->transport->admit)
		lane->transport->admit(lane, apn_line_window_left(line) / line->wanted);
}

/* Inside TLS the key was proved already: it has to be that of the identity. */
static bool is_sealed_for(const struct apn_lane *lane, const char *identity)
{
	return !lane->sealed_as[0] || !memcmp(lane->sealed_as, identity, APN_NAME_BYTES);
}

/* One answer, whatever was wrong: no key of that name, another one, or no proof at all. */
static bool proves(struct apn_lane *lane, const struct apn_auth *auth, struct apn_proofs *proofs)
{
	struct apn_stranger *stranger = lane->stranger;
	const struct apn_claim claim = {
		.security = stranger->gate->security,
		.identity = auth->identity,
		.channel = lane->channel,
		.computed = &stranger->gate->proofs,
	};
	bool known = !apn_auth_prove(&claim, &stranger->said, proofs);

	known &= is_sealed_for(lane, auth->identity);
	if (apn_auth_holds(auth->proof, proofs->host) && known)
		return true;
	refuse(lane, APN_STATUS_REFUSED, apn_pdu_status_text(APN_STATUS_REFUSED));
	return false;
}

/*
 * Who deletes a key then ends the lines of its identity; ours is listed by now. So either
 * it is found there, or the key is missed here.
 */
static bool key_is_gone(const struct apn_stranger *stranger)
{
	return stranger->gate->security != APN_SECURITY_NONE &&
	       !apn_key_known(apn_keyring(false), stranger->identity);
}

static void target_auth(struct apn_lane *lane)
{
	const struct apn_auth *auth = (const void *)lane->body;
	struct apn_stranger *stranger = lane->stranger;
	struct apn_proofs proofs;
	struct apn_line *line;
	bool resumed;

	memcpy(stranger->identity, auth->identity, sizeof(stranger->identity));
	if (!proves(lane, auth, &proofs))
		return;
	line = find_line(lane, &resumed);
	if (!line && lane->index)
		refuse(lane, APN_STATUS_NO_SESSION, "this line is not known here, begin with lane 0");
	else if (!line)
		refuse(lane, APN_STATUS_LIMIT, "the target has no room for one more line");
	if (!line)
		return;
	if (key_is_gone(stranger))
		refuse(lane, APN_STATUS_REFUSED, apn_pdu_status_text(APN_STATUS_REFUSED));
	else
		take_place(lane, line, resumed, &proofs);
	apn_line_put(line);
}

void apn_attach_target(struct apn_lane *lane)
{
	if (lane->rx.hdr.op == APN_OP_HELLO)
		target_hello(lane);
	else
		target_auth(lane);
}

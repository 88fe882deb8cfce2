// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* A host, as protocol.rst wants it. */
#include <stdio.h>
#include <string.h>

#include "client.h"

enum { ANSWER_MS = 8000 };

const char *end_text(int end)
{
	static char text[2][128];
	static unsigned int turn;
	char *to = text[turn++ % 2];

	if (end >= CLOSED) {
		static const char *const name[] = { "the connection was closed", "all is well",
						    "nothing happened" };

		if (end < WRONG)
			return name[end - CLOSED];
		if (end == FAILED)
			return "replied: some error";
		snprintf(to, sizeof(text[0]), "the peer broke the protocol: %s", peer_wrong);
	} else {
		snprintf(to, sizeof(text[0]), "%s: %s", end >= REFUSED ? "refused" : "replied",
			 apn_pdu_status_text(end % REFUSED));
	}
	return to;
}

void client_init(struct client *c, const char *address, const char *export)
{
	memset(c, 0, sizeof(*c));
	c->peer.fd = -1;
	c->address = address;
	random_bytes(c->line, sizeof(c->line));
	random_bytes(c->session, sizeof(c->session));
	random_bytes(c->boot, sizeof(c->boot));
	snprintf(c->identity, sizeof(c->identity), "wirepeer");
	snprintf(c->export, sizeof(c->export), "%s", export);
	c->features = APN_FEATURE_DIGEST;
	c->security = APN_SECURITY_NONE;
	c->incarnation = 1;
	c->attach_flags = APN_ATTACH_WRITER;
	c->handle = 1;
}

void client_sibling(struct client *c, const struct client *of, __u16 lane, __u32 incarnation)
{
	*c = *of;
	c->peer.fd = -1;
	c->stage = CONNECTED;
	c->lane = lane;
	c->incarnation = incarnation;
}

static void build_hello(struct client *c, struct apn_hello *hello)
{
	memcpy(hello->magic, APN_MAGIC, sizeof(hello->magic));
	hello->version_min = cpu_to_le16(APN_VERSION_MIN);
	hello->version_max = cpu_to_le16(APN_VERSION_MAX);
	hello->lane = cpu_to_le16(c->lane);
	hello->security = c->security;
	hello->incarnation = cpu_to_le32(c->incarnation);
	hello->features = cpu_to_le64(c->features);
	memcpy(hello->line, c->line, sizeof(hello->line));
	random_bytes(hello->nonce, sizeof(hello->nonce));
	strcpy(hello->software, "wirepeer");
}

static void build_attach(struct client *c, struct apn_attach *attach)
{
	memcpy(attach->export, c->export, sizeof(attach->export));
	memcpy(attach->session, c->session, sizeof(attach->session));
	memcpy(attach->boot, c->boot, sizeof(attach->boot));
	attach->flags = cpu_to_le32(c->attach_flags);
}

static void build_fence(struct client *c, struct apn_fence *fence)
{
	memcpy(fence->line, c->line, sizeof(fence->line));
	fence->lane = cpu_to_le16(1);
	fence->incarnation = cpu_to_le32(1);
}

void client_build_io(struct client *c, struct pdu *pdu, __u8 op, __u64 offset, __u64 length)
{
	memset(&pdu->hdr, 0, sizeof(pdu->hdr));
	pdu->hdr.op = op;
	pdu->hdr.tag = cpu_to_le64(++c->tag);
	pdu->hdr.handle = cpu_to_le32(c->handle);
	pdu->hdr.io.offset = cpu_to_le64(offset);
	pdu->hdr.io.length = cpu_to_le64(length);
}

static void build_body(struct client *c, struct pdu *pdu)
{
	size_t bytes = apn_pdu_body_bytes(pdu->hdr.op);

	memset(pdu->data, 0, APN_BODY_BYTES_MAX);
	set_body(pdu, bytes);
	switch (pdu->hdr.op) {
	case APN_OP_HELLO:
		build_hello(c, (void *)pdu->data);
		break;
	case APN_OP_AUTH:
		memcpy(pdu->data, c->identity, sizeof(c->identity));
		break;
	case APN_OP_ATTACH:
		build_attach(c, (void *)pdu->data);
		break;
	case APN_OP_FENCE:
		build_fence(c, (void *)pdu->data);
		break;
	}
}

void client_build(struct client *c, struct pdu *pdu, __u8 op)
{
	bool io = op >= APN_OP_READ && op < APN_OP_REPLY;

	client_build_io(c, pdu, op, io && op != APN_OP_FLUSH ? 4096 : 0,
			io && op != APN_OP_FLUSH ? 4096 : 0);
	if (!io && op != APN_OP_ATTACH && op != APN_OP_DETACH)
		pdu->hdr.handle = 0;
	build_body(c, pdu);
	if (op == APN_OP_WRITE) {
		memset(pdu->data, 0x5a, 4096);
		set_body(pdu, 4096);
	}
}

static int got_to_end(enum peer_got got)
{
	return got == PEER_CLOSED ? CLOSED : got == PEER_TIMEOUT ? SILENT : WRONG;
}

static void ping(struct client *c)
{
	struct pdu pdu;

	client_build(c, &pdu, APN_OP_PING);
	peer_send(&c->peer, &pdu);
}

/* Whatever else the target has to say meanwhile: its pings are answered. */
static bool meanwhile(struct client *c, struct pdu *pdu)
{
	switch (pdu->hdr.op) {
	case APN_OP_PING:
		pdu->hdr.op = APN_OP_PONG;
		pdu->hdr.granted = 0;
		peer_send(&c->peer, pdu);
		return true;
	case APN_OP_PONG:
	case APN_OP_WINDOW:
	case APN_OP_NOTICE:
		return true;
	}
	return false;
}

/* Lane 0 must not fall silent while we wait. */
static enum peer_got receive(struct client *c, struct pdu *pdu, __u64 until)
{
	enum peer_got got;

	for (;;) {
		__u64 now = now_ms();
		bool last = until <= now + 200;

		got = peer_receive(&c->peer, pdu, last ? (until > now ? until - now : 0) : 200);
		if (got != PEER_TIMEOUT || last)
			return got;
		if (c->stage >= LIVE)
			ping(c);
	}
}

int client_answer(struct client *c, __u64 tag, struct pdu *pdu, int timeout_ms)
{
	__u64 until = now_ms() + timeout_ms;
	enum peer_got got;

	for (;;) {
		got = receive(c, pdu, until);
		if (got != PEER_PDU)
			return got_to_end(got);
		if (le64_to_cpu(pdu->hdr.tag) == tag && pdu->hdr.op != APN_OP_PONG)
			break;
		if (!meanwhile(c, pdu) && c->stage < LIVE)
			break;
	}
	if (pdu->hdr.op == APN_OP_REFUSE)
		return REFUSED + le16_to_cpu(pdu->hdr.status);
	return pdu->hdr.op == APN_OP_REPLY ? le16_to_cpu(pdu->hdr.status) : FINE;
}

int client_ask(struct client *c, struct pdu *pdu)
{
	__u64 tag = le64_to_cpu(pdu->hdr.tag);

	peer_send(&c->peer, pdu);
	return client_answer(c, tag, pdu, ANSWER_MS);
}

/* No ping: a lane that is closed for its silence was not closed for what it did. */
int client_await_close(struct client *c, int timeout_ms)
{
	__u64 until = now_ms() + timeout_ms;
	struct pdu pdu;
	enum peer_got got;

	do {
		__u64 now = now_ms();

		got = peer_receive(&c->peer, &pdu, until > now ? until - now : 0);
	} while (got == PEER_PDU && pdu.hdr.op != APN_OP_REFUSE);
	if (got == PEER_PDU)
		return REFUSED + le16_to_cpu(pdu.hdr.status);
	return got_to_end(got);
}

static int greet(struct client *c)
{
	struct pdu pdu;
	int end;

	client_build(c, &pdu, APN_OP_HELLO);
	end = client_ask(c, &pdu);
	if (end != FINE)
		return end;
	c->peer.digest = le64_to_cpu(((struct apn_hello_ack *)pdu.data)->features) &
			 APN_FEATURE_DIGEST;
	c->peer.phase = APN_PHASE_AUTH;
	c->stage = GREETED;
	return FINE;
}

static int prove(struct client *c)
{
	struct pdu pdu;
	int end;

	client_build(c, &pdu, APN_OP_AUTH);
	end = client_ask(c, &pdu);
	if (end != FINE)
		return end;
	memcpy(&c->agreed, pdu.data, sizeof(c->agreed));
	c->peer.phase = APN_PHASE_LIVE;
	c->peer.bulk = c->lane;
	c->stage = LIVE;
	return FINE;
}

static int attach(struct client *c)
{
	struct pdu pdu;
	int end;

	client_build(c, &pdu, APN_OP_ATTACH);
	end = client_ask(c, &pdu);
	if (end != FINE)
		return end;
	memcpy(&c->disk, pdu.data, sizeof(c->disk));
	c->stage = ATTACHED;
	return FINE;
}

int client_setup(struct client *c, enum stage stage)
{
	int end = FINE;

	if (c->peer.fd < 0 && !peer_connect(&c->peer, c->address))
		return CLOSED;
	if (stage >= GREETED && c->stage < GREETED)
		end = greet(c);
	if (end == FINE && stage >= LIVE && c->stage < LIVE)
		end = prove(c);
	if (end == FINE && stage >= ATTACHED && c->stage < ATTACHED)
		end = attach(c);
	return end;
}

static int pong(struct client *c)
{
	__u64 until = now_ms() + ANSWER_MS;
	enum peer_got got;
	struct pdu pdu;

	ping(c);
	do {
		got = receive(c, &pdu, until);
	} while (got == PEER_PDU && pdu.hdr.op != APN_OP_PONG);
	return got == PEER_PDU ? FINE : got_to_end(got);
}

int client_goes_on(struct client *c)
{
	__u8 block[4096];
	int end = pong(c);

	if (end != FINE || c->stage < ATTACHED)
		return end;
	end = client_read(c, 0, block, sizeof(block));
	return end == APN_STATUS_OK ? FINE : end;
}

static bool send_chunk(struct client *c, struct pdu *pdu, const char *from, size_t at, size_t bytes)
{
	memcpy(pdu->data, from + at, bytes);
	set_body(pdu, bytes);
	pdu->hdr.data_crc = 0;
	pdu->hdr.io.chunk = cpu_to_le32(at);
	return peer_send(&c->peer, pdu);
}

int client_write(struct client *c, __u64 offset, const void *from, size_t bytes)
{
	size_t at, n;
	struct pdu pdu;

	if (c->sent + bytes > c->peer.granted)
		return SILENT;
	client_build_io(c, &pdu, APN_OP_WRITE, offset, bytes);
	c->sent += bytes;
	for (at = 0; at < bytes; at += n) {
		n = bytes - at < APN_CHUNK_BYTES ? bytes - at : APN_CHUNK_BYTES;
		if (!send_chunk(c, &pdu, from, at, n))
			return CLOSED;
	}
	return client_answer(c, c->tag, &pdu, ANSWER_MS);
}

int client_read(struct client *c, __u64 offset, void *to, size_t bytes)
{
	size_t at = 0;
	struct pdu pdu;
	int end;

	client_build_io(c, &pdu, APN_OP_READ, offset, bytes);
	if (!peer_send(&c->peer, &pdu))
		return CLOSED;
	while (at < bytes) {
		end = client_answer(c, c->tag, &pdu, ANSWER_MS);
		if (end != APN_STATUS_OK)
			return end;
		if (le32_to_cpu(pdu.hdr.reply.chunk) != at || !data_bytes(&pdu) ||
		    data_bytes(&pdu) > bytes - at) {
			peer_wrong = "a chunk of a READ is out of place";
			return WRONG;
		}
		memcpy((char *)to + at, pdu.data, data_bytes(&pdu));
		at += data_bytes(&pdu);
	}
	return APN_STATUS_OK;
}

int client_simple(struct client *c, __u8 op, __u64 offset, __u64 length)
{
	struct pdu pdu;

	client_build_io(c, &pdu, op, offset, length);
	return client_ask(c, &pdu);
}

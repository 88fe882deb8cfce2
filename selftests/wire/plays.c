// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* What takes more than one PDU to do wrong. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"

enum {
	SOON_MS = 900, /* sooner than a silent lane dies */
	DEADLINE_MS = 14000, /* the set-up's 10 s, and some */
	CROWD = 300,
};

static int soon_closed(struct client *c)
{
	return client_await_close(c, SOON_MS);
}

/* ---- framing ---- */

static int http(struct client *c)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: storage\r\nUser-Agent: curl\r\n"
				   "Accept: */*\r\n\r\n";

	peer_write(&c->peer, text, sizeof(text) - 1);
	return soon_closed(c);
}

static int tls(struct client *c)
{
	static const __u8 hello[] = { 0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 };
	char rest[501] = "";

	peer_write(&c->peer, hello, sizeof(hello));
	peer_write(&c->peer, rest, sizeof(rest));
	return soon_closed(c);
}

static int garbage(struct client *c)
{
	static char noise[65536];
	unsigned int i;

	srand(4921);
	for (i = 0; i < sizeof(noise); i++)
		noise[i] = rand() >> 7;
	peer_write(&c->peer, noise, sizeof(noise));
	return soon_closed(c);
}

static int byte_by_byte(struct client *c)
{
	enum { SINGLE = 200 }; /* all of them would take longer than silence may */
	struct pdu pdu;
	size_t i;

	client_build(c, &pdu, APN_OP_WRITE);
	if (c->peer.digest)
		pdu.hdr.data_crc = cpu_to_le32(apn_pdu_crc(pdu.data, data_bytes(&pdu)));
	apn_pdu_seal(&pdu.hdr);
	for (i = 0; i < SINGLE; i++) {
		if (!peer_write(&c->peer, (char *)&pdu + i, 1))
			return CLOSED;
		if (i < 100)
			usleep(1000);
	}
	peer_write(&c->peer, (char *)&pdu + SINGLE, sizeof(pdu.hdr) + data_bytes(&pdu) - SINGLE);
	return client_answer(c, c->tag, &pdu, 5000);
}

static int many_in_one(struct client *c)
{
	char *row = malloc(100 * sizeof(struct apn_hdr));
	struct pdu pdu;
	__u64 first = 0;
	int i, end;

	for (i = 0; i < 100; i++) {
		client_build(c, &pdu, APN_OP_READ);
		apn_pdu_seal(&pdu.hdr);
		memcpy(row + i * sizeof(pdu.hdr), &pdu.hdr, sizeof(pdu.hdr));
		first = first ?: c->tag;
	}
	peer_write(&c->peer, row, 100 * sizeof(pdu.hdr));
	free(row);
	/* replies may come in any order: each that we don't wait for is passed over */
	for (i = 0; i < 100; i++) {
		if (peer_receive(&c->peer, &pdu, 5000) != PEER_PDU)
			return SILENT;
		if (pdu.hdr.op != APN_OP_REPLY)
			i--;
	}
	end = client_goes_on(c);
	return end;
}

static int half_a_header(struct client *c)
{
	struct pdu pdu;

	client_build(c, &pdu, APN_OP_READ);
	apn_pdu_seal(&pdu.hdr);
	peer_write(&c->peer, &pdu, 30);
	return client_await_close(c, 6000);
}

/* Says 4 GiB less one; a target that believed it would wait, or reserve. */
static int slow_hello(struct client *c)
{
	__u64 until = now_ms() + DEADLINE_MS;
	struct pdu pdu;
	size_t i = 0;

	client_build(c, &pdu, APN_OP_HELLO);
	apn_pdu_seal(&pdu.hdr);
	while (now_ms() < until) {
		if (!peer_write(&c->peer, (char *)&pdu + i++ % 184, 1))
			return CLOSED;
		if (client_await_close(c, 500) == CLOSED)
			return CLOSED;
	}
	return SILENT;
}

static int no_hello(struct client *c)
{
	return client_await_close(c, DEADLINE_MS);
}

static int hello_then_nothing(struct client *c)
{
	return client_await_close(c, DEADLINE_MS);
}

/* Each REFUSE must not buy more time. */
static int refused_again_and_again(struct client *c)
{
	__u64 until = now_ms() + 5000;
	struct pdu pdu;

	c->security = APN_SECURITY_AUTH;
	while (now_ms() < until) {
		enum peer_got got;

		client_build(c, &pdu, APN_OP_HELLO);
		if (!peer_send(&c->peer, &pdu))
			return CLOSED;
		got = peer_receive(&c->peer, &pdu, 400);
		if (got == PEER_CLOSED)
			return CLOSED;
		usleep(400000);
	}
	return FINE;
}

/* ---- closing at every step ---- */

static int ends_here(struct client *c, void (*how)(struct peer *peer))
{
	how(&c->peer);
	return FINE;
}

static int close_now(struct client *c)
{
	return ends_here(c, peer_close);
}

static int reset_now(struct client *c)
{
	return ends_here(c, peer_reset);
}

static int half_close(struct client *c)
{
	shutdown(c->peer.fd, SHUT_WR);
	return client_await_close(c, 5000);
}

static int reset_with_replies_queued(struct client *c)
{
	struct pdu pdu;
	int i;

	for (i = 0; i < 64; i++) {
		client_build_io(c, &pdu, APN_OP_READ, 0, 128 * 1024);
		peer_send(&c->peer, &pdu);
	}
	return reset_now(c);
}

static void first_chunk(struct client *c, struct pdu *pdu, __u64 length)
{
	client_build_io(c, pdu, APN_OP_WRITE, 0, length);
	memset(pdu->data, 0x77, 4096);
	set_body(pdu, 4096);
}

static int close_in_a_write(struct client *c)
{
	struct pdu pdu;

	first_chunk(c, &pdu, 65536);
	peer_send(&c->peer, &pdu);
	return close_now(c);
}

static int close_in_a_chunk(struct client *c)
{
	struct pdu pdu;

	first_chunk(c, &pdu, 65536);
	pdu.hdr.data_len = cpu_to_le32(65536);
	apn_pdu_seal(&pdu.hdr);
	peer_send_as_is(&c->peer, &pdu, 1000);
	return reset_now(c);
}

static int again_and_again(struct client *c)
{
	int i;

	for (i = 0; i < CROWD; i++) {
		struct client one;
		struct pdu pdu;

		client_init(&one, c->address, c->export);
		if (!peer_connect(&one.peer, one.address))
			continue;
		client_build(&one, &pdu, APN_OP_HELLO);
		peer_send(&one.peer, &pdu);
		if (i & 1)
			peer_reset(&one.peer);
		else
			peer_close(&one.peer);
		if (i % 20 == 0 && client_goes_on(c) != FINE) /* or it dies of its silence */
			return CLOSED;
	}
	return client_goes_on(c);
}

/* A crowd that never says HELLO: all are gone after the deadline, and there is room again. */
static int crowd(struct client *c)
{
	static struct peer one[CROWD];
	__u64 until = now_ms() + DEADLINE_MS;
	struct client after;
	int i, end = FINE;
	struct pdu pdu;

	for (i = 0; i < CROWD; i++)
		peer_connect(&one[i], c->address);
	for (i = 0; i < CROWD && end == FINE; i++) {
		__u64 now = now_ms();

		if (one[i].fd >= 0 &&
		    peer_receive(&one[i], &pdu, until > now ? until - now : 0) != PEER_CLOSED)
			end = SILENT;
	}
	for (i = 0; i < CROWD; i++)
		peer_close(&one[i]);
	client_init(&after, c->address, c->export);
	if (end == FINE)
		end = client_setup(&after, LIVE);
	peer_close(&after.peer);
	return end;
}

/* ---- lines and lanes ---- */

static int join(struct client *c, struct client *other, enum stage stage)
{
	int end = client_setup(other, stage);

	(void)c;
	peer_close(&other->peer);
	return end;
}

static int lane_of_no_line(struct client *c)
{
	c->lane = 1;
	return client_setup(c, LIVE);
}

static int lane_too_high(struct client *c)
{
	struct client other;

	client_sibling(&other, c, le16_to_cpu(c->agreed.lanes), 1);
	if (other.lane >= APN_LANES_MAX)
		return REFUSED + APN_STATUS_PROTOCOL;
	return join(c, &other, LIVE);
}

static int same_incarnation(struct client *c)
{
	struct client other;

	client_sibling(&other, c, 0, c->incarnation);
	return join(c, &other, LIVE);
}

static int older_incarnation(struct client *c)
{
	struct client other;
	int end;

	client_sibling(&other, c, 1, 7);
	end = client_setup(&other, LIVE);
	if (end == FINE) {
		struct client older;

		client_sibling(&older, c, 1, 6);
		end = join(c, &older, LIVE);
	}
	peer_close(&other.peer);
	return end;
}

static int newer_incarnation(struct client *c)
{
	struct client newer;
	int end;

	client_sibling(&newer, c, 0, c->incarnation + 5);
	end = client_setup(&newer, LIVE);
	if (end != FINE)
		return end;
	end = soon_closed(c);
	if (end == CLOSED)
		end = client_setup(&newer, ATTACHED);
	if (end == FINE)
		end = client_goes_on(&newer);
	peer_close(&newer.peer);
	return end;
}

/* Claims the line of another; has proved nothing yet. */
static int claim_without_auth(struct client *c)
{
	struct client thief;
	int end;

	client_sibling(&thief, c, 0, 1000);
	client_setup(&thief, GREETED);
	end = client_goes_on(c);
	peer_close(&thief.peer);
	return end == FINE ? client_goes_on(c) : end;
}

static int claim_by_another(struct client *c)
{
	struct client thief;
	int end;

	client_sibling(&thief, c, 0, 1000);
	snprintf(thief.identity, sizeof(thief.identity), "mallory");
	client_setup(&thief, LIVE);
	end = client_goes_on(c);
	peer_close(&thief.peer);
	return end == FINE ? client_goes_on(c) : end;
}

static int fence_itself(struct client *c)
{
	struct apn_fence *fence;
	struct pdu pdu;

	client_build(c, &pdu, APN_OP_FENCE);
	fence = (void *)pdu.data;
	fence->lane = 0;
	fence->incarnation = cpu_to_le32(c->incarnation);
	peer_send(&c->peer, &pdu);
	return soon_closed(c);
}

/* Two lanes, each the death of the other: neither may wait for ever. */
static int fence_each_other(struct client *c)
{
	struct client other, after;
	struct apn_fence *fence;
	struct pdu pdu;
	int end;

	client_sibling(&other, c, 1, 1);
	end = client_setup(&other, LIVE);
	if (end != FINE)
		return end;
	client_build(c, &pdu, APN_OP_FENCE);
	peer_send(&c->peer, &pdu);
	client_build(&other, &pdu, APN_OP_FENCE);
	fence = (void *)pdu.data;
	fence->lane = 0;
	fence->incarnation = cpu_to_le32(c->incarnation);
	peer_send(&other.peer, &pdu);
	usleep(500000);
	peer_close(&other.peer);
	peer_close(&c->peer);
	client_sibling(&after, c, 0, c->incarnation + 1);
	end = client_setup(&after, ATTACHED);
	if (end == FINE)
		end = client_goes_on(&after);
	peer_close(&after.peer);
	return end;
}

static int control_on_bulk(struct client *c, __u8 op)
{
	struct client bulk;
	struct pdu pdu;
	int end;

	client_sibling(&bulk, c, 1, 1);
	end = client_setup(&bulk, LIVE);
	if (end == FINE) {
		client_build(&bulk, &pdu, op);
		peer_send(&bulk.peer, &pdu);
		end = soon_closed(&bulk);
	}
	peer_close(&bulk.peer);
	return end == CLOSED && client_goes_on(c) != FINE ? WRONG : end;
}

static int attach_on_bulk(struct client *c)
{
	return control_on_bulk(c, APN_OP_ATTACH);
}

static int detach_on_bulk(struct client *c)
{
	return control_on_bulk(c, APN_OP_DETACH);
}

/* ---- sessions ---- */

static int handle_taken(struct client *c)
{
	struct pdu pdu;

	random_bytes(c->session, sizeof(c->session));
	c->attach_flags = 0;
	client_build(c, &pdu, APN_OP_ATTACH);
	return client_ask(c, &pdu);
}

static int second_writer(struct client *c)
{
	struct client other;

	client_init(&other, c->address, c->export);
	snprintf(other.identity, sizeof(other.identity), "mallory");
	return join(c, &other, ATTACHED);
}

static int session_of_another(struct client *c)
{
	struct client thief;

	client_init(&thief, c->address, c->export);
	snprintf(thief.identity, sizeof(thief.identity), "mallory");
	memcpy(thief.session, c->session, sizeof(thief.session));
	return join(c, &thief, ATTACHED);
}

static int reader_writes(struct client *c)
{
	char block[4096] = "";
	int end;

	c->attach_flags = 0;
	end = client_setup(c, ATTACHED);
	return end == FINE ? client_write(c, 0, block, sizeof(block)) : end;
}

static int reader_discards(struct client *c)
{
	int end;

	c->attach_flags = 0;
	end = client_setup(c, ATTACHED);
	return end == FINE ? client_simple(c, APN_OP_DISCARD, 0, 1 << 20) : end;
}

static int many_sessions(struct client *c)
{
	struct pdu pdu;
	int i, end;

	c->attach_flags = 0;
	for (i = 1; i <= APN_HANDLE_MAX; i++) {
		c->handle = i;
		random_bytes(c->session, sizeof(c->session));
		client_build(c, &pdu, APN_OP_ATTACH);
		end = client_ask(c, &pdu);
		if (end >= REFUSED && end < CLOSED)
			break;
		if (end != FINE)
			return end;
	}
	return client_goes_on(c);
}

static int detach_under_load(struct client *c)
{
	struct pdu pdu;
	__u64 tag;
	int i;

	for (i = 0; i < 32; i++) {
		client_build_io(c, &pdu, APN_OP_READ, 0, 65536);
		peer_send(&c->peer, &pdu);
	}
	client_build(c, &pdu, APN_OP_DETACH);
	tag = c->tag;
	peer_send(&c->peer, &pdu);
	do {
		if (peer_receive(&c->peer, &pdu, 5000) != PEER_PDU)
			return SILENT;
	} while (le64_to_cpu(pdu.hdr.tag) != tag);
	return pdu.hdr.op == APN_OP_DETACHED ? FINE : REFUSED + le16_to_cpu(pdu.hdr.status);
}

static int attach_flood(struct client *c)
{
	struct pdu pdu;
	int i;

	for (i = 0; i < 5000; i++) {
		client_build(c, &pdu, APN_OP_ATTACH);
		if (!peer_send(&c->peer, &pdu))
			return CLOSED;
	}
	return client_goes_on(c);
}

/* ---- payload ---- */

/* A good first chunk, then a second one with one thing wrong. */
static int second_chunk(struct client *c, void (*spoil)(struct apn_hdr *hdr))
{
	struct pdu pdu;

	first_chunk(c, &pdu, 65536);
	peer_send(&c->peer, &pdu);
	pdu.hdr.io.chunk = cpu_to_le32(4096);
	spoil(&pdu.hdr);
	peer_send(&c->peer, &pdu);
	return soon_closed(c);
}

static void spoil_gap(struct apn_hdr *hdr)
{
	hdr->io.chunk = cpu_to_le32(8192);
}

static void spoil_overlap(struct apn_hdr *hdr)
{
	hdr->io.chunk = cpu_to_le32(2048);
}

static void spoil_again(struct apn_hdr *hdr)
{
	hdr->io.chunk = 0;
}

static void spoil_length(struct apn_hdr *hdr)
{
	hdr->io.length = cpu_to_le64(131072);
}

static void spoil_offset(struct apn_hdr *hdr)
{
	hdr->io.offset = cpu_to_le64(4096);
}

static void spoil_flags(struct apn_hdr *hdr)
{
	hdr->flags = APN_FLAG_FUA;
}

static void spoil_handle(struct apn_hdr *hdr)
{
	hdr->handle = cpu_to_le32(2);
}

static void spoil_tag(struct apn_hdr *hdr)
{
	hdr->tag = cpu_to_le64(12345678);
}

#define SECOND(what) \
	static int second_##what(struct client *c) \
	{ \
		return second_chunk(c, spoil_##what); \
	}

SECOND(gap)
SECOND(overlap)
SECOND(again)
SECOND(length)
SECOND(offset)
SECOND(flags)
SECOND(handle)
SECOND(tag)

static int nine_writes(struct client *c)
{
	struct pdu pdu;
	int i;

	for (i = 0; i < APN_PARTIAL_MAX; i++) {
		first_chunk(c, &pdu, 65536);
		peer_send(&c->peer, &pdu);
	}
	if (client_goes_on(c) != FINE)
		return WRONG;
	first_chunk(c, &pdu, 65536);
	peer_send(&c->peer, &pdu);
	return soon_closed(c);
}

/* Damage in one of three chunks; what was there before must stay. */
static int damage_one(struct client *c, int which)
{
	static char before[12288], after[12288];
	struct pdu pdu;
	__u64 tag;
	int i, end = client_write(c, 0, memset(before, 0x21, sizeof(before)), sizeof(before));

	if (end)
		return end;
	client_build_io(c, &pdu, APN_OP_WRITE, 0, sizeof(before));
	tag = c->tag;
	for (i = 0; i < 3; i++) {
		memset(pdu.data, 0x44, 4096);
		set_body(&pdu, 4096);
		pdu.hdr.io.chunk = cpu_to_le32(i * 4096);
		pdu.hdr.data_crc = cpu_to_le32(apn_pdu_crc(pdu.data, 4096) ^ (i == which));
		apn_pdu_seal(&pdu.hdr);
		peer_send_as_is(&c->peer, &pdu, 4096);
	}
	end = client_answer(c, tag, &pdu, 5000);
	if (end == APN_STATUS_DIGEST &&
	    (client_read(c, 0, after, sizeof(after)) || memcmp(before, after, sizeof(after)))) {
		peer_wrong = "a damaged WRITE was written";
		return WRONG;
	}
	return end;
}

static int damaged_first(struct client *c)
{
	return damage_one(c, 0);
}

static int damaged_middle(struct client *c)
{
	return damage_one(c, 1);
}

static int damaged_last(struct client *c)
{
	return damage_one(c, 2);
}

/* With nothing agreed, a digest is a breach. */
static int digest_unasked(struct client *c)
{
	struct pdu pdu;
	int end;

	c->features = 0;
	end = client_setup(c, ATTACHED);
	if (end != FINE)
		return end;
	client_build(c, &pdu, APN_OP_WRITE);
	pdu.hdr.data_crc = cpu_to_le32(1);
	peer_send(&c->peer, &pdu);
	return soon_closed(c);
}

static int no_digest(struct client *c)
{
	int end;

	c->features = 0;
	end = client_setup(c, ATTACHED);
	return end == FINE ? good_play(c) : end;
}

static int same_tag_twice(struct client *c)
{
	struct pdu pdu;
	int i;

	for (i = 0; i < 2; i++) {
		client_build(c, &pdu, APN_OP_READ);
		pdu.hdr.tag = cpu_to_le64(5);
		peer_send(&c->peer, &pdu);
	}
	return client_goes_on(c);
}

/* ---- more than there is room for ---- */

/* Begins WRITEs of the largest size until more is begun than was granted. */
static int over_the_window(struct client *c)
{
	__u64 length = le32_to_cpu(c->agreed.io_bytes), begun = 0, granted = c->peer.granted;
	unsigned int lane = 0;
	int n = 0;
	struct client bulk = *c;
	struct pdu pdu;

	while (begun <= granted && lane < le16_to_cpu(c->agreed.lanes)) {
		first_chunk(&bulk, &pdu, length);
		if (!peer_send(&bulk.peer, &pdu))
			return CLOSED;
		begun += length;
		if (++n < APN_PARTIAL_MAX - 1 || begun > granted)
			continue;
		n = 0;
		client_sibling(&bulk, c, ++lane, 1);
		if (lane < le16_to_cpu(c->agreed.lanes) && client_setup(&bulk, LIVE) != FINE)
			return WRONG;
	}
	/* so many lanes that each may begin more: what the window can't catch is bounded by them */
	if (begun <= granted) {
		peer_wrong = "the window is larger than all lanes can fill";
		return WRONG;
	}
	return soon_closed(&bulk);
}

static void dont_wait(struct client *c)
{
	fcntl(c->peer.fd, F_SETFL, O_NONBLOCK);
}

/* Asks and never reads: it may be closed or left alone, but costs no more than its requests. */
static int never_reads(struct client *c)
{
	__u64 until = now_ms() + 4000;
	struct pdu pdu;

	dont_wait(c);
	while (now_ms() < until) {
		client_build_io(c, &pdu, APN_OP_READ, 0, 65536);
		if (!peer_send(&c->peer, &pdu))
			usleep(10000);
	}
	return reset_now(c);
}

static int flood(struct client *c, __u8 op)
{
	__u64 until = now_ms() + 4000;
	struct pdu pdu;

	while (now_ms() < until) {
		client_build(c, &pdu, op);
		if (!peer_send(&c->peer, &pdu))
			return CLOSED;
	}
	return soon_closed(c);
}

static int ping_flood(struct client *c)
{
	return flood(c, APN_OP_PING);
}

static int pong_flood(struct client *c)
{
	return flood(c, APN_OP_PONG);
}

/* Each is sent when the one before was answered. */
static int pings_in_step(struct client *c)
{
	int i, end = FINE;

	for (i = 0; i < 200 && end == FINE; i++)
		end = client_goes_on(c);
	return end;
}

static int list_flood(struct client *c)
{
	__u64 until = now_ms() + 4000;
	struct pdu pdu;

	dont_wait(c);
	while (now_ms() < until) {
		client_build(c, &pdu, APN_OP_LIST);
		if (!peer_send(&c->peer, &pdu))
			usleep(1000);
	}
	return reset_now(c);
}

/* One more than may be outstanding, in one go, with the replies unread. */
static int too_many_requests(struct client *c)
{
	__u64 many = 4ULL * le32_to_cpu(c->agreed.requests);
	struct pdu pdu;

	dont_wait(c);
	for (; many; many--) {
		client_build_io(c, &pdu, APN_OP_READ, 0, 65536);
		if (!peer_send(&c->peer, &pdu))
			break;
	}
	usleep(300000);
	return reset_now(c);
}

/* Lane 0 says nothing more. */
static int falls_silent(struct client *c)
{
	return client_await_close(c, 6000);
}

const struct play plays[] = {
	{ "good", ATTACHED, FINE, good_play },
	{ "good-without-digest", CONNECTED, FINE, no_digest },

	{ "http", CONNECTED, CLOSED, http },
	{ "tls", CONNECTED, CLOSED, tls },
	{ "garbage", CONNECTED, CLOSED, garbage },
	{ "garbage-when-live", LIVE, CLOSED, garbage },
	{ "byte-by-byte", ATTACHED, APN_STATUS_OK, byte_by_byte },
	{ "many-in-one", ATTACHED, FINE, many_in_one },
	{ "half-a-header", ATTACHED, CLOSED, half_a_header },
	{ "no-hello", CONNECTED, CLOSED, no_hello },
	{ "slow-hello", CONNECTED, CLOSED, slow_hello },
	{ "hello-then-nothing", GREETED, CLOSED, hello_then_nothing },
	{ "refused-again-and-again", CONNECTED, CLOSED, refused_again_and_again },
	{ "falls-silent", LIVE, CLOSED, falls_silent },

	{ "close-connected", CONNECTED, FINE, close_now },
	{ "close-greeted", GREETED, FINE, close_now },
	{ "close-live", LIVE, FINE, close_now },
	{ "close-attached", ATTACHED, FINE, close_now },
	{ "reset-connected", CONNECTED, FINE, reset_now },
	{ "reset-greeted", GREETED, FINE, reset_now },
	{ "reset-live", LIVE, FINE, reset_now },
	{ "reset-attached", ATTACHED, FINE, reset_now },
	{ "half-close-connected", CONNECTED, CLOSED, half_close },
	{ "half-close-greeted", GREETED, CLOSED, half_close },
	{ "half-close-live", LIVE, CLOSED, half_close },
	{ "half-close-attached", ATTACHED, CLOSED, half_close },
	{ "reset-with-replies", ATTACHED, FINE, reset_with_replies_queued },
	{ "close-in-a-write", ATTACHED, FINE, close_in_a_write },
	{ "close-in-a-chunk", ATTACHED, FINE, close_in_a_chunk },
	{ "hello-and-gone", LIVE, FINE, again_and_again },
	{ "crowd", CONNECTED, FINE, crowd },

	{ "lane-of-no-line", CONNECTED, REFUSED + APN_STATUS_NO_SESSION, lane_of_no_line },
	{ "lane-too-high", LIVE, REFUSED + APN_STATUS_PROTOCOL, lane_too_high },
	{ "same-incarnation", LIVE, REFUSED + APN_STATUS_PROTOCOL, same_incarnation },
	{ "older-incarnation", LIVE, REFUSED + APN_STATUS_PROTOCOL, older_incarnation },
	{ "newer-incarnation", ATTACHED, FINE, newer_incarnation },
	{ "claim-without-auth", ATTACHED, FINE, claim_without_auth },
	{ "claim-by-another", ATTACHED, FINE, claim_by_another },
	{ "fence-itself", LIVE, CLOSED, fence_itself },
	{ "fence-each-other", LIVE, FINE, fence_each_other },
	{ "attach-on-bulk", LIVE, CLOSED, attach_on_bulk },
	{ "detach-on-bulk", ATTACHED, CLOSED, detach_on_bulk },

	{ "handle-taken", ATTACHED, FINE, handle_taken },
	{ "second-writer", ATTACHED, REFUSED + APN_STATUS_BUSY, second_writer },
	{ "session-of-another", ATTACHED, REFUSED + APN_STATUS_REFUSED, session_of_another },
	{ "reader-writes", CONNECTED, APN_STATUS_READ_ONLY, reader_writes },
	{ "reader-discards", CONNECTED, APN_STATUS_READ_ONLY, reader_discards },
	{ "many-sessions", LIVE, FINE, many_sessions },
	{ "detach-under-load", ATTACHED, FINE, detach_under_load },
	{ "attach-flood", ATTACHED, CLOSED, attach_flood },

	{ "chunk-gap", ATTACHED, CLOSED, second_gap },
	{ "chunk-overlap", ATTACHED, CLOSED, second_overlap },
	{ "chunk-again", ATTACHED, CLOSED, second_again },
	{ "chunk-length", ATTACHED, CLOSED, second_length },
	{ "chunk-offset", ATTACHED, CLOSED, second_offset },
	{ "chunk-flags", ATTACHED, CLOSED, second_flags },
	{ "chunk-handle", ATTACHED, CLOSED, second_handle },
	{ "chunk-tag", ATTACHED, CLOSED, second_tag },
	{ "nine-writes", ATTACHED, CLOSED, nine_writes },
	{ "damaged-first", ATTACHED, APN_STATUS_DIGEST, damaged_first },
	{ "damaged-middle", ATTACHED, APN_STATUS_DIGEST, damaged_middle },
	{ "damaged-last", ATTACHED, APN_STATUS_DIGEST, damaged_last },
	{ "digest-unasked", CONNECTED, CLOSED, digest_unasked },
	{ "same-tag-twice", ATTACHED, FINE, same_tag_twice },

	{ "over-the-window", ATTACHED, CLOSED, over_the_window },
	{ "too-many-requests", ATTACHED, FINE, too_many_requests },
	{ "never-reads", ATTACHED, FINE, never_reads },
	{ "ping-flood", LIVE, CLOSED, ping_flood },
	{ "pong-flood", LIVE, CLOSED, pong_flood },
	{ "pings-in-step", LIVE, FINE, pings_in_step },
	{ "list-flood", LIVE, FINE, list_flood },
};

const size_t play_count = sizeof(plays) / sizeof(plays[0]);

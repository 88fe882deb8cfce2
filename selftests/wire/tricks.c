// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* What a bad target may do to a host. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "target.h"

#define H(field) offsetof(struct apn_hdr, field), sizeof(((struct apn_hdr *)0)->field)
#define B(type, field) \
	sizeof(struct apn_hdr) + offsetof(struct type, field), sizeof(((struct type *)0)->field)

/* ---- set-up ---- */

static void say_nothing(struct connection *c, struct pdu *answer)
{
	(void)c;
	(void)answer;
}

static void hang_up(struct connection *c, struct pdu *answer)
{
	(void)answer;
	shutdown(c->peer.fd, SHUT_RDWR);
}

static void half_close(struct connection *c, struct pdu *answer)
{
	(void)answer;
	shutdown(c->peer.fd, SHUT_WR);
}

static void reset(struct connection *c, struct pdu *answer)
{
	(void)answer;
	peer_reset(&c->peer);
}

static void speak_http(struct connection *c, struct pdu *answer)
{
	static const char text[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
				   "Connection: close\r\n\r\n";

	(void)answer;
	peer_write(&c->peer, text, sizeof(text) - 1);
}

static void send_garbage(struct connection *c, struct pdu *answer)
{
	random_bytes(answer->data, 256);
	peer_write(&c->peer, answer->data, 256);
	memset(answer->data, 0xff, 65536);
	peer_write(&c->peer, answer->data, 65536);
}

static void half_a_header(struct connection *c, struct pdu *answer)
{
	apn_pdu_seal(&answer->hdr);
	peer_write(&c->peer, answer, 30);
	shutdown(c->peer.fd, SHUT_RDWR);
}

static void byte_by_byte(struct connection *c, struct pdu *answer)
{
	size_t i, bytes = sizeof(answer->hdr) + data_bytes(answer);

	if (c->peer.digest && c->peer.phase == APN_PHASE_LIVE && data_bytes(answer))
		answer->hdr.data_crc = cpu_to_le32(apn_pdu_crc(answer->data, data_bytes(answer)));
	apn_pdu_seal(&answer->hdr);
	for (i = 0; i < bytes && peer_write(&c->peer, (char *)answer + i, 1); i++)
		if (i < 80)
			usleep(500);
}

static void twice(struct connection *c, struct pdu *answer)
{
	answer->hdr.data_crc = 0;
	target_send(c, answer);
}

static void refuse_with(struct connection *c, __u16 status, const char *text)
{
	struct pdu pdu;

	target_build(c, &pdu, APN_OP_REFUSE);
	pdu.hdr.handle = 0;
	pdu.hdr.status = cpu_to_le16(status);
	memcpy(pdu.data, text, strlen(text));
	target_send(c, &pdu);
}

static void refuse_ok(struct connection *c, struct pdu *answer)
{
	(void)answer;
	refuse_with(c, APN_STATUS_OK, "Fine.");
}

static void refuse_unknown(struct connection *c, struct pdu *answer)
{
	(void)answer;
	refuse_with(c, 77, "Fine.");
}

static void refuse_escape(struct connection *c, struct pdu *answer)
{
	(void)answer;
	refuse_with(c, APN_STATUS_REFUSED, "\033[2Jkernel: all is lost\nkernel: really");
}

static void refuse_endless(struct connection *c, struct pdu *answer)
{
	char text[APN_TEXT_BYTES + 1];

	(void)answer;
	memset(text, 'x', APN_TEXT_BYTES);
	text[APN_TEXT_BYTES] = 0;
	refuse_with(c, APN_STATUS_REFUSED, text);
}

/* An answer of the right tag that is the answer to something else. */
static void other_answer(struct connection *c, struct pdu *answer)
{
	struct pdu pdu;

	target_build(c, &pdu, APN_OP_PONG);
	pdu.hdr.tag = answer->hdr.tag;
	pdu.hdr.handle = 0;
	target_send(c, &pdu);
}

static void fenced_for_attached(struct connection *c, struct pdu *answer)
{
	struct pdu pdu;

	target_build(c, &pdu, APN_OP_FENCED);
	pdu.hdr.tag = answer->hdr.tag;
	pdu.hdr.handle = 0;
	target_send(c, &pdu);
}

static void fall_dumb(struct connection *c, struct pdu *answer)
{
	(void)answer;
	c->dumb = true;
}

/* ---- what nobody asked for ---- */

static void unasked(struct connection *c, __u8 op, __u32 handle)
{
	struct pdu pdu;

	target_build(c, &pdu, op);
	pdu.hdr.tag = cpu_to_le64(0xdeadbeefcafeULL);
	pdu.hdr.handle = cpu_to_le32(handle);
	target_send(c, &pdu);
}

static void unasked_reply(struct connection *c, struct pdu *answer)
{
	unasked(c, APN_OP_REPLY, le32_to_cpu(answer->hdr.handle));
}

static void unasked_reply_with_data(struct connection *c, struct pdu *answer)
{
	answer->hdr.tag = cpu_to_le64(~0ULL);
	answer->hdr.data_crc = 0;
	target_send(c, answer);
}

static void unasked_detached(struct connection *c, struct pdu *answer)
{
	unasked(c, APN_OP_DETACHED, le32_to_cpu(answer->hdr.handle));
}

static void unasked_fenced(struct connection *c, struct pdu *answer)
{
	(void)answer;
	unasked(c, APN_OP_FENCED, 0);
}

static void unasked_listed(struct connection *c, struct pdu *answer)
{
	struct pdu pdu;

	(void)answer;
	target_build(c, &pdu, APN_OP_LISTED);
	pdu.hdr.tag = cpu_to_le64(4711);
	pdu.hdr.handle = 0;
	set_body(&pdu, 0);
	target_send(c, &pdu);
}

static void notice(struct connection *c, __u32 handle, __u32 kind, __u32 flags, __u64 size)
{
	struct apn_notice *body;
	struct pdu pdu;

	target_build(c, &pdu, APN_OP_NOTICE);
	pdu.hdr.tag = 0;
	pdu.hdr.handle = cpu_to_le32(handle);
	body = (void *)pdu.data;
	body->kind = cpu_to_le32(kind);
	body->flags = cpu_to_le32(flags ?: APN_DISK_DISCARD | APN_DISK_WRITE_ZEROES);
	body->size = cpu_to_le64(size);
	target_send(c, &pdu);
}

static void notice_of_nobody(struct connection *c, struct pdu *answer)
{
	(void)answer;
	notice(c, APN_HANDLE_MAX, APN_NOTICE_DRAINING, 0, DISK_BYTES);
}

static void notice_unknown(struct connection *c, struct pdu *answer)
{
	notice(c, le32_to_cpu(answer->hdr.handle), 99, 0, DISK_BYTES);
}

static void notice_zero_size(struct connection *c, struct pdu *answer)
{
	notice(c, le32_to_cpu(answer->hdr.handle), APN_NOTICE_CHANGED, 0, 0);
}

static void notice_flood(struct connection *c, struct pdu *answer)
{
	unsigned int i;

	for (i = 0; i < 3000; i++)
		notice(c, le32_to_cpu(answer->hdr.handle), APN_NOTICE_CHANGED,
		       APN_DISK_DISCARD | APN_DISK_WRITE_ZEROES, DISK_BYTES);
}

/* Many at a time: one by one they would come as slowly as a busy machine sends them, which is no flood. */
static void flood(struct connection *c, __u8 op)
{
	enum { TIMES = 20, AT_ONCE = 1000 };
	static struct apn_hdr row[AT_ONCE];
	struct pdu pdu;
	unsigned int i;

	target_build(c, &pdu, op);
	pdu.hdr.tag = cpu_to_le64(0xdeadbeefcafeULL);
	pdu.hdr.handle = 0;
	target_send(c, &pdu);
	for (i = 0; i < AT_ONCE; i++)
		row[i] = pdu.hdr;
	for (i = 0; i < TIMES; i++)
		if (!peer_write(&c->peer, row, sizeof(row)))
			return;
}

static void ping_flood(struct connection *c, struct pdu *answer)
{
	(void)answer;
	flood(c, APN_OP_PING);
}

static void pong_flood(struct connection *c, struct pdu *answer)
{
	(void)answer;
	flood(c, APN_OP_PONG);
}

static void window_flood(struct connection *c, struct pdu *answer)
{
	unsigned int i;

	(void)answer;
	for (i = 0; i < 20000; i++)
		unasked(c, APN_OP_WINDOW, 0);
}

static void hello_from_target(struct connection *c, struct pdu *answer)
{
	(void)answer;
	unasked(c, APN_OP_HELLO, 0);
}

static void write_from_target(struct connection *c, struct pdu *answer)
{
	struct pdu pdu;

	target_build(c, &pdu, APN_OP_WRITE);
	pdu.hdr.handle = answer->hdr.handle;
	pdu.hdr.io.length = cpu_to_le64(512);
	set_body(&pdu, 512);
	target_send(c, &pdu);
}

/* ---- replies to a READ ---- */

static void part(struct connection *c, __u32 chunk, __u32 bytes, __u64 tag_xor)
{
	struct pdu pdu;

	target_build(c, &pdu, APN_OP_REPLY);
	pdu.hdr.tag ^= cpu_to_le64(tag_xor);
	pdu.hdr.reply.chunk = cpu_to_le32(chunk);
	memset(pdu.data, 0xee, bytes);
	set_body(&pdu, bytes);
	target_send(c, &pdu);
}

static __u32 length_of(const struct connection *c)
{
	return le64_to_cpu(c->asked.io.length);
}

static void too_long(struct connection *c, struct pdu *answer)
{
	(void)answer;
	part(c, 0, length_of(c) + 512 <= APN_CHUNK_BYTES ? length_of(c) + 512 : APN_CHUNK_BYTES, 0);
	part(c, length_of(c), 4096, 0);
}

static void late_chunk_first(struct connection *c, struct pdu *answer)
{
	(void)answer;
	part(c, length_of(c) - 512, 512, 0);
}

static void beyond_the_end(struct connection *c, struct pdu *answer)
{
	(void)answer;
	part(c, IO_BYTES - 4096, 4096, 0);
}

static void same_chunk_twice(struct connection *c, struct pdu *answer)
{
	(void)answer;
	part(c, 0, 512, 0);
	part(c, 0, 512, 0);
}

static void gap(struct connection *c, struct pdu *answer)
{
	(void)answer;
	part(c, 0, 512, 0);
	part(c, 1024, 512, 0);
}

static void short_then_ok(struct connection *c, struct pdu *answer)
{
	(void)answer;
	part(c, 0, 512, 0);
	part(c, 0, 0, 0);
}

static void nothing_at_all(struct connection *c, struct pdu *answer)
{
	(void)answer;
	part(c, 0, 0, 0);
}

static void part_then_close(struct connection *c, struct pdu *answer)
{
	(void)answer;
	part(c, 0, 512, 0);
	shutdown(c->peer.fd, SHUT_RDWR);
}

static void half_the_data(struct connection *c, struct pdu *answer)
{
	apn_pdu_seal(&answer->hdr);
	peer_send_as_is(&c->peer, answer, data_bytes(answer) / 2);
	shutdown(c->peer.fd, SHUT_RDWR);
}

static void part_then_error(struct connection *c, struct pdu *answer)
{
	part(c, 0, 512, 0);
	set_body(answer, 0);
	answer->hdr.reply.chunk = 0;
	answer->hdr.status = cpu_to_le16(APN_STATUS_IO);
	target_send(c, answer);
}

static void other_tag(struct connection *c, struct pdu *answer)
{
	(void)answer;
	part(c, 0, length_of(c) <= APN_CHUNK_BYTES ? length_of(c) : APN_CHUNK_BYTES, 1ULL << 40);
}

static void other_handle(struct connection *c, struct pdu *answer)
{
	answer->hdr.handle = cpu_to_le32(APN_HANDLE_MAX);
	target_send(c, answer);
}

static void fail(struct connection *c, struct pdu *answer, enum apn_status status)
{
	set_body(answer, 0);
	answer->hdr.reply.chunk = 0;
	answer->hdr.status = cpu_to_le16(status);
	target_send(c, answer);
}

static void say_damaged(struct connection *c, struct pdu *answer)
{
	fail(c, answer, APN_STATUS_DIGEST);
}

static void say_no_session(struct connection *c, struct pdu *answer)
{
	fail(c, answer, APN_STATUS_NO_SESSION);
}

static void say_draining(struct connection *c, struct pdu *answer)
{
	fail(c, answer, APN_STATUS_DRAINING);
}

#define PATCHED(name, op, want, ...) { name, op, PATCH, want, { __VA_ARGS__ }, NULL, AT_ONCE }
#define PLAYED(name, op, how, want, play) { name, op, how, want, {}, play, AT_ONCE }
#define LATER(name, op, want, ...) { name, op, PATCH, want, { __VA_ARGS__ }, NULL, LATER }

const struct trick tricks[] = {
	/* HELLO_ACK */
	PLAYED("hello-silence", APN_OP_HELLO_ACK, INSTEAD, CLOSES, say_nothing),
	PLAYED("hello-close", APN_OP_HELLO_ACK, INSTEAD, CLOSES, hang_up),
	PLAYED("hello-half-close", APN_OP_HELLO_ACK, INSTEAD, CLOSES, half_close),
	PLAYED("hello-reset", APN_OP_HELLO_ACK, INSTEAD, CLOSES, reset),
	PLAYED("hello-http", APN_OP_HELLO_ACK, INSTEAD, CLOSES, speak_http),
	PLAYED("hello-garbage", APN_OP_HELLO_ACK, INSTEAD, CLOSES, send_garbage),
	PLAYED("hello-half-a-header", APN_OP_HELLO_ACK, INSTEAD, CLOSES, half_a_header),
	PLAYED("hello-byte-by-byte", APN_OP_HELLO_ACK, INSTEAD, GOES_ON, byte_by_byte),
	PLAYED("hello-twice", APN_OP_HELLO_ACK, AFTER, CLOSES, twice),
	PLAYED("hello-other-answer", APN_OP_HELLO_ACK, INSTEAD, CLOSES, other_answer),
	PLAYED("hello-refuse-ok", APN_OP_HELLO_ACK, INSTEAD, CLOSES, refuse_ok),
	PLAYED("hello-refuse-unknown", APN_OP_HELLO_ACK, INSTEAD, CLOSES, refuse_unknown),
	PLAYED("hello-refuse-escape", APN_OP_HELLO_ACK, INSTEAD, CLOSES, refuse_escape),
	PLAYED("hello-refuse-endless", APN_OP_HELLO_ACK, INSTEAD, CLOSES, refuse_endless),
	PATCHED("hello-op", APN_OP_HELLO_ACK, CLOSES, { H(op), 77 }),
	PATCHED("hello-auth-ack", APN_OP_HELLO_ACK, CLOSES, { H(op), APN_OP_AUTH_ACK }),
	PATCHED("hello-tag", APN_OP_HELLO_ACK, CLOSES, { H(tag), 1ULL << 60 }),
	PATCHED("hello-short", APN_OP_HELLO_ACK, CLOSES, { H(data_len), 79 }),
	PATCHED("hello-long", APN_OP_HELLO_ACK, CLOSES, { H(data_len), 1025 }),
	PATCHED("hello-4g", APN_OP_HELLO_ACK, CLOSES, { H(data_len), 0xffffffff }),
	PATCHED("hello-newer", APN_OP_HELLO_ACK, GOES_ON, { H(data_len), 96 }),
	PATCHED("hello-granted", APN_OP_HELLO_ACK, CLOSES, { H(granted), 1 << 20 }),
	PATCHED("hello-digest", APN_OP_HELLO_ACK, CLOSES, { H(data_crc), 1 }),
	PATCHED("hello-version-0", APN_OP_HELLO_ACK, CLOSES, { B(apn_hello_ack, version), 0 }),
	PATCHED("hello-version-9", APN_OP_HELLO_ACK, CLOSES, { B(apn_hello_ack, version), 9 }),
	PATCHED("hello-features", APN_OP_HELLO_ACK, CLOSES, { B(apn_hello_ack, features), 1ULL << 63 }),
	PATCHED("hello-pad", APN_OP_HELLO_ACK, CLOSES, { B(apn_hello_ack, pad), 1 }),
	PATCHED("hello-software", APN_OP_HELLO_ACK, CLOSES, { B(apn_hello_ack, software), '\n' }),

	/* AUTH_ACK */
	PLAYED("auth-silence", APN_OP_AUTH_ACK, INSTEAD, CLOSES, say_nothing),
	PLAYED("auth-close", APN_OP_AUTH_ACK, INSTEAD, CLOSES, hang_up),
	PLAYED("auth-twice", APN_OP_AUTH_ACK, AFTER, CLOSES, twice),
	PATCHED("auth-no-instance", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, instance), 0 }),
	PATCHED("auth-no-lanes", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, lanes), 0 }),
	PATCHED("auth-many-lanes", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, lanes), 17 }),
	PATCHED("auth-ping-0", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, ping_ms), 0 }),
	PATCHED("auth-chunk-0", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, chunk_bytes), 0 }),
	PATCHED("auth-chunk-3", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, chunk_bytes), 3 }),
	PATCHED("auth-chunk-2g", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, chunk_bytes), 1U << 31 }),
	PATCHED("auth-io-0", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, io_bytes), 0 }),
	PATCHED("auth-io-4g", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, io_bytes), 0xfffff000 }),
	PATCHED("auth-no-requests", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, requests), 0 }),
	PATCHED("auth-one-request", APN_OP_AUTH_ACK, GOES_ON, { B(apn_auth_ack, requests), 1 }),
	PATCHED("auth-many-requests", APN_OP_AUTH_ACK, GOES_ON, { B(apn_auth_ack, requests), 0xffffffff }),
	PATCHED("auth-resumed-2", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, resumed), 2 }),
	PATCHED("auth-pad", APN_OP_AUTH_ACK, CLOSES, { B(apn_auth_ack, pad), 1 }),
	PATCHED("auth-all-granted", APN_OP_AUTH_ACK, GOES_ON, { H(granted), ~0ULL }),

	/* ATTACHED */
	PLAYED("attach-twice", APN_OP_ATTACHED, AFTER, CLOSES, twice),
	PLAYED("attach-other-answer", APN_OP_ATTACHED, INSTEAD, CLOSES, fenced_for_attached),
	PLAYED("attach-refuse-escape", APN_OP_ATTACHED, INSTEAD, CLOSES, refuse_escape),
	PLAYED("attach-close", APN_OP_ATTACHED, INSTEAD, CLOSES, hang_up),
	PATCHED("attach-handle", APN_OP_ATTACHED, CLOSES, { H(handle), 4000 }),
	PATCHED("attach-block-0", APN_OP_ATTACHED, CLOSES, { B(apn_attached, block_bytes), 0 }),
	PATCHED("attach-block-3", APN_OP_ATTACHED, CLOSES, { B(apn_attached, block_bytes), 3 }),
	PATCHED("attach-block-2g", APN_OP_ATTACHED, CLOSES, { B(apn_attached, block_bytes), 1U << 31 }),
	PATCHED("attach-physical-0", APN_OP_ATTACHED, CLOSES, { B(apn_attached, physical_bytes), 0 }),
	PATCHED("attach-size-0", APN_OP_ATTACHED, CLOSES, { B(apn_attached, size), 0 }),
	PATCHED("attach-size-2^64", APN_OP_ATTACHED, CLOSES, { B(apn_attached, size), -512ULL }),
	PATCHED("attach-size-odd", APN_OP_ATTACHED, CLOSES, { B(apn_attached, size), 1000 }),
	PATCHED("attach-no-volume", APN_OP_ATTACHED, CLOSES, { B(apn_attached, volume), 0 }),
	PATCHED("attach-flags", APN_OP_ATTACHED, CLOSES, { B(apn_attached, flags), 1U << 31 }),
	PATCHED("attach-discard-0", APN_OP_ATTACHED, CLOSES, { B(apn_attached, discard_bytes), 0 }),
	PATCHED("attach-opt-4g", APN_OP_ATTACHED, CLOSES, { B(apn_attached, io_opt_bytes), 0xfffffe00 }),
	PATCHED("attach-wild-hints", APN_OP_ATTACHED, GOES_ON, { B(apn_attached, discard_granularity), 1536 },
		{ B(apn_attached, io_opt_bytes), 1 << 30 }),
	PATCHED("attach-discard-2^63", APN_OP_ATTACHED, GOES_ON,
		{ B(apn_attached, discard_bytes), 1ULL << 63 }, { B(apn_attached, zeroes_bytes), 512 }),

	/* what nobody asked for */
	PLAYED("unasked-reply", APN_OP_REPLY, AFTER, CLOSES, unasked_reply),
	PLAYED("unasked-reply-data", APN_OP_REPLY, AFTER, CLOSES, unasked_reply_with_data),
	PLAYED("unasked-attached", APN_OP_ATTACHED, AFTER, CLOSES, twice),
	PLAYED("unasked-detached", APN_OP_REPLY, AFTER, CLOSES, unasked_detached),
	PLAYED("unasked-fenced", APN_OP_REPLY, AFTER, CLOSES, unasked_fenced),
	PLAYED("unasked-listed", APN_OP_REPLY, AFTER, CLOSES, unasked_listed),
	PLAYED("unasked-hello", APN_OP_REPLY, AFTER, CLOSES, hello_from_target),
	PLAYED("unasked-write", APN_OP_REPLY, AFTER, CLOSES, write_from_target),
	PLAYED("notice-nobody", APN_OP_REPLY, AFTER, GOES_ON, notice_of_nobody),
	PLAYED("notice-unknown", APN_OP_REPLY, AFTER, CLOSES, notice_unknown),
	PLAYED("notice-size-0", APN_OP_REPLY, AFTER, CLOSES, notice_zero_size),
	PLAYED("notice-flood", APN_OP_REPLY, AFTER, GOES_ON, notice_flood),
	PLAYED("ping-flood", APN_OP_REPLY, AFTER, CLOSES, ping_flood),
	PLAYED("pong-flood", APN_OP_REPLY, AFTER, CLOSES, pong_flood),
	PLAYED("window-flood", APN_OP_REPLY, AFTER, GOES_ON, window_flood),
	PLAYED("garbage", APN_OP_REPLY, AFTER, CLOSES, send_garbage),

	/* REPLY, to the first READ */
	PLAYED("reply-twice", APN_OP_REPLY, AFTER, CLOSES, twice),
	PLAYED("reply-too-long", APN_OP_REPLY, INSTEAD, CLOSES, too_long),
	PLAYED("reply-late-chunk-first", APN_OP_REPLY, INSTEAD, CLOSES, late_chunk_first),
	PLAYED("reply-beyond-the-end", APN_OP_REPLY, INSTEAD, CLOSES, beyond_the_end),
	PLAYED("reply-same-chunk-twice", APN_OP_REPLY, INSTEAD, CLOSES, same_chunk_twice),
	PLAYED("reply-gap", APN_OP_REPLY, INSTEAD, CLOSES, gap),
	PLAYED("reply-short", APN_OP_REPLY, INSTEAD, CLOSES, short_then_ok),
	PLAYED("reply-without-data", APN_OP_REPLY, INSTEAD, CLOSES, nothing_at_all),
	PLAYED("reply-part-then-close", APN_OP_REPLY, INSTEAD, CLOSES, part_then_close),
	PLAYED("reply-half-the-data", APN_OP_REPLY, INSTEAD, CLOSES, half_the_data),
	PLAYED("reply-part-then-error", APN_OP_REPLY, INSTEAD, GOES_ON, part_then_error),
	PLAYED("reply-other-tag", APN_OP_REPLY, INSTEAD, CLOSES, other_tag),
	PLAYED("reply-other-handle", APN_OP_REPLY, INSTEAD, CLOSES, other_handle),
	PLAYED("reply-byte-by-byte", APN_OP_REPLY, INSTEAD, GOES_ON, byte_by_byte),
	PLAYED("reply-reset", APN_OP_REPLY, INSTEAD, CLOSES, reset),
	PLAYED("reply-damaged", APN_OP_REPLY, INSTEAD, GOES_ON, say_damaged),
	PLAYED("reply-no-session", APN_OP_REPLY, INSTEAD, GOES_ON, say_no_session),
	PLAYED("reply-draining", APN_OP_REPLY, INSTEAD, GOES_ON, say_draining),
	PATCHED("reply-crc", APN_OP_REPLY, GOES_ON, { H(data_crc), 0x12345678 }),
	PATCHED("reply-status-gap", APN_OP_REPLY, CLOSES, { H(status), 15 }),
	PATCHED("reply-status-set-up", APN_OP_REPLY, CLOSES, { H(status), APN_STATUS_BUSY }),
	PATCHED("reply-status-65535", APN_OP_REPLY, CLOSES, { H(status), 0xffff }),
	PATCHED("reply-error-with-data", APN_OP_REPLY, CLOSES, { H(status), APN_STATUS_IO }),
	PATCHED("reply-len-4g", APN_OP_REPLY, CLOSES, { H(data_len), 0xffffffff }),
	PATCHED("reply-len-2g", APN_OP_REPLY, CLOSES, { H(data_len), 0x80000000 }),
	PATCHED("reply-len-over", APN_OP_REPLY, CLOSES, { H(data_len), APN_CHUNK_BYTES + 512 }),
	PATCHED("reply-chunk-4g", APN_OP_REPLY, CLOSES, { H(reply.chunk), 0xfffffe00 }),
	PATCHED("reply-chunk-odd", APN_OP_REPLY, CLOSES, { H(reply.chunk), 1 }),
	PATCHED("reply-pad", APN_OP_REPLY, CLOSES, { H(pad), 1 }),
	PATCHED("reply-flags", APN_OP_REPLY, CLOSES, { H(flags), 0xff }),
	PATCHED("reply-no-handle", APN_OP_REPLY, CLOSES, { H(handle), 0 }),
	PATCHED("granted-all", APN_OP_REPLY, GOES_ON, { H(granted), ~0ULL }),
	PATCHED("granted-back", APN_OP_REPLY, GOES_ON, { H(granted), 1 }),
	PATCHED("pong-handle", APN_OP_PONG, CLOSES, { H(handle), 1 }),
	PATCHED("pong-future", APN_OP_PONG, GOES_ON, { H(ping.sent_ns), ~0ULL }),

	/* on a bulk lane */
	{ "bulk-falls-dumb", APN_OP_REPLY, INSTEAD, CLOSES, {}, fall_dumb, ON_BULK },

	/* after a reconnect */
	LATER("later-other-volume", APN_OP_ATTACHED, GOES_ON, { B(apn_attached, volume), 0x77 }),
	LATER("later-smaller", APN_OP_ATTACHED, GOES_ON, { B(apn_attached, size), 1 << 20 }),
	LATER("later-block-4096", APN_OP_ATTACHED, GOES_ON, { B(apn_attached, block_bytes), 4096 }),
	LATER("later-fewer-lanes", APN_OP_AUTH_ACK, GOES_ON, { B(apn_auth_ack, lanes), 1 }),
	{ "resumed-fewer-lanes", APN_OP_AUTH_ACK, PATCH, GOES_ON, { { B(apn_auth_ack, lanes), 1 } }, NULL,
	  LATER_RESUMED },
	LATER("later-smaller-io", APN_OP_AUTH_ACK, GOES_ON, { B(apn_auth_ack, io_bytes), APN_CHUNK_BYTES }),
	LATER("later-other-instance", APN_OP_AUTH_ACK, GOES_ON, { B(apn_auth_ack, instance), 0x66 }),
};

const size_t trick_count = sizeof(tricks) / sizeof(tricks[0]);

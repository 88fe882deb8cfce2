// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * libFuzzer on pdu.c. An input is four bytes of what was agreed, 64 bytes of header
 * and what follows it; the checksum is put right, or nothing would get past it. What
 * apn_pdu_check() and apn_pdu_check_body() accept must keep what they promise.
 */
#include <stdlib.h>
#include <string.h>

#include "pdu_env_user.h"
#include "pdu.h"

#define PROMISE(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

enum {
	AGREED_BYTES = 4,
	FROM_HOST = 1 << 0,
	CONTROL = 1 << 1,
	DIGEST = 1 << 2,
	AS_IT_IS = 1 << 3, /* the checksum too */
	PLACED = 1 << 4,
};

static struct apn_bounds bounds_of(const __u8 *agreed)
{
	__u32 chunk = 4096U * (1 + agreed[2] % 32);

	return (struct apn_bounds){
		.from_host = !!(agreed[0] & FROM_HOST),
		.control = !!(agreed[0] & CONTROL),
		.digest = !!(agreed[0] & DIGEST),
		.placed = !!(agreed[0] & PLACED),
		.phase = agreed[1] % (APN_PHASE_LIVE + 1),
		.chunk_bytes = chunk,
		.io_bytes = chunk * (1 + agreed[3] % 128),
	};
}

static bool zero(const void *from, size_t bytes)
{
	const __u8 *p = from;

	while (bytes--)
		if (*p++)
			return false;
	return true;
}

static void promise_io(const struct apn_hdr *hdr, const struct apn_bounds *bounds)
{
	__u64 offset = le64_to_cpu(hdr->io.offset), length = le64_to_cpu(hdr->io.length);
	__u64 chunk = le32_to_cpu(hdr->io.chunk), data = le32_to_cpu(hdr->data_len);

	PROMISE(length && length % 512 == 0 && offset % 512 == 0);
	PROMISE(offset <= ~0ULL - length);
	PROMISE(!hdr->io.place ||
		(bounds->placed && (hdr->op == APN_OP_READ || hdr->op == APN_OP_WRITE)));
	if (hdr->op == APN_OP_READ || hdr->op == APN_OP_WRITE)
		PROMISE(length <= bounds->io_bytes);
	if (hdr->op == APN_OP_WRITE)
		PROMISE(data && data % 512 == 0 && chunk % 512 == 0 && chunk + data <= length);
	else
		PROMISE(!data && chunk < (hdr->io.place ? APN_PLACE_BYTES : 1));
}

static void promise_reply(const struct apn_hdr *hdr, const struct apn_bounds *bounds)
{
	__u64 chunk = le32_to_cpu(hdr->reply.chunk), data = le32_to_cpu(hdr->data_len);

	PROMISE(chunk + data <= bounds->io_bytes);
	PROMISE(!hdr->status || !data);
	PROMISE(strcmp(apn_pdu_status_text(le16_to_cpu(hdr->status)), "unknown status"));
}

static bool sends(__u8 op, bool host)
{
	switch (op) {
	case APN_OP_PING:
	case APN_OP_PONG:
		return true;
	case APN_OP_HELLO:
	case APN_OP_AUTH:
	case APN_OP_ATTACH:
	case APN_OP_DETACH:
	case APN_OP_LIST:
	case APN_OP_FENCE:
		return host;
	}
	return host == (op >= APN_OP_READ && op <= APN_OP_WRITE_ZEROES);
}

static void promise_header(const struct apn_hdr *hdr, const struct apn_bounds *bounds)
{
	__u32 data = le32_to_cpu(hdr->data_len);
	bool payload = hdr->op == APN_OP_WRITE || hdr->op == APN_OP_REPLY;

	PROMISE(hdr->crc == cpu_to_le32(apn_pdu_crc(hdr, offsetof(struct apn_hdr, crc))));
	PROMISE(strcmp(apn_pdu_op_name(hdr->op), "unknown"));
	PROMISE(data <= (payload ? bounds->chunk_bytes : APN_BODY_BYTES_MAX));
	PROMISE(payload || !data || data >= apn_pdu_body_bytes(hdr->op));
	PROMISE(payload || data || !apn_pdu_body_bytes(hdr->op) || hdr->op == APN_OP_LISTED);
	PROMISE(zero(hdr->pad, sizeof(hdr->pad)));
	PROMISE(!bounds->from_host || !hdr->granted);
	PROMISE(le32_to_cpu(hdr->handle) <= APN_HANDLE_MAX);
	PROMISE(!hdr->data_crc || (bounds->digest && data));
	PROMISE(bounds->phase == APN_PHASE_LIVE || hdr->op <= APN_OP_AUTH_ACK ||
		hdr->op == APN_OP_REFUSE);
	if (hdr->op >= APN_OP_READ && hdr->op <= APN_OP_WRITE_ZEROES && hdr->op != APN_OP_FLUSH)
		promise_io(hdr, bounds);
	if (hdr->op == APN_OP_REPLY)
		promise_reply(hdr, bounds);
	PROMISE(sends(hdr->op, bounds->from_host));
}

static bool name(const char *field)
{
	const char *odd = "/\\\n\r\t %$`'\"";

	return *field && memchr(field, 0, APN_NAME_BYTES) && !strpbrk(field, odd) && *field != '-' &&
	       *field != '.';
}

static void promise_attached(const struct apn_attached *a)
{
	__u32 block = le32_to_cpu(a->block_bytes), physical = le32_to_cpu(a->physical_bytes);
	__u64 size = le64_to_cpu(a->size);

	PROMISE(block == 512 || block == 4096);
	PROMISE(size && size <= ~0ULL >> 1 && size % block == 0);
	PROMISE(physical >= block && physical <= 65536);
	PROMISE(le32_to_cpu(a->io_min_bytes) <= 1U << 30 && le32_to_cpu(a->io_opt_bytes) <= 1U << 30);
}

static void promise_body(const struct apn_hdr *hdr, const void *body)
{
	const struct apn_auth_ack *ack = body;
	const struct apn_listed *entry = body;
	size_t bytes = le32_to_cpu(hdr->data_len);

	switch (hdr->op) {
	case APN_OP_HELLO:
		PROMISE(!memcmp(body, APN_MAGIC, 8));
		PROMISE(le16_to_cpu(((struct apn_hello *)body)->lane) < APN_LANES_MAX);
		break;
	case APN_OP_AUTH:
	case APN_OP_ATTACH:
		PROMISE(name(body));
		break;
	case APN_OP_AUTH_ACK:
		PROMISE(ack->chunk_bytes && le32_to_cpu(ack->chunk_bytes) <= APN_CHUNK_BYTES);
		PROMISE(le32_to_cpu(ack->io_bytes) <= APN_IO_BYTES_MAX && ack->ping_ms && ack->lanes);
		break;
	case APN_OP_ATTACHED:
		promise_attached(body);
		break;
	case APN_OP_LISTED:
		for (; bytes; bytes -= sizeof(*entry))
			PROMISE(name(entry++->export));
		break;
	case APN_OP_REFUSE:
		PROMISE(memchr(body, 0, APN_TEXT_BYTES) && !strchr(body, '\n'));
		break;
	}
}

int LLVMFuzzerTestOneInput(const __u8 *input, size_t bytes);
int LLVMFuzzerTestOneInput(const __u8 *input, size_t bytes)
{
	size_t rest = bytes - AGREED_BYTES - sizeof(struct apn_hdr);
	struct apn_bounds bounds;
	struct apn_hdr hdr;
	enum apn_bad bad;
	void *body;

	if (bytes < AGREED_BYTES + sizeof(hdr))
		return 0;
	bounds = bounds_of(input);
	memcpy(&hdr, input + AGREED_BYTES, sizeof(hdr));
	if (!(input[0] & AS_IT_IS))
		apn_pdu_seal(&hdr);
	bad = apn_pdu_check(&hdr, &bounds);
	PROMISE(bad < APN_BAD_END && bad != APN_BAD_BODY);
	if (bad)
		return 0;
	promise_header(&hdr, &bounds);
	if (hdr.op == APN_OP_WRITE || hdr.op == APN_OP_REPLY || le32_to_cpu(hdr.data_len) > rest)
		return 0;
	/* Exactly so many bytes: the sanitizer sees a step beyond them. */
	body = malloc(le32_to_cpu(hdr.data_len));
	memcpy(body, input + AGREED_BYTES + sizeof(hdr), le32_to_cpu(hdr.data_len));
	if (!apn_pdu_check_body(&hdr, body))
		promise_body(&hdr, body);
	free(body);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* The rules of apn_pdu_check(): a good header, one change, the verdict. */
#include <string.h>

#include "check.h"
#include "sample.h"

#define H(field) offsetof(struct apn_hdr, field), sizeof(((struct apn_hdr *)0)->field)
#define B(field) offsetof(struct apn_bounds, field), sizeof(((struct apn_bounds *)0)->field)

struct patch {
	__u16 at;
	__u8 bytes; /* zero: no patch */
	__u64 value;
};

struct header_case {
	const char *what;
	__u8 op;
	enum apn_bad want;
	struct patch hdr[4]; /* little-endian, then sealed again */
	struct patch bounds[2];
};

static const struct header_case cases[] = {
	/* who, when, where */
	{ "unknown op 0", APN_OP_PING, APN_BAD_OP, { { H(op), 0 } }, {} },
	{ "unknown op 18", APN_OP_PING, APN_BAD_OP, { { H(op), 18 } }, {} },
	{ "unknown op 49", APN_OP_PING, APN_BAD_OP, { { H(op), APN_OP_END } }, {} },
	{ "unknown op 255", APN_OP_PING, APN_BAD_OP, { { H(op), 255 } }, {} },
	{ "HELLO from a target", APN_OP_HELLO, APN_BAD_SENDER, {}, { { B(from_host), 0 } } },
	{ "REPLY from a host", APN_OP_REPLY, APN_BAD_SENDER, {}, { { B(from_host), 1 } } },
	{ "PING from a target", APN_OP_PING, APN_GOOD, {}, { { B(from_host), 0 } } },
	{ "PONG from a host", APN_OP_PONG, APN_GOOD, { { H(granted), 0 } }, { { B(from_host), 1 } } },
	{ "HELLO once more when live", APN_OP_HELLO, APN_BAD_PHASE, {},
	  { { B(phase), APN_PHASE_LIVE } } },
	{ "HELLO in AUTH", APN_OP_HELLO, APN_BAD_PHASE, {}, { { B(phase), APN_PHASE_AUTH } } },
	{ "AUTH before HELLO", APN_OP_AUTH, APN_BAD_PHASE, {}, { { B(phase), APN_PHASE_HELLO } } },
	{ "AUTH once more when live", APN_OP_AUTH, APN_BAD_PHASE, {},
	  { { B(phase), APN_PHASE_LIVE } } },
	{ "ATTACH before AUTH", APN_OP_ATTACH, APN_BAD_PHASE, {}, { { B(phase), APN_PHASE_AUTH } } },
	{ "WRITE before HELLO", APN_OP_WRITE, APN_BAD_PHASE, {}, { { B(phase), APN_PHASE_HELLO } } },
	{ "WRITE before AUTH", APN_OP_WRITE, APN_BAD_PHASE, {}, { { B(phase), APN_PHASE_AUTH } } },
	{ "REFUSE behind a REFUSE", APN_OP_REFUSE, APN_BAD_PHASE, {},
	  { { B(phase), APN_PHASE_OVER } } },
	{ "PING before AUTH", APN_OP_PING, APN_BAD_PHASE, {}, { { B(phase), APN_PHASE_AUTH } } },
	{ "REFUSE in HELLO", APN_OP_REFUSE, APN_GOOD, { { H(granted), 0 }, { H(data_crc), 0 } },
	  { { B(phase), APN_PHASE_HELLO }, { B(digest), 0 } } },
	{ "REFUSE in AUTH", APN_OP_REFUSE, APN_GOOD, { { H(granted), 0 }, { H(data_crc), 0 } },
	  { { B(phase), APN_PHASE_AUTH }, { B(digest), 0 } } },
	{ "ATTACH on a bulk lane", APN_OP_ATTACH, APN_BAD_LANE, {}, { { B(control), 0 } } },
	{ "NOTICE on a bulk lane", APN_OP_NOTICE, APN_BAD_LANE, {}, { { B(control), 0 } } },
	{ "LIST on a bulk lane", APN_OP_LIST, APN_BAD_LANE, {}, { { B(control), 0 } } },
	{ "DETACH on a bulk lane", APN_OP_DETACH, APN_BAD_LANE, {}, { { B(control), 0 } } },
	{ "FENCE on a bulk lane", APN_OP_FENCE, APN_GOOD, {}, { { B(control), 0 } } },
	{ "READ on a bulk lane", APN_OP_READ, APN_GOOD, {}, { { B(control), 0 } } },
	{ "PING on a bulk lane", APN_OP_PING, APN_GOOD, {}, { { B(control), 0 } } },

	/* flags */
	{ "READ with FUA", APN_OP_READ, APN_BAD_FLAGS, { { H(flags), APN_FLAG_FUA } }, {} },
	{ "WRITE with NOUNMAP", APN_OP_WRITE, APN_BAD_FLAGS, { { H(flags), APN_FLAG_NOUNMAP } }, {} },
	{ "WRITE without a flag", APN_OP_WRITE, APN_GOOD, { { H(flags), 0 } }, {} },
	{ "WRITE with an unknown flag", APN_OP_WRITE, APN_BAD_FLAGS, { { H(flags), 0x80 } }, {} },
	{ "DISCARD with FUA", APN_OP_DISCARD, APN_BAD_FLAGS, { { H(flags), APN_FLAG_FUA } }, {} },
	{ "WRITE_ZEROES with MORE", APN_OP_WRITE_ZEROES, APN_BAD_FLAGS,
	  { { H(flags), APN_FLAG_MORE } }, {} },
	{ "FLUSH with FUA", APN_OP_FLUSH, APN_BAD_FLAGS, { { H(flags), APN_FLAG_FUA } }, {} },
	{ "LISTED with FUA", APN_OP_LISTED, APN_BAD_FLAGS, { { H(flags), APN_FLAG_FUA } }, {} },
	{ "DETACH of the whole disk", APN_OP_DETACH, APN_GOOD, { { H(flags), APN_FLAG_WHOLE } }, {} },
	{ "DETACH with MORE", APN_OP_DETACH, APN_BAD_FLAGS, { { H(flags), APN_FLAG_MORE } }, {} },
	{ "DETACHED with WHOLE", APN_OP_DETACHED, APN_BAD_FLAGS, { { H(flags), APN_FLAG_WHOLE } }, {} },
	{ "HELLO with a flag", APN_OP_HELLO, APN_BAD_FLAGS, { { H(flags), 1 } }, {} },

	/* status */
	{ "READ with a status", APN_OP_READ, APN_BAD_STATUS, { { H(status), 1 } }, {} },
	{ "HELLO_ACK with a status", APN_OP_HELLO_ACK, APN_BAD_STATUS, { { H(status), 1 } }, {} },
	{ "REPLY that failed", APN_OP_REPLY, APN_GOOD,
	  { { H(status), APN_STATUS_IO }, { H(data_len), 0 }, { H(data_crc), 0 },
	    { H(reply.chunk), 0 } }, {} },
	{ "REPLY of the last request status", APN_OP_REPLY, APN_GOOD,
	  { { H(status), APN_STATUS_NO_MEMORY }, { H(data_len), 0 }, { H(data_crc), 0 },
	    { H(reply.chunk), 0 } }, {} },
	{ "REPLY of the last session status", APN_OP_REPLY, APN_GOOD,
	  { { H(status), APN_STATUS_DRAINING }, { H(data_len), 0 }, { H(data_crc), 0 },
	    { H(reply.chunk), 0 } }, {} },
	{ "REPLY status in a gap", APN_OP_REPLY, APN_BAD_STATUS, { { H(status), 10 } }, {} },
	{ "REPLY status in the second gap", APN_OP_REPLY, APN_BAD_STATUS, { { H(status), 31 } }, {} },
	{ "REPLY with a set-up status", APN_OP_REPLY, APN_BAD_STATUS,
	  { { H(status), APN_STATUS_REFUSED } }, {} },
	{ "REPLY status past the list", APN_OP_REPLY, APN_BAD_STATUS,
	  { { H(status), APN_STATUS_END } }, {} },
	{ "REPLY status 65535", APN_OP_REPLY, APN_BAD_STATUS, { { H(status), 0xffff } }, {} },
	{ "REFUSE that is OK", APN_OP_REFUSE, APN_BAD_STATUS, { { H(status), 0 } }, {} },
	{ "REFUSE with a session status", APN_OP_REFUSE, APN_GOOD,
	  { { H(status), APN_STATUS_NO_SESSION } }, {} },
	{ "REFUSE with the last status", APN_OP_REFUSE, APN_GOOD,
	  { { H(status), APN_STATUS_OTHER_VOLUME } }, {} },
	{ "REFUSE status past the list", APN_OP_REFUSE, APN_BAD_STATUS,
	  { { H(status), APN_STATUS_END } }, {} },

	/* handle */
	{ "READ of no session", APN_OP_READ, APN_BAD_HANDLE, { { H(handle), 0 } }, {} },
	{ "ATTACHED without a handle", APN_OP_ATTACHED, APN_BAD_HANDLE, { { H(handle), 0 } }, {} },
	{ "ATTACH without a handle", APN_OP_ATTACH, APN_BAD_HANDLE, { { H(handle), 0 } }, {} },
	{ "PING with a handle", APN_OP_PING, APN_BAD_HANDLE, { { H(handle), 1 } }, {} },
	{ "the largest handle", APN_OP_READ, APN_GOOD, { { H(handle), APN_HANDLE_MAX } }, {} },
	{ "a handle too large", APN_OP_READ, APN_BAD_HANDLE, { { H(handle), APN_HANDLE_MAX + 1 } }, {} },
	{ "ATTACH with a handle of 2^31", APN_OP_ATTACH, APN_BAD_HANDLE, { { H(handle), 1U << 31 } }, {} },

	/* what must be zero */
	{ "first pad byte", APN_OP_READ, APN_BAD_PAD, { { H(pad), 1 } }, {} },
	{ "last pad byte", APN_OP_READ, APN_BAD_PAD, { { H(pad), 0x01000000 } }, {} },
	{ "host grants", APN_OP_READ, APN_BAD_PAD, { { H(granted), 1 } }, {} },
	{ "target grants", APN_OP_REPLY, APN_GOOD, { { H(granted), ~0ULL } }, {} },
	{ "target grants in HELLO", APN_OP_HELLO_ACK, APN_BAD_PAD, { { H(granted), 1 } }, {} },
	{ "target grants in AUTH", APN_OP_AUTH_ACK, APN_GOOD, { { H(granted), 1 } }, {} },
	{ "target grants with a refusal in AUTH", APN_OP_REFUSE, APN_BAD_PAD,
	  { { H(granted), 1 }, { H(data_crc), 0 } }, { { B(phase), APN_PHASE_AUTH }, { B(digest), 0 } } },
	{ "bare op with a body byte", APN_OP_FLUSH, APN_BAD_PAD, { { 24, 1, 1 } }, {} },
	{ "bare op with its last body byte", APN_OP_LIST, APN_BAD_PAD, { { 47, 1, 1 } }, {} },
	{ "WINDOW with a body byte", APN_OP_WINDOW, APN_BAD_PAD, { { 30, 1, 1 } }, {} },
	{ "PING with a rate, not agreed", APN_OP_PING, APN_BAD_PAD, { { H(ping.rate), 1 } }, {} },
	{ "PING with a rate", APN_OP_PING, APN_GOOD, { { H(ping.rate), ~0ULL } }, { { B(rates), 1 } } },
	{ "PONG with a rate", APN_OP_PONG, APN_GOOD, { { H(ping.rate), 1 } }, { { B(rates), 1 } } },
	{ "PING pad", APN_OP_PING, APN_BAD_PAD, { { 40, 1, 1 } }, { { B(rates), 1 } } },
	{ "PONG last pad", APN_OP_PONG, APN_BAD_PAD, { { 47, 1, 1 } }, {} },
	{ "REPLY pad", APN_OP_REPLY, APN_BAD_PAD, { { 36, 1, 1 } }, {} },
	{ "REPLY last pad", APN_OP_REPLY, APN_BAD_PAD, { { 47, 1, 1 } }, {} },
	{ "READ with a place", APN_OP_READ, APN_BAD_PAD, { { H(io.place), 1 } }, {} },
	{ "WRITE with a place", APN_OP_WRITE, APN_BAD_PAD, { { H(io.place), 1 } }, {} },
	{ "READ with a place, on RDMA", APN_OP_READ, APN_GOOD, { { H(io.place), 1 } },
	  { { B(placed), 1 } } },
	{ "WRITE with a place, on RDMA", APN_OP_WRITE, APN_GOOD, { { H(io.place), 1 } },
	  { { B(placed), 1 } } },
	{ "DISCARD with a place, on RDMA", APN_OP_DISCARD, APN_BAD_PAD, { { H(io.place), 1 } },
	  { { B(placed), 1 } } },
	{ "WRITE_ZEROES with a place, on RDMA", APN_OP_WRITE_ZEROES, APN_BAD_PAD,
	  { { H(io.place), 1 } }, { { B(placed), 1 } } },
	{ "READ that begins in its page", APN_OP_READ, APN_GOOD,
	  { { H(io.place), 1 }, { H(io.chunk), 4095 } }, { { B(placed), 1 } } },
	{ "READ that begins behind its page", APN_OP_READ, APN_BAD_CHUNK,
	  { { H(io.place), 1 }, { H(io.chunk), 4096 } }, { { B(placed), 1 } } },
	{ "READ that begins in a page of none", APN_OP_READ, APN_BAD_CHUNK,
	  { { H(io.chunk), 512 } }, { { B(placed), 1 } } },

	/* data length */
	{ "HELLO one byte short", APN_OP_HELLO, APN_BAD_LENGTH, { { H(data_len), 119 } }, {} },
	{ "HELLO without a body", APN_OP_HELLO, APN_BAD_LENGTH, { { H(data_len), 0 } }, {} },
	{ "HELLO of a newer release", APN_OP_HELLO, APN_GOOD, { { H(data_len), 1024 } }, {} },
	{ "HELLO too long", APN_OP_HELLO, APN_BAD_LENGTH, { { H(data_len), 1025 } }, {} },
	{ "HELLO of 2 GiB", APN_OP_HELLO, APN_BAD_LENGTH, { { H(data_len), 0x80000000 } }, {} },
	{ "HELLO of 4 GiB", APN_OP_HELLO, APN_BAD_LENGTH, { { H(data_len), 0xffffffff } }, {} },
	{ "AUTH one byte short", APN_OP_AUTH, APN_BAD_LENGTH, { { H(data_len), 95 } }, {} },
	{ "REFUSE one byte short", APN_OP_REFUSE, APN_BAD_LENGTH, { { H(data_len), 199 } }, {} },
	{ "READ with data", APN_OP_READ, APN_BAD_LENGTH, { { H(data_len), 512 } }, {} },
	{ "DETACH with data", APN_OP_DETACH, APN_BAD_LENGTH, { { H(data_len), 1 } }, {} },
	{ "PING with data", APN_OP_PING, APN_BAD_LENGTH, { { H(data_len), 1 } }, {} },
	{ "LISTED with nothing", APN_OP_LISTED, APN_GOOD,
	  { { H(data_len), 0 }, { H(data_crc), 0 } }, {} },
	{ "LISTED with ten", APN_OP_LISTED, APN_GOOD, { { H(data_len), 960 } }, {} },
	{ "LISTED with eleven", APN_OP_LISTED, APN_BAD_LENGTH, { { H(data_len), 1056 } }, {} },
	{ "LISTED with half an entry", APN_OP_LISTED, APN_BAD_LENGTH, { { H(data_len), 97 } }, {} },
	{ "WRITE chunk at the limit", APN_OP_WRITE, APN_GOOD,
	  { { H(data_len), APN_CHUNK_BYTES }, { H(io.length), 1 << 20 } }, {} },
	{ "WRITE chunk over the limit", APN_OP_WRITE, APN_BAD_LENGTH,
	  { { H(data_len), APN_CHUNK_BYTES + 512 }, { H(io.length), 1 << 20 } }, {} },
	{ "WRITE chunk over a smaller limit", APN_OP_WRITE, APN_BAD_LENGTH,
	  { { H(data_len), 4608 } }, { { B(chunk_bytes), 4096 } } },
	{ "REPLY chunk over the limit", APN_OP_REPLY, APN_BAD_LENGTH,
	  { { H(data_len), APN_CHUNK_BYTES + 512 } }, {} },
	{ "REPLY that failed, with data", APN_OP_REPLY, APN_BAD_LENGTH,
	  { { H(status), APN_STATUS_IO } }, {} },

	/* offset and length */
	{ "READ of nothing", APN_OP_READ, APN_BAD_RANGE, { { H(io.length), 0 } }, {} },
	{ "READ at half a block", APN_OP_READ, APN_BAD_RANGE, { { H(io.offset), 256 } }, {} },
	{ "READ of half a block", APN_OP_READ, APN_BAD_RANGE, { { H(io.length), 513 } }, {} },
	{ "READ at the limit", APN_OP_READ, APN_GOOD, { { H(io.length), 4 << 20 } }, {} },
	{ "READ over the limit", APN_OP_READ, APN_BAD_RANGE, { { H(io.length), (4 << 20) + 512 } }, {} },
	{ "WRITE over the limit", APN_OP_WRITE, APN_BAD_RANGE,
	  { { H(io.length), (4 << 20) + 512 } }, {} },
	{ "WRITE of 2^63 bytes", APN_OP_WRITE, APN_BAD_RANGE, { { H(io.length), 1ULL << 63 } }, {} },
	{ "READ that wraps", APN_OP_READ, APN_BAD_RANGE,
	  { { H(io.offset), -512ULL }, { H(io.length), 1024 } }, {} },
	{ "READ that ends at 2^64", APN_OP_READ, APN_BAD_RANGE,
	  { { H(io.offset), -512ULL }, { H(io.length), 512 } }, {} },
	{ "READ at the last place", APN_OP_READ, APN_GOOD,
	  { { H(io.offset), -1024ULL }, { H(io.length), 512 } }, {} },
	{ "DISCARD larger than a READ", APN_OP_DISCARD, APN_GOOD, { { H(io.length), 1ULL << 40 } }, {} },
	{ "DISCARD of nothing", APN_OP_DISCARD, APN_BAD_RANGE, { { H(io.length), 0 } }, {} },
	{ "DISCARD that wraps", APN_OP_DISCARD, APN_BAD_RANGE,
	  { { H(io.offset), 1ULL << 63 }, { H(io.length), 1ULL << 63 } }, {} },
	{ "WRITE_ZEROES at an odd place", APN_OP_WRITE_ZEROES, APN_BAD_RANGE,
	  { { H(io.offset), 1 } }, {} },

	/* chunks */
	{ "READ with a chunk", APN_OP_READ, APN_BAD_CHUNK, { { H(io.chunk), 512 } }, {} },
	{ "DISCARD with a chunk", APN_OP_DISCARD, APN_BAD_CHUNK, { { H(io.chunk), 512 } }, {} },
	{ "WRITE without payload", APN_OP_WRITE, APN_BAD_CHUNK,
	  { { H(data_len), 0 }, { H(data_crc), 0 } }, {} },
	{ "WRITE chunk that ends the request", APN_OP_WRITE, APN_GOOD, { { H(io.chunk), 65024 } }, {} },
	{ "WRITE chunk past the end", APN_OP_WRITE, APN_BAD_CHUNK,
	  { { H(io.chunk), 65024 }, { H(data_len), 1024 } }, {} },
	{ "WRITE chunk at the end", APN_OP_WRITE, APN_BAD_CHUNK, { { H(io.chunk), 65536 } }, {} },
	{ "WRITE chunk at 4 GiB", APN_OP_WRITE, APN_BAD_CHUNK, { { H(io.chunk), 0xfffffe00 } }, {} },
	{ "WRITE chunk at half a block", APN_OP_WRITE, APN_BAD_CHUNK, { { H(io.chunk), 256 } }, {} },
	{ "WRITE chunk of half a block", APN_OP_WRITE, APN_BAD_CHUNK, { { H(data_len), 256 } }, {} },
	{ "REPLY without data, with a chunk", APN_OP_REPLY, APN_BAD_CHUNK,
	  { { H(data_len), 0 }, { H(data_crc), 0 } }, {} },
	{ "REPLY chunk of half a block", APN_OP_REPLY, APN_BAD_CHUNK, { { H(data_len), 100 } }, {} },
	{ "REPLY chunk at half a block", APN_OP_REPLY, APN_BAD_CHUNK, { { H(reply.chunk), 100 } }, {} },
	{ "REPLY chunk at the limit", APN_OP_REPLY, APN_GOOD,
	  { { H(reply.chunk), (4 << 20) - 512 } }, {} },
	{ "REPLY chunk over the limit", APN_OP_REPLY, APN_BAD_CHUNK,
	  { { H(reply.chunk), (4 << 20) - 512 }, { H(data_len), 1024 } }, {} },
	{ "REPLY chunk at 4 GiB", APN_OP_REPLY, APN_BAD_CHUNK, { { H(reply.chunk), 0xfffffe00 } }, {} },

	/* digest */
	{ "WRITE without a digest agreed", APN_OP_WRITE, APN_BAD_DIGEST, {}, { { B(digest), 0 } } },
	{ "WRITE without a digest", APN_OP_WRITE, APN_GOOD, { { H(data_crc), 0 } },
	  { { B(digest), 0 } } },
	{ "a digest may be zero", APN_OP_WRITE, APN_GOOD, { { H(data_crc), 0 } }, {} },
	{ "READ with a digest of nothing", APN_OP_READ, APN_BAD_DIGEST, { { H(data_crc), 1 } }, {} },
};

static void put_le(void *to, const struct patch *p)
{
	__u64 value = cpu_to_le64(p->value);

	memcpy((__u8 *)to + p->at, &value, p->bytes);
}

/* Bounds are the CPU's, not the wire's. */
static void put_cpu(void *to, const struct patch *p)
{
	__u32 word = p->value;
	__u8 byte = p->value;

	memcpy((__u8 *)to + p->at, p->bytes == 1 ? (void *)&byte : (void *)&word, p->bytes);
}

static enum apn_bad judge(const struct header_case *c)
{
	struct apn_bounds bounds = sample_bounds(c->op);
	struct pdu pdu;
	unsigned int i;

	sample(&pdu, c->op);
	for (i = 0; i < 4; i++)
		put_le(&pdu.hdr, &c->hdr[i]);
	for (i = 0; i < 2; i++)
		if (c->bounds[i].bytes)
			put_cpu(&bounds, &c->bounds[i]);
	apn_pdu_seal(&pdu.hdr);
	return apn_pdu_check(&pdu.hdr, &bounds);
}

static void check_samples(void)
{
	unsigned int op;

	for (op = 0; op < 256; op++) {
		struct apn_bounds bounds;
		struct pdu pdu;

		if (!sample(&pdu, op))
			continue;
		bounds = sample_bounds(op);
		check(apn_pdu_check(&pdu.hdr, &bounds) == APN_GOOD, "sample %s is not good: %s",
		      apn_pdu_op_name(op), apn_pdu_why(apn_pdu_check(&pdu.hdr, &bounds)));
	}
}

/* Every single bit of a header matters. */
static void check_every_bit(void)
{
	struct apn_bounds bounds = sample_bounds(APN_OP_WRITE);
	unsigned int bit;
	struct pdu pdu;

	for (bit = 0; bit < 8 * sizeof(pdu.hdr); bit++) {
		sample(&pdu, APN_OP_WRITE);
		((__u8 *)&pdu.hdr)[bit / 8] ^= 1 << bit % 8;
		check(apn_pdu_check(&pdu.hdr, &bounds) == APN_BAD_CRC, "bit %u went unseen", bit);
	}
}

void check_headers(void)
{
	bool seen[APN_BAD_END] = { [APN_BAD_CRC] = true, [APN_BAD_BODY] = true };
	unsigned int i;

	check_samples();
	check_every_bit();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum apn_bad got = judge(&cases[i]);

		seen[got] = true;
		check(got == cases[i].want, "%s: \"%s\" where \"%s\" was due", cases[i].what,
		      apn_pdu_why(got), apn_pdu_why(cases[i].want));
	}
	for (i = 0; i < APN_BAD_END; i++)
		check(seen[i], "no case ends in \"%s\"", apn_pdu_why(i));
}

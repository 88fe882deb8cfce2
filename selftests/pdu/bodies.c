// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* The rules of apn_pdu_check_body(): a good body, one change, good or not. */
#include <string.h>

#include "check.h"
#include "sample.h"

struct change {
	__u16 at;
	__u8 bytes; /* zero: none; over 8: so many bytes, all of the value's lowest */
	__u64 value;
};

struct body_case {
	const char *what;
	__u8 op;
	bool good;
	struct change change[2];
};

#define F(type, field) offsetof(struct type, field), sizeof(((struct type *)0)->field)

static const struct body_case cases[] = {
	{ "HELLO magic", APN_OP_HELLO, false, { { 0, 1, 'a' } } },
	{ "HELLO magic's last byte", APN_OP_HELLO, false, { { 7, 1, 1 } } },
	{ "HELLO magic with its line end changed", APN_OP_HELLO, false, { { 5, 2, '\n' } } },
	{ "HELLO versions the wrong way round", APN_OP_HELLO, false, { { F(apn_hello, version_min), 2 } } },
	{ "HELLO of a newer release", APN_OP_HELLO, true, { { F(apn_hello, version_max), 9 } } },
	{ "HELLO last lane", APN_OP_HELLO, true, { { F(apn_hello, lane), APN_LANES_MAX - 1 } } },
	{ "HELLO lane 16", APN_OP_HELLO, false, { { F(apn_hello, lane), APN_LANES_MAX } } },
	{ "HELLO lane 65535", APN_OP_HELLO, false, { { F(apn_hello, lane), 0xffff } } },
	{ "HELLO security none", APN_OP_HELLO, true, { { F(apn_hello, security), APN_SECURITY_NONE } } },
	{ "HELLO unknown security", APN_OP_HELLO, false, { { F(apn_hello, security), APN_SECURITY_END } } },
	{ "HELLO pad", APN_OP_HELLO, false, { { F(apn_hello, pad), 1 } } },
	{ "HELLO pad2", APN_OP_HELLO, false, { { F(apn_hello, pad2), 0x01000000 } } },
	{ "HELLO incarnation 0", APN_OP_HELLO, false, { { F(apn_hello, incarnation), 0 } } },
	{ "HELLO unknown features", APN_OP_HELLO, true, { { F(apn_hello, features), ~0ULL } } },
	{ "HELLO without a line", APN_OP_HELLO, false, { { F(apn_hello, line), 0 } } },
	{ "HELLO software with a newline", APN_OP_HELLO, false, { { F(apn_hello, software), '\n' } } },
	{ "HELLO software without NUL", APN_OP_HELLO, false, { { F(apn_hello, software), 'x' } } },
	{ "HELLO software that goes on", APN_OP_HELLO, false, { { 120 - 1, 1, 'x' } } },
	{ "HELLO software empty", APN_OP_HELLO, true, { { F(apn_hello, software), 0 } } },
	{ "HELLO software of other letters", APN_OP_HELLO, false, { { 88, 1, 0xe9 } } },
	{ "HELLO software with DEL", APN_OP_HELLO, false, { { 88, 1, 0x7f } } },

	{ "HELLO_ACK version 0", APN_OP_HELLO_ACK, false, { { F(apn_hello_ack, version), 0 } } },
	{ "HELLO_ACK version not offered", APN_OP_HELLO_ACK, false,
	  { { F(apn_hello_ack, version), APN_VERSION_MAX + 1 } } },
	{ "HELLO_ACK pad", APN_OP_HELLO_ACK, false, { { 7, 1, 1 } } },
	{ "HELLO_ACK feature not offered", APN_OP_HELLO_ACK, false, { { F(apn_hello_ack, features), 4 } } },
	{ "HELLO_ACK without features", APN_OP_HELLO_ACK, true, { { F(apn_hello_ack, features), 0 } } },
	{ "HELLO_ACK software with ESC", APN_OP_HELLO_ACK, false, { { 48, 1, 0x1b } } },

	{ "AUTH without a name", APN_OP_AUTH, false, { { F(apn_auth, identity), 0 } } },
	{ "AUTH name without NUL", APN_OP_AUTH, false, { { F(apn_auth, identity), 'a' } } },
	{ "AUTH proof of zero", APN_OP_AUTH, true, { { F(apn_auth, proof), 0 } } },

	{ "AUTH_ACK without an instance", APN_OP_AUTH_ACK, false, { { F(apn_auth_ack, instance), 0 } } },
	{ "AUTH_ACK without lanes", APN_OP_AUTH_ACK, false, { { F(apn_auth_ack, lanes), 0 } } },
	{ "AUTH_ACK most lanes", APN_OP_AUTH_ACK, true, { { F(apn_auth_ack, lanes), APN_LANES_MAX } } },
	{ "AUTH_ACK too many lanes", APN_OP_AUTH_ACK, false,
	  { { F(apn_auth_ack, lanes), APN_LANES_MAX + 1 } } },
	{ "AUTH_ACK ping without pause", APN_OP_AUTH_ACK, false, { { F(apn_auth_ack, ping_ms), 0 } } },
	{ "AUTH_ACK shortest ping", APN_OP_AUTH_ACK, true,
	  { { F(apn_auth_ack, ping_ms), APN_PING_MS_MIN } } },
	{ "AUTH_ACK ping too short", APN_OP_AUTH_ACK, false,
	  { { F(apn_auth_ack, ping_ms), APN_PING_MS_MIN - 1 } } },
	{ "AUTH_ACK chunk 0", APN_OP_AUTH_ACK, false, { { F(apn_auth_ack, chunk_bytes), 0 } } },
	{ "AUTH_ACK smallest chunk", APN_OP_AUTH_ACK, true, { { F(apn_auth_ack, chunk_bytes), 4096 } } },
	{ "AUTH_ACK chunk too small", APN_OP_AUTH_ACK, false, { { F(apn_auth_ack, chunk_bytes), 2048 } } },
	{ "AUTH_ACK chunk too large", APN_OP_AUTH_ACK, false,
	  { { F(apn_auth_ack, chunk_bytes), APN_CHUNK_BYTES + 4096 } } },
	{ "AUTH_ACK chunk not of pages", APN_OP_AUTH_ACK, false, { { F(apn_auth_ack, chunk_bytes), 4608 } } },
	{ "AUTH_ACK io as small as a chunk", APN_OP_AUTH_ACK, true,
	  { { F(apn_auth_ack, io_bytes), APN_CHUNK_BYTES } } },
	{ "AUTH_ACK io smaller than a chunk", APN_OP_AUTH_ACK, false,
	  { { F(apn_auth_ack, io_bytes), APN_CHUNK_BYTES - 4096 } } },
	{ "AUTH_ACK most io", APN_OP_AUTH_ACK, true, { { F(apn_auth_ack, io_bytes), APN_IO_BYTES_MAX } } },
	{ "AUTH_ACK io too large", APN_OP_AUTH_ACK, false,
	  { { F(apn_auth_ack, io_bytes), APN_IO_BYTES_MAX + 4096 } } },
	{ "AUTH_ACK io of 4 GiB", APN_OP_AUTH_ACK, false, { { F(apn_auth_ack, io_bytes), 0xfffff000 } } },
	{ "AUTH_ACK io not of pages", APN_OP_AUTH_ACK, false,
	  { { F(apn_auth_ack, io_bytes), APN_CHUNK_BYTES + 512 } } },
	{ "AUTH_ACK no requests", APN_OP_AUTH_ACK, false, { { F(apn_auth_ack, requests), 0 } } },
	{ "AUTH_ACK not resumed", APN_OP_AUTH_ACK, true, { { F(apn_auth_ack, resumed), 0 } } },
	{ "AUTH_ACK resumed 2", APN_OP_AUTH_ACK, false, { { F(apn_auth_ack, resumed), 2 } } },
	{ "AUTH_ACK pad", APN_OP_AUTH_ACK, false, { { 71, 1, 1 } } },

	{ "ATTACH without a name", APN_OP_ATTACH, false, { { F(apn_attach, export), 0 } } },
	{ "ATTACH name with a slash", APN_OP_ATTACH, false, { { 1, 1, '/' } } },
	{ "ATTACH without a session", APN_OP_ATTACH, false, { { F(apn_attach, session), 0 } } },
	{ "ATTACH without a boot", APN_OP_ATTACH, false, { { F(apn_attach, boot), 0 } } },
	{ "ATTACH any volume", APN_OP_ATTACH, true, { { F(apn_attach, volume), 0 } } },
	{ "ATTACH reader", APN_OP_ATTACH, true, { { F(apn_attach, flags), 0 } } },
	{ "ATTACH writer", APN_OP_ATTACH, true, { { F(apn_attach, flags), APN_ATTACH_WRITER } } },
	{ "ATTACH takeover without writing", APN_OP_ATTACH, false,
	  { { F(apn_attach, flags), APN_ATTACH_TAKEOVER } } },
	{ "ATTACH unknown flag", APN_OP_ATTACH, false, { { F(apn_attach, flags), 4 | APN_ATTACH_WRITER } } },
	{ "ATTACH pad", APN_OP_ATTACH, false, { { 127, 1, 1 } } },

	{ "ATTACHED without a volume", APN_OP_ATTACHED, false, { { F(apn_attached, volume), 0 } } },
	{ "ATTACHED first instance", APN_OP_ATTACHED, true, { { F(apn_attached, before), 0 } } },
	{ "ATTACHED size 0", APN_OP_ATTACHED, false, { { F(apn_attached, size), 0 } } },
	{ "ATTACHED size of 2^64", APN_OP_ATTACHED, false, { { F(apn_attached, size), -512ULL } } },
	{ "ATTACHED size of half a block", APN_OP_ATTACHED, false, { { F(apn_attached, size), 1000 } } },
	{ "ATTACHED one block", APN_OP_ATTACHED, true, { { F(apn_attached, size), 512 } } },
	{ "ATTACHED largest", APN_OP_ATTACHED, true, { { F(apn_attached, size), (1ULL << 63) - 512 } } },
	{ "ATTACHED unknown flag", APN_OP_ATTACHED, false, { { F(apn_attached, flags), 1 << 7 } } },
	{ "ATTACHED block 0", APN_OP_ATTACHED, false, { { F(apn_attached, block_bytes), 0 } } },
	{ "ATTACHED block 3", APN_OP_ATTACHED, false, { { F(apn_attached, block_bytes), 3 } } },
	{ "ATTACHED block 1024", APN_OP_ATTACHED, false, { { F(apn_attached, block_bytes), 1024 } } },
	{ "ATTACHED block 2^31", APN_OP_ATTACHED, false, { { F(apn_attached, block_bytes), 1U << 31 } } },
	{ "ATTACHED block 4096", APN_OP_ATTACHED, true, { { F(apn_attached, block_bytes), 4096 } } },
	{ "ATTACHED physical below the block", APN_OP_ATTACHED, false,
	  { { F(apn_attached, block_bytes), 4096 }, { F(apn_attached, physical_bytes), 512 } } },
	{ "ATTACHED physical 0", APN_OP_ATTACHED, false, { { F(apn_attached, physical_bytes), 0 } } },
	{ "ATTACHED physical 3072", APN_OP_ATTACHED, false, { { F(apn_attached, physical_bytes), 3072 } } },
	{ "ATTACHED physical 64 KiB", APN_OP_ATTACHED, true, { { F(apn_attached, physical_bytes), 65536 } } },
	{ "ATTACHED physical 128 KiB", APN_OP_ATTACHED, false,
	  { { F(apn_attached, physical_bytes), 131072 } } },
	{ "ATTACHED no hints", APN_OP_ATTACHED, true, { { F(apn_attached, io_min_bytes), 0 },
	  { F(apn_attached, io_opt_bytes), 0 } } },
	{ "ATTACHED io_min odd", APN_OP_ATTACHED, false, { { F(apn_attached, io_min_bytes), 1 } } },
	{ "ATTACHED io_min absurd", APN_OP_ATTACHED, false,
	  { { F(apn_attached, io_min_bytes), (1U << 30) + 512 } } },
	{ "ATTACHED io_opt odd", APN_OP_ATTACHED, false, { { F(apn_attached, io_opt_bytes), 513 } } },
	{ "ATTACHED io_opt absurd", APN_OP_ATTACHED, false, { { F(apn_attached, io_opt_bytes), 0xfffffe00 } } },
	{ "ATTACHED discard grain odd", APN_OP_ATTACHED, false,
	  { { F(apn_attached, discard_granularity), 100 } } },
	{ "ATTACHED discard of nothing", APN_OP_ATTACHED, false, { { F(apn_attached, discard_bytes), 0 } } },
	{ "ATTACHED no discard", APN_OP_ATTACHED, true,
	  { { F(apn_attached, discard_bytes), 0 }, { F(apn_attached, flags), APN_DISK_WRITE_ZEROES } } },
	{ "ATTACHED discard odd", APN_OP_ATTACHED, false, { { F(apn_attached, discard_bytes), 1 } } },
	{ "ATTACHED zeroes of nothing", APN_OP_ATTACHED, false, { { F(apn_attached, zeroes_bytes), 0 } } },
	{ "ATTACHED zeroes odd", APN_OP_ATTACHED, false, { { F(apn_attached, zeroes_bytes), 1ULL << 40 | 1 } } },

	{ "LIST pad", APN_OP_LIST, false, { { F(apn_list, pad), 1 } } },
	{ "LIST from anywhere", APN_OP_LIST, true, { { F(apn_list, from), 0xffffffff } } },

	{ "LISTED without a name", APN_OP_LISTED, false, { { F(apn_listed, export), 0 } } },
	{ "LISTED second name odd", APN_OP_LISTED, false, { { 96, 1, '-' } } },
	{ "LISTED without a volume", APN_OP_LISTED, false, { { F(apn_listed, volume), 0 } } },
	{ "LISTED size 0", APN_OP_LISTED, false, { { F(apn_listed, size), 0 } } },
	{ "LISTED size odd", APN_OP_LISTED, false, { { F(apn_listed, size), 511 } } },
	{ "LISTED unknown flag", APN_OP_LISTED, false, { { F(apn_listed, flags), 1U << 31 } } },
	{ "LISTED second pad", APN_OP_LISTED, false, { { 96 + 95, 1, 1 } } },
	{ "LISTED behind the end", APN_OP_LISTED, true, { { 192, 1, '/' } } },

	{ "FENCE without a line", APN_OP_FENCE, false, { { F(apn_fence, line), 0 } } },
	{ "FENCE last lane", APN_OP_FENCE, true, { { F(apn_fence, lane), APN_LANES_MAX - 1 } } },
	{ "FENCE lane 16", APN_OP_FENCE, false, { { F(apn_fence, lane), APN_LANES_MAX } } },
	{ "FENCE pad", APN_OP_FENCE, false, { { F(apn_fence, pad), 0x100 } } },
	{ "FENCE incarnation 0", APN_OP_FENCE, false, { { F(apn_fence, incarnation), 0 } } },
	{ "FENCED any count", APN_OP_FENCED, true, { { F(apn_fenced, received), ~0ULL } } },

	{ "NOTICE kind 0", APN_OP_NOTICE, false, { { F(apn_notice, kind), 0 } } },
	{ "NOTICE unknown kind", APN_OP_NOTICE, false, { { F(apn_notice, kind), APN_NOTICE_END } } },
	{ "NOTICE changed to nothing", APN_OP_NOTICE, false, { { F(apn_notice, size), 0 } } },
	{ "NOTICE changed to an odd size", APN_OP_NOTICE, false, { { F(apn_notice, size), 513 } } },
	{ "NOTICE unknown flag", APN_OP_NOTICE, false, { { F(apn_notice, flags), 1 << 7 } } },
	{ "NOTICE draining", APN_OP_NOTICE, true, { { F(apn_notice, kind), APN_NOTICE_DRAINING } } },
	{ "NOTICE superseded", APN_OP_NOTICE, true, { { F(apn_notice, kind), APN_NOTICE_SUPERSEDED } } },
	{ "NOTICE kind of 2^31", APN_OP_NOTICE, false, { { F(apn_notice, kind), 1U << 31 } } },

	{ "REFUSE without words", APN_OP_REFUSE, true, { { F(apn_refuse, text), 0 } } },
	{ "REFUSE without NUL", APN_OP_REFUSE, false, { { F(apn_refuse, text), 'a' } } },
	{ "REFUSE with a newline", APN_OP_REFUSE, false, { { 3, 1, '\n' } } },
	{ "REFUSE with words behind the NUL", APN_OP_REFUSE, false, { { 199, 1, 'a' } } },
};

static void apply(struct pdu *pdu, const struct change *change)
{
	__u64 value = cpu_to_le64(change->value);

	if (change->bytes > sizeof(value))
		memset(pdu->body + change->at, (int)change->value, change->bytes);
	else
		memcpy(pdu->body + change->at, &value, change->bytes);
}

static void check_case(const struct body_case *c)
{
	struct pdu pdu;
	enum apn_bad bad;

	sample(&pdu, c->op);
	apply(&pdu, &c->change[0]);
	apply(&pdu, &c->change[1]);
	bad = apn_pdu_check_body(&pdu.hdr, pdu.body);
	check(bad == (c->good ? APN_GOOD : APN_BAD_BODY), "%s: \"%s\"", c->what, apn_pdu_why(bad));
}

static void check_good_ones(void)
{
	unsigned int op;
	struct pdu pdu;

	for (op = 0; op < APN_OP_END; op++)
		if (sample(&pdu, op))
			check(apn_pdu_check_body(&pdu.hdr, pdu.body) == APN_GOOD,
			      "the body of sample %s is not good", apn_pdu_op_name(op));
}

void check_bodies(void)
{
	unsigned int i;

	check_good_ones();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

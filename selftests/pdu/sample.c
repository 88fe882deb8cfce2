// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* One good PDU of every operation; every field has a value of its own. */
#include <string.h>

#include "sample.h"

static void count_up(void *to, size_t bytes, __u8 from)
{
	__u8 *p = to;

	while (bytes--)
		*p++ = from++;
}

static void body(struct pdu *pdu, size_t bytes)
{
	pdu->hdr.data_len = cpu_to_le32(bytes);
	if (pdu->hdr.op > APN_OP_AUTH_ACK)
		pdu->hdr.data_crc = cpu_to_le32(apn_pdu_crc(pdu->body, bytes));
}

static void hello(struct pdu *pdu)
{
	memcpy(pdu->hello.magic, APN_MAGIC, sizeof(pdu->hello.magic));
	pdu->hello.version_min = cpu_to_le16(1);
	pdu->hello.version_max = cpu_to_le16(1);
	pdu->hello.lane = cpu_to_le16(3);
	pdu->hello.security = APN_SECURITY_AUTH;
	pdu->hello.incarnation = cpu_to_le32(7);
	pdu->hello.features = cpu_to_le64(APN_FEATURE_DIGEST);
	pdu->hello.required = cpu_to_le64(APN_FEATURE_DIGEST);
	count_up(pdu->hello.line, sizeof(pdu->hello.line), 0x10);
	count_up(pdu->hello.nonce, sizeof(pdu->hello.nonce), 0x80);
	strcpy(pdu->hello.software, "apnbd 1.0.0");
	body(pdu, sizeof(pdu->hello));
}

static void hello_ack(struct pdu *pdu)
{
	pdu->hello_ack.version = cpu_to_le16(1);
	pdu->hello_ack.features = cpu_to_le64(APN_FEATURE_DIGEST);
	count_up(pdu->hello_ack.nonce, sizeof(pdu->hello_ack.nonce), 0xa0);
	strcpy(pdu->hello_ack.software, "apn_target 1.0.0");
	body(pdu, sizeof(pdu->hello_ack));
}

static void auth(struct pdu *pdu)
{
	strcpy(pdu->auth.identity, "gpu-a@cluster.example");
	count_up(pdu->auth.proof, sizeof(pdu->auth.proof), 0x40);
	body(pdu, sizeof(pdu->auth));
}

static void auth_ack(struct pdu *pdu)
{
	count_up(pdu->auth_ack.proof, sizeof(pdu->auth_ack.proof), 0x60);
	count_up(pdu->auth_ack.instance, sizeof(pdu->auth_ack.instance), 0x20);
	pdu->auth_ack.lanes = cpu_to_le16(8);
	pdu->auth_ack.ping_ms = cpu_to_le16(1000);
	pdu->auth_ack.chunk_bytes = cpu_to_le32(APN_CHUNK_BYTES);
	pdu->auth_ack.io_bytes = cpu_to_le32(4 << 20);
	pdu->auth_ack.requests = cpu_to_le32(4096);
	pdu->auth_ack.resumed = 1;
	pdu->hdr.granted = cpu_to_le64(64 << 20);
	body(pdu, sizeof(pdu->auth_ack));
}

static void attach(struct pdu *pdu)
{
	strcpy(pdu->attach.export, "imagenet");
	count_up(pdu->attach.session, sizeof(pdu->attach.session), 0x30);
	count_up(pdu->attach.boot, sizeof(pdu->attach.boot), 0x50);
	count_up(pdu->attach.volume, sizeof(pdu->attach.volume), 0x70);
	pdu->attach.generation = cpu_to_le64(12);
	pdu->attach.flags = cpu_to_le32(APN_ATTACH_WRITER | APN_ATTACH_TAKEOVER);
	body(pdu, sizeof(pdu->attach));
}

static void attached(struct pdu *pdu)
{
	struct apn_attached *a = &pdu->attached;

	count_up(a->volume, sizeof(a->volume), 0x70);
	count_up(a->before, sizeof(a->before), 0x90);
	a->size = cpu_to_le64(3ULL << 40);
	a->generation = cpu_to_le64(13);
	a->flags = cpu_to_le32(APN_DISK_WRITE_CACHE | APN_DISK_DISCARD | APN_DISK_WRITE_ZEROES);
	a->block_bytes = cpu_to_le32(512);
	a->physical_bytes = cpu_to_le32(4096);
	a->io_min_bytes = cpu_to_le32(65536);
	a->io_opt_bytes = cpu_to_le32(196608);
	a->discard_granularity = cpu_to_le32(196608);
	a->discard_bytes = cpu_to_le64(1 << 30);
	a->zeroes_bytes = cpu_to_le64(1 << 25);
	body(pdu, sizeof(*a));
}

static void detach(struct pdu *pdu)
{
	(void)pdu;
}

static void list(struct pdu *pdu)
{
	pdu->list.from = cpu_to_le32(10);
	body(pdu, sizeof(pdu->list));
}

static void listed(struct pdu *pdu)
{
	static const char *const names[] = { "imagenet", "scans" };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		strcpy(pdu->listed[i].export, names[i]);
		count_up(pdu->listed[i].volume, sizeof(pdu->listed[i].volume), 0x70 + i);
		pdu->listed[i].size = cpu_to_le64(1ULL << (30 + i));
		pdu->listed[i].flags = cpu_to_le32(i ? APN_DISK_READ_ONLY : APN_DISK_FUA);
	}
	pdu->hdr.flags = APN_FLAG_MORE;
	body(pdu, 2 * sizeof(pdu->listed[0]));
}

static void fence(struct pdu *pdu)
{
	count_up(pdu->fence.line, sizeof(pdu->fence.line), 0x10);
	pdu->fence.lane = cpu_to_le16(3);
	pdu->fence.incarnation = cpu_to_le32(7);
	body(pdu, sizeof(pdu->fence));
}

static void fenced(struct pdu *pdu)
{
	pdu->fenced.received = cpu_to_le64(987654400);
	body(pdu, sizeof(pdu->fenced));
}

static void ping(struct pdu *pdu)
{
	pdu->hdr.ping.sent_ns = cpu_to_le64(0x1122334455667788ULL);
}

static void notice(struct pdu *pdu)
{
	pdu->notice.kind = cpu_to_le32(APN_NOTICE_CHANGED);
	pdu->notice.flags = cpu_to_le32(APN_DISK_READ_ONLY);
	pdu->notice.size = cpu_to_le64(4ULL << 40);
	body(pdu, sizeof(pdu->notice));
}

static void window(struct pdu *pdu)
{
	pdu->hdr.tag = 0;
}

static void refuse(struct pdu *pdu)
{
	pdu->hdr.status = cpu_to_le16(APN_STATUS_REFUSED);
	strcpy(pdu->refuse.text, "Unknown identity, wrong key, or no such export for it.");
	body(pdu, sizeof(pdu->refuse));
}

static void io(struct pdu *pdu)
{
	pdu->hdr.io.offset = cpu_to_le64(0x123456000ULL);
	pdu->hdr.io.length = cpu_to_le64(65536);
}

static void write_chunk(struct pdu *pdu)
{
	io(pdu);
	pdu->hdr.io.chunk = cpu_to_le32(1024);
	pdu->hdr.flags = APN_FLAG_FUA;
	count_up(pdu->body, 512, 0);
	body(pdu, 512);
}

static void zeroes(struct pdu *pdu)
{
	io(pdu);
	pdu->hdr.flags = APN_FLAG_FUA | APN_FLAG_NOUNMAP;
}

static void reply(struct pdu *pdu)
{
	pdu->hdr.reply.service_ns = cpu_to_le64(81234);
	pdu->hdr.reply.chunk = cpu_to_le32(131072);
	count_up(pdu->body, 512, 0);
	body(pdu, 512);
}

enum { FROM_HOST = 1, LINE = 2 /* names no session */ };

static const struct kind {
	void (*fill)(struct pdu *pdu);
	__u8 is;
	__u8 phase;
} kinds[APN_OP_END] = {
	[APN_OP_HELLO] = { hello, FROM_HOST | LINE, APN_PHASE_HELLO },
	[APN_OP_HELLO_ACK] = { hello_ack, LINE, APN_PHASE_HELLO },
	[APN_OP_AUTH] = { auth, FROM_HOST | LINE, APN_PHASE_AUTH },
	[APN_OP_AUTH_ACK] = { auth_ack, LINE, APN_PHASE_AUTH },
	[APN_OP_ATTACH] = { attach, FROM_HOST, APN_PHASE_LIVE },
	[APN_OP_ATTACHED] = { attached, 0, APN_PHASE_LIVE },
	[APN_OP_DETACH] = { detach, FROM_HOST, APN_PHASE_LIVE },
	[APN_OP_DETACHED] = { detach, 0, APN_PHASE_LIVE },
	[APN_OP_LIST] = { list, FROM_HOST | LINE, APN_PHASE_LIVE },
	[APN_OP_LISTED] = { listed, LINE, APN_PHASE_LIVE },
	[APN_OP_FENCE] = { fence, FROM_HOST | LINE, APN_PHASE_LIVE },
	[APN_OP_FENCED] = { fenced, LINE, APN_PHASE_LIVE },
	[APN_OP_PING] = { ping, FROM_HOST | LINE, APN_PHASE_LIVE },
	[APN_OP_PONG] = { ping, LINE, APN_PHASE_LIVE },
	[APN_OP_NOTICE] = { notice, 0, APN_PHASE_LIVE },
	[APN_OP_WINDOW] = { window, LINE, APN_PHASE_LIVE },
	[APN_OP_REFUSE] = { refuse, LINE, APN_PHASE_LIVE },
	[APN_OP_READ] = { io, FROM_HOST, APN_PHASE_LIVE },
	[APN_OP_WRITE] = { write_chunk, FROM_HOST, APN_PHASE_LIVE },
	[APN_OP_FLUSH] = { detach, FROM_HOST, APN_PHASE_LIVE },
	[APN_OP_DISCARD] = { io, FROM_HOST, APN_PHASE_LIVE },
	[APN_OP_WRITE_ZEROES] = { zeroes, FROM_HOST, APN_PHASE_LIVE },
	[APN_OP_REPLY] = { reply, 0, APN_PHASE_LIVE },
};

bool sample(struct pdu *pdu, __u8 op)
{
	const struct kind *kind;

	memset(pdu, 0, sizeof(*pdu));
	if (op >= APN_OP_END || !kinds[op].fill)
		return false;
	kind = &kinds[op];
	pdu->hdr.op = op;
	pdu->hdr.tag = cpu_to_le64(0xfedcba9876543210ULL);
	if (!(kind->is & LINE))
		pdu->hdr.handle = cpu_to_le32(5);
	if (!(kind->is & FROM_HOST) && kind->phase == APN_PHASE_LIVE)
		pdu->hdr.granted = cpu_to_le64(1ULL << 33);
	kind->fill(pdu);
	apn_pdu_seal(&pdu->hdr);
	return true;
}

struct apn_bounds sample_bounds(__u8 op)
{
	return (struct apn_bounds){
		.from_host = kinds[op].is & FROM_HOST,
		.phase = kinds[op].phase,
		.control = 1,
		.digest = kinds[op].phase == APN_PHASE_LIVE,
		.chunk_bytes = APN_CHUNK_BYTES,
		.io_bytes = 4 << 20,
	};
}

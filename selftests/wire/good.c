// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* By the rules: every operation once, as protocol.rst tells it. */
#include <stdio.h>
#include <string.h>

#include "cases.h"

enum { BYTES = 300 * 1024 };

static int missed(const char *what, int end)
{
	fprintf(stderr, "%s: %s\n", what, end_text(end));
	return end == FINE ? WRONG : end;
}

#define MUST(call, what) do { \
	int end_ = (call); \
	if (end_ != FINE && end_ != APN_STATUS_OK) \
		return missed(what, end_); \
} while (0)

static int same(const void *a, const void *b, size_t bytes)
{
	if (!memcmp(a, b, bytes))
		return FINE;
	peer_wrong = "what was read is not what was written";
	return WRONG;
}

/* A READ and a PING between the chunks of a WRITE. */
static int interleave(struct client *c)
{
	static char block[4096];
	struct pdu chunk, other;
	__u64 tag;
	int end;

	client_build_io(c, &chunk, APN_OP_WRITE, 1 << 20, 2 * APN_CHUNK_BYTES);
	tag = c->tag;
	c->sent += 2 * APN_CHUNK_BYTES;
	memset(chunk.data, 0x11, APN_CHUNK_BYTES);
	set_body(&chunk, APN_CHUNK_BYTES);
	peer_send(&c->peer, &chunk);
	end = client_read(c, 0, block, sizeof(block));
	if (end)
		return end;
	chunk.hdr.io.chunk = cpu_to_le32(APN_CHUNK_BYTES);
	peer_send(&c->peer, &chunk);
	return client_answer(c, tag, &other, 5000);
}

static int list_me(struct client *c)
{
	const struct apn_listed *entry;
	struct pdu pdu;
	__u32 bytes;
	int end;

	client_build(c, &pdu, APN_OP_LIST);
	end = client_ask(c, &pdu);
	if (end != FINE)
		return end;
	entry = (void *)pdu.data;
	for (bytes = data_bytes(&pdu); bytes; bytes -= sizeof(*entry), entry++)
		if (!strcmp(entry->export, c->export))
			return FINE;
	peer_wrong = "the export is not in the list";
	return WRONG;
}

/* A second lane writes, is fenced by the first, and comes back. */
static int fence_me(struct client *c)
{
	static char block[65536];
	struct client bulk;
	struct pdu pdu;
	__u64 received;
	int end;

	client_sibling(&bulk, c, 1, 1);
	MUST(client_setup(&bulk, LIVE), "lane 1");
	bulk.stage = ATTACHED;
	MUST(client_write(&bulk, 0, block, sizeof(block)), "a WRITE on lane 1");
	c->sent = bulk.sent;
	client_build(c, &pdu, APN_OP_FENCE);
	end = client_ask(c, &pdu);
	if (end != FINE)
		return end;
	received = le64_to_cpu(((struct apn_fenced *)pdu.data)->received);
	if (received != sizeof(block)) {
		peer_wrong = "FENCED counts other bytes than were sent";
		return WRONG;
	}
	if (client_await_close(&bulk, 5000) != CLOSED)
		return missed("the fenced lane", FINE);
	peer_close(&bulk.peer);
	client_sibling(&bulk, c, 1, 1);
	end = client_setup(&bulk, LIVE);
	peer_close(&bulk.peer);
	if (end != REFUSED + APN_STATUS_PROTOCOL)
		return missed("the fenced incarnation once more", end);
	client_sibling(&bulk, c, 1, 2);
	MUST(client_setup(&bulk, LIVE), "lane 1 again");
	peer_close(&bulk.peer);
	return bulk.agreed.resumed ? FINE : missed("the line was forgotten", FINE);
}

static int zero_some(struct client *c)
{
	static char block[8192], zero[8192];
	int end;

	memset(block, 0x33, sizeof(block));
	MUST(client_write(c, 65536, block, sizeof(block)), "WRITE");
	end = client_simple(c, APN_OP_WRITE_ZEROES, 65536, sizeof(block));
	if (end == APN_STATUS_UNSUPPORTED)
		return FINE;
	MUST(end, "WRITE_ZEROES");
	MUST(client_read(c, 65536, block, sizeof(block)), "READ");
	return same(block, zero, sizeof(block));
}

static int discard_some(struct client *c)
{
	int end = client_simple(c, APN_OP_DISCARD, 2 << 20, 1 << 20);

	if (!(le32_to_cpu(c->disk.flags) & APN_DISK_DISCARD) && end == APN_STATUS_UNSUPPORTED)
		return FINE;
	return end;
}

int good_play(struct client *c)
{
	static char out[BYTES], in[BYTES];
	struct pdu pdu;
	__u64 offset = 512 * 37;
	__u64 size = le64_to_cpu(c->disk.size);

	/* a device of 4096-byte blocks wants whole ones */
	offset -= offset % le32_to_cpu(c->disk.block_bytes);
	random_bytes(out, 256);
	memcpy(out + BYTES - 256, out, 256);
	MUST(list_me(c), "LIST");
	MUST(client_write(c, offset, out, BYTES), "WRITE of 300 KiB");
	MUST(client_simple(c, APN_OP_FLUSH, 0, 0), "FLUSH");
	MUST(client_read(c, offset, in, BYTES), "READ of 300 KiB");
	MUST(same(in, out, BYTES), "READ of 300 KiB");
	MUST(interleave(c), "chunks of a WRITE with a READ between");
	MUST(discard_some(c), "DISCARD");
	MUST(zero_some(c), "WRITE_ZEROES");
	MUST(client_read(c, size - 4096, in, 4096), "READ of the last block");
	if (client_simple(c, APN_OP_READ, size, 4096) != APN_STATUS_RANGE)
		return missed("READ behind the end", FINE);
	MUST(fence_me(c), "FENCE");
	client_build(c, &pdu, APN_OP_ATTACH);
	MUST(client_ask(c, &pdu), "ATTACH once more");
	client_build(c, &pdu, APN_OP_DETACH);
	MUST(client_ask(c, &pdu), "DETACH");
	c->stage = LIVE;
	client_build(c, &pdu, APN_OP_DETACH);
	if (client_ask(c, &pdu) != REFUSED + APN_STATUS_NO_SESSION)
		return missed("DETACH once more", FINE);
	return client_goes_on(c);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* By the rules: every operation once, as protocol.rst tells it. */
#include <stdio.h>
#include <string.h>

#include "cases.h"

enum {
	BYTES = 300 * 1024,
	PLACE = 37 * 4096,
};

static char block[65536], out[BYTES], in[BYTES];

static int wrong(const char *what)
{
	peer_wrong = what;
	return WRONG;
}

/* Nothing waits for the whole of a WRITE. */
static int interleave(struct client *c)
{
	struct pdu chunk, other;
	__u64 tag;
	int end;

	client_build_io(c, &chunk, APN_OP_WRITE, 1 << 20, 2 * APN_CHUNK_BYTES);
	tag = c->tag;
	c->sent += 2 * APN_CHUNK_BYTES;
	memset(chunk.data, 0x11, APN_CHUNK_BYTES);
	set_body(&chunk, APN_CHUNK_BYTES);
	peer_send(&c->peer, &chunk);
	end = client_read(c, 0, block, 4096);
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
	return wrong("the export is not in the list");
}

static int write_300k(struct client *c)
{
	random_bytes(out, 256);
	memcpy(out + BYTES - 256, out, 256);
	return client_write(c, PLACE, out, BYTES);
}

static int flush(struct client *c)
{
	return client_simple(c, APN_OP_FLUSH, 0, 0);
}

static int read_300k(struct client *c)
{
	int end = client_read(c, PLACE, in, BYTES);

	return end || !memcmp(in, out, BYTES) ? end : wrong("what was read is not what was written");
}

static int discard_some(struct client *c)
{
	int end = client_simple(c, APN_OP_DISCARD, 2 << 20, 1 << 20);
	bool offered = le32_to_cpu(c->disk.flags) & APN_DISK_DISCARD;

	return end == APN_STATUS_UNSUPPORTED && !offered ? APN_STATUS_OK : end;
}

static int zero_some(struct client *c)
{
	bool offered = le32_to_cpu(c->disk.flags) & APN_DISK_WRITE_ZEROES;
	int end = client_write(c, 65536, memset(block, 0x33, 8192), 8192);

	if (!end)
		end = client_simple(c, APN_OP_WRITE_ZEROES, 65536, 8192);
	if (!offered)
		return end == APN_STATUS_UNSUPPORTED ? APN_STATUS_OK : wrong("nobody offered that");
	if (!end)
		end = client_read(c, 65536, block, 8192);
	if (!end && (block[0] || memcmp(block, block + 1, 8191)))
		end = wrong("WRITE_ZEROES left something");
	return end;
}

static int read_last_block(struct client *c)
{
	return client_read(c, le64_to_cpu(c->disk.size) - 4096, block, 4096);
}

static int read_behind_the_end(struct client *c)
{
	return client_simple(c, APN_OP_READ, le64_to_cpu(c->disk.size), 4096);
}

/* ---- a second lane writes, is fenced by the first, and comes back ---- */

static struct client bulk;

static int write_on_lane_1(struct client *c)
{
	int end;

	client_sibling(&bulk, c, 1, 1);
	end = client_setup(&bulk, LIVE);
	if (end != FINE)
		return end;
	bulk.stage = ATTACHED;
	return client_write(&bulk, 0, block, sizeof(block));
}

static int fence_lane_1(struct client *c)
{
	struct pdu pdu;
	int end;

	client_build(c, &pdu, APN_OP_FENCE);
	end = client_ask(c, &pdu);
	if (end == FINE &&
	    le64_to_cpu(((struct apn_fenced *)pdu.data)->received) != sizeof(block))
		return wrong("FENCED counts other bytes than were sent");
	return end;
}

static int lane_1_is_dead(struct client *c)
{
	int end = client_await_close(&bulk, 5000);

	(void)c;
	peer_close(&bulk.peer);
	return end;
}

static int lane_1_as_before(struct client *c)
{
	int end;

	client_sibling(&bulk, c, 1, 1);
	end = client_setup(&bulk, LIVE);
	peer_close(&bulk.peer);
	return end;
}

static int lane_1_anew(struct client *c)
{
	int end;

	client_sibling(&bulk, c, 1, 2);
	end = client_setup(&bulk, LIVE);
	peer_close(&bulk.peer);
	return end == FINE && !bulk.agreed.resumed ? wrong("the line was forgotten") : end;
}

/* ---- sessions ---- */

static int attach(struct client *c)
{
	struct pdu pdu;

	client_build(c, &pdu, APN_OP_ATTACH);
	return client_ask(c, &pdu);
}

static int detach(struct client *c)
{
	struct pdu pdu;

	c->stage = LIVE;
	client_build(c, &pdu, APN_OP_DETACH);
	return client_ask(c, &pdu);
}

static int detach_whole(struct client *c)
{
	struct pdu pdu;

	c->stage = LIVE;
	client_build(c, &pdu, APN_OP_DETACH);
	pdu.hdr.flags = APN_FLAG_WHOLE;
	return client_ask(c, &pdu);
}

static const struct {
	const char *what;
	int (*play)(struct client *c);
	int want;
} steps[] = {
	{ "LIST", list_me, FINE },
	{ "WRITE of 300 KiB", write_300k, APN_STATUS_OK },
	{ "FLUSH", flush, APN_STATUS_OK },
	{ "READ of 300 KiB", read_300k, APN_STATUS_OK },
	{ "a READ between the chunks of a WRITE", interleave, APN_STATUS_OK },
	{ "DISCARD", discard_some, APN_STATUS_OK },
	{ "WRITE_ZEROES", zero_some, APN_STATUS_OK },
	{ "READ of the last block", read_last_block, APN_STATUS_OK },
	{ "READ behind the end", read_behind_the_end, APN_STATUS_RANGE },
	{ "WRITE on lane 1", write_on_lane_1, APN_STATUS_OK },
	{ "FENCE of lane 1", fence_lane_1, FINE },
	{ "the fenced lane", lane_1_is_dead, CLOSED },
	{ "the fenced incarnation", lane_1_as_before, REFUSED + APN_STATUS_PROTOCOL },
	{ "the next incarnation", lane_1_anew, FINE },
	{ "ATTACH once more", attach, FINE },
	{ "DETACH", detach, FINE },
	{ "DETACH once more", detach, REFUSED + APN_STATUS_NO_SESSION },
	{ "ATTACH anew", attach, FINE },
	{ "DETACH of the whole disk", detach_whole, FINE },
	{ "and it is gone", detach, REFUSED + APN_STATUS_NO_SESSION },
	{ "PING", client_goes_on, FINE },
};

int good_play(struct client *c)
{
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int end = steps[i].play(c);

		if (end == steps[i].want)
			continue;
		fprintf(stderr, "%s: wanted \"%s\", got \"%s\"\n", steps[i].what,
			end_text(steps[i].want), end_text(end));
		return end == FINE ? WRONG : end;
	}
	return FINE;
}

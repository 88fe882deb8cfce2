// SPDX-License-Identifier: GPL-2.0
/*
 * A host that breaks the protocol over RDMA: insmod apn_rdma_peer.ko address=A trick=NAME.
 * It loads if the target did what it has to do; the log says what it did instead.
 */
#include "peer.h"

#include <linux/delay.h>
#include <linux/module.h>

static char *address = "192.0.2.1";
module_param(address, charp, 0444);
MODULE_PARM_DESC(address, "the target");

static char *trick = "nothing";
module_param(trick, charp, 0444);
MODULE_PARM_DESC(trick, "how the protocol is broken");

enum { HEAD = sizeof(struct apn_hdr), BIG_PLACE = 1 << 30 };

/* ---- before it is known who we are ---- */

static int short_message(struct peer *p)
{
	peer_build(p, APN_OP_HELLO, 120);
	return peer_send(p, 10, 0);
}

static int half_a_body(struct peer *p)
{
	peer_build(p, APN_OP_HELLO, 120);
	return peer_send(p, HEAD + 60, 0);
}

static int body_elsewhere(struct peer *p)
{
	peer_build(p, APN_OP_HELLO, 120);
	return peer_send(p, HEAD, 0);
}

static int more_than_said(struct peer *p)
{
	peer_build(p, APN_OP_HELLO, 120);
	return peer_send(p, HEAD + 2048, 0);
}

static int too_long(struct peer *p)
{
	peer_build(p, APN_OP_HELLO, 120);
	return peer_send(p, PEER_BYTES, 0);
}

static int grant(struct peer *p)
{
	peer_build(p, 0, 0);
	return peer_send(p, sizeof(struct apn_rdma_grant), APN_RDMA_GRANT);
}

static int odd_immediate(struct peer *p)
{
	peer_build(p, APN_OP_HELLO, 120);
	return peer_send(p, HEAD + 120, 0xffffffff);
}

static int made_up_key(struct peer *p)
{
	return peer_put(p, 512, 0x12345678, 0);
}

/* ---- as somebody who was let in ---- */

static struct apn_hdr *build_io(struct peer *p, u8 op, u64 length, u32 data_len, u32 place)
{
	struct apn_hdr *hdr = peer_build(p, op, data_len);

	hdr->handle = cpu_to_le32(1);
	hdr->io.length = cpu_to_le64(length);
	hdr->io.place = cpu_to_le32(place);
	return hdr;
}

static int write_at(struct peer *p, u32 place, u64 length, u32 chunk, u32 data_len)
{
	struct apn_hdr *hdr = build_io(p, APN_OP_WRITE, length, data_len, place);

	hdr->io.chunk = cpu_to_le32(chunk);
	return peer_send(p, HEAD, 0);
}

static u32 places_of(const struct peer *p)
{
	return le32_to_cpu(p->grant.first) - 1 + le32_to_cpu(p->grant.places);
}

static int place_never_granted(struct peer *p)
{
	return write_at(p, BIG_PLACE, 4096, 0, 4096);
}

static int place_behind_the_last(struct peer *p)
{
	return write_at(p, places_of(p) + 1, 4096, 0, 4096);
}

static int place_zero_put(struct peer *p)
{
	return write_at(p, 0, 4096, 0, 4096);
}

static int across_the_end(struct peer *p)
{
	return write_at(p, places_of(p), 8192, 0, 8192);
}

static int chunk_of_4_gib(struct peer *p)
{
	return write_at(p, 1, 4096, 0, 0xfffffe00);
}

static int chunk_far_away(struct peer *p)
{
	return write_at(p, 1, 8 << 20, 0xfffffe00, 512);
}

static int put_and_sent(struct peer *p)
{
	build_io(p, APN_OP_WRITE, 512, 512, 1);
	return peer_send(p, HEAD + 512, 0);
}

static int moves_within(struct peer *p)
{
	return write_at(p, 1, 8192, 0, 4096) ?: write_at(p, 2, 8192, 4096, 4096);
}

static int discard_at_a_place(struct peer *p)
{
	build_io(p, APN_OP_DISCARD, 4096, 0, 1);
	return peer_send(p, HEAD, 0);
}

static int behind_the_grant(struct peer *p)
{
	return peer_put(p, 4096, le32_to_cpu(p->grant.key),
			le32_to_cpu(p->grant.places) * APN_PLACE_BYTES - 2048);
}

/* Nothing is wrong with it but that the handle names nobody, which is answered. */
static int put_by_the_rules(struct peer *p)
{
	int ret = peer_put(p, 4096, le32_to_cpu(p->grant.key), 0);

	if (!ret)
		ret = write_at(p, le32_to_cpu(p->grant.first), 4096, 0, 4096);
	return ret ?: peer_await(p, APN_OP_REPLY);
}

static int go_silent(struct peer *p)
{
	return 0;
}

/* ---- */

enum end { REFUSED, ENDED, FINE, LEFT };

static const struct trick {
	const char *name;
	enum end end; /* what the target has to do; LEFT: it is we who go, without a word */
	bool live;
	int (*play)(struct peer *p);
} tricks[] = {
	{ "no-magic", REFUSED },
	{ "no-private-data", REFUSED },
	{ "other-version", REFUSED },
	{ "short-message", ENDED, false, short_message },
	{ "half-a-body", ENDED, false, half_a_body },
	{ "body-elsewhere", ENDED, false, body_elsewhere },
	{ "more-than-said", ENDED, false, more_than_said },
	{ "too-long", ENDED, false, too_long },
	{ "grant", ENDED, false, grant },
	{ "odd-immediate", ENDED, false, odd_immediate },
	{ "made-up-key", ENDED, false, made_up_key },
	{ "leaves-at-once", LEFT, false, go_silent },
	{ "put-by-the-rules", FINE, true, put_by_the_rules },
	{ "place-never-granted", ENDED, true, place_never_granted },
	{ "place-behind-the-last", ENDED, true, place_behind_the_last },
	{ "place-zero-put", ENDED, true, place_zero_put },
	{ "across-the-end", ENDED, true, across_the_end },
	{ "chunk-of-4-gib", ENDED, true, chunk_of_4_gib },
	{ "chunk-far-away", ENDED, true, chunk_far_away },
	{ "put-and-sent", ENDED, true, put_and_sent },
	{ "moves-within", ENDED, true, moves_within },
	{ "discard-at-a-place", ENDED, true, discard_at_a_place },
	{ "behind-the-grant", ENDED, true, behind_the_grant },
	{ "leaves-when-live", LEFT, true, go_silent },
};

static struct peer peer;

static int open_as(const struct trick *t)
{
	struct apn_rdma_hello hello = {
		.magic = { 'A', 'P', 'N', 'R' },
		.version = APN_RDMA_VERSION,
		.ack_timeout = 14,
		.wish = cpu_to_le32(64),
	};

	if (!strcmp(t->name, "no-magic"))
		hello.magic[0] = 'X';
	if (!strcmp(t->name, "other-version"))
		hello.version = 99;
	return peer_open(&peer, address, &hello,
			 strcmp(t->name, "no-private-data") ? sizeof(hello) : 0);
}

static int wrong(const struct trick *t, const char *what, int ret)
{
	pr_info("apn_rdma_peer: %s: %s (%d)\n", t->name, what, ret);
	return -EPROTO;
}

static int play(const struct trick *t)
{
	int ret = open_as(t);

	if (t->end == REFUSED)
		return ret == -ECONNREFUSED ? 0 : wrong(t, "it was not refused", ret);
	if (ret)
		return wrong(t, "no connection", ret);
	if (t->live)
		ret = peer_live(&peer);
	if (ret)
		return wrong(t, "the lane did not come up", ret);
	ret = t->play(&peer);
	if (t->end == ENDED)
		return peer_ended(&peer) ? 0 : wrong(t, "the target goes on", ret);
	return ret ? wrong(t, "it did not go", ret) : 0;
}

static const struct trick *find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tricks); i++)
		if (!strcmp(tricks[i].name, name))
			return &tricks[i];
	return NULL;
}

static int __init rdma_peer_init(void)
{
	const struct trick *t = find(trick);
	int ret;

	if (!t)
		return -EINVAL;
	ret = play(t);
	peer_close(&peer, t->end != LEFT);
	return ret;
}

static void __exit rdma_peer_exit(void)
{
}

module_init(rdma_peer_init);
module_exit(rdma_peer_exit);
MODULE_DESCRIPTION("apnbd: a host that breaks the protocol over RDMA");
MODULE_LICENSE("GPL");

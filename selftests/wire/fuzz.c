// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* A host that does what the dice say: by the rules mostly, so that it gets far, and then not. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"
#include "dice.h"

enum {
	LANES = 4, /* connections of one line, at a time */
	STEPS = 40,
};

struct game {
	struct dice dice;
	struct client lane[LANES];
	__u32 incarnation;
};

/* ---- moves ---- */

static struct client *any_open(struct game *g)
{
	__u32 i, first = dice(&g->dice, LANES);

	for (i = 0; i < LANES; i++) {
		struct client *c = &g->lane[(first + i) % LANES];

		if (c->peer.fd >= 0)
			return c;
	}
	return NULL;
}

/* What is there to read is read, or a good target would be stopped by us. */
static void drain(struct client *c)
{
	static char waste[65536];

	while (recv(c->peer.fd, waste, sizeof(waste), MSG_DONTWAIT) > 0)
		;
}

static void open_lane(struct game *g, struct client *c)
{
	const struct client *first = &g->lane[0];

	if (c->peer.fd >= 0)
		peer_close(&c->peer);
	if (c == first)
		client_sibling(c, first, 0, ++g->incarnation);
	else
		client_sibling(c, first, dice(&g->dice, 5), ++g->incarnation);
	if (!dice(&g->dice, 8))
		c->incarnation = dice_value(&g->dice);
	if (!dice(&g->dice, 8))
		c->features = 0;
	client_setup(c, dice(&g->dice, 6) ? ATTACHED - !!c->lane : dice(&g->dice, ATTACHED));
}

static void move_open(struct game *g, struct client *c)
{
	(void)c;
	open_lane(g, &g->lane[dice(&g->dice, LANES)]);
}

static const __u8 all_ops[] = {
	APN_OP_HELLO, APN_OP_HELLO_ACK, APN_OP_AUTH,   APN_OP_AUTH_ACK, APN_OP_ATTACH,	APN_OP_ATTACHED,
	APN_OP_DETACH, APN_OP_DETACHED, APN_OP_LIST,   APN_OP_LISTED,	APN_OP_FENCE,	APN_OP_FENCED,
	APN_OP_PING,  APN_OP_PONG,	APN_OP_NOTICE, APN_OP_WINDOW,	APN_OP_REFUSE,	APN_OP_READ,
	APN_OP_WRITE, APN_OP_FLUSH,	APN_OP_DISCARD, APN_OP_WRITE_ZEROES, APN_OP_REPLY,
};

static const __u8 host_ops[] = {
	APN_OP_ATTACH, APN_OP_DETACH, APN_OP_LIST, /* lane 0 alone */
	APN_OP_FENCE,  APN_OP_PING,   APN_OP_READ,    APN_OP_WRITE,
	APN_OP_READ,   APN_OP_FLUSH,  APN_OP_DISCARD, APN_OP_WRITE_ZEROES,
};

static __u8 host_op(struct game *g, const struct client *c)
{
	__u32 control = c->lane && dice(&g->dice, 20) ? 3 : 0;

	return host_ops[control + dice(&g->dice, sizeof(host_ops) - control)];
}

/* By the rules. */
static void move_ask(struct game *g, struct client *c)
{
	struct pdu pdu;

	client_build(c, &pdu, host_op(g, c));
	if (pdu.hdr.op == APN_OP_FENCE) {
		struct apn_fence *fence = (void *)pdu.data;

		fence->lane = cpu_to_le16(dice(&g->dice, APN_LANES_MAX));
		fence->incarnation = cpu_to_le32(1 + dice(&g->dice, g->incarnation));
	}
	if (pdu.hdr.op == APN_OP_ATTACH || pdu.hdr.op == APN_OP_DETACH)
		pdu.hdr.handle = cpu_to_le32(1 + dice(&g->dice, 4));
	peer_send(&c->peer, &pdu);
}

/* Anything, with something wrong. */
static void move_spoil(struct game *g, struct client *c)
{
	bool digest = c->peer.digest && c->stage >= LIVE;
	struct pdu pdu;
	size_t bytes;

	if (dice(&g->dice, 3))
		client_build(c, &pdu, host_op(g, c));
	else
		client_build(c, &pdu, all_ops[dice(&g->dice, sizeof(all_ops))]);
	bytes = dice_spoil(&g->dice, &pdu, digest);
	peer_send_as_is(&c->peer, &pdu, bytes);
}

/* A WRITE in chunks, in order, now and then with one that is not. */
static void move_chunks(struct game *g, struct client *c)
{
	__u32 length = 512 * (1 + dice(&g->dice, 256)), at = 0, n;
	struct pdu pdu;

	client_build_io(c, &pdu, APN_OP_WRITE, 512 * dice(&g->dice, 1024), length);
	while (at < length && c->peer.fd >= 0) {
		n = 512 * (1 + dice(&g->dice, 64));
		n = n < length - at ? n : length - at;
		pdu.hdr.io.chunk = cpu_to_le32(at);
		pdu.hdr.data_crc = 0;
		set_body(&pdu, n);
		memset(pdu.data, 0x33, n);
		if (!dice(&g->dice, 30))
			peer_send_as_is(&c->peer, &pdu, dice_spoil(&g->dice, &pdu, c->peer.digest));
		else
			peer_send(&c->peer, &pdu);
		if (!dice(&g->dice, 12))
			return; /* and never ends it */
		at += n;
	}
}

static void move_many(struct game *g, struct client *c)
{
	__u32 n = dice(&g->dice, 60);
	struct pdu pdu;

	for (; n; n--) {
		client_build_io(c, &pdu, APN_OP_READ, 4096 * dice(&g->dice, 512), 512 << dice(&g->dice, 9));
		peer_send(&c->peer, &pdu);
	}
}

static void move_noise(struct game *g, struct client *c)
{
	char noise[200];
	size_t bytes = 1 + dice(&g->dice, sizeof(noise));

	dice_fill(&g->dice, noise, bytes);
	peer_write(&c->peer, noise, bytes);
}

static void move_wait(struct game *g, struct client *c)
{
	drain(c);
	usleep(dice(&g->dice, 3000));
}

static void move_close(struct game *g, struct client *c)
{
	switch (dice(&g->dice, 3)) {
	case 0:
		peer_close(&c->peer);
		break;
	case 1:
		peer_reset(&c->peer);
		break;
	default:
		shutdown(c->peer.fd, SHUT_WR);
	}
}

static const struct {
	__u32 weight;
	void (*play)(struct game *g, struct client *c);
} moves[] = {
	{ 30, move_ask },  { 20, move_spoil }, { 12, move_chunks }, { 6, move_many },
	{ 10, move_open }, { 12, move_wait },  { 2, move_noise },   { 3, move_close },
};

/* ---- games ---- */

static void move(struct game *g, struct client *c)
{
	__u32 roll = dice(&g->dice, 95), i;

	for (i = 0; roll >= moves[i].weight; i++)
		roll -= moves[i].weight;
	moves[i].play(g, c);
	if (c->peer.fd >= 0)
		drain(c);
}

/* A send that would block for ever is our own fault: nobody waits for it for long. */
static void limit_sends(struct game *g)
{
	struct timeval limit = { .tv_usec = 200000 };
	unsigned int i;

	for (i = 0; i < LANES; i++)
		if (g->lane[i].peer.fd >= 0)
			setsockopt(g->lane[i].peer.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static void play_game(const char *address, const char *export, __u64 seed)
{
	struct game *g = calloc(1, sizeof(*g));
	struct client *c;
	int i;

	dice_seed(&g->dice, seed);
	for (i = 0; i < LANES; i++)
		client_init(&g->lane[i], address, export);
	open_lane(g, &g->lane[0]);
	for (i = 0; i < STEPS && (c = any_open(g)); i++) {
		limit_sends(g);
		move(g, c);
	}
	for (i = 0; i < LANES; i++)
		peer_close(&g->lane[i].peer);
	free(g);
}

/* Somebody who keeps to the rules is served, whatever went before. */
static int still_good(const char *address, const char *export, __u64 seed)
{
	struct client c;
	int end;

	client_init(&c, address, export);
	c.attach_flags |= APN_ATTACH_TAKEOVER;
	end = client_setup(&c, ATTACHED);
	if (end == FINE)
		end = good_play(&c);
	peer_close(&c.peer);
	if (end == FINE)
		return 0;
	printf("not ok fuzz: after the game of seed %llu: %s\n", (unsigned long long)seed, end_text(end));
	return 1;
}

int fuzz_main(const char *address, const char *export, const char *seed, const char *games)
{
	enum { LOOK_EVERY = 50 };
	__u64 first = strtoull(seed, NULL, 0), n = strtoull(games, NULL, 0), i;

	for (i = 0; i < n; i++) {
		play_game(address, export, first + i);
		if ((i % LOOK_EVERY == LOOK_EVERY - 1 || i == n - 1) && still_good(address, export, first + i))
			return 1;
	}
	printf("ok fuzz: %llu games from seed %llu on\n", (unsigned long long)n, (unsigned long long)first);
	return 0;
}

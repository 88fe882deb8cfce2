// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* A target that answers as the dice say: as it has to, mostly, so that the host gets far. */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dice.h"
#include "target.h"

static struct dice chance;
static atomic_bool wild;

static void be_good(int signal)
{
	(void)signal;
	wild = false;
}

void wild_begin(const char *seed)
{
	dice_seed(&chance, strtoull(seed, NULL, 0));
	wild = true;
	signal(SIGUSR1, be_good);
}

bool wild_is(void)
{
	return wild;
}

static void spoil(struct connection *c, struct pdu *pdu)
{
	pdu->hdr.granted = cpu_to_le64(1ULL << 40);
	peer_send_as_is(&c->peer, pdu, dice_spoil(&chance, pdu, c->peer.digest && c->line));
}

static void say_twice(struct connection *c, struct pdu *pdu)
{
	target_send(c, pdu);
	pdu->hdr.data_crc = 0;
	target_send(c, pdu);
}

static void say_nothing(struct connection *c, struct pdu *pdu)
{
	(void)c;
	(void)pdu;
}

static void say_other(struct connection *c, struct pdu *pdu)
{
	static const __u8 ops[] = {
		APN_OP_HELLO_ACK, APN_OP_AUTH_ACK, APN_OP_ATTACHED, APN_OP_DETACHED, APN_OP_LISTED, APN_OP_FENCED,
		APN_OP_PING,	  APN_OP_PONG,	   APN_OP_NOTICE,   APN_OP_WINDOW,   APN_OP_REFUSE, APN_OP_REPLY,
	};

	target_build(c, pdu, ops[dice(&chance, sizeof(ops))]);
	if (dice(&chance, 2))
		pdu->hdr.handle = 0;
	dice_fill(&chance, pdu->data, data_bytes(pdu));
	target_send(c, pdu);
}

static void say_more(struct connection *c, struct pdu *pdu)
{
	target_send(c, pdu);
	say_other(c, pdu);
}

static void say_noise(struct connection *c, struct pdu *pdu)
{
	size_t bytes = 1 + dice(&chance, 300);

	dice_fill(&chance, pdu->data, bytes);
	peer_write(&c->peer, pdu->data, bytes);
}

static void say_half(struct connection *c, struct pdu *pdu)
{
	apn_pdu_seal(&pdu->hdr);
	peer_write(&c->peer, pdu, dice(&chance, sizeof(pdu->hdr) + data_bytes(pdu)));
	shutdown(c->peer.fd, SHUT_RDWR);
}

static void hang_up(struct connection *c, struct pdu *pdu)
{
	(void)pdu;
	shutdown(c->peer.fd, dice(&chance, 2) ? SHUT_RDWR : SHUT_WR);
}

static const struct {
	__u32 weight;
	void (*say)(struct connection *c, struct pdu *pdu);
} answers[] = {
	{ 160, target_send }, { 14, spoil },	{ 4, say_twice }, { 3, say_nothing }, { 4, say_other },
	{ 8, say_more },      { 1, say_noise }, { 2, say_half },  { 2, hang_up },
};

void wild_answer(struct connection *c, struct pdu *pdu)
{
	__u32 roll = dice(&chance, 198), i;

	for (i = 0; roll >= answers[i].weight; i++)
		roll -= answers[i].weight;
	answers[i].say(c, pdu);
}

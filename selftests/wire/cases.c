// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Plays the cases against a target, and says which did not end as they have to. */
#include <stdio.h>
#include <string.h>

#include "cases.h"

enum {
	SOON_MS = 900, /* sooner than a silent lane dies */
	LATER_MS = 3000, /* where no such limit runs */
};

static unsigned int failed;

static bool as_wanted(int want, int end)
{
	return want == end || (want == FAILED && end > APN_STATUS_OK && end < REFUSED);
}

static void say(const char *name, int want, int end)
{
	if (as_wanted(want, end)) {
		printf("ok %s\n", name);
	} else {
		printf("not ok %s: wanted \"%s\", got \"%s\"\n", name, end_text(want), end_text(end));
		failed++;
	}
	fflush(stdout);
}

static void apply(struct pdu *pdu, const struct slip *slip)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		__u64 value = cpu_to_le64(slip->patch[i].value);
		char *at = (char *)pdu + slip->patch[i].at;

		if (slip->patch[i].bytes > sizeof(value))
			memset(at, (int)slip->patch[i].value, slip->patch[i].bytes);
		else
			memcpy(at, &value, slip->patch[i].bytes);
	}
}

static bool touches(const struct slip *slip, size_t at)
{
	return (slip->patch[0].bytes && slip->patch[0].at == at) ||
	       (slip->patch[1].bytes && slip->patch[1].at == at);
}

/* What was not spoiled on purpose is right: the digest, then the header's checksum. */
static void send_slip(struct client *c, const struct slip *slip, struct pdu *pdu)
{
	size_t bytes = data_bytes(pdu);

	apply(pdu, slip);
	if (data_bytes(pdu) > bytes && data_bytes(pdu) <= APN_BODY_BYTES_MAX)
		bytes = data_bytes(pdu);
	if (c->peer.digest && c->stage >= LIVE && bytes && !pdu->hdr.data_crc)
		pdu->hdr.data_crc = cpu_to_le32(apn_pdu_crc(pdu->data, bytes));
	if (!touches(slip, offsetof(struct apn_hdr, crc)))
		apn_pdu_seal(&pdu->hdr);
	peer_send_as_is(&c->peer, pdu, bytes);
}

/* It was answered: a lane that is live goes on, one that was refused in its set-up ends. */
static int aftermath(struct client *c, int end)
{
	int then = FINE;

	if (c->stage >= LIVE && end < CLOSED)
		then = client_goes_on(c);
	else if (end >= REFUSED && end < CLOSED)
		then = client_await_close(c, LATER_MS) == CLOSED ? FINE : SILENT;
	return then == FINE ? end : then;
}

static int play_slip(struct client *c, const struct slip *slip)
{
	int end = client_setup(c, slip->stage);
	struct pdu pdu;
	__u64 tag;

	if (end != FINE)
		return end;
	client_build(c, &pdu, slip->op);
	send_slip(c, slip, &pdu);
	tag = le64_to_cpu(pdu.hdr.tag);
	if (slip->want == CLOSED)
		return client_await_close(c, c->stage >= LIVE ? SOON_MS : LATER_MS);
	end = client_answer(c, tag, &pdu, slip->want == SILENT ? SOON_MS : LATER_MS);
	return aftermath(c, end);
}

static void run_slip(const char *address, const char *export, const struct slip *slip)
{
	struct client c;

	client_init(&c, address, export);
	say(slip->name, slip->want, play_slip(&c, slip));
	peer_close(&c.peer);
}

static void run_play(const char *address, const char *export, const struct play *play)
{
	struct client c;
	int end;

	client_init(&c, address, export);
	end = client_setup(&c, play->stage);
	say(play->name, play->want, end == FINE ? play->play(&c) : end);
	peer_close(&c.peer);
}

int client_main(const char *address, const char *export, const char *name)
{
	bool all = !strcmp(name, "all"), found = all;
	size_t i;

	for (i = 0; i < play_count; i++)
		if (all || !strcmp(plays[i].name, name)) {
			run_play(address, export, &plays[i]);
			found = true;
		}
	for (i = 0; i < slip_count; i++)
		if (all || !strcmp(slips[i].name, name)) {
			run_slip(address, export, &slips[i]);
			found = true;
		}
	if (!found) {
		fprintf(stderr, "wirepeer: there is no case '%s': see wirepeer --list\n", name);
		return 2;
	}
	if (all)
		printf("%u failed\n", failed);
	return failed != 0;
}

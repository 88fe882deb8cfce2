// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* A target with a RAM disk, as protocol.rst wants it. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "target.h"

static char disk[DISK_BYTES];
static __u8 instance[APN_UUID_BYTES], volume[APN_UUID_BYTES];
static struct line lines[LINES];
static struct connection connections[CONNECTIONS];

/* ---- the trick ---- */

static const struct trick *armed;
static struct connection *victim; /* the trick was played on it */
static const struct trick *played;
static __u64 played_ms;
static bool cut; /* a later trick has cut the connection */

static void report(bool ok, const char *what)
{
	printf("%s %s: %s after %llu ms\n", ok ? "ok" : "not ok", played->name, what,
	       (unsigned long long)(now_ms() - played_ms));
	fflush(stdout);
	victim = NULL;
}

static void set_off(struct connection *c)
{
	victim = c;
	played = armed;
	played_ms = now_ms();
	armed = NULL;
}

static void apply(struct pdu *pdu, const struct trick *trick)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		__u64 value = cpu_to_le64(trick->patch[i].value);
		char *at = (char *)pdu + trick->patch[i].at;

		if (trick->patch[i].bytes > sizeof(value))
			memset(at, (int)trick->patch[i].value, trick->patch[i].bytes);
		else
			memcpy(at, &value, trick->patch[i].bytes);
	}
}

static __u64 granted(const struct connection *c)
{
	return c->line ? c->line->received - c->line->held + WINDOW_BYTES : 0;
}

void target_send(struct connection *c, struct pdu *pdu)
{
	if (!pdu->hdr.granted)
		pdu->hdr.granted = cpu_to_le64(granted(c));
	peer_send(&c->peer, pdu);
}

/* The patch comes behind the digest and before the seal. */
static void send_patched(struct connection *c, struct pdu *pdu, const struct trick *trick)
{
	size_t bytes = data_bytes(pdu);

	pdu->hdr.granted = cpu_to_le64(granted(c));
	apply(pdu, trick);
	if (data_bytes(pdu) <= APN_BODY_BYTES_MAX && data_bytes(pdu) > bytes)
		bytes = data_bytes(pdu);
	if (c->peer.digest && c->peer.phase == APN_PHASE_LIVE && bytes && !pdu->hdr.data_crc)
		pdu->hdr.data_crc = cpu_to_le32(apn_pdu_crc(pdu->data, bytes));
	apn_pdu_seal(&pdu->hdr);
	peer_send_as_is(&c->peer, pdu, bytes);
}

static bool is_due(const struct connection *c, const struct trick *trick, __u8 op)
{
	if (!trick || trick->op != op)
		return false;
	if (trick->when == ON_BULK)
		return c->lane;
	return trick->when == AT_ONCE || cut;
}

static void answer(struct connection *c, struct pdu *pdu)
{
	const struct trick *trick = armed;

	if (wild_is()) {
		wild_answer(c, pdu);
		return;
	}
	if (!is_due(c, trick, pdu->hdr.op)) {
		target_send(c, pdu);
		return;
	}
	set_off(c);
	if (trick->how == PATCH)
		send_patched(c, pdu, trick);
	if (trick->how == AFTER)
		target_send(c, pdu);
	if (trick->how != PATCH)
		trick->play(c, pdu);
	if (c->peer.fd < 0)
		report(trick->want == CLOSES, "we reset the connection");
}

void target_build(struct connection *c, struct pdu *pdu, __u8 op)
{
	memset(&pdu->hdr, 0, sizeof(pdu->hdr));
	memset(pdu->data, 0, APN_BODY_BYTES_MAX);
	pdu->hdr.op = op;
	pdu->hdr.tag = c->asked.tag;
	pdu->hdr.handle = c->asked.handle;
	set_body(pdu, apn_pdu_body_bytes(op));
}

static void hang_up(struct connection *c)
{
	unsigned int i;

	peer_close(&c->peer);
	for (i = 0; i < APN_PARTIAL_MAX; i++)
		if (c->partial[i].data) {
			c->line->held -= le64_to_cpu(c->partial[i].hdr.io.length);
			free(c->partial[i].data);
		}
	memset(c, 0, sizeof(*c));
	c->peer.fd = -1;
}

/* The last PDU of a set-up; an answer among others later on. */
static void refuse(struct connection *c, enum apn_status status, const char *text)
{
	struct pdu pdu;

	target_build(c, &pdu, APN_OP_REFUSE);
	pdu.hdr.handle = 0;
	pdu.hdr.status = cpu_to_le16(status);
	snprintf((char *)pdu.data, APN_TEXT_BYTES, "%s", text);
	answer(c, &pdu);
	if (c->peer.phase != APN_PHASE_LIVE)
		hang_up(c);
}

/* ---- connections ---- */

static void breach(struct connection *c, const char *why)
{
	fprintf(stderr, "lane %u ends: %s\n", c->lane, why);
	hang_up(c);
}

static struct connection *lane_of(struct line *line, __u16 lane)
{
	unsigned int i;

	for (i = 0; i < CONNECTIONS; i++)
		if (connections[i].peer.fd >= 0 && connections[i].line == line &&
		    connections[i].lane == lane)
			return &connections[i];
	return NULL;
}

/* ---- set-up ---- */

static void on_hello(struct connection *c, const struct pdu *in)
{
	const struct apn_hello *hello = (const void *)in->data;
	struct apn_hello_ack *ack;
	struct pdu out;
	__u64 features = le64_to_cpu(hello->features) & APN_FEATURES_KNOWN;

	if (le16_to_cpu(hello->version_min) > 1 || !hello->version_max) {
		refuse(c, APN_STATUS_VERSION, "This target speaks version 1.");
		return;
	}
	if (le64_to_cpu(hello->required) & ~features) {
		refuse(c, APN_STATUS_FEATURE, "A required feature is unknown here.");
		return;
	}
	if (hello->security != APN_SECURITY_NONE) {
		refuse(c, APN_STATUS_SECURITY, "This port has security 'none'.");
		return;
	}
	c->hello = *hello;
	target_build(c, &out, APN_OP_HELLO_ACK);
	ack = (void *)out.data;
	ack->version = cpu_to_le16(1);
	ack->features = cpu_to_le64(features);
	random_bytes(ack->nonce, sizeof(ack->nonce));
	strcpy(ack->software, "wirepeer");
	answer(c, &out);
	c->peer.digest = features & APN_FEATURE_DIGEST;
	c->peer.rates = features & APN_FEATURE_RATE;
	c->peer.phase = APN_PHASE_AUTH;
}

/* For another identity it does not exist. */
static struct line *find_line(const __u8 *uuid, const char *identity)
{
	unsigned int i;

	for (i = 0; i < LINES; i++)
		if (lines[i].known && !memcmp(lines[i].uuid, uuid, APN_UUID_BYTES) &&
		    !strcmp(lines[i].identity, identity))
			return &lines[i];
	return NULL;
}

static bool has_lane(struct line *line)
{
	unsigned int i;

	for (i = 0; i < APN_LANES_MAX; i++)
		if (lane_of(line, i))
			return true;
	return false;
}

/* The place of a line that nobody uses any more will do. */
static struct line *make_line(const __u8 *uuid, const char *identity)
{
	unsigned int i;

	for (i = 0; i < LINES; i++)
		if (!lines[i].known || !has_lane(&lines[i]))
			break;
	if (i == LINES)
		return NULL;
	memset(&lines[i], 0, sizeof(lines[i]));
	memcpy(lines[i].uuid, uuid, APN_UUID_BYTES);
	strcpy(lines[i].identity, identity);
	lines[i].known = true;
	return &lines[i];
}

static bool take_lane(struct connection *c, struct line *line)
{
	__u16 lane = le16_to_cpu(c->hello.lane);
	__u32 incarnation = le32_to_cpu(c->hello.incarnation);
	struct connection *old = lane_of(line, lane);

	if (lane >= LANES || incarnation <= line->incarnation[lane])
		return false;
	line->incarnation[lane] = incarnation;
	if (old)
		hang_up(old);
	c->line = line;
	c->lane = lane;
	c->peer.bulk = lane;
	return true;
}

static void on_auth(struct connection *c, const struct pdu *in)
{
	const struct apn_auth *auth = (const void *)in->data;
	struct line *line = find_line(c->hello.line, auth->identity);
	struct apn_auth_ack *ack;
	static const __u8 no_proof[APN_PROOF_BYTES];
	bool resumed = line;
	struct pdu out;

	if (memcmp(auth->proof, no_proof, sizeof(no_proof))) {
		refuse(c, APN_STATUS_REFUSED, "This port takes no proofs.");
		return;
	}
	if (!line && !c->hello.lane)
		line = make_line(c->hello.line, auth->identity);
	if (!line) {
		refuse(c, APN_STATUS_NO_SESSION, "This line is not known here: begin with lane 0.");
		return;
	}
	if (!take_lane(c, line)) {
		refuse(c, APN_STATUS_PROTOCOL, "That lane or incarnation is not due.");
		return;
	}
	target_build(c, &out, APN_OP_AUTH_ACK);
	ack = (void *)out.data;
	memcpy(ack->instance, instance, sizeof(instance));
	ack->lanes = cpu_to_le16(LANES);
	ack->ping_ms = cpu_to_le16(250);
	ack->chunk_bytes = cpu_to_le32(APN_CHUNK_BYTES);
	ack->io_bytes = cpu_to_le32(IO_BYTES);
	ack->requests = cpu_to_le32(REQUESTS);
	ack->resumed = resumed;
	answer(c, &out);
	c->peer.phase = APN_PHASE_LIVE;
}

/* ---- sessions ---- */

static void fill_geometry(struct apn_attached *a)
{
	memcpy(a->volume, volume, sizeof(volume));
	a->size = cpu_to_le64(DISK_BYTES);
	a->generation = cpu_to_le64(1);
	a->flags = cpu_to_le32(APN_DISK_DISCARD | APN_DISK_WRITE_ZEROES);
	a->block_bytes = cpu_to_le32(512);
	a->physical_bytes = cpu_to_le32(4096);
	a->discard_bytes = cpu_to_le64(1 << 30);
	a->zeroes_bytes = cpu_to_le64(1 << 30);
}

static __u8 *session_of(struct connection *c, __u32 handle)
{
	return handle <= SESSIONS ? c->line->session[handle] : NULL;
}

static bool is_set(const __u8 *uuid)
{
	static const __u8 none[APN_UUID_BYTES];

	return uuid && memcmp(uuid, none, sizeof(none));
}

static void on_attach(struct connection *c, const struct pdu *in)
{
	const struct apn_attach *attach = (const void *)in->data;
	__u8 *session = session_of(c, le32_to_cpu(in->hdr.handle));
	struct pdu out;

	if (!session) {
		refuse(c, APN_STATUS_LIMIT, "That is one session too many.");
		return;
	}
	if (is_set(session) && memcmp(session, attach->session, APN_UUID_BYTES)) {
		refuse(c, APN_STATUS_PROTOCOL, "That handle names another session.");
		return;
	}
	if (is_set(attach->volume) && memcmp(attach->volume, volume, sizeof(volume))) {
		refuse(c, APN_STATUS_OTHER_VOLUME, "That name stands for another volume.");
		return;
	}
	memcpy(session, attach->session, APN_UUID_BYTES);
	target_build(c, &out, APN_OP_ATTACHED);
	fill_geometry((void *)out.data);
	answer(c, &out);
}

static void on_detach(struct connection *c, const struct pdu *in)
{
	__u8 *session = session_of(c, le32_to_cpu(in->hdr.handle));
	struct pdu out;

	if (!is_set(session)) {
		refuse(c, APN_STATUS_NO_SESSION, "That handle names nothing.");
		return;
	}
	memset(session, 0, APN_UUID_BYTES);
	target_build(c, &out, APN_OP_DETACHED);
	answer(c, &out);
}

static void on_list(struct connection *c, const struct pdu *in)
{
	const struct apn_list *list = (const void *)in->data;
	struct apn_listed *entry;
	struct pdu out;

	target_build(c, &out, APN_OP_LISTED);
	entry = (void *)out.data;
	strcpy(entry->export, "ram");
	memcpy(entry->volume, volume, sizeof(volume));
	entry->size = cpu_to_le64(DISK_BYTES);
	if (list->from)
		set_body(&out, 0);
	answer(c, &out);
}

static void on_fence(struct connection *c, const struct pdu *in)
{
	const struct apn_fence *fence = (const void *)in->data;
	struct line *line = find_line(fence->line, c->line->identity);
	__u16 lane = le16_to_cpu(fence->lane);
	__u32 incarnation = le32_to_cpu(fence->incarnation);
	struct connection *old = line ? lane_of(line, lane) : NULL;
	__u64 received = line ? line->lane_received[lane] : 0;
	struct pdu out;

	if (old && line->incarnation[lane] <= incarnation)
		hang_up(old);
	if (line && incarnation > line->incarnation[lane])
		line->incarnation[lane] = incarnation;
	if (c->peer.fd < 0)
		return;
	target_build(c, &out, APN_OP_FENCED);
	((struct apn_fenced *)out.data)->received = cpu_to_le64(received);
	answer(c, &out);
}

/* ---- requests ---- */

static void reply(struct connection *c, enum apn_status status)
{
	struct pdu out;

	target_build(c, &out, APN_OP_REPLY);
	out.hdr.status = cpu_to_le16(status);
	out.hdr.reply.service_ns = cpu_to_le64(1000);
	answer(c, &out);
}

static enum apn_status judge(struct connection *c, const struct apn_hdr *hdr)
{
	__u64 offset = le64_to_cpu(hdr->io.offset), length = le64_to_cpu(hdr->io.length);

	if (!is_set(session_of(c, le32_to_cpu(hdr->handle))))
		return APN_STATUS_NO_SESSION;
	if (length > DISK_BYTES || offset > DISK_BYTES - length)
		return APN_STATUS_RANGE;
	return APN_STATUS_OK;
}

static void on_read(struct connection *c, const struct apn_hdr *hdr)
{
	__u64 offset = le64_to_cpu(hdr->io.offset), length = le64_to_cpu(hdr->io.length), at, n;
	enum apn_status status = judge(c, hdr);
	struct pdu out;

	if (status) {
		reply(c, status);
		return;
	}
	for (at = 0; at < length && c->peer.fd >= 0; at += n) {
		n = length - at < APN_CHUNK_BYTES ? length - at : APN_CHUNK_BYTES;
		target_build(c, &out, APN_OP_REPLY);
		out.hdr.reply.chunk = cpu_to_le32(at);
		out.hdr.reply.service_ns = cpu_to_le64(at + n == length ? 1000 : 0);
		set_body(&out, n);
		memcpy(out.data, disk + offset + at, n);
		answer(c, &out);
	}
}

static struct partial *find_partial(struct connection *c, __u64 tag)
{
	unsigned int i;

	for (i = 0; i < APN_PARTIAL_MAX; i++)
		if (c->partial[i].data && c->partial[i].hdr.tag == tag)
			return &c->partial[i];
	return NULL;
}

static struct partial *free_partial(struct connection *c)
{
	unsigned int i;

	for (i = 0; i < APN_PARTIAL_MAX; i++)
		if (!c->partial[i].data)
			return &c->partial[i];
	return NULL;
}

static struct partial *begin_write(struct connection *c, const struct apn_hdr *hdr)
{
	__u64 length = le64_to_cpu(hdr->io.length);
	struct partial *p = free_partial(c);

	if (!p || find_partial(c, hdr->tag) || length > WINDOW_BYTES - c->line->held)
		return NULL;
	*p = (struct partial){ .hdr = *hdr, .data = malloc(length) };
	c->line->received += length;
	c->line->held += length;
	c->line->lane_received[c->lane] += length;
	return p;
}

static bool continues(const struct partial *p, const struct apn_hdr *hdr)
{
	return hdr->flags == p->hdr.flags && hdr->handle == p->hdr.handle &&
	       hdr->io.offset == p->hdr.io.offset && hdr->io.length == p->hdr.io.length &&
	       le32_to_cpu(hdr->io.chunk) == p->next;
}

static void end_write(struct connection *c, struct partial *p)
{
	enum apn_status status = judge(c, &p->hdr);

	if (!status && p->damaged)
		status = APN_STATUS_DIGEST;
	if (!status)
		memcpy(disk + le64_to_cpu(p->hdr.io.offset), p->data, p->next);
	free(p->data);
	p->data = NULL;
	c->line->held -= p->next;
	reply(c, status);
}

static void on_write(struct connection *c, const struct pdu *in)
{
	bool first = !in->hdr.io.chunk;
	struct partial *p = first ? begin_write(c, &in->hdr) : find_partial(c, in->hdr.tag);

	if (!p || (!first && !continues(p, &in->hdr))) {
		breach(c, "a chunk fits no WRITE");
		return;
	}
	p->damaged |= c->peer.damaged;
	memcpy(p->data + p->next, in->data, data_bytes(in));
	p->next += data_bytes(in);
	if (p->next == le64_to_cpu(in->hdr.io.length))
		end_write(c, p);
}

static void on_zeroes(struct connection *c, const struct apn_hdr *hdr)
{
	enum apn_status status = judge(c, hdr);

	if (!status)
		memset(disk + le64_to_cpu(hdr->io.offset), 0, le64_to_cpu(hdr->io.length));
	reply(c, status);
}

static void on_flush(struct connection *c, const struct apn_hdr *hdr)
{
	bool known = is_set(session_of(c, le32_to_cpu(hdr->handle)));

	reply(c, known ? APN_STATUS_OK : APN_STATUS_NO_SESSION);
}

static void on_ping(struct connection *c, struct pdu *in)
{
	in->hdr.op = APN_OP_PONG;
	in->hdr.ping.rate = 0; /* of a PONG it is the answerer's */
	answer(c, in);
}

static void dispatch(struct connection *c, struct pdu *in)
{
	c->asked = in->hdr;
	switch (in->hdr.op) {
	case APN_OP_HELLO:
		on_hello(c, in);
		break;
	case APN_OP_AUTH:
		on_auth(c, in);
		break;
	case APN_OP_ATTACH:
		on_attach(c, in);
		break;
	case APN_OP_DETACH:
		on_detach(c, in);
		break;
	case APN_OP_LIST:
		on_list(c, in);
		break;
	case APN_OP_FENCE:
		on_fence(c, in);
		break;
	case APN_OP_PING:
		on_ping(c, in);
		break;
	case APN_OP_READ:
		on_read(c, &in->hdr);
		break;
	case APN_OP_WRITE:
		on_write(c, in);
		break;
	case APN_OP_FLUSH:
		on_flush(c, &in->hdr);
		break;
	case APN_OP_DISCARD:
	case APN_OP_WRITE_ZEROES:
		on_zeroes(c, &in->hdr);
		break;
	}
}

static bool cuts_now(const struct connection *c, const struct pdu *in)
{
	if (!armed || cut || in->hdr.op != APN_OP_READ)
		return false;
	return armed->when == LATER || (armed->when == LATER_RESUMED && c->lane);
}

/* A later trick needs a disk that is up: its first REPLY is its last. */
static void cut_lanes(void)
{
	bool all = armed->when == LATER;
	unsigned int i;

	cut = true;
	for (i = 0; i < CONNECTIONS; i++)
		if (connections[i].peer.fd >= 0 && (all || !connections[i].lane))
			hang_up(&connections[i]);
	if (all)
		memset(lines, 0, sizeof(lines)); /* as if restarted: every session attaches again */
}

static void serve(struct connection *c)
{
	static struct pdu in;
	enum peer_got got = peer_receive(&c->peer, &in, 5000);

	if (got == PEER_PDU) {
		if (cuts_now(c, &in))
			cut_lanes();
		if (c->peer.fd >= 0 && !c->dumb)
			dispatch(c, &in);
		return;
	}
	if (c == victim)
		report(played->want == CLOSES, "the host closed the connection");
	if (got == PEER_WRONG)
		breach(c, peer_wrong);
	else
		hang_up(c);
}

/* ---- the loop ---- */

static int listen_on(const char *port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, zero = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, (void *)&any, sizeof(any)) || listen(fd, 64)) {
		perror("wirepeer: listen");
		exit(1);
	}
	return fd;
}

static void welcome(int listener)
{
	int fd = accept(listener, NULL, NULL), one = 1;
	unsigned int i;

	for (i = 0; i < CONNECTIONS; i++)
		if (connections[i].peer.fd < 0)
			break;
	if (fd < 0 || i == CONNECTIONS) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	memset(&connections[i], 0, sizeof(connections[i]));
	connections[i].peer.fd = fd;
}

/* One that should be closed has so many milliseconds; one that should stay, half of them. */
static void judge_victim(void)
{
	enum { PATIENCE_MS = 30000 };
	__u64 waited = now_ms() - played_ms;

	if (!victim)
		return;
	if (victim->peer.fd < 0)
		report(played->want == CLOSES, "the connection is gone");
	else if (played->want == GOES_ON && waited > 3000)
		report(true, "the host goes on");
	else if (waited > PATIENCE_MS)
		report(false, "the host takes it");
}

static void loop(int listener)
{
	struct pollfd poller[CONNECTIONS + 1] = { { .fd = listener, .events = POLLIN } };
	unsigned int i;

	for (i = 0; i < CONNECTIONS; i++)
		poller[i + 1] = (struct pollfd){ .fd = connections[i].peer.fd, .events = POLLIN };
	poll(poller, CONNECTIONS + 1, 200);
	for (i = 0; i < CONNECTIONS; i++)
		if (poller[i + 1].revents && connections[i].peer.fd == poller[i + 1].fd)
			serve(&connections[i]);
	if (poller[0].revents)
		welcome(listener);
	judge_victim();
}

static const struct trick *find_trick(const char *name)
{
	size_t i;

	for (i = 0; i < trick_count; i++)
		if (!strcmp(tricks[i].name, name))
			return &tricks[i];
	fprintf(stderr, "wirepeer: there is no case '%s': see wirepeer --list\n", name);
	exit(2);
}

int target_main(const char *port, const char *name)
{
	int listener = listen_on(port);
	unsigned int i;

	random_bytes(instance, sizeof(instance));
	random_bytes(volume, sizeof(volume));
	for (i = 0; i < CONNECTIONS; i++)
		connections[i].peer.fd = -1;
	if (!strncmp(name, "wild:", 5))
		wild_begin(name + 5);
	else if (strcmp(name, "good"))
		armed = find_trick(name);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		loop(listener);
}

// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* One TCP connection that carries PDUs, good ones and others. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"

const char *peer_wrong = "";

__u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

void random_bytes(void *to, size_t bytes)
{
	if (getrandom(to, bytes, 0) != (ssize_t)bytes)
		abort();
}

size_t data_bytes(const struct pdu *pdu)
{
	return le32_to_cpu(pdu->hdr.data_len);
}

void set_body(struct pdu *pdu, size_t bytes)
{
	pdu->hdr.data_len = cpu_to_le32(bytes);
}

static void split_address(const char *address, char *host, size_t room, const char **port)
{
	const char *colon = strrchr(address, ':');
	bool bracket = *address == '[';

	*port = "4921";
	snprintf(host, room, "%s", address + bracket);
	if (bracket) {
		host[strcspn(host, "]")] = 0;
		if (colon > strchr(address, ']'))
			*port = colon + 1;
	} else if (colon && strchr(address, ':') == colon) {
		host[colon - address] = 0;
		*port = colon + 1;
	}
}

static int try_connect(const struct addrinfo *to)
{
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || !connect(fd, to->ai_addr, to->ai_addrlen)) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		return fd;
	}
	close(fd);
	return -1;
}

bool peer_connect(struct peer *peer, const char *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *found;
	const char *port;
	char host[256];

	split_address(address, host, sizeof(host), &port);
	if (getaddrinfo(host, port, &hints, &found)) {
		fprintf(stderr, "wirepeer: '%s' is no address\n", address);
		exit(2);
	}
	peer->fd = try_connect(found);
	freeaddrinfo(found);
	peer->phase = APN_PHASE_HELLO;
	peer->granted = 0;
	peer->digest = false;
	peer->host = true;
	return peer->fd >= 0;
}

void peer_close(struct peer *peer)
{
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
}

/* No FIN: what the other side still has to send hits a wall. */
void peer_reset(struct peer *peer)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	peer_close(peer);
}

bool peer_write(struct peer *peer, const void *from, size_t bytes)
{
	while (bytes) {
		ssize_t n = send(peer->fd, from, bytes, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		from = (const char *)from + n;
		bytes -= n;
	}
	return true;
}

bool peer_send_as_is(struct peer *peer, const struct pdu *pdu, size_t bytes)
{
	return peer_write(peer, pdu, sizeof(pdu->hdr) + bytes);
}

bool peer_send(struct peer *peer, struct pdu *pdu)
{
	size_t bytes = data_bytes(pdu);

	if (peer->digest && peer->phase == APN_PHASE_LIVE && bytes && !pdu->hdr.data_crc)
		pdu->hdr.data_crc = cpu_to_le32(apn_pdu_crc(pdu->data, bytes));
	apn_pdu_seal(&pdu->hdr);
	return peer_send_as_is(peer, pdu, bytes);
}

static enum peer_got wait_readable(struct peer *peer, __u64 until)
{
	struct pollfd poller = { .fd = peer->fd, .events = POLLIN };
	__u64 now = now_ms();

	if (poll(&poller, 1, until > now ? until - now : 0) == 0)
		return PEER_TIMEOUT;
	return PEER_PDU;
}

static enum peer_got read_all(struct peer *peer, void *to, size_t bytes, __u64 until)
{
	while (bytes) {
		enum peer_got got = wait_readable(peer, until);
		ssize_t n;

		if (got != PEER_PDU)
			return got;
		n = recv(peer->fd, to, bytes, 0);
		if (n <= 0)
			return n < 0 && errno == EINTR ? PEER_TIMEOUT : PEER_CLOSED;
		to = (char *)to + n;
		bytes -= n;
	}
	return PEER_PDU;
}

static enum peer_got wrong(const char *why)
{
	peer_wrong = why;
	return PEER_WRONG;
}

/* We judge what comes as strictly as the kernel does. */
static enum peer_got judge_header(struct peer *peer, const struct apn_hdr *hdr)
{
	struct apn_bounds bounds = {
		.from_host = !peer->host,
		.phase = peer->phase,
		.control = !peer->bulk,
		.digest = peer->digest && peer->phase == APN_PHASE_LIVE,
		.chunk_bytes = APN_CHUNK_BYTES,
		.io_bytes = APN_IO_BYTES_MAX,
	};
	enum apn_bad bad = apn_pdu_check(hdr, &bounds);

	if (bad)
		return wrong(apn_pdu_why(bad));
	if (le64_to_cpu(hdr->granted) > peer->granted)
		peer->granted = le64_to_cpu(hdr->granted);
	return PEER_PDU;
}

static enum peer_got judge_data(struct peer *peer, const struct pdu *pdu)
{
	bool payload = pdu->hdr.op == APN_OP_WRITE || pdu->hdr.op == APN_OP_REPLY;
	size_t bytes = data_bytes(pdu);
	enum apn_bad bad;

	peer->damaged = peer->digest && peer->phase == APN_PHASE_LIVE && bytes &&
			le32_to_cpu(pdu->hdr.data_crc) != apn_pdu_crc(pdu->data, bytes);
	if (peer->damaged && pdu->hdr.op != APN_OP_WRITE)
		return wrong("digest does not fit the data");
	bad = payload || !bytes ? APN_GOOD : apn_pdu_check_body(&pdu->hdr, pdu->data);
	return bad ? wrong(apn_pdu_why(bad)) : PEER_PDU;
}

enum peer_got peer_receive(struct peer *peer, struct pdu *pdu, int timeout_ms)
{
	__u64 until = now_ms() + timeout_ms;
	enum peer_got got;

	if (peer->fd < 0)
		return PEER_CLOSED;
	got = read_all(peer, &pdu->hdr, sizeof(pdu->hdr), until);
	if (got == PEER_PDU)
		got = judge_header(peer, &pdu->hdr);
	if (got == PEER_PDU)
		got = read_all(peer, pdu->data, data_bytes(pdu), until);
	return got == PEER_PDU ? judge_data(peer, pdu) : got;
}

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* One TCP connection that carries PDUs, good ones and others. */
#ifndef PEER_H
#define PEER_H

#include "pdu_env_user.h"
#include "pdu.h"

struct pdu {
	struct apn_hdr hdr;
	__u8 data[APN_CHUNK_BYTES];
};

struct peer {
	int fd; /* -1: closed */
	bool host; /* we are the host */
	bool digest; /* in force */
	bool rates; /* in force: PING and PONG may say them */
	bool bulk; /* not lane 0 */
	bool damaged; /* the payload of the WRITE that came last */
	__u8 phase; /* of what we expect */
	__u64 granted; /* the largest seen */
};

enum peer_got {
	PEER_PDU,
	PEER_TIMEOUT,
	PEER_CLOSED,
	PEER_WRONG, /* what came breaks the protocol: peer_wrong says how */
};

extern const char *peer_wrong;

__u64 now_ms(void);
void random_bytes(void *to, size_t bytes);
size_t data_bytes(const struct pdu *pdu);
void set_body(struct pdu *pdu, size_t bytes);

/* "192.0.2.1", "192.0.2.1:4921", "[2001:db8::1]:4921" */
bool peer_connect(struct peer *peer, const char *address);
void peer_close(struct peer *peer);
void peer_reset(struct peer *peer);

/* False: the other side has closed the connection. */
bool peer_write(struct peer *peer, const void *from, size_t bytes);
/* Digest, checksum, header and data. */
bool peer_send(struct peer *peer, struct pdu *pdu);
/* As it is; so many bytes of data, whatever the header says. */
bool peer_send_as_is(struct peer *peer, const struct pdu *pdu, size_t bytes);
enum peer_got peer_receive(struct peer *peer, struct pdu *pdu, int timeout_ms);

#endif /* PEER_H */

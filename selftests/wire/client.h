/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* A host, as protocol.rst wants it: what the hostile cases begin with. */
#ifndef CLIENT_H
#define CLIENT_H

#include "peer.h"

/* How far the set-up has got. */
enum stage {
	CONNECTED,
	GREETED, /* HELLO_ACK is here */
	LIVE, /* AUTH_ACK is here */
	ATTACHED,
};

struct client {
	struct peer peer;
	const char *address;
	enum stage stage;

	/* What it says of itself. */
	__u8 line[APN_UUID_BYTES];
	__u8 session[APN_UUID_BYTES];
	__u8 boot[APN_UUID_BYTES];
	char identity[APN_NAME_BYTES];
	char export[APN_NAME_BYTES];
	__u64 features;
	__u32 incarnation;
	__u16 lane;
	__u8 security;
	__u32 attach_flags;
	__u32 handle;

	/* What it was told. */
	struct apn_auth_ack agreed;
	struct apn_attached disk;
	__u64 tag; /* the last one used */
	__u64 sent; /* bytes of WRITEs begun */
};

/* What became of something: a status of REPLY, or one of these. */
enum end {
	REFUSED = 256, /* plus the status of the REFUSE */
	CLOSED = 1024,
	FINE,
	SILENT,
	WRONG,
	FAILED, /* only wanted: any status but OK */
};

const char *end_text(int end);

void client_init(struct client *c, const char *address, const char *export);
/* The same line and identity, another lane. */
void client_sibling(struct client *c, const struct client *of, __u16 lane, __u32 incarnation);
/* FINE, or why it got no further. */
int client_setup(struct client *c, enum stage stage);

/* A good PDU of that operation, for where the client stands; not sealed. */
void client_build(struct client *c, struct pdu *pdu, __u8 op);
void client_build_io(struct client *c, struct pdu *pdu, __u8 op, __u64 offset, __u64 length);

/* Send it and wait for what ends it. */
int client_ask(struct client *c, struct pdu *pdu);
int client_answer(struct client *c, __u64 tag, struct pdu *pdu, int timeout_ms);
int client_await_close(struct client *c, int timeout_ms);
/* FINE if the lane still answers, and reads. */
int client_goes_on(struct client *c);

/* One whole request. */
int client_write(struct client *c, __u64 offset, const void *from, size_t bytes);
int client_read(struct client *c, __u64 offset, void *to, size_t bytes);
int client_simple(struct client *c, __u8 op, __u64 offset, __u64 length);

#endif /* CLIENT_H */

/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The wire, whole. Layouts and limits, no functions; Documentation/protocol.rst
 * is its text. Everything is little-endian; every pad byte has a name and is zero.
 */
#ifndef APN_PROTO_H
#define APN_PROTO_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#else
#include <assert.h>
#include <stddef.h>
#endif
#include <linux/types.h>

#define APN_MAGIC "APNBD\r\n" /* eight bytes with its NUL; a line-end translation breaks it */

enum {
	APN_PORT = 4921,
	APN_VERSION_MIN = 1,
	APN_VERSION_MAX = 1,

	APN_NAME_BYTES = 64, /* export names and identities, NUL-padded, 63 at most */
	APN_UUID_BYTES = 16,
	APN_NONCE_BYTES = 32,
	APN_PROOF_BYTES = 32,
	APN_CHANNEL_BYTES = 32,
	APN_SOFTWARE_BYTES = 32,
	APN_TEXT_BYTES = 200, /* a refusal's sentence */

	APN_LANES_MAX = 16,
	APN_HANDLE_MAX = 4095, /* sessions of a line; the host names each in its ATTACH */
	APN_CHUNK_BYTES = 128 * 1024, /* payload that one PDU may carry */
	APN_SMALL_BYTES = 32 * 1024, /* payload up to here overtakes bulk */
	APN_IO_BYTES_MAX = 16 * 1024 * 1024, /* what one request may ever be */
	APN_BODY_BYTES_MAX = 1024, /* body of a set-up or control PDU */
	APN_PARTIAL_MAX = 8, /* writes begun and not complete, a lane */
	APN_PLACE_BYTES = 4096, /* RDMA: the unit in which memory is granted ahead */
	APN_PLAIN_BYTES = 4096, /* RDMA: payload up to here travels in the message itself */
	APN_PING_MS_MIN = 10, /* asking more often would be a flood */
	APN_SIGNS_PER_S = 256, /* PINGs and PONGs that one side may send on a lane */
};

/* HELLO offers and requires; HELLO_ACK says what is in force. */
enum apn_feature {
	APN_FEATURE_DIGEST = 1 << 0, /* hdr.data_crc covers all data behind AUTH_ACK */
	APN_FEATURE_RATE = 1 << 1, /* PING and PONG say rates */
};
#define APN_FEATURES_KNOWN ((__u64)(APN_FEATURE_DIGEST | APN_FEATURE_RATE))

enum apn_op {
	APN_OP_HELLO = 1,
	APN_OP_HELLO_ACK = 2,
	APN_OP_AUTH = 3,
	APN_OP_AUTH_ACK = 4,
	APN_OP_ATTACH = 5,
	APN_OP_ATTACHED = 6,
	APN_OP_DETACH = 7,
	APN_OP_DETACHED = 8,
	APN_OP_LIST = 9,
	APN_OP_LISTED = 10,
	APN_OP_FENCE = 11,
	APN_OP_FENCED = 12,
	APN_OP_PING = 13,
	APN_OP_PONG = 14,
	APN_OP_NOTICE = 15,
	APN_OP_WINDOW = 16,
	APN_OP_REFUSE = 17,

	APN_OP_READ = 32,
	APN_OP_WRITE = 33,
	APN_OP_FLUSH = 34,
	APN_OP_DISCARD = 35,
	APN_OP_WRITE_ZEROES = 36,
	APN_OP_REPLY = 48,
	APN_OP_END = 49,
};

enum apn_flag {
	APN_FLAG_FUA = 1 << 0, /* WRITE, WRITE_ZEROES: durable before the reply */
	APN_FLAG_NOUNMAP = 1 << 1, /* WRITE_ZEROES: keep the blocks allocated */
	APN_FLAG_MORE = 1 << 2, /* LISTED: ask again, from the next index */
	APN_FLAG_WHOLE = 1 << 3, /* DETACH: the session ends on all its lines */
};

enum apn_status {
	APN_STATUS_OK = 0,
	/* of one request */
	APN_STATUS_IO = 1, /* the device failed */
	APN_STATUS_NOSPC = 2,
	APN_STATUS_READ_ONLY = 3,
	APN_STATUS_RANGE = 4, /* outside the device, or not whole blocks */
	APN_STATUS_UNSUPPORTED = 5,
	APN_STATUS_DIGEST = 6, /* the payload arrived damaged: send it once more */
	APN_STATUS_TIMEOUT = 7,
	APN_STATUS_MEDIUM = 8,
	APN_STATUS_NO_MEMORY = 9,
	/* of a session */
	APN_STATUS_NO_SESSION = 16, /* the handle names nothing: attach again */
	APN_STATUS_REVOKED = 17, /* final */
	APN_STATUS_SUPERSEDED = 18, /* final: a newer writer holds the export */
	APN_STATUS_DRAINING = 19,
	/* of a set-up */
	APN_STATUS_REFUSED = 32, /* who you are, or what you asked for: one word for both */
	APN_STATUS_VERSION = 33,
	APN_STATUS_FEATURE = 34,
	APN_STATUS_SECURITY = 35,
	APN_STATUS_BUSY = 36, /* another session writes */
	APN_STATUS_LIMIT = 37,
	APN_STATUS_PROTOCOL = 38,
	APN_STATUS_OTHER_VOLUME = 39, /* the name now stands for another volume */
	APN_STATUS_END = 40,
};

enum apn_security {
	APN_SECURITY_TLS = 0,
	APN_SECURITY_AUTH = 1,
	APN_SECURITY_NONE = 2,
	APN_SECURITY_END = 3,
};

/* READ, WRITE, DISCARD, WRITE_ZEROES; FLUSH has all of it zero. */
struct apn_wire_io {
	__le64 offset; /* bytes from the start of the device */
	__le64 length; /* of the whole request */
	__le32 chunk; /* WRITE: where in the request this payload lies; READ: see place */
	__le32 place; /* RDMA: WRITE: its first place, from 1; READ: key, chunk says from where */
};

struct apn_wire_reply {
	__le64 service_ns; /* what the target's storage took */
	__le32 chunk; /* READ: where in the request this payload lies */
	__u8 pad[12];
};

struct apn_wire_ping {
	__le64 sent_ns; /* the asker's clock; the answer returns it */
	__le64 rate; /* bytes a second, with APN_FEATURE_RATE; else zero */
	__u8 pad[8];
};

struct apn_hdr {
	__u8 op;
	__u8 flags;
	__le16 status;
	__le32 data_len; /* bytes that follow this header */
	__le32 data_crc; /* CRC-32C of those, with APN_FEATURE_DIGEST; else zero */
	__le32 handle; /* a session of the line; zero: the line itself */
	__le64 tag; /* the asker's cookie; the answer returns it */
	union {
		struct apn_wire_io io;
		struct apn_wire_reply reply;
		struct apn_wire_ping ping;
		__u8 body[24];
	};
	__le64 granted; /* target to host: payload bytes that may have been sent, ever */
	__u8 pad[4];
	__le32 crc; /* CRC-32C of the sixty bytes before */
};
static_assert(sizeof(struct apn_wire_io) == 24);
static_assert(sizeof(struct apn_wire_reply) == 24);
static_assert(sizeof(struct apn_wire_ping) == 24);
static_assert(sizeof(struct apn_hdr) == 64);
static_assert(offsetof(struct apn_hdr, tag) == 16);
static_assert(offsetof(struct apn_hdr, body) == 24);
static_assert(offsetof(struct apn_hdr, granted) == 48);
static_assert(offsetof(struct apn_hdr, crc) == 60);

/*
 * Bodies. A newer release may append fields: a receiver takes what it knows of a
 * longer body. None is ever shorter than its version 1.
 */
struct apn_hello {
	__u8 magic[8];
	__le16 version_min;
	__le16 version_max;
	__le16 lane; /* which lane of the line this connection is */
	__u8 security; /* enum apn_security, as the host was told */
	__u8 pad;
	__le32 incarnation; /* of the lane; grows, never used twice in a line's life */
	__u8 pad2[4];
	__le64 features; /* what the sender can do */
	__le64 required; /* what it will not do without */
	__u8 line[APN_UUID_BYTES];
	__u8 nonce[APN_NONCE_BYTES];
	char software[APN_SOFTWARE_BYTES]; /* for people */
};
static_assert(sizeof(struct apn_hello) == 120);
static_assert(offsetof(struct apn_hello, features) == 24);
static_assert(offsetof(struct apn_hello, nonce) == 56);

struct apn_hello_ack {
	__le16 version;
	__u8 pad[6];
	__le64 features; /* in force on this connection */
	__u8 nonce[APN_NONCE_BYTES];
	char software[APN_SOFTWARE_BYTES];
};
static_assert(sizeof(struct apn_hello_ack) == 80);
static_assert(offsetof(struct apn_hello_ack, nonce) == 16);

struct apn_auth {
	char identity[APN_NAME_BYTES];
	__u8 proof[APN_PROOF_BYTES]; /* security none: zero */
};
static_assert(sizeof(struct apn_auth) == 96);

struct apn_auth_ack {
	__u8 proof[APN_PROOF_BYTES];
	__u8 instance[APN_UUID_BYTES]; /* of the target: new with every load of its module */
	__le16 lanes; /* this line may have so many */
	__le16 ping_ms; /* the host sends a PING at least so often */
	__le32 chunk_bytes;
	__le32 io_bytes; /* the largest READ or WRITE */
	__le32 requests; /* outstanding on the line, all sessions together */
	__u8 resumed; /* 1: the line was known, its window counts go on */
	__u8 pad[7];
};
static_assert(sizeof(struct apn_auth_ack) == 72);
static_assert(offsetof(struct apn_auth_ack, lanes) == 48);

enum apn_attach_flag {
	APN_ATTACH_WRITER = 1 << 0,
	APN_ATTACH_TAKEOVER = 1 << 1, /* fence the present writer first */
};

struct apn_attach {
	char export[APN_NAME_BYTES];
	__u8 session[APN_UUID_BYTES]; /* one disk of one host, for its life */
	__u8 boot[APN_UUID_BYTES]; /* the host's: new with every load of its module */
	__u8 volume[APN_UUID_BYTES]; /* the export's UUID as first seen; zero: any */
	__le64 generation; /* writer generation as last seen; zero: none */
	__le32 flags;
	__u8 pad[4];
};
static_assert(sizeof(struct apn_attach) == 128);
static_assert(offsetof(struct apn_attach, generation) == 112);

enum apn_disk_flag {
	APN_DISK_READ_ONLY = 1 << 0,
	APN_DISK_WRITE_CACHE = 1 << 1, /* acknowledged is not durable: FLUSH is needed */
	APN_DISK_FUA = 1 << 2,
	APN_DISK_DISCARD = 1 << 3,
	APN_DISK_WRITE_ZEROES = 1 << 4,
	APN_DISK_ROTATIONAL = 1 << 5,
	APN_DISK_ORDERLY = 1 << 6, /* the instance before this one flushed and said so */
	APN_DISK_KNOWN = (1 << 7) - 1,
};

struct apn_attached {
	__u8 volume[APN_UUID_BYTES];
	__u8 before[APN_UUID_BYTES]; /* the instance that served it before; zero: none known */
	__le64 size; /* bytes */
	__le64 generation;
	__le32 flags;
	__le32 block_bytes; /* 512 or 4096 */
	__le32 physical_bytes;
	__le32 io_min_bytes;
	__le32 io_opt_bytes;
	__le32 discard_granularity;
	__le64 discard_bytes; /* the largest DISCARD */
	__le64 zeroes_bytes; /* the largest WRITE_ZEROES */
};
static_assert(sizeof(struct apn_attached) == 88);
static_assert(offsetof(struct apn_attached, flags) == 48);
static_assert(offsetof(struct apn_attached, discard_bytes) == 72);

struct apn_list {
	__le32 from; /* index of the first entry wanted */
	__u8 pad[4];
};
static_assert(sizeof(struct apn_list) == 8);

struct apn_listed { /* LISTED carries as many as fit a body */
	char export[APN_NAME_BYTES];
	__u8 volume[APN_UUID_BYTES];
	__le64 size;
	__le32 flags; /* enum apn_disk_flag, as this identity would get it */
	__u8 pad[4];
};
static_assert(sizeof(struct apn_listed) == 96);

struct apn_fence {
	__u8 line[APN_UUID_BYTES];
	__le16 lane;
	__u8 pad[2];
	__le32 incarnation; /* this one and all before it */
};
static_assert(sizeof(struct apn_fence) == 24);

struct apn_fenced {
	__le64 received; /* summed length of the WRITEs ever begun by that lane, all incarnations */
};
static_assert(sizeof(struct apn_fenced) == 8);

enum apn_notice_kind {
	APN_NOTICE_CHANGED = 1, /* size, or read-only: the new values follow */
	APN_NOTICE_DRAINING = 2,
	APN_NOTICE_REVOKED = 3,
	APN_NOTICE_SUPERSEDED = 4,
	APN_NOTICE_END = 5,
};

struct apn_notice {
	__le32 kind;
	__le32 flags; /* enum apn_disk_flag */
	__le64 size;
};
static_assert(sizeof(struct apn_notice) == 16);

struct apn_refuse {
	char text[APN_TEXT_BYTES]; /* one sentence for a person, NUL-padded, printable ASCII */
};
static_assert(sizeof(struct apn_refuse) == 200);

/*
 * RDMA: the private data of a connection's request and of its acceptance, and what a
 * target grants. A grant travels as a message of its own, told by immediate data.
 */
#define APN_RDMA_MAGIC "APNR"

struct apn_rdma_hello {
	__u8 magic[4];
	__u8 version; /* of this way of travelling */
	__u8 ack_timeout; /* host: as of a queue pair, 4.096 us << this; target: zero */
	__u8 pad[2];
	__le32 wish; /* host: places that it would like to be granted; target: zero */
	__u8 pad2[4];
};
static_assert(sizeof(struct apn_rdma_hello) == 16);

enum {
	APN_RDMA_VERSION = 1,
	APN_RDMA_GRANT = 1, /* immediate data of a grant */
	APN_RDMA_STEP = 512, /* places of one grant, at most */
	APN_RDMA_PLACES_MAX = 1 << 16, /* of a lane, in all: 256 MiB */
};

struct apn_rdma_grant {
	__le32 first; /* number of its first place; the first grant's is 1 */
	__le32 places; /* all grants but the last have as many as the first */
	__le32 key; /* their memory begins at address zero of this key */
	__u8 pad[4];
};
static_assert(sizeof(struct apn_rdma_grant) == 16);

#endif /* APN_PROTO_H */

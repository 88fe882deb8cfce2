/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Encode, decode, validate: pure functions of a header and of what was agreed.
 * Built in apn.ko, in the user-space unit test and in the fuzz target.
 */
#ifndef APN_PDU_H
#define APN_PDU_H

#include "proto.h"

/* What a receiver may be sent at this moment. */
struct apn_bounds {
	__u8 from_host; /* who sends: 1 the host, 0 the target */
	__u8 phase; /* enum apn_phase */
	__u8 control; /* lane 0: control PDUs are legal */
	__u8 digest;
	__u8 rates; /* PING and PONG may say a rate */
	__u8 placed; /* payload may be put into memory: io.place has a meaning */
	__u32 chunk_bytes;
	__u32 io_bytes;
};

enum apn_phase {
	APN_PHASE_HELLO, /* the first PDU of either side is due */
	APN_PHASE_AUTH,
	APN_PHASE_LIVE,
	APN_PHASE_OVER, /* refused: nothing is legal any more */
};

/* Why a header was not taken: the index of apn_pdu_why(). */
enum apn_bad {
	APN_GOOD,
	APN_BAD_CRC,
	APN_BAD_OP,
	APN_BAD_SENDER,
	APN_BAD_PHASE,
	APN_BAD_LANE,
	APN_BAD_FLAGS,
	APN_BAD_STATUS,
	APN_BAD_HANDLE,
	APN_BAD_PAD,
	APN_BAD_LENGTH,
	APN_BAD_RANGE,
	APN_BAD_CHUNK,
	APN_BAD_DIGEST,
	APN_BAD_BODY,
	APN_BAD_END,
};

__u32 apn_pdu_crc(const void *data, size_t len);
void apn_pdu_seal(struct apn_hdr *hdr);
enum apn_bad apn_pdu_check(const struct apn_hdr *hdr, const struct apn_bounds *bounds);
enum apn_bad apn_pdu_check_body(const struct apn_hdr *hdr, const void *body);
size_t apn_pdu_body_bytes(__u8 op);
const char *apn_pdu_why(enum apn_bad bad);
const char *apn_pdu_op_name(__u8 op);
const char *apn_pdu_status_text(__u16 status);
bool apn_pdu_name_ok(const char *name);

#endif /* APN_PDU_H */

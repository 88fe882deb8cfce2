/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* One good PDU of every operation: what the cases break, and what the golden vectors hold. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "pdu_env_user.h"
#include "pdu.h"

struct pdu {
	struct apn_hdr hdr;
	union {
		__u8 body[APN_BODY_BYTES_MAX];
		struct apn_hello hello;
		struct apn_hello_ack hello_ack;
		struct apn_auth auth;
		struct apn_auth_ack auth_ack;
		struct apn_attach attach;
		struct apn_attached attached;
		struct apn_list list;
		struct apn_listed listed[10];
		struct apn_fence fence;
		struct apn_fenced fenced;
		struct apn_notice notice;
		struct apn_refuse refuse;
	};
};

/* False: there is no such operation. The header is sealed. */
bool sample(struct pdu *pdu, __u8 op);
/* Who sends the sample, in which phase; lane 0, with digests once live. */
struct apn_bounds sample_bounds(__u8 op);

#endif /* SAMPLE_H */

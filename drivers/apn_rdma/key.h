/* SPDX-License-Identifier: GPL-2.0 */
/* The host's: a READ's pages, and the key by which the target may write into them. */
#ifndef APN_RDMA_KEY_H
#define APN_RDMA_KEY_H

#include "rdma.h"

struct apn_rdma_key;

/*
 * For @tx, whose key and start are put into the header of @out: the next message's.
 * Zero without them: its pages can't be had under one key, the payload is to come in
 * messages. -EAGAIN: all keys are in use. Under tx_lock.
 */
int apn_rdma_key_take(struct apn_rdma_lane *t, struct apn_tx *tx, struct apn_out *out);
/* The work request that makes it good, to go before the message that names it. */
struct ib_send_wr *apn_rdma_key_register(struct apn_rdma_key *key, struct ib_reg_wr *reg);
/* The answer came: from now on it must be good for nothing. Receive context. */
void apn_rdma_key_answered(struct apn_rdma_key *key);
/* One of the two that hold it does no more; the second one tells the tx. */
void apn_rdma_key_release(struct apn_rdma_key *key);
/* What the target wrote can be read before the answer is complete. */
void apn_rdma_key_sync(struct apn_rdma_key *key);
/* The queue is drained: no key is good for anything; then all that wait for one are told. */
void apn_rdma_keys_revoke(struct apn_rdma_lane *t);
void apn_rdma_keys_free(struct apn_rdma_lane *t);

#endif /* APN_RDMA_KEY_H */

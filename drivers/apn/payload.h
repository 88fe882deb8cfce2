/* SPDX-License-Identifier: GPL-2.0 */
/* The bytes of a request, wherever they lie: a row of bios, a table of pages, a buffer. */
#ifndef APN_PAYLOAD_H
#define APN_PAYLOAD_H

#include <linux/bio.h>
#include <linux/uio.h>

/*
 * A cursor. It copies by assignment: it points to the bytes and owns none of them.
 * @dir of the constructors is ITER_SOURCE for what is sent, ITER_DEST for what comes.
 */
struct apn_payload {
	struct iov_iter iter; /* what is left of the present bio or table */
	struct bio *next; /* a request's bios after this one */
};

void apn_payload_bios(struct apn_payload *p, unsigned int dir, struct bio *bio);
void apn_payload_table(struct apn_payload *p, unsigned int dir, const struct bio_vec *table,
		       unsigned int entries, size_t bytes);
void apn_payload_buffer(struct apn_payload *p, unsigned int dir, const struct kvec *kvec);

/* Bytes that can be moved in one go; zero only at the end. Steps from bio to bio. */
size_t apn_payload_run(struct apn_payload *p);
void apn_payload_skip(struct apn_payload *p, size_t bytes);
u32 apn_payload_crc(struct apn_payload p, size_t bytes);

#endif /* APN_PAYLOAD_H */

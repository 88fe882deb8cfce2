// SPDX-License-Identifier: GPL-2.0
/* The bytes of a request, wherever they lie. */
#include "payload.h"
#include "pdu.h"

#include <linux/crc32c.h>
#include <linux/export.h>
#include <linux/highmem.h>

static unsigned int bio_entries(struct bio *bio)
{
	struct bio_vec bv;
	struct bvec_iter at;
	unsigned int n = 0;

	bio_for_each_bvec(bv, bio, at)
		n++;
	return n;
}

static void enter_bio(struct apn_payload *p, unsigned int dir, struct bio *bio)
{
	const struct bio_vec *first = __bvec_iter_bvec(bio->bi_io_vec, bio->bi_iter);

	p->next = bio->bi_next;
	iov_iter_bvec(&p->iter, dir, first, bio_entries(bio), bio->bi_iter.bi_size);
	/* what of the first entry is done, whose field has another name from 7.3 on */
	p->iter.iov_offset = mp_bvec_iter_offset(bio->bi_io_vec, bio->bi_iter) - first->bv_offset;
}

void apn_payload_bios(struct apn_payload *p, unsigned int dir, struct bio *bio)
{
	enter_bio(p, dir, bio);
}
EXPORT_SYMBOL_GPL(apn_payload_bios);

void apn_payload_table(struct apn_payload *p, unsigned int dir, const struct bio_vec *table,
		       unsigned int entries, size_t bytes)
{
	p->next = NULL;
	iov_iter_bvec(&p->iter, dir, table, entries, bytes);
}
EXPORT_SYMBOL_GPL(apn_payload_table);

void apn_payload_buffer(struct apn_payload *p, unsigned int dir, const struct kvec *kvec)
{
	p->next = NULL;
	iov_iter_kvec(&p->iter, dir, kvec, 1, kvec->iov_len);
}
EXPORT_SYMBOL_GPL(apn_payload_buffer);

size_t apn_payload_run(struct apn_payload *p)
{
	while (!iov_iter_count(&p->iter) && p->next)
		enter_bio(p, iov_iter_rw(&p->iter), p->next);
	return iov_iter_count(&p->iter);
}
EXPORT_SYMBOL_GPL(apn_payload_run);

void apn_payload_skip(struct apn_payload *p, size_t bytes)
{
	while (bytes) {
		size_t n = min(bytes, apn_payload_run(p));

		if (WARN_ON_ONCE(!n))
			return;
		iov_iter_advance(&p->iter, n);
		bytes -= n;
	}
}
EXPORT_SYMBOL_GPL(apn_payload_skip);

/* One page's worth at most, so that a highmem page is mapped once. */
static u32 crc_step(u32 crc, const struct iov_iter *iter, size_t limit, size_t *did)
{
	const struct bio_vec *bv = iter->bvec;
	size_t at = bv->bv_offset + iter->iov_offset;
	size_t n = min3(limit, (size_t)(bv->bv_len - iter->iov_offset), PAGE_SIZE - at % PAGE_SIZE);
	void *mapped = kmap_local_page(bv->bv_page + at / PAGE_SIZE);

	crc = crc32c(crc, mapped + at % PAGE_SIZE, n);
	kunmap_local(mapped);
	*did = n;
	return crc;
}

/* The wire's CRC of the next @bytes; @p is a copy, so the caller's cursor stays. */
u32 apn_payload_crc(struct apn_payload p, size_t bytes)
{
	u32 crc = ~0U;

	if (iov_iter_is_kvec(&p.iter))
		return apn_pdu_crc(p.iter.kvec->iov_base + p.iter.iov_offset, bytes);
	while (bytes) {
		size_t n = min(bytes, apn_payload_run(&p));

		if (WARN_ON_ONCE(!n))
			break;
		crc = crc_step(crc, &p.iter, n, &n);
		iov_iter_advance(&p.iter, n);
		bytes -= n;
	}
	return ~crc;
}
EXPORT_SYMBOL_GPL(apn_payload_crc);

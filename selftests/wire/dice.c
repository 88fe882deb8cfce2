// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Chance that can be repeated, and a PDU that it has spoiled. */
#include <string.h>

#include "dice.h"

/* splitmix64: every seed is a good one. */
static __u64 next(struct dice *d)
{
	__u64 x = d->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

void dice_seed(struct dice *d, __u64 seed)
{
	d->state = seed;
}

__u32 dice(struct dice *d, __u32 sides)
{
	return next(d) % sides;
}

__u64 dice_value(struct dice *d)
{
	static const __u64 limit[] = {
		0, 1, 2, 8, 63, 64, 255, 511, 512, 513, 1023, 1024, 1025, 4096, 32768, 65535, 131071, 131072,
		131073, 1 << 20, 1 << 24, (1 << 24) + 512, 0x7fffffff, 0x80000000, 0xfffffe00, 0xffffffff,
		1ULL << 32, 1ULL << 50, 1ULL << 63, ~0ULL - 511, ~0ULL,
	};
	__u32 i = dice(d, sizeof(limit) / sizeof(limit[0]) + 4);

	return i < sizeof(limit) / sizeof(limit[0]) ? limit[i] : next(d);
}

void dice_fill(struct dice *d, void *to, size_t bytes)
{
	char *at = to;

	while (bytes--)
		*at++ = dice(d, 256);
}

#define FIELD(name) { offsetof(struct apn_hdr, name), sizeof(((struct apn_hdr *)0)->name) }

static const struct {
	__u8 at, bytes;
} fields[] = {
	FIELD(op),	  FIELD(flags),	   FIELD(status), FIELD(data_len), FIELD(data_crc),
	FIELD(handle),	  FIELD(tag),	   FIELD(granted), FIELD(pad),	   FIELD(io.offset),
	FIELD(io.length), FIELD(io.chunk), FIELD(io.place),
};

static void spoil_field(struct dice *d, struct pdu *pdu)
{
	__u32 i = dice(d, sizeof(fields) / sizeof(fields[0]));
	__u64 value = cpu_to_le64(dice_value(d));

	memcpy((char *)pdu + fields[i].at, &value, fields[i].bytes);
}

static void spoil_data(struct dice *d, struct pdu *pdu)
{
	size_t bytes = data_bytes(pdu), at, n;

	if (!bytes || bytes > sizeof(pdu->data))
		return;
	at = dice(d, bytes);
	n = bytes - at < 8 ? bytes - at : 1 + dice(d, 8);
	if (dice(d, 2)) {
		__u64 value = cpu_to_le64(dice_value(d));

		memcpy(pdu->data + at, &value, n);
	} else {
		dice_fill(d, pdu->data + at, n);
	}
}

size_t dice_spoil(struct dice *d, struct pdu *pdu, bool digest)
{
	size_t bytes = data_bytes(pdu);
	__u32 times = dice(d, 3);

	for (; times; times--) {
		if (dice(d, 3))
			spoil_field(d, pdu);
		else
			spoil_data(d, pdu);
	}
	if (data_bytes(pdu) <= sizeof(pdu->data) && dice(d, 4))
		bytes = data_bytes(pdu);
	if (digest && bytes && !pdu->hdr.data_crc && dice(d, 10))
		pdu->hdr.data_crc = cpu_to_le32(apn_pdu_crc(pdu->data, bytes));
	apn_pdu_seal(&pdu->hdr);
	if (!dice(d, 20))
		pdu->hdr.crc ^= cpu_to_le32(1);
	return bytes;
}

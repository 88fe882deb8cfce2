/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What pdu.c takes from the kernel, in user space: byte order and CRC-32C. */
#ifndef PDU_ENV_USER_H
#define PDU_ENV_USER_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#define le16_to_cpu(x) le16toh(x)
#define le32_to_cpu(x) le32toh(x)
#define le64_to_cpu(x) le64toh(x)
#define cpu_to_le16(x) htole16(x)
#define cpu_to_le32(x) htole32(x)
#define cpu_to_le64(x) htole64(x)

#define APN_EXPORT(symbol) _Static_assert(1, #symbol)

/* Reflected polynomial 0x82f63b78, no inversion at either end, as the kernel's crc32c(). */
static inline __u32 apn_crc32c(__u32 crc, const void *data, size_t len)
{
	const __u8 *p = data;
	int bit;

	while (len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78U : crc >> 1;
	}
	return crc;
}

#endif /* PDU_ENV_USER_H */

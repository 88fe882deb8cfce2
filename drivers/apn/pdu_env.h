/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What pdu.c takes from the kernel. The unit test and the fuzz target bring their own. */
#ifndef APN_PDU_ENV_H
#define APN_PDU_ENV_H

#ifdef __KERNEL__
#include <linux/crc32c.h>
#include <linux/export.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#define apn_crc32c(crc, data, len) crc32c(crc, data, len)
#define APN_EXPORT(symbol) EXPORT_SYMBOL_GPL(symbol)
#else
#include "pdu_env_user.h"
#endif

#endif /* APN_PDU_ENV_H */

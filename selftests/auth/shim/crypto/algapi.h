/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* drivers/compat/crypto.h includes it for others. */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lifetimes, in the debug build's log: the test gate pairs every "create" with its
 * "free". Nothing of it is in a release build.
 */
#ifndef APN_LOG_H
#define APN_LOG_H

#include <linux/printk.h>

#ifdef DEBUG
#define apn_log_create(noun, object) pr_info("apn: create %s %px\n", noun, object)
#define apn_log_free(noun, object) pr_info("apn: free %s %px\n", noun, object)
#else
#define apn_log_create(noun, object) no_printk("%s %p", noun, object)
#define apn_log_free(noun, object) no_printk("%s %p", noun, object)
#endif

#endif /* APN_LOG_H */

/* SPDX-License-Identifier: GPL-2.0 */
/* What a host asks besides I/O: ATTACH, DETACH, LIST, FENCE. */
#ifndef APN_TARGET_CONTROL_H
#define APN_TARGET_CONTROL_H

#include <apn/line.h>

/* For struct apn_line_ops. */
void apn_control_ask(struct apn_lane *lane, const struct apn_hdr *hdr, const void *body);
void apn_control_forget(struct apn_line *line);

int apn_control_init(void);
void apn_control_exit(void);

#endif /* APN_TARGET_CONTROL_H */

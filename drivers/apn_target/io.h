/* SPDX-License-Identifier: GPL-2.0 */
/* A request at the target: from its header to the device and back. */
#ifndef APN_TARGET_IO_H
#define APN_TARGET_IO_H

#include "session.h"

int apn_io_begin(struct apn_lane *lane, void *session, struct apn_rx *rx);
void apn_io_end(struct apn_lane *lane, struct apn_rx *rx);
void apn_io_settle(struct apn_lane *lane);
void apn_io_wait(struct apn_lane *lane, struct apn_rx *rx);
void apn_io_lost(struct apn_line *line, struct apn_lane *lane);

/* What apn_limit and apn_memory held back. */
void apn_io_resume_limited(struct list_head *due);
void apn_io_resume_budgeted(struct list_head *due);
u32 apn_io_waiter_bytes(const struct list_head *waiter);

void apn_io_init_export(struct apn_export *export);
int apn_io_init(void);
void apn_io_exit(void);

#endif /* APN_TARGET_IO_H */

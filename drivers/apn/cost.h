/* SPDX-License-Identifier: GPL-2.0 */
/* What a request over a line can be expected to take. */
#ifndef APN_COST_H
#define APN_COST_H

struct apn_line;

/* By the beat, and by nobody else. */
void apn_cost_measure(struct apn_line *line);

#endif /* APN_COST_H */

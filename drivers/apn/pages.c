// SPDX-License-Identifier: GPL-2.0
/* The host's: dead lanes whose packets the network may still hold. */
#include "line.h"

#include <linux/export.h>

void apn_line_pages_watch(struct apn_line *line, struct apn_lane *lane)
{
	if (!apn_lane_pages_out(lane))
		return;
	guard(mutex)(&line->lock);
	list_add_tail(&apn_lane_get(lane)->undrained, &line->undrained);
}

/*
 * apn_line_pages_out(): can a page that was sent over a dead lane still go out?
 *
 * False promises that none can that was sent over any lane that had died by then.
 */
bool apn_line_pages_out(struct apn_line *line)
{
	struct apn_lane *lane, *next;

	guard(mutex)(&line->lock);
	list_for_each_entry_safe(lane, next, &line->undrained, undrained) {
		if (apn_lane_pages_out(lane))
			continue;
		list_del_init(&lane->undrained);
		apn_lane_put(lane);
	}
	return !list_empty(&line->undrained);
}
EXPORT_SYMBOL_GPL(apn_line_pages_out);

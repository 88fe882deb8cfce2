/* SPDX-License-Identifier: GPL-2.0 */
/* What of an export outlives the module: a small file, written before it is acted on. */
#ifndef APN_TARGET_STATE_H
#define APN_TARGET_STATE_H

#include <apn/proto.h>
#include <linux/fs.h>

struct apn_state {
	u8 volume[APN_UUID_BYTES];
	u64 generation; /* of the last writer */
	u8 writer[APN_UUID_BYTES]; /* its session */
	u8 boot[APN_UUID_BYTES]; /* its host's */
	char identity[APN_NAME_BYTES]; /* its host's */
	u8 instance[APN_UUID_BYTES]; /* the one that served it last */
	bool orderly; /* that one flushed and took its leave */
};

struct apn_state_file {
	struct file *file;
	u64 sequence; /* of the newest record */
};

/* Opens or makes it. @state is as last stored, or blank with a new volume UUID. */
int apn_state_open(struct apn_state_file *f, const char *dir, const char *name,
		   struct apn_state *state);
/* Zero: it is on the medium. */
int apn_state_store(struct apn_state_file *f, const struct apn_state *state);
void apn_state_close(struct apn_state_file *f);

#endif /* APN_TARGET_STATE_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * What of an export outlives the module.
 *
 * The file has two records, written in turn, each with a sequence number and a
 * checksum: a power cut while one is written leaves the other.
 */
#include "state.h"

#include <apn/pdu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uuid.h>

#define STATE_MAGIC 0x314e5041u /* "APN1" */

enum { RECORD_BYTES = 4096 };

struct record {
	__le32 magic;
	__le32 crc; /* of all that follows */
	__le64 sequence;
	__le64 generation;
	u8 volume[APN_UUID_BYTES];
	u8 writer[APN_UUID_BYTES];
	u8 boot[APN_UUID_BYTES];
	u8 instance[APN_UUID_BYTES];
	char identity[APN_NAME_BYTES];
	u8 orderly;
	u8 pad[7];
};
static_assert(sizeof(struct record) == 160);
static_assert(offsetof(struct record, sequence) == 8);

static u32 record_crc(const struct record *r)
{
	return apn_pdu_crc(&r->sequence, sizeof(*r) - offsetof(struct record, sequence));
}

static bool read_record(struct apn_state_file *f, int which, struct record *r)
{
	loff_t at = which * RECORD_BYTES;

	return kernel_read(f->file, r, sizeof(*r), &at) == sizeof(*r) &&
	       le32_to_cpu(r->magic) == STATE_MAGIC && le32_to_cpu(r->crc) == record_crc(r);
}

static void take_record(struct apn_state *state, const struct record *r)
{
	memcpy(state->volume, r->volume, APN_UUID_BYTES);
	memcpy(state->writer, r->writer, APN_UUID_BYTES);
	memcpy(state->boot, r->boot, APN_UUID_BYTES);
	memcpy(state->instance, r->instance, APN_UUID_BYTES);
	strscpy(state->identity, r->identity, sizeof(state->identity));
	state->generation = le64_to_cpu(r->generation);
	state->orderly = r->orderly;
}

static bool load(struct apn_state_file *f, struct apn_state *state)
{
	struct record r;
	bool any = false;
	int which;

	for (which = 0; which < 2; which++) {
		if (!read_record(f, which, &r) || le64_to_cpu(r.sequence) <= f->sequence)
			continue;
		f->sequence = le64_to_cpu(r.sequence);
		take_record(state, &r);
		any = true;
	}
	return any;
}

/* An empty file is a new export; a damaged one is not silently made new. */
static int load_or_begin(struct apn_state_file *f, struct apn_state *state)
{
	if (load(f, state))
		return 0;
	if (i_size_read(file_inode(f->file)))
		return -EUCLEAN;
	generate_random_uuid(state->volume);
	return apn_state_store(f, state);
}

int apn_state_open(struct apn_state_file *f, const char *dir, const char *name,
		   struct apn_state *state)
{
	char *path = kasprintf(GFP_KERNEL, "%s/%s.state", dir, name);
	int ret;

	memset(state, 0, sizeof(*state));
	f->sequence = 0;
	if (!path)
		return -ENOMEM;
	f->file = filp_open(path, O_RDWR | O_CREAT | O_LARGEFILE | O_NOFOLLOW, 0600);
	kfree(path);
	if (IS_ERR(f->file)) {
		ret = PTR_ERR(f->file);
		f->file = NULL;
		return ret;
	}
	ret = load_or_begin(f, state);
	if (ret)
		apn_state_close(f);
	return ret;
}

int apn_state_store(struct apn_state_file *f, const struct apn_state *state)
{
	u64 sequence = f->sequence + 1;
	struct record r = {
		.magic = cpu_to_le32(STATE_MAGIC),
		.sequence = cpu_to_le64(sequence),
		.generation = cpu_to_le64(state->generation),
		.orderly = state->orderly,
	};
	loff_t at = (sequence & 1) * RECORD_BYTES;
	ssize_t n;

	memcpy(r.volume, state->volume, APN_UUID_BYTES);
	memcpy(r.writer, state->writer, APN_UUID_BYTES);
	memcpy(r.boot, state->boot, APN_UUID_BYTES);
	memcpy(r.instance, state->instance, APN_UUID_BYTES);
	memcpy(r.identity, state->identity, APN_NAME_BYTES);
	r.crc = cpu_to_le32(record_crc(&r));
	n = kernel_write(f->file, &r, sizeof(r), &at);
	if (n != sizeof(r))
		return n < 0 ? n : -EIO;
	n = vfs_fsync(f->file, 0);
	if (!n)
		f->sequence = sequence;
	return n;
}

void apn_state_close(struct apn_state_file *f)
{
	if (f->file)
		filp_close(f->file, NULL);
	f->file = NULL;
}

// SPDX-License-Identifier: GPL-2.0
/* The host's: which of the places that the target granted are in use. */
#include "rdma.h"

#include <linux/bitmap.h>
#include <linux/math64.h>
#include <linux/mm.h>

int apn_rdma_room_make(struct apn_rdma_room *room, u32 wish)
{
	spin_lock_init(&room->lock);
	room->limit = wish;
	room->used = kvcalloc(BITS_TO_LONGS(wish), sizeof(long), GFP_NOIO);
	return room->used ? 0 : -ENOMEM;
}

void apn_rdma_room_free(struct apn_rdma_room *room)
{
	kvfree(room->used);
	kvfree(room->key);
	room->used = NULL;
	room->key = NULL;
}

/* The first grant says how many places each has; a target grants no more than was wished for. */
static int judge(const struct apn_rdma_room *room, u32 first, u32 places)
{
	u32 step = room->step ?: places;

	if (!places || places > APN_RDMA_STEP || places > room->limit - room->places)
		return -EPROTO;
	if (first != room->places + 1 || room->places % step || places > step)
		return -EPROTO;
	return 0;
}

int apn_rdma_room_grow(struct apn_rdma_room *room, const struct apn_rdma_grant *grant)
{
	u32 places = le32_to_cpu(grant->places);

	if (judge(room, le32_to_cpu(grant->first), places))
		return -EPROTO;
	if (!room->key)
		room->key = kvcalloc(DIV_ROUND_UP(room->limit, places), sizeof(u32), GFP_NOIO);
	if (!room->key)
		return -ENOMEM;
	room->key[room->grants++] = le32_to_cpu(grant->key);
	guard(spinlock_bh)(&room->lock);
	if (!room->step)
		room->step = places;
	WRITE_ONCE(room->places, room->places + places);
	return 0;
}

static unsigned long find_free(const struct apn_rdma_room *room, u32 from, u32 places)
{
	return bitmap_find_next_zero_area(room->used, room->places, from, places, 0);
}

u32 apn_rdma_room_take(struct apn_rdma_room *room, u32 places)
{
	unsigned long at;

	guard(spinlock_bh)(&room->lock);
	at = find_free(room, room->next, places);
	if (at >= room->places && room->next)
		at = find_free(room, 0, places);
	if (at >= room->places)
		return 0;
	bitmap_set(room->used, at, places);
	room->next = at + places < room->places ? at + places : 0;
	return at + 1;
}

void apn_rdma_room_give(struct apn_rdma_room *room, u32 first, u32 places)
{
	guard(spinlock_bh)(&room->lock);
	bitmap_clear(room->used, first - 1, places);
}

u32 apn_rdma_room_reach(const struct apn_rdma_room *room, u64 at, u32 bytes, struct apn_out *out)
{
	u32 each = room->step * APN_PLACE_BYTES, offset;
	u32 index = div_u64_rem(at, each, &offset);

	out->key = room->key[index];
	out->address = offset;
	return min(bytes, each - offset);
}

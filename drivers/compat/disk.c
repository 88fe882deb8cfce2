// SPDX-License-Identifier: GPL-2.0
/* A disk's limits, said to the kernel: from 6.11 on in one struct, before by setters. */
#include "blk.h"

static unsigned int sectors(u64 bytes)
{
	return min_t(u64, bytes >> SECTOR_SHIFT, UINT_MAX >> SECTOR_SHIFT);
}

#ifdef HAVE_LIMITS_FEATURES /* v6.11 */
static void say(struct queue_limits *lim, const struct apn_disk_limits *limits)
{
	lim->logical_block_size = limits->block_bytes;
	lim->physical_block_size = limits->physical_bytes;
	lim->io_min = limits->io_min_bytes;
	lim->io_opt = limits->io_opt_bytes;
	lim->max_hw_sectors = sectors(limits->max_bytes);
	lim->max_user_sectors = sectors(limits->max_bytes);
	lim->max_segments = USHRT_MAX;
	lim->max_segment_size = UINT_MAX;
	lim->dma_alignment = 3;
	lim->virt_boundary_mask = limits->peer_memory ? PAGE_SIZE - 1 : 0;
	lim->max_hw_discard_sectors = sectors(limits->discard_bytes);
	lim->discard_granularity = limits->discard_granularity;
	lim->max_write_zeroes_sectors = sectors(limits->zeroes_bytes);
	if (limits->write_cache)
		lim->features |= BLK_FEAT_WRITE_CACHE;
	if (limits->fua)
		lim->features |= BLK_FEAT_FUA;
	if (limits->rotational)
		lim->features |= BLK_FEAT_ROTATIONAL;
	if (limits->stable_writes)
		lim->features |= BLK_FEAT_STABLE_WRITES;
	if (limits->peer_memory)
		lim->features |= BLK_FEAT_PCI_P2PDMA;
}

struct gendisk *apn_disk_alloc(struct blk_mq_tag_set *set, const struct apn_disk_limits *limits,
			       void *queuedata)
{
	struct queue_limits lim = {};

	say(&lim, limits);
	return blk_mq_alloc_disk(set, &lim, queuedata);
}

int apn_disk_set_peer_memory(struct gendisk *disk, bool can)
{
	struct queue_limits lim = queue_limits_start_update(disk->queue);

	lim.features &= ~BLK_FEAT_PCI_P2PDMA;
	if (can)
		lim.features |= BLK_FEAT_PCI_P2PDMA;
	return queue_limits_commit_update_frozen(disk->queue, &lim);
}
#else
static void say(struct request_queue *q, const struct apn_disk_limits *limits)
{
	blk_queue_logical_block_size(q, limits->block_bytes);
	blk_queue_physical_block_size(q, limits->physical_bytes);
	blk_queue_io_min(q, limits->io_min_bytes);
	blk_queue_io_opt(q, limits->io_opt_bytes);
	blk_queue_max_hw_sectors(q, sectors(limits->max_bytes));
	q->limits.max_sectors = sectors(limits->max_bytes);
	blk_queue_max_segments(q, USHRT_MAX);
	blk_queue_max_segment_size(q, UINT_MAX);
	blk_queue_dma_alignment(q, 3);
	blk_queue_max_discard_sectors(q, sectors(limits->discard_bytes));
	q->limits.discard_granularity = limits->discard_granularity;
	blk_queue_max_write_zeroes_sectors(q, sectors(limits->zeroes_bytes));
	blk_queue_write_cache(q, limits->write_cache, limits->fua);
	if (limits->rotational)
		blk_queue_flag_clear(QUEUE_FLAG_NONROT, q);
	else
		blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	if (limits->stable_writes)
		blk_queue_flag_set(QUEUE_FLAG_STABLE_WRITES, q);
	else
		blk_queue_flag_clear(QUEUE_FLAG_STABLE_WRITES, q);
	if (limits->peer_memory) {
		blk_queue_virt_boundary(q, PAGE_SIZE - 1);
		blk_queue_flag_set(QUEUE_FLAG_PCI_P2PDMA, q);
	}
}

struct gendisk *apn_disk_alloc(struct blk_mq_tag_set *set, const struct apn_disk_limits *limits,
			       void *queuedata)
{
	struct gendisk *disk = blk_mq_alloc_disk(set, queuedata);

	if (!IS_ERR(disk))
		say(disk->queue, limits);
	return disk;
}

int apn_disk_set_peer_memory(struct gendisk *disk, bool can)
{
	blk_mq_freeze_queue(disk->queue);
	if (can)
		blk_queue_flag_set(QUEUE_FLAG_PCI_P2PDMA, disk->queue);
	else
		blk_queue_flag_clear(QUEUE_FLAG_PCI_P2PDMA, disk->queue);
	blk_mq_unfreeze_queue(disk->queue);
	return 0;
}
#endif

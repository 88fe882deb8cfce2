/* SPDX-License-Identifier: GPL-2.0 */
/* The block layer: what differs between kernels. */
#ifndef APN_COMPAT_BLK_H
#define APN_COMPAT_BLK_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/memremap.h>

#ifndef HAVE_SHOULD_MERGE /* v6.14 made it the rule */
#define BLK_MQ_F_SHOULD_MERGE 0
#endif

#ifndef HAVE_BDEV_ROT /* v7.0 */
static inline bool bdev_rot(struct block_device *bdev)
{
	return !bdev_nonrot(bdev);
}
#endif

#ifndef HAVE_BDEV_FILE /* v6.9 */
struct blk_holder_ops;
typedef unsigned int blk_mode_t;
#define BLK_OPEN_READ ((__force blk_mode_t)FMODE_READ)
#define BLK_OPEN_WRITE ((__force blk_mode_t)FMODE_WRITE)

/* blkdev_open() claims for the file itself when it is opened with O_EXCL. */
static inline struct file *bdev_file_open_by_path(const char *path, blk_mode_t mode, void *holder,
						  const struct blk_holder_ops *ops)
{
	int flags = O_EXCL | O_LARGEFILE | (mode & BLK_OPEN_WRITE ? O_RDWR : O_RDONLY);
	struct file *file = filp_open(path, flags, 0);

	if (IS_ERR(file) || S_ISBLK(file_inode(file)->i_mode))
		return file;
	filp_close(file, NULL);
	return ERR_PTR(-ENOTBLK);
}

static inline struct block_device *file_bdev(struct file *file)
{
	return I_BDEV(file->f_mapping->host);
}

static inline void bdev_fput(struct file *file)
{
	filp_close(file, NULL);
}
#endif

/* A disk's limits in our words; disk.c of this folder says them to the kernel. */
struct apn_disk_limits {
	unsigned int block_bytes;
	unsigned int physical_bytes;
	unsigned int io_min_bytes;
	unsigned int io_opt_bytes;
	unsigned int max_bytes; /* of one READ or WRITE */
	unsigned int discard_granularity;
	u64 discard_bytes; /* zero: none */
	u64 zeroes_bytes;
	bool write_cache;
	bool fua;
	bool rotational;
	bool stable_writes;
	bool peer_memory; /* takes pages of other devices, and wants them without gaps */
};

struct gendisk *apn_disk_alloc(struct blk_mq_tag_set *set, const struct apn_disk_limits *limits,
			       void *queuedata);
/* On a live disk; waits until no request is left. */
int apn_disk_set_peer_memory(struct gendisk *disk, bool can);

/* A request has pages of one other device, or of none. */
static inline bool apn_rq_has_peer_memory(const struct request *rq)
{
	return rq->bio && bio_has_data(rq->bio) && is_pci_p2pdma_page(bio_page(rq->bio));
}

#endif /* APN_COMPAT_BLK_H */

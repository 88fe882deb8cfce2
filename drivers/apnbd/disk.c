// SPDX-License-Identifier: GPL-2.0
/* The gendisk: made, grown, shown in sysfs, removed. */
#include "disk.h"
#include "queue.h"
#include "recover.h"

#include <linux/backing-dev.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/sysfs.h>

/* ---- sysfs: shows, never sets ---- */

static struct apnbd_session *session_of(struct device *dev)
{
	return dev_to_disk(dev)->private_data;
}

static ssize_t wwid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "uuid.%pUb\n", session_of(dev)->volume);
}
static DEVICE_ATTR_RO(wwid);

static ssize_t name_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", session_of(dev)->name);
}
static DEVICE_ATTR_RO(name);

static ssize_t export_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", session_of(dev)->export);
}
static DEVICE_ATTR_RO(export);

static struct attribute *apnbd_attrs[] = {
	&dev_attr_name.attr,
	&dev_attr_export.attr,
	NULL,
};

static const struct attribute_group apnbd_group = {
	.name = "apnbd",
	.attrs = apnbd_attrs,
};

/* Where udev and others look for it. */
static struct attribute *top_attrs[] = { &dev_attr_wwid.attr, NULL };
static const struct attribute_group top_group = { .attrs = top_attrs };

static const struct attribute_group *groups[] = { &top_group, &apnbd_group, NULL };

/* ---- read-ahead ---- */

enum { AHEAD_MEMORY = 16 }; /* for all disks, no more than this part of the machine's memory */

static atomic_t disks;

/*
 * A reader in sequence has up to two windows on their way: each is what the line
 * carries in a round trip. Not by io_opt, which mkfs takes for a stripe. More would
 * make a stray page fault dear: it brings a whole window.
 */
static u64 ahead_pages(struct apn_line *line)
{
	u32 rtt_us = min_t(u32, READ_ONCE(line->rtt_min_us), USEC_PER_SEC);
	u64 rate = apn_line_read_rate(line);

	return mul_u64_u32_div(rate, rtt_us, USEC_PER_SEC) >> PAGE_SHIFT;
}

/* Of several lines the one that asks for most. */
static u64 most_pages(struct apnbd_session *session)
{
	struct apnbd_path *path;
	u64 pages = 0;

	scoped_guard(spinlock_bh, &session->held_lock)
		list_for_each_entry(path, &session->paths, node)
			pages = max(pages, ahead_pages(path->line));
	return min_t(u64, pages, totalram_pages() / AHEAD_MEMORY / (atomic_read(&disks) + 1));
}

/* What somebody else wrote into the disk's own read_ahead_kb stays. */
void apnbd_disk_read_ahead(struct apnbd_session *session)
{
	struct gendisk *disk = READ_ONCE(session->disk);
	u64 asked = READ_ONCE(session->ahead_bytes);
	u64 pages = asked ? asked >> PAGE_SHIFT :
			    max_t(u64, most_pages(session), VM_READAHEAD_PAGES);

	if (!disk || !session->ahead_pages || disk->bdi->ra_pages != session->ahead_pages)
		return;
	session->ahead_pages = pages;
	disk->bdi->ra_pages = pages;
}

void apnbd_disk_set_read_ahead(struct apnbd_session *session, u64 bytes)
{
	WRITE_ONCE(session->ahead_bytes, bytes);
	session->ahead_pages = session->disk->bdi->ra_pages; /* whoever set it */
	apnbd_disk_read_ahead(session);
}

u64 apnbd_disk_get_read_ahead(const struct apnbd_session *session)
{
	return (u64)session->disk->bdi->ra_pages << PAGE_SHIFT;
}

/* ---- life ---- */

enum { TABLE_MS = 5000 }; /* so long a connect waits for its disk's partitions */

/* The last opener and the last holder are gone. */
static void free_disk(struct gendisk *disk)
{
	apnbd_session_put(disk->private_data);
}

static const struct block_device_operations fops = {
	.owner = THIS_MODULE,
	.free_disk = free_disk,
};

int apnbd_disk_make(struct apnbd_session *session, unsigned int depth)
{
	struct gendisk *disk;
	int ret = apnbd_queue_init(session, depth);

	if (ret)
		return ret;
	disk = apn_disk_alloc(&session->set, &session->limits, session);
	if (IS_ERR(disk)) {
		apnbd_queue_free(session);
		return PTR_ERR(disk);
	}
	snprintf(disk->disk_name, sizeof(disk->disk_name), "apnbd%u", session->index);
	disk->fops = &fops;
	disk->private_data = session;
	kref_get(&session->ref); /* free_disk() puts it */
	WRITE_ONCE(session->disk, disk);
	atomic_inc(&disks);
	apnbd_disk_update(session);
	return 0;
}

/*
 * A target may go while the table is read, and who connects by netlink keeps all of it
 * waiting: so a work reads.
 */
static void read_table(struct work_struct *work)
{
	struct apnbd_session *session =
		container_of(to_delayed_work(work), struct apnbd_session, read_table);
	struct gendisk *disk = session->disk;

	clear_bit(GD_SUPPRESS_PART_SCAN, &disk->state);
	scoped_guard(mutex, &disk->open_mutex)
		bdev_disk_changed(disk, false);
	complete_all(&session->table_read);
}

void apnbd_disk_init(struct apnbd_session *session)
{
	INIT_DELAYED_WORK(&session->read_table, read_table);
	init_completion(&session->table_read);
}

int apnbd_disk_show(struct apnbd_session *session)
{
	int ret;

	set_bit(GD_SUPPRESS_PART_SCAN, &session->disk->state);
	ret = device_add_disk(NULL, session->disk, groups);
	if (ret)
		return ret;
	/* behind it: adding a disk gives it the kernel's default */
	apnbd_disk_set_read_ahead(session, session->ahead_bytes);
	apnbd_recover_queue(&session->read_table, 0);
	wait_for_completion_killable_timeout(&session->table_read, msecs_to_jiffies(TABLE_MS));
	return 0;
}

void apnbd_disk_hide(struct apnbd_session *session)
{
	cancel_delayed_work_sync(&session->read_table);
	del_gendisk(session->disk);
}

/* Hidden, or never shown, and then free_disk() is not called: no request is left. */
void apnbd_disk_free(struct apnbd_session *session)
{
	if (!test_bit(GD_ADDED, &session->disk->state))
		apnbd_session_put(session);
	atomic_dec(&disks);
	put_disk(session->disk);
	apnbd_queue_free(session);
}

void apnbd_disk_update(struct apnbd_session *session)
{
	lockdep_assert_held(&session->lock);
	set_disk_ro(session->disk, session->read_only || session->flags & APN_DISK_READ_ONLY);
	set_capacity_and_notify(session->disk, session->size >> SECTOR_SHIFT);
}

bool apnbd_disk_unused(struct apnbd_session *session)
{
	bool unused;

	/* Held by one who opens, closes or scans: then it is not unused. */
	if (!mutex_trylock(&session->disk->open_mutex))
		return false;
	unused = !disk_openers(session->disk);
	mutex_unlock(&session->disk->open_mutex);
	return unused;
}

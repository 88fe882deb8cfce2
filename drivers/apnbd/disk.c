// SPDX-License-Identifier: GPL-2.0
/* The gendisk: made, grown, shown in sysfs, removed. */
#include "disk.h"
#include "queue.h"

#include <linux/backing-dev.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
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

enum {
	AHEAD_BYTES_S = 1250000000, /* where --rate was not given: 10 Gbit/s */
	AHEAD_MEMORY = 128, /* no more than this part of the machine's memory */
};

/*
 * A reader in sequence has up to two windows on their way: each is what the line
 * carries in a round trip. Not by io_opt, which mkfs takes for a stripe.
 */
static void set_read_ahead(struct apnbd_session *session)
{
	const struct apn_line *line = session->path.line;
	struct backing_dev_info *bdi = session->disk->bdi;
	u32 rtt_us = min_t(u32, READ_ONCE(line->rtt_min_us), USEC_PER_SEC);
	u64 rate = READ_ONCE(line->rate) ?: AHEAD_BYTES_S;
	u64 pages = mul_u64_u32_div(rate, rtt_us, USEC_PER_SEC) >> PAGE_SHIFT;

	pages = min_t(u64, pages, totalram_pages() / AHEAD_MEMORY);
	bdi->ra_pages = max_t(u64, pages, bdi->ra_pages);
}

/* ---- life ---- */

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
	session->disk = disk;
	apnbd_disk_update(session);
	return 0;
}

int apnbd_disk_show(struct apnbd_session *session)
{
	set_read_ahead(session);
	return device_add_disk(NULL, session->disk, groups);
}

void apnbd_disk_hide(struct apnbd_session *session)
{
	del_gendisk(session->disk);
}

/* Hidden, or never shown: no request is left. */
void apnbd_disk_free(struct apnbd_session *session)
{
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

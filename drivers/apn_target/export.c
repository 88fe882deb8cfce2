// SPDX-License-Identifier: GPL-2.0
/* A block device under a name. */
#include "export.h"
#include "io.h"
#include "netlink.h"
#include "session.h"

#include <apn/log.h>
#include <apn/wait.h>
#include <compat/blk.h>
#include <linux/slab.h>
#include <net/netlink.h>

enum {
	WATCH_MS = 1000,
	PATIENCE_MS = 1000, /* who asks by netlink keeps all of it waiting, so not for a device */
};

static LIST_HEAD(exports);
static DEFINE_MUTEX(exports_lock); /* the list; taken before an export's own lock */

/* ---- the list ---- */

static struct apn_export *find_locked(const char *name)
{
	struct apn_export *export;

	list_for_each_entry(export, &exports, node)
		if (!strcmp(export->name, name))
			return export;
	return NULL;
}

struct apn_export *apn_export_get(struct apn_export *export)
{
	kref_get(&export->ref);
	return export;
}

struct apn_export *apn_export_find(const char *name)
{
	struct apn_export *export;

	guard(mutex)(&exports_lock);
	export = find_locked(name);
	return export ? apn_export_get(export) : NULL;
}

struct apn_export *apn_export_find_for(const struct apn_line *line, const char *name)
{
	struct apn_export *export, *found = NULL;
	bool read_only;

	guard(mutex)(&exports_lock);
	list_for_each_entry(export, &exports, node) {
		bool named = !strcmp(export->name, name);

		if (apn_access_admits(&export->access, line->security, line->identity,
				      &read_only) && named)
			found = export;
	}
	return found ? apn_export_get(found) : NULL;
}

int apn_export_each(unsigned int skip, int (*show)(struct apn_export *export, void *arg),
		    void *arg)
{
	struct apn_export *export;
	int ret;

	guard(mutex)(&exports_lock);
	list_for_each_entry(export, &exports, node) {
		if (skip) {
			skip--;
			continue;
		}
		ret = show(export, arg);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- the device ---- */

static int open_device(struct apn_export *export, const struct nlattr *attr,
		       struct netlink_ext_ack *extack)
{
	blk_mode_t mode = BLK_OPEN_READ | BLK_OPEN_WRITE;
	struct file *file = bdev_file_open_by_path(export->device, mode, export, NULL);

	if (IS_ERR(file) && (PTR_ERR(file) == -EROFS || PTR_ERR(file) == -EACCES)) {
		export->device_read_only = true;
		file = bdev_file_open_by_path(export->device, BLK_OPEN_READ, export, NULL);
	}
	if (!IS_ERR(file)) {
		export->file = file;
		export->bdev = file_bdev(file);
		export->size = bdev_nr_bytes(export->bdev);
		export->device_read_only |= bdev_read_only(export->bdev);
		return 0;
	}
	switch (PTR_ERR(file)) {
	case -ENOENT:
	case -ENXIO:
		NL_SET_ERR_MSG_ATTR(extack, attr, "the device does not exist");
		break;
	case -EBUSY:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the device is in use: mounted, exported or held by another");
		break;
	case -ENOTBLK:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "this is not a block device; a file can be served by way of a loop device");
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, attr, "the device can't be opened");
	}
	return PTR_ERR(file);
}

static int check_device(struct apn_export *export, const struct nlattr *attr,
			struct netlink_ext_ack *extack)
{
	unsigned int block = bdev_logical_block_size(export->bdev);

	if (block != 512 && block != 4096) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the device's blocks are neither 512 nor 4096 bytes");
		return -EMEDIUMTYPE;
	}
	if (export->size < block) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "the device is empty");
		return -EMEDIUMTYPE;
	}
	return 0;
}

static int open_state(struct apn_export *export, const struct nlattr *attr,
		      struct netlink_ext_ack *extack)
{
	int ret = apn_state_open(&export->state_file, export->state_dir, export->name,
				 &export->record);

	if (ret == -EUCLEAN)
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the export's state file is damaged; without it the volume's identity and its last writer are unknown");
	else if (ret)
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "the export's state file can't be opened or written");
	memcpy(export->before, export->record.instance, APN_UUID_BYTES);
	export->before_orderly = export->record.orderly;
	return ret;
}

/* A write is durable when acknowledged if that costs nothing, or little. */
static enum apn_target_durability fitting_durability(struct block_device *bdev)
{
	return !bdev_write_cache(bdev) || bdev_fua(bdev) ? APN_TARGET_DURABILITY_ACK :
							   APN_TARGET_DURABILITY_FLUSH;
}

/* ---- what a host sees ---- */

u32 apn_export_flags(struct apn_export *export, bool read_only)
{
	struct block_device *bdev = export->bdev;
	u32 flags = 0;

	if (read_only || export->read_only || export->device_read_only)
		flags |= APN_DISK_READ_ONLY;
	if (export->durability == APN_TARGET_DURABILITY_FLUSH)
		flags |= APN_DISK_WRITE_CACHE | APN_DISK_FUA;
	if (bdev_max_discard_sectors(bdev))
		flags |= APN_DISK_DISCARD;
	if (bdev_write_zeroes_sectors(bdev))
		flags |= APN_DISK_WRITE_ZEROES;
	if (bdev_rot(bdev))
		flags |= APN_DISK_ROTATIONAL;
	if (export->before_orderly)
		flags |= APN_DISK_ORDERLY;
	return flags;
}

void apn_export_describe(struct apn_export *export, bool read_only, struct apn_attached *a)
{
	struct block_device *bdev = export->bdev;
	u32 block = bdev_logical_block_size(bdev);

	memcpy(a->volume, export->record.volume, APN_UUID_BYTES);
	memcpy(a->before, export->before, APN_UUID_BYTES);
	a->size = cpu_to_le64(round_down(export->size, block));
	a->flags = cpu_to_le32(apn_export_flags(export, read_only));
	a->block_bytes = cpu_to_le32(block);
	a->physical_bytes = cpu_to_le32(clamp_t(u32, bdev_physical_block_size(bdev), block, 65536));
	a->io_min_bytes = cpu_to_le32(round_down(bdev_io_min(bdev), block));
	a->io_opt_bytes = cpu_to_le32(round_down(bdev_io_opt(bdev), block));
	if (bdev_max_discard_sectors(bdev)) {
		a->discard_granularity = cpu_to_le32(bdev_discard_granularity(bdev));
		a->discard_bytes = cpu_to_le64(APN_EXPORT_LENGTH_MAX);
	}
	if (bdev_write_zeroes_sectors(bdev))
		a->zeroes_bytes = cpu_to_le64(APN_EXPORT_LENGTH_MAX);
}

void apn_export_tell_changed(struct apn_export *export)
{
	struct apn_session *session;

	lockdep_assert_held(&export->lock);
	list_for_each_entry(session, &export->sessions, node)
		apn_session_tell(session, APN_NOTICE_CHANGED);
	apn_target_export_event(export);
}

static void watch_device(struct work_struct *work)
{
	struct apn_export *export = container_of(to_delayed_work(work), struct apn_export, watch);
	u64 size = bdev_nr_bytes(export->bdev);

	mutex_lock(&export->lock);
	if (!size && !export->missing)
		pr_warn("apn_target: export %s: its device %s was removed\n", export->name,
			export->device);
	export->missing = !size;
	if (size && size != export->size) {
		export->size = size;
		apn_export_tell_changed(export);
	}
	mutex_unlock(&export->lock);
	queue_delayed_work(apn_control_wq, &export->watch, msecs_to_jiffies(WATCH_MS));
}

/* ---- life ---- */

static void settle_work(struct work_struct *work);
static void finish_work(struct work_struct *work);

static void free_export(struct apn_export *export)
{
	apn_access_free(&export->access);
	apn_state_close(&export->state_file);
	if (export->file)
		bdev_fput(export->file);
	kfree(export->device);
	kfree(export->state_dir);
	mutex_destroy(&export->lock);
	apn_log_free("export", export);
	kfree(export);
}

/*
 * Nobody is left: it left the list, and each session held a reference until its last
 * request had ended.
 */
static void export_release(struct kref *ref)
{
	struct apn_export *export = container_of(ref, struct apn_export, ref);

	cancel_delayed_work_sync(&export->watch);
	apn_limit_stop(&export->limit);
	flush_work(&export->submit);
	cancel_work_sync(&export->settle);
	free_export(export);
}

void apn_export_put(struct apn_export *export)
{
	might_sleep();
	kref_put(&export->ref, export_release);
}

static struct apn_export *alloc_export(const struct apn_export_wish *wish)
{
	struct apn_export *export = kzalloc_obj(*export);

	if (!export)
		return NULL;
	kref_init(&export->ref);
	mutex_init(&export->lock);
	INIT_LIST_HEAD(&export->node);
	apn_access_init(&export->access);
	INIT_LIST_HEAD(&export->sessions);
	INIT_LIST_HEAD(&export->ended);
	init_waitqueue_head(&export->idle);
	INIT_WORK(&export->settle, settle_work);
	INIT_WORK(&export->finish, finish_work);
	apn_io_init_export(export);
	INIT_DELAYED_WORK(&export->watch, watch_device);
	apn_limit_init(&export->limit, apn_io_resume_limited, apn_io_waiter_bytes);
	strscpy(export->name, wish->name, sizeof(export->name));
	export->device = nla_strdup(wish->device, GFP_KERNEL);
	export->state_dir = nla_strdup(wish->state_dir, GFP_KERNEL);
	export->read_only = wish->read_only;
	apn_log_create("export", export);
	if (export->device && export->state_dir)
		return export;
	free_export(export);
	return NULL;
}

static int open_export(struct apn_export *export, const struct apn_export_wish *wish,
		       struct netlink_ext_ack *extack)
{
	int ret = open_device(export, wish->device, extack);

	if (!ret)
		ret = check_device(export, wish->device, extack);
	if (!ret)
		ret = open_state(export, wish->state_dir, extack);
	if (ret)
		return ret;
	export->durability = wish->durability < 0 ? fitting_durability(export->bdev) :
						    wish->durability;
	apn_limit_set(&export->limit, wish->limit_bps, wish->limit_iops);
	return 0;
}

struct apn_export *apn_export_add(const struct apn_export_wish *wish,
				  struct netlink_ext_ack *extack,
				  int (*fill)(struct apn_export *export, void *arg), void *arg)
{
	struct apn_export *export;
	int ret;

	guard(mutex)(&exports_lock);
	if (find_locked(wish->name)) {
		NL_SET_ERR_MSG(extack, "an export of this name exists");
		return ERR_PTR(-EEXIST);
	}
	export = alloc_export(wish);
	if (!export)
		return ERR_PTR(-ENOMEM);
	ret = open_export(export, wish, extack);
	if (!ret) {
		mutex_lock(&export->lock);
		ret = fill(export, arg);
		mutex_unlock(&export->lock);
	}
	if (ret) {
		apn_export_put(export);
		return ERR_PTR(ret);
	}
	list_add_tail(&export->node, &exports);
	queue_delayed_work(apn_control_wq, &export->watch, msecs_to_jiffies(WATCH_MS));
	return apn_export_get(export);
}

/* Under export->lock. */
static void end_sessions(struct apn_export *export, enum apn_notice_kind notice)
{
	struct apn_session *session, *next;

	list_for_each_entry_safe(session, next, &export->sessions, node)
		apn_session_end(session, APN_STATUS_NO_SESSION, notice);
}

/* Ended sessions stay on a list until their last request has left the device. */
bool apn_export_settled(struct apn_export *export)
{
	struct apn_session *session, *next;

	guard(mutex)(&export->lock);
	list_for_each_entry_safe(session, next, &export->ended, node) {
		if (atomic_read(&session->inflight))
			continue;
		list_del_init(&session->node);
		apn_session_put(session);
	}
	return list_empty(&export->ended);
}

/*
 * A record of an orderly end speaks of a time when nobody wrote: before anybody does
 * again it has to go, on the medium.
 */
int apn_export_mark_used(struct apn_export *export)
{
	struct apn_state next = export->record;
	int ret;

	lockdep_assert_held(&export->lock);
	if (export->used)
		return 0;
	memcpy(next.instance, apn_target_instance, APN_UUID_BYTES);
	next.orderly = false;
	ret = apn_state_store(&export->state_file, &next);
	if (ret)
		return ret;
	export->record = next;
	export->used = true;
	return 0;
}

/* What was acknowledged goes to the medium. As long as the device hangs: never under the lock. */
static int flush_device(struct apn_export *export)
{
	return export->device_read_only ? 0 : blkdev_issue_flush(export->bdev);
}

/* It is on the medium, and the record says that nothing was lost. */
static int record_orderly(struct apn_export *export)
{
	struct apn_state next = export->record;
	int ret;

	lockdep_assert_held(&export->lock);
	memcpy(next.instance, apn_target_instance, APN_UUID_BYTES);
	next.orderly = true;
	ret = apn_state_store(&export->state_file, &next);
	if (ret)
		return ret;
	export->record = next;
	export->used = false;
	return 0;
}

/* ---- the end, and the pause ---- */

static bool present_idle(struct apn_export *export)
{
	struct apn_session *session;

	list_for_each_entry(session, &export->sessions, node)
		if (atomic_read(&session->inflight))
			return false;
	return true;
}

struct quiet { /* as it was when the flush began */
	unsigned int turns;
	bool used;
	bool gone;
};

/* Nothing is with the device, and nothing can come: it drains, or it goes. */
static bool is_quiet(struct apn_export *export, struct quiet *q)
{
	guard(mutex)(&export->lock);
	q->turns = export->turns;
	q->used = export->used;
	q->gone = export->gone;
	return (q->gone || export->state == APN_TARGET_EXPORT_STATE_DRAINING) &&
	       list_empty(&export->ended) && present_idle(export);
}

/* Unless it was resumed meanwhile: then what was flushed is not all any more. */
static void end_pause(struct apn_export *export, const struct quiet *q, int flushed)
{
	guard(mutex)(&export->lock);
	if (export->turns != q->turns && !q->gone)
		return;
	if (!flushed && export->used)
		flushed = record_orderly(export);
	if (export->state != APN_TARGET_EXPORT_STATE_DRAINING)
		return;
	export->paused = flushed;
	if (!flushed)
		export->state = APN_TARGET_EXPORT_STATE_DRAINED;
	apn_target_export_event(export);
}

static void settle_work(struct work_struct *work)
{
	struct apn_export *export = container_of(work, struct apn_export, settle);
	struct quiet q;

	apn_export_settled(export);
	if (export->finished || !is_quiet(export, &q))
		return;
	end_pause(export, &q, q.used ? flush_device(export) : 0);
	wake_up_all(&export->idle);
	if (!q.gone)
		return;
	export->finished = true;
	queue_work(apn_release_wq, &export->finish);
}

/* Not by @settle, which the last reference waits for; it may be the list's. */
static void finish_work(struct work_struct *work)
{
	struct apn_export *export = container_of(work, struct apn_export, finish);

	scoped_guard(mutex, &exports_lock)
		list_del_init(&export->node);
	apn_target_export_gone(export);
	wake_up_all(&export->idle);
	apn_export_put(export);
}

static bool is_listed(struct apn_export *export)
{
	guard(mutex)(&exports_lock);
	return !list_empty(&export->node);
}

int apn_export_del(struct apn_export *export, bool force, struct netlink_ext_ack *extack)
{
	mutex_lock(&export->lock);
	if (!force && (export->gone || !list_empty(&export->sessions))) {
		mutex_unlock(&export->lock);
		NL_SET_ERR_MSG(extack, "the export is in use: disconnect its hosts, or use --force");
		return -EBUSY;
	}
	export->gone = true;
	end_sessions(export, APN_NOTICE_DRAINING);
	mutex_unlock(&export->lock);
	smp_mb(); /* pairs with apn_session_device_begin() */
	queue_work(apn_device_wq, &export->settle);
	apn_wait_until(export->idle, !is_listed(export), msecs_to_jiffies(PATIENCE_MS));
	flush_workqueue(apn_release_wq); /* who asked may use the device when he is answered */
	return 0;
}

static void begin_drain(struct apn_export *export)
{
	struct apn_session *session;

	guard(mutex)(&export->lock);
	export->turns++;
	export->paused = -EAGAIN;
	WRITE_ONCE(export->state, APN_TARGET_EXPORT_STATE_DRAINING);
	list_for_each_entry(session, &export->sessions, node)
		apn_session_tell(session, APN_NOTICE_DRAINING);
	apn_target_export_event(export);
}

/* Nothing new begins; when the rest has ended and the device is flushed, an event says so. */
int apn_export_drain(struct apn_export *export)
{
	int ret;

	begin_drain(export);
	smp_mb(); /* pairs with apn_session_device_begin() */
	queue_work(apn_device_wq, &export->settle);
	apn_wait_until(export->idle, (ret = READ_ONCE(export->paused)) != -EAGAIN,
		       msecs_to_jiffies(PATIENCE_MS));
	return ret == -EAGAIN ? 0 : ret;
}

int apn_export_resume(struct apn_export *export)
{
	lockdep_assert_held(&export->lock);
	if (!list_empty(&export->sessions) && apn_export_mark_used(export))
		return -EIO;
	export->turns++;
	WRITE_ONCE(export->state, APN_TARGET_EXPORT_STATE_SERVING);
	apn_export_tell_changed(export);
	return 0;
}

void apn_export_set_read_only(struct apn_export *export, bool read_only)
{
	lockdep_assert_held(&export->lock);
	if (export->read_only == read_only)
		return;
	WRITE_ONCE(export->read_only, read_only);
	apn_export_tell_changed(export);
}

static struct apn_export *first_export(void)
{
	struct apn_export *export;

	guard(mutex)(&exports_lock);
	export = list_first_entry_or_null(&exports, struct apn_export, node);
	return export ? apn_export_get(export) : NULL;
}

/* A device that hangs is waited for. */
void apn_export_remove_all(void)
{
	struct apn_export *export;

	while ((export = first_export())) {
		apn_export_del(export, true, NULL);
		apn_export_put(export);
	}
}

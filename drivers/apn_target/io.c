// SPDX-License-Identifier: GPL-2.0
/*
 * A request at the target.
 *
 * It begins with its header, in the lane's receive context, where nothing may wait;
 * a WRITE gets its pages there. Whole ones collect on lane->ready and are submitted
 * together. The last bio to end queues the reply; when that is sent the pages go.
 */
#include "io.h"
#include "memory.h"

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/slab.h>

enum {
	INLINE_ENTRIES = 8, /* pages of a small request, without a table of its own */
	OVERDUE = 2, /* times as many requests as agreed: those of a dead lane end late */
};

struct apn_io {
	struct apn_tx tx; /* the reply */
	struct list_head node; /* lane->partial, lane->ready, or where it waits */
	struct apn_lane *lane; /* a reference */
	struct apn_session *session; /* a reference; NULL: the handle names nobody */
	struct apn_hdr ask;
	u64 offset;
	u32 bytes; /* READ, WRITE: of payload */
	u32 received;
	bool damaged;
	bool budgeted; /* its bytes are counted in the line's budget */
	bool flushed; /* zeroes: the flush that makes them durable was issued */
	bool entered; /* counted as being with the device */
	bool at_once; /* the device may not make who submits it wait */
	bool again; /* it would have: what was refused is submitted by the export's work */
	u64 start_ns;
	atomic_t bios;
	u8 status; /* enum apn_status, first failure wins */
	unsigned int entries;
	unsigned int room;
	struct bio_vec *table;
	struct bio_vec inline_table[INLINE_ENTRIES];
	struct bio bio; /* the first one */
	struct work_struct flush;
};

static struct kmem_cache *io_cache;
static struct bio_set bios;

static u64 io_tag(const struct apn_hdr *hdr)
{
	return le64_to_cpu(hdr->tag);
}

/* ---- making and freeing ---- */

static struct bio_vec *make_table(struct apn_io *io, gfp_t gfp)
{
	io->room = DIV_ROUND_UP(io->bytes, PAGE_SIZE);
	if (io->room <= INLINE_ENTRIES)
		return io->inline_table;
	if (!gfpflags_allow_blocking(gfp))
		return kmalloc_array(io->room, sizeof(struct bio_vec), gfp);
	return kvmalloc_array(io->room, sizeof(struct bio_vec), gfp);
}

static int take_pages(struct apn_io *io, gfp_t gfp)
{
	int n;

	io->table = make_table(io, gfp);
	if (!io->table)
		return -ENOMEM;
	n = apn_memory_pages(io->table, io->room, io->bytes, gfp);
	if (n >= 0) {
		io->entries = n;
		return 0;
	}
	if (io->table != io->inline_table)
		kvfree(io->table);
	io->table = NULL;
	return n;
}

static int take_table(struct apn_io *io, gfp_t gfp)
{
	io->table = make_table(io, gfp);
	return io->table ? 0 : -ENOMEM;
}

/* The payload lies in pages already: they are ours as well, until the device has it. */
static int take_landed(struct apn_io *io, struct apn_rx *rx)
{
	const struct bio_vec *at = rx->at;
	unsigned int left;

	apn_payload_table(&rx->to, ITER_DEST, at, rx->at_entries, rx->left);
	for (left = rx->at_entries; left; left--, at++) {
		struct bio_vec *last = io->entries ? &io->table[io->entries - 1] : NULL;

		if (last && last->bv_page == at->bv_page &&
		    last->bv_offset + last->bv_len == at->bv_offset) {
			last->bv_len += at->bv_len;
			continue;
		}
		if (io->entries == io->room)
			return -EPROTO;
		get_page(at->bv_page);
		io->table[io->entries++] = *at;
	}
	return 0;
}

static void drop_pages(struct apn_io *io)
{
	if (!io->table)
		return;
	apn_memory_free(io->table, io->entries);
	if (io->table != io->inline_table)
		kvfree(io->table);
	io->table = NULL;
}

static bool moves(u8 op)
{
	return op == APN_OP_READ || op == APN_OP_WRITE;
}

/* Without its session and lane, which io_take() gives it. */
static struct apn_io *io_make(const struct apn_rx *rx, gfp_t gfp)
{
	struct apn_io *io = kmem_cache_alloc(io_cache, gfp);
	const struct apn_hdr *hdr = &rx->hdr;

	if (!io)
		return NULL;
	memset(io, 0, offsetof(struct apn_io, inline_table));
	io->ask = *hdr;
	io->offset = le64_to_cpu(hdr->io.offset);
	io->bytes = moves(hdr->op) ? le64_to_cpu(hdr->io.length) : 0;
	INIT_LIST_HEAD(&io->node);
	if (hdr->op != APN_OP_WRITE ||
	    !(rx->landed ? take_table(io, gfp) : take_pages(io, gfp)))
		return io;
	kmem_cache_free(io_cache, io);
	return NULL;
}

static void io_take(struct apn_io *io, struct apn_lane *lane, struct apn_session *session)
{
	io->lane = lane;
	io->session = session;
	apn_line_request_begin(lane);
	atomic_inc(&lane->line->window.requests);
	if (session)
		apn_session_get(session);
}

/*
 * The window opens by what came; the reply that goes next says so. Without a lock: the
 * end of a bio comes in any context, also with interrupts off. Nobody else writes it.
 */
static void grant(struct apn_line *line, u32 bytes)
{
	u64 granted = READ_ONCE(line->window.granted);

	while (!try_cmpxchg64(&line->window.granted, &granted, granted + bytes))
		;
}

/* In any context. Who waits for the last request of a lane or session may unload us. */
static void io_free(struct apn_io *io)
{
	struct apn_session *session = io->session;
	struct apn_lane *lane = io->lane;

	drop_pages(io);
	if (io->budgeted)
		apn_memory_return(lane->line, io->bytes);
	kmem_cache_free(io_cache, io);
	atomic_dec(&lane->line->window.requests);
	apn_line_request_end(lane);
	if (session)
		apn_session_put(session);
}

/* ---- the reply ---- */

static void reply_sent(struct apn_tx *tx, int error)
{
	io_free(container_of(tx, struct apn_io, tx));
}

static void reply(struct apn_io *io)
{
	struct apn_hdr *hdr = &io->tx.hdr;
	bool data = io->ask.op == APN_OP_READ && !io->status;

	memset(hdr, 0, sizeof(*hdr));
	hdr->op = APN_OP_REPLY;
	hdr->status = cpu_to_le16(io->status);
	hdr->handle = io->ask.handle;
	hdr->tag = io->ask.tag;
	hdr->reply.service_ns = cpu_to_le64(io->start_ns ? ktime_get_ns() - io->start_ns : 0);
	io->tx.place = le32_to_cpu(io->ask.io.place);
	io->tx.place_start = le32_to_cpu(io->ask.io.chunk);
	io->tx.bytes = data ? io->bytes : 0;
	io->tx.left = io->tx.bytes;
	io->tx.sent = reply_sent;
	if (data)
		apn_payload_table(&io->tx.payload, ITER_SOURCE, io->table, io->entries, io->bytes);
	if (io->ask.op == APN_OP_WRITE) {
		drop_pages(io);
		grant(io->lane->line, io->bytes);
	}
	if (apn_lane_send(io->lane, &io->tx, false))
		io_free(io);
}

static void refuse(struct apn_io *io, enum apn_status status)
{
	io->status = status;
	reply(io);
}

/* ---- the device ---- */

static u8 status_of(blk_status_t status)
{
	switch (status) {
	case BLK_STS_OK:
		return APN_STATUS_OK;
	case BLK_STS_NOSPC:
		return APN_STATUS_NOSPC;
	case BLK_STS_NOTSUPP:
		return APN_STATUS_UNSUPPORTED;
	case BLK_STS_TIMEOUT:
		return APN_STATUS_TIMEOUT;
	case BLK_STS_MEDIUM:
	case BLK_STS_PROTECTION:
		return APN_STATUS_MEDIUM;
	case BLK_STS_RESOURCE:
		return APN_STATUS_NO_MEMORY;
	default:
		return APN_STATUS_IO;
	}
}

static void count(struct apn_use *use, const struct apn_io *io, u64 ns)
{
	switch (io->ask.op) {
	case APN_OP_READ:
		atomic64_inc(&use->reads);
		atomic64_add(io->bytes, &use->read_bytes);
		break;
	case APN_OP_WRITE:
		atomic64_inc(&use->writes);
		atomic64_add(io->bytes, &use->write_bytes);
		break;
	case APN_OP_FLUSH:
		atomic64_inc(&use->flushes);
		break;
	default:
		atomic64_inc(&use->discards);
	}
	if (io->status)
		atomic64_inc(&use->errors);
	atomic64_add(ns, &use->storage_ns);
}

static bool durable(const struct apn_io *io);

static void enter_device(struct apn_io *io)
{
	struct apn_export *export = io->session->export;

	if (io->entered)
		return;
	io->entered = true;
	if (atomic_inc_return(&export->busy) == 1)
		WRITE_ONCE(export->moved, jiffies);
	apn_session_device_begin(io->session);
}

static void leave_device(struct apn_io *io)
{
	struct apn_export *export = io->session->export;

	io->entered = false;
	WRITE_ONCE(export->moved, jiffies);
	atomic_dec(&export->busy);
	apn_session_device_end(io->session);
}

/* A chain of zeroing bios can't carry FUA as one: a flush behind it can. */
static bool wants_flush(const struct apn_io *io)
{
	return io->ask.op == APN_OP_WRITE_ZEROES && !io->flushed && !io->status && durable(io);
}

/* By the export's work, which may wait for the device. Any context. */
static void submit_later(struct apn_io *io)
{
	struct apn_export *export = io->session->export;

	guard(spinlock_irqsave)(&export->submit_lock);
	atomic_inc(&export->deferred);
	list_add_tail(&io->node, &export->submits);
	queue_work(apn_device_wq, &export->submit); /* under the lock: it may be the last one */
}

/* All of it: what the device took at once it is told twice, and answered once. */
static void submit_again(struct apn_io *io)
{
	io->again = false;
	io->status = APN_STATUS_OK;
	submit_later(io);
}

/* Each bio and the one who submits hold one; the last one replies. Any context. */
static void io_done(struct apn_io *io)
{
	u64 ns;

	if (!atomic_dec_and_test(&io->bios))
		return;
	if (io->again) {
		submit_again(io);
		return;
	}
	if (wants_flush(io)) {
		queue_work(apn_device_wq, &io->flush);
		return;
	}
	ns = ktime_get_ns() - io->start_ns;
	count(&io->session->use, io, ns);
	count(&io->session->export->use, io, ns);
	leave_device(io);
	reply(io);
}

static void note_status(struct apn_io *io, struct bio *bio)
{
	if (bio->bi_status == BLK_STS_AGAIN && io->at_once)
		WRITE_ONCE(io->again, true);
	else if (bio->bi_status && !READ_ONCE(io->status))
		WRITE_ONCE(io->status, status_of(bio->bi_status));
}

static void inline_bio_done(struct bio *bio)
{
	struct apn_io *io = bio->bi_private;

	note_status(io, bio);
	bio_uninit(bio);
	io_done(io);
}

static void bio_done(struct bio *bio)
{
	struct apn_io *io = bio->bi_private;

	note_status(io, bio);
	bio_put(bio);
	io_done(io);
}

static void submit(struct apn_io *io, struct bio *bio)
{
	bio->bi_private = io;
	if (bio != &io->bio)
		bio->bi_end_io = bio_done;
	else
		bio->bi_end_io = inline_bio_done;
	if (io->at_once)
		bio->bi_opf |= REQ_NOWAIT;
	atomic_inc(&io->bios);
	submit_bio(bio);
}

/* A bio over a part of our table: the entries are ours, it has none of its own. */
static u32 aim(struct bio *bio, struct apn_io *io, unsigned int first, unsigned int n, u64 at)
{
	u32 bytes = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		bytes += io->table[first + i].bv_len;
	bio->bi_io_vec = io->table + first;
	bio->bi_vcnt = n; /* bi_max_vecs stays zero: the table is not the bio's to free */
	bio->bi_iter.bi_size = bytes;
	bio->bi_iter.bi_sector = at >> SECTOR_SHIFT;
	return bytes;
}

static struct bio *next_bio(struct apn_io *io, bool first, blk_opf_t opf)
{
	struct block_device *bdev = io->session->export->bdev;

	if (!first)
		return bio_alloc_bioset(bdev, 0, opf, GFP_NOIO, &bios);
	bio_init(&io->bio, bdev, NULL, 0, opf);
	return &io->bio;
}

static void submit_table(struct apn_io *io, blk_opf_t opf)
{
	unsigned int first = 0;
	u64 at = io->offset;

	while (first < io->entries) {
		unsigned int n = min_t(unsigned int, io->entries - first, BIO_MAX_VECS);
		struct bio *bio = next_bio(io, !first, opf);

		at += aim(bio, io, first, n, at);
		first += n;
		submit(io, bio);
	}
}

static void do_read(struct apn_io *io)
{
	if (!io->table && take_pages(io, GFP_NOIO | __GFP_NOFAIL)) {
		io->status = APN_STATUS_NO_MEMORY;
		return;
	}
	submit_table(io, REQ_OP_READ);
}

/* Durable when acknowledged: asked for by the host, or promised for the export. */
static bool durable(const struct apn_io *io)
{
	return io->ask.flags & APN_FLAG_FUA ||
	       io->session->export->durability == APN_TARGET_DURABILITY_ACK;
}

static void do_write(struct apn_io *io)
{
	submit_table(io, REQ_OP_WRITE | REQ_SYNC | REQ_IDLE | (durable(io) ? REQ_FUA : 0));
}

static void do_flush(struct apn_io *io)
{
	bio_init(&io->bio, io->session->export->bdev, NULL, 0,
		 REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC);
	submit(io, &io->bio);
}

static void flush_zeroes(struct work_struct *work)
{
	struct apn_io *io = container_of(work, struct apn_io, flush);

	io->flushed = true;
	atomic_set(&io->bios, 1);
	do_flush(io);
	io_done(io);
}

/* What the block layer split for us; the chain's last bio ends after the others. */
static void submit_chain(struct apn_io *io, struct bio *chain)
{
	if (chain)
		submit(io, chain);
}

static void do_discard(struct apn_io *io)
{
	struct bio *chain = NULL;

	if (!bdev_max_discard_sectors(io->session->export->bdev)) {
		io->status = APN_STATUS_UNSUPPORTED;
		return;
	}
	__blkdev_issue_discard(io->session->export->bdev, io->offset >> SECTOR_SHIFT,
			       le64_to_cpu(io->ask.io.length) >> SECTOR_SHIFT, GFP_NOIO, &chain);
	submit_chain(io, chain);
}

static void do_zeroes(struct apn_io *io)
{
	unsigned int flags = io->ask.flags & APN_FLAG_NOUNMAP ? BLKDEV_ZERO_NOUNMAP : 0;
	struct block_device *bdev = io->session->export->bdev;
	struct bio *chain = NULL;
	int ret;

	if (!bdev_write_zeroes_sectors(bdev)) {
		io->status = APN_STATUS_UNSUPPORTED;
		return;
	}
	ret = __blkdev_issue_zeroout(bdev, io->offset >> SECTOR_SHIFT,
				     le64_to_cpu(io->ask.io.length) >> SECTOR_SHIFT, GFP_NOIO,
				     &chain, flags | BLKDEV_ZERO_NOFALLBACK);

	if (ret && !io->status)
		io->status = APN_STATUS_UNSUPPORTED;
	INIT_WORK(&io->flush, flush_zeroes);
	submit_chain(io, chain);
}

static void (*const work_of[APN_OP_END])(struct apn_io *io) = {
	[APN_OP_READ] = do_read,
	[APN_OP_WRITE] = do_write,
	[APN_OP_FLUSH] = do_flush,
	[APN_OP_DISCARD] = do_discard,
	[APN_OP_WRITE_ZEROES] = do_zeroes,
};

/* ---- may it, and when ---- */

static bool changes(u8 op)
{
	return op == APN_OP_WRITE || op == APN_OP_DISCARD || op == APN_OP_WRITE_ZEROES;
}

static enum apn_status judge(const struct apn_io *io)
{
	const struct apn_session *session = io->session;
	const struct apn_export *export = session->export;
	u64 length = io->ask.op == APN_OP_FLUSH ? 0 : le64_to_cpu(io->ask.io.length);
	u64 size = bdev_nr_bytes(export->bdev);
	enum apn_status ended = READ_ONCE(session->ended);

	if (ended)
		return ended;
	if (!size) /* it was removed */
		return APN_STATUS_IO;
	if (io->damaged)
		return APN_STATUS_DIGEST;
	if (READ_ONCE(export->state) != APN_TARGET_EXPORT_STATE_SERVING)
		return APN_STATUS_DRAINING;
	if (changes(io->ask.op) &&
	    (!session->writer || READ_ONCE(session->read_only) || export->read_only ||
	     export->device_read_only))
		return APN_STATUS_READ_ONLY;
	if (!moves(io->ask.op) && length > APN_EXPORT_LENGTH_MAX)
		return APN_STATUS_RANGE;
	if ((io->offset | length) & (bdev_logical_block_size(export->bdev) - 1) ||
	    io->offset > size || length > size - io->offset)
		return APN_STATUS_RANGE;
	return APN_STATUS_OK;
}

/* Its lane is dead, and what did not end there is the host's to send again. */
static void drop(struct apn_io *io)
{
	if (io->entered)
		leave_device(io);
	if (io->ask.op == APN_OP_WRITE)
		grant(io->lane->line, io->bytes);
	io_free(io);
}

static void start(struct apn_io *io, bool at_once)
{
	enum apn_status status;

	if (apn_lane_dead(io->lane)) {
		drop(io);
		return;
	}
	enter_device(io);
	status = judge(io);
	if (status) {
		leave_device(io);
		refuse(io, status);
		return;
	}
	io->at_once = at_once;
	atomic_set(&io->bios, 1);
	if (!io->start_ns)
		io->start_ns = ktime_get_ns();
	work_of[io->ask.op](io);
	io_done(io);
}

/*
 * Who receives also answers the host's PING: he must not wait for a device. One that has
 * no room, stands still or would have to cut a request in pieces says so, and gets that,
 * and what comes behind it, from the export's work.
 */
static bool fits_at_once(const struct apn_io *io)
{
	struct apn_export *export = io->session->export;
	struct block_device *bdev = export->bdev;

	return !atomic_read(&export->deferred) && bdev_nowait(bdev) &&
	       (moves(io->ask.op) || io->ask.op == APN_OP_FLUSH) &&
	       io->bytes >> SECTOR_SHIFT <= queue_max_sectors(bdev_get_queue(bdev));
}

static void start_here_or_later(struct apn_io *io)
{
	if (fits_at_once(io))
		start(io, true);
	else
		submit_later(io);
}

static void start_if_budgeted(struct apn_io *io)
{
	io->budgeted = io->ask.op == APN_OP_READ;
	if (!io->budgeted || apn_memory_take(io->lane->line, io->bytes, &io->node))
		start_here_or_later(io);
}

static struct apn_io *pop(struct list_head *list)
{
	struct apn_io *io = list_first_entry_or_null(list, struct apn_io, node);

	if (io)
		list_del_init(&io->node);
	return io;
}

void apn_io_settle(struct apn_lane *lane)
{
	struct blk_plug plug;
	struct apn_io *io;

	if (list_empty(&lane->ready))
		return;
	blk_start_plug(&plug);
	while ((io = pop(&lane->ready))) {
		if (!io->session)
			refuse(io, APN_STATUS_NO_SESSION);
		else if (apn_limit_take(&io->session->export->limit, &io->node))
			start_if_budgeted(io);
	}
	blk_finish_plug(&plug);
}

static void submit_work(struct work_struct *work)
{
	struct apn_export *export = container_of(work, struct apn_export, submit);
	struct blk_plug plug;
	struct apn_io *io;
	LIST_HEAD(due);
	int n = 0;

	scoped_guard(spinlock_irqsave, &export->submit_lock)
		list_splice_init(&export->submits, &due);
	blk_start_plug(&plug);
	while ((io = pop(&due))) {
		start(io, false);
		n++;
	}
	blk_finish_plug(&plug);
	atomic_sub(n, &export->deferred);
}

void apn_io_init_export(struct apn_export *export)
{
	spin_lock_init(&export->submit_lock);
	INIT_LIST_HEAD(&export->submits);
	INIT_WORK(&export->submit, submit_work);
}

void apn_io_resume_limited(struct list_head *due)
{
	struct apn_io *io;

	while ((io = pop(due)))
		start_if_budgeted(io);
}

void apn_io_resume_budgeted(struct list_head *due)
{
	struct apn_io *io;

	while ((io = pop(due)))
		start_here_or_later(io);
}

u32 apn_io_waiter_bytes(const struct list_head *waiter)
{
	return list_entry(waiter, struct apn_io, node)->bytes;
}

/* ---- what comes ---- */

static struct apn_io *find_partial(struct apn_lane *lane, const struct apn_hdr *hdr)
{
	struct apn_io *io;

	list_for_each_entry(io, &lane->partial, node)
		if (io->ask.handle == hdr->handle && io_tag(&io->ask) == io_tag(hdr))
			return io;
	return NULL;
}

/* A chunk that is not the first has to be the next one, of the same request. */
static int go_on(struct apn_lane *lane, struct apn_rx *rx, struct apn_io *io)
{
	if (!io || io->received != le32_to_cpu(rx->hdr.io.chunk) ||
	    io->ask.io.offset != rx->hdr.io.offset || io->ask.io.length != rx->hdr.io.length ||
	    io->ask.flags != rx->hdr.flags || io->ask.io.place != rx->hdr.io.place)
		return -EPROTO;
	rx->owner = io;
	if (rx->landed)
		return take_landed(io, rx);
	apn_payload_table(&rx->to, ITER_DEST, io->table, io->entries, io->bytes);
	apn_payload_skip(&rx->to, io->received);
	return 0;
}

static struct apn_io *take_spare(struct apn_lane *lane)
{
	struct apn_io *io = lane->spare;

	lane->spare = NULL;
	return io;
}

static bool within_line(struct apn_lane *lane)
{
	return lane->partials < APN_PARTIAL_MAX;
}

static void count_begun(struct apn_lane *lane, u32 bytes)
{
	struct apn_line *line = lane->line;

	guard(spinlock_bh)(&line->window.lock);
	lane->writes += bytes;
	line->window.sent += bytes;
}

static bool too_many(struct apn_line *line)
{
	return atomic_read(&line->window.requests) > OVERDUE * line->requests;
}

/* The host may not send what it was not granted. */
static bool overdrawn(struct apn_line *line)
{
	return (s64)(READ_ONCE(line->window.granted) - READ_ONCE(line->window.sent)) < 0;
}

static int begin_new(struct apn_lane *lane, struct apn_session *session, struct apn_rx *rx)
{
	bool write = rx->hdr.op == APN_OP_WRITE;
	struct apn_io *io;

	if (write && (rx->hdr.io.chunk || find_partial(lane, &rx->hdr) || !within_line(lane)))
		return -EPROTO;
	io = take_spare(lane) ?: io_make(rx, GFP_NOWAIT | __GFP_NOWARN);
	if (!io)
		return -EAGAIN;
	io_take(io, lane, session);
	rx->owner = io;
	list_add_tail(&io->node, &lane->partial);
	if (write) { /* whatever comes of it: apn_io_lost() grants it back */
		lane->partials++;
		count_begun(lane, io->bytes);
	}
	if (too_many(lane->line))
		return -EDQUOT;
	if (!write)
		return 0;
	if (overdrawn(lane->line))
		return -EDQUOT;
	if (rx->landed)
		return take_landed(io, rx);
	apn_payload_table(&rx->to, ITER_DEST, io->table, io->entries, io->bytes);
	return 0;
}

/*
 * A handle that names nobody is answered, not punished: the host may not know yet
 * that its session ended. Its payload has to go somewhere, so it is begun like any
 * other.
 */
int apn_io_begin(struct apn_lane *lane, void *session, struct apn_rx *rx)
{
	if (rx->hdr.op == APN_OP_REPLY)
		return -EPROTO;
	if (rx->hdr.op == APN_OP_WRITE && rx->hdr.io.chunk)
		return go_on(lane, rx, find_partial(lane, &rx->hdr));
	return begin_new(lane, session, rx);
}

void apn_io_end(struct apn_lane *lane, struct apn_rx *rx)
{
	struct apn_io *io = rx->owner;

	io->damaged |= rx->damaged;
	io->received += le32_to_cpu(rx->hdr.data_len);
	if (io->ask.op == APN_OP_WRITE && io->received < io->bytes)
		return;
	if (io->ask.op == APN_OP_WRITE)
		lane->partials--;
	list_move_tail(&io->node, &lane->ready);
}

void apn_io_wait(struct apn_lane *lane, struct apn_rx *rx)
{
	if (!lane->spare)
		lane->spare = io_make(rx, GFP_NOIO | __GFP_NOFAIL);
}

static unsigned int pick_dead(struct list_head *from, struct list_head *dead)
{
	struct apn_io *io, *next;
	unsigned int n = 0;

	list_for_each_entry_safe(io, next, from, node) {
		if (!apn_lane_dead(io->lane))
			continue;
		list_move_tail(&io->node, dead);
		n++;
	}
	return n;
}

static void pick_of_export(struct apn_export *export, struct list_head *dead)
{
	apn_limit_sweep(&export->limit, pick_dead, dead);
	guard(spinlock_irqsave)(&export->submit_lock);
	atomic_sub(pick_dead(&export->submits, dead), &export->deferred);
}

/* Of what waits for its turn, a fence must not wait for a device that it never reached. */
static void pick_waiting(struct apn_line *line, struct list_head *dead)
{
	struct apn_session *session;
	unsigned long handle;
	struct apn_io *io;

	apn_memory_sweep(line, pick_dead, dead);
	list_for_each_entry(io, dead, node)
		io->budgeted = false;
	rcu_read_lock();
	xa_for_each(&line->sessions, handle, session) {
		if (!apn_session_get(session))
			continue;
		rcu_read_unlock();
		pick_of_export(session->export, dead);
		apn_session_put(session);
		rcu_read_lock();
	}
	rcu_read_unlock();
}

/* The lane is closed, its receive context over: what was not submitted never will be. */
void apn_io_lost(struct apn_line *line, struct apn_lane *lane)
{
	struct apn_io *io;
	LIST_HEAD(dead);

	pick_waiting(line, &dead);
	list_splice_init(&lane->partial, &dead);
	list_splice_init(&lane->ready, &dead);
	while ((io = pop(&dead)))
		drop(io);
	io = take_spare(lane);
	if (!io)
		return;
	drop_pages(io);
	kmem_cache_free(io_cache, io);
}

int apn_io_init(void)
{
	int ret;

	io_cache = KMEM_CACHE(apn_io, SLAB_HWCACHE_ALIGN);
	if (!io_cache)
		return -ENOMEM;
	ret = bioset_init(&bios, 64, 0, 0);
	if (ret)
		kmem_cache_destroy(io_cache);
	return ret;
}

void apn_io_exit(void)
{
	bioset_exit(&bios);
	kmem_cache_destroy(io_cache);
}

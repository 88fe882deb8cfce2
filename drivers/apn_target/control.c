// SPDX-License-Identifier: GPL-2.0
/*
 * What a host asks besides I/O. Each question is answered by a work of its own: an
 * ATTACH may wait for a medium, a FENCE for the slowest device, and neither may hold
 * up what else comes over the lane.
 */
#include "audit.h"
#include "control.h"
#include "memory.h"
#include "netlink.h"
#include "writer.h"

#include <apn/wait.h>
#include <linux/slab.h>

enum {
	QUESTIONS_MAX = 64, /* open on one lane; each host's slots ask one at a time */
	LOOK_MS = 500, /* how often one that waits looks whether anybody wants its answer */
	PATIENCE_MS = 5000, /* a host asks again after 10 s */
};

static struct workqueue_struct *question_wq;

struct question {
	struct work_struct work;
	struct apn_line *line; /* a reference */
	struct apn_lane *lane; /* a reference: the answer goes where it came from */
	struct apn_hdr hdr;
	u8 body[]; /* zero behind what the host sent */
};

static void answer(struct question *q, u8 op, u32 handle, const void *body, size_t bytes)
{
	struct apn_hdr hdr = { .op = op, .tag = q->hdr.tag, .handle = cpu_to_le32(handle) };

	apn_msg_send(q->lane, &hdr, body, bytes);
}

static void refuse(struct question *q, enum apn_status status)
{
	apn_msg_refuse(q->lane, le64_to_cpu(q->hdr.tag), status, apn_pdu_status_text(status));
}

/* A device may hang for as long as it likes; who asked comes again. */
static void refuse_for_now(struct question *q)
{
	apn_msg_refuse(q->lane, le64_to_cpu(q->hdr.tag), APN_STATUS_DRAINING,
		       "the device has not ended yet what was asked of it before");
}

static bool admits(struct apn_export *export, const struct question *q, bool *read_only)
{
	return apn_access_admits(&export->access, q->line->security, q->line->identity, read_only);
}

/* ---- sessions of a line ---- */

static struct apn_session *session_of(struct apn_line *line, u32 handle)
{
	struct apn_session *session;

	guard(rcu)();
	session = xa_load(&line->sessions, handle);
	return session && apn_session_get(session) ? session : NULL;
}

static bool same_disk(const struct apn_session *a, const struct apn_session *b)
{
	return !memcmp(a->uuid, b->uuid, APN_UUID_BYTES) && !strcmp(a->identity, b->identity);
}

/* Its other paths, which the host can't speak for itself: their lines may be dead. */
static void end_others(struct apn_session *session)
{
	struct apn_session *other, *next;

	list_for_each_entry_safe(other, next, &session->export->sessions, node)
		if (other != session && same_disk(other, session))
			apn_session_end(other, APN_STATUS_NO_SESSION, 0);
}

/* The host let go of it, in order; of @whole the disk, or of this path. */
static void leave(struct apn_session *session, bool whole)
{
	guard(mutex)(&session->export->lock);
	if (whole)
		end_others(session);
	apn_writer_leaves(session->export, session);
	apn_session_end(session, APN_STATUS_NO_SESSION, 0);
}

/* ---- ATTACH ---- */

static bool is_same(const struct apn_session *s, const struct question *q,
		    const struct apn_attach *ask)
{
	return s->line == q->line && s->handle == le32_to_cpu(q->hdr.handle) &&
	       !memcmp(s->uuid, ask->session, APN_UUID_BYTES);
}

static struct apn_session *present(struct apn_export *export, const struct question *q,
				   const struct apn_attach *ask)
{
	struct apn_session *s;

	list_for_each_entry(s, &export->sessions, node)
		if (is_same(s, q, ask))
			return s;
	return NULL;
}

static void attached(struct question *q, struct apn_session *session)
{
	struct apn_export *export = session->export;
	struct apn_attached a = {};

	apn_export_describe(export, session->read_only || !session->writer, &a);
	a.generation = cpu_to_le64(session->generation);
	answer(q, APN_OP_ATTACHED, session->handle, &a, sizeof(a));
}

static enum apn_status join(struct apn_export *export, struct question *q,
			    const struct apn_attach *ask, bool writer, bool read_only)
{
	struct apn_session *session = apn_session_make(export, q->line, ask);

	if (!session)
		return APN_STATUS_NO_MEMORY;
	session->writer = writer;
	session->read_only = read_only;
	session->generation = writer ? export->record.generation : 0;
	session->handle = le32_to_cpu(q->hdr.handle);
	if (apn_line_join_as(q->line, session->handle, session)) {
		apn_session_put(session);
		return APN_STATUS_PROTOCOL;
	}
	list_add_tail(&session->node, &export->sessions);
	export->joins++;
	smp_mb(); /* pairs with apn_control_forget() */
	if (READ_ONCE(q->line->state) == APN_LINE_CLOSING) { /* who forgets it may have looked */
		apn_session_end(session, APN_STATUS_NO_SESSION, 0);
		return APN_STATUS_NO_SESSION;
	}
	attached(q, session);
	apn_audit_attached(session);
	apn_target_session_event(session);
	return APN_STATUS_OK;
}

/* A disk is one identity's, whoever else has learned its number. */
static bool is_anothers(const struct apn_export *export, const struct question *q,
			const struct apn_attach *ask)
{
	const struct apn_session *s;

	list_for_each_entry(s, &export->sessions, node)
		if (!memcmp(s->uuid, ask->session, APN_UUID_BYTES) &&
		    strcmp(s->identity, q->line->identity))
			return true;
	return false;
}

static bool other_volume(const struct apn_export *export, const struct apn_attach *ask)
{
	return memchr_inv(ask->volume, 0, APN_UUID_BYTES) &&
	       memcmp(ask->volume, export->record.volume, APN_UUID_BYTES);
}

/* Under export->lock. */
static enum apn_status attach_locked(struct apn_export *export, struct question *q,
				     const struct apn_attach *ask)
{
	bool writer = le32_to_cpu(ask->flags) & APN_ATTACH_WRITER, read_only;
	struct apn_session *session;
	enum apn_status status;

	if (READ_ONCE(q->line->state) == APN_LINE_CLOSING)
		return APN_STATUS_NO_SESSION;
	if (export->gone || !admits(export, q, &read_only))
		return APN_STATUS_REFUSED;
	if (is_anothers(export, q, ask))
		return APN_STATUS_REFUSED;
	if (export->state != APN_TARGET_EXPORT_STATE_SERVING)
		return APN_STATUS_DRAINING;
	if (other_volume(export, ask))
		return APN_STATUS_OTHER_VOLUME;
	session = present(export, q, ask);
	if (session) {
		attached(q, session);
		return APN_STATUS_OK;
	}
	writer = writer && !read_only && !export->read_only && !export->device_read_only;
	if (!list_empty(&export->ended))
		return APN_WRITER_WAIT;
	if (writer) {
		status = apn_writer_admit(export, q->line, ask);
		if (status)
			return status;
		if (apn_export_mark_used(export))
			return APN_STATUS_IO;
	}
	return join(export, q, ask, writer, read_only);
}

/*
 * Requests of sessions that ended, of this host's past or of a writer that was deposed,
 * may still be with the device: they are waited for without the lock.
 */
static enum apn_status attach(struct apn_export *export, struct question *q,
			      const struct apn_attach *ask)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(PATIENCE_MS);
	enum apn_status status;

	for (;;) {
		mutex_lock(&export->lock);
		status = attach_locked(export, q, ask);
		mutex_unlock(&export->lock);
		if (status != APN_WRITER_WAIT)
			return status;
		if (apn_lane_dead(q->lane) || time_after(jiffies, deadline))
			return status;
		apn_wait_until(export->idle, apn_export_settled(export), msecs_to_jiffies(LOOK_MS));
	}
}

/* A handle that the host uses for another disk now: the one before is gone there. */
static void end_previous(struct question *q, const struct apn_attach *ask)
{
	struct apn_session *old = session_of(q->line, le32_to_cpu(q->hdr.handle));

	if (!old)
		return;
	if (memcmp(old->uuid, ask->session, APN_UUID_BYTES))
		leave(old, false);
	apn_session_put(old);
}

/* Who names the volume had it once, and may be told that it is over. */
static enum apn_status why_not(const struct apn_attach *ask)
{
	struct apn_export *export = apn_export_find(ask->export);
	enum apn_status status = APN_STATUS_REFUSED;

	if (!export)
		return status;
	if (!memcmp(ask->volume, export->record.volume, APN_UUID_BYTES))
		status = APN_STATUS_REVOKED;
	apn_export_put(export);
	return status;
}

static void audit_refused(const struct question *q, const struct apn_attach *ask,
			  enum apn_status status)
{
	const struct apn_audit audit = {
		.event = APN_TARGET_AUDIT_EVENT_REFUSE,
		.address = &q->line->route.peer,
		.identity = q->line->identity,
		.export = ask->export,
		.reason = apn_pdu_status_text(status),
	};

	apn_audit(&audit);
}

static void do_attach(struct question *q)
{
	const struct apn_attach *ask = (const void *)q->body;
	struct apn_export *export = apn_export_find_for(q->line, ask->export);
	enum apn_status status;

	end_previous(q, ask);
	if (export) {
		status = attach(export, q, ask);
		apn_export_put(export);
	} else {
		status = why_not(ask);
	}
	if (!status)
		return;
	if (status == APN_WRITER_WAIT) {
		refuse_for_now(q);
		return;
	}
	refuse(q, status);
	audit_refused(q, ask, status);
}

/* ---- DETACH and the end of a line ---- */

static void do_detach(struct question *q)
{
	u32 handle = le32_to_cpu(q->hdr.handle);
	struct apn_session *session = session_of(q->line, handle);

	if (!session) {
		refuse(q, APN_STATUS_NO_SESSION);
		return;
	}
	leave(session, q->hdr.flags & APN_FLAG_WHOLE);
	apn_wait_until(session->export->idle, apn_export_settled(session->export),
		       msecs_to_jiffies(PATIENCE_MS));
	if (apn_export_settled(session->export))
		answer(q, APN_OP_DETACHED, handle, NULL, 0);
	else
		refuse_for_now(q);
	apn_session_put(session);
}

void apn_control_forget(struct apn_line *line)
{
	unsigned long handle;
	void *entry;

	smp_mb(); /* pairs with join() */
	xa_for_each(&line->sessions, handle, entry) {
		struct apn_session *session = session_of(line, handle);

		if (!session)
			continue;
		mutex_lock(&session->export->lock);
		apn_session_end(session, APN_STATUS_NO_SESSION, 0);
		mutex_unlock(&session->export->lock);
		apn_export_settled(session->export);
		apn_session_put(session);
	}
	apn_memory_unpromise(line);
}

/* ---- LIST ---- */

struct listing {
	struct question *q;
	unsigned int skip;
	unsigned int n;
	bool more;
	struct apn_listed row[APN_BODY_BYTES_MAX / sizeof(struct apn_listed)];
};

static int list_one(struct apn_export *export, void *arg)
{
	struct listing *l = arg;
	struct apn_listed *entry = &l->row[l->n];
	bool read_only;

	guard(mutex)(&export->lock);
	if (export->gone || !admits(export, l->q, &read_only))
		return 0;
	if (l->skip) {
		l->skip--;
		return 0;
	}
	l->more = l->n == ARRAY_SIZE(l->row);
	if (l->more)
		return 1;
	strscpy(entry->export, export->name, sizeof(entry->export));
	memcpy(entry->volume, export->record.volume, APN_UUID_BYTES);
	entry->size = cpu_to_le64(export->size);
	entry->flags = cpu_to_le32(apn_export_flags(export, read_only));
	l->n++;
	return 0;
}

static void do_list(struct question *q)
{
	const struct apn_list *ask = (const void *)q->body;
	struct apn_hdr hdr = { .op = APN_OP_LISTED, .tag = q->hdr.tag };
	struct listing *l = kzalloc_obj(*l);

	if (!l) {
		refuse(q, APN_STATUS_NO_MEMORY);
		return;
	}
	l->q = q;
	l->skip = le32_to_cpu(ask->from);
	apn_export_each(0, list_one, l);
	hdr.flags = l->more ? APN_FLAG_MORE : 0;
	apn_msg_send(q->lane, &hdr, l->row, l->n * sizeof(l->row[0]));
	kfree(l);
}

/* ---- FENCE ---- */

/*
 * A line that is not known has no lane, and what came by those it had has ended: a
 * line is forgotten only with its last request.
 */
static void do_fence(struct question *q)
{
	const struct apn_fence *ask = (const void *)q->body;
	unsigned int index = le16_to_cpu(ask->lane);
	struct apn_fenced fenced = {};
	u64 begun;

	if (!apn_line_fence_all(ask->line, q->line->identity, index,
				le32_to_cpu(ask->incarnation), q->lane, &begun))
		return;
	fenced.received = cpu_to_le64(begun);
	answer(q, APN_OP_FENCED, 0, &fenced, sizeof(fenced));
}

/* ---- one for all ---- */

static void (*const work_of[APN_OP_END])(struct question *q) = {
	[APN_OP_ATTACH] = do_attach,
	[APN_OP_DETACH] = do_detach,
	[APN_OP_LIST] = do_list,
	[APN_OP_FENCE] = do_fence,
};

static void question_work(struct work_struct *work)
{
	struct question *q = container_of(work, struct question, work);

	work_of[q->hdr.op](q);
	atomic_dec(&q->lane->questions);
	apn_lane_put(q->lane);
	apn_line_put(q->line);
	kfree(q);
}

void apn_control_ask(struct apn_lane *lane, const struct apn_hdr *hdr, const void *body)
{
	size_t bytes = le32_to_cpu(hdr->data_len);
	struct question *q;

	if (!work_of[hdr->op])
		return;
	if (atomic_inc_return(&lane->questions) > QUESTIONS_MAX) {
		atomic_dec(&lane->questions);
		apn_lane_die(lane, -ENOBUFS, "more questions than may be open at a time");
		return;
	}
	q = kzalloc(struct_size(q, body, APN_BODY_BYTES_MAX), GFP_KERNEL);
	if (!q) {
		atomic_dec(&lane->questions);
		apn_msg_refuse(lane, le64_to_cpu(hdr->tag), APN_STATUS_NO_MEMORY,
			       "the target has no memory");
		return;
	}
	INIT_WORK(&q->work, question_work);
	q->line = apn_line_get(lane->line);
	q->lane = apn_lane_get(lane);
	q->hdr = *hdr;
	memcpy(q->body, body, bytes);
	queue_work(question_wq, &q->work);
}

int apn_control_init(void)
{
	question_wq = alloc_workqueue("apn_target_ask", WQ_UNBOUND, 0);
	return question_wq ? 0 : -ENOMEM;
}

/* The lines are closed: no question comes any more; those that are open end first. */
void apn_control_exit(void)
{
	destroy_workqueue(question_wq);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Who writes to an export.
 *
 * The writer is a session's UUID, so all paths of one disk are one writer. Its
 * generation is stored before its first request is taken. A session that wrote under
 * an older one is superseded for good: what it still holds must never land.
 */
#include "writer.h"

static bool same(const u8 *a, const u8 *b)
{
	return !memcmp(a, b, APN_UUID_BYTES);
}

static struct apn_session *present_writer(struct apn_export *export)
{
	struct apn_session *session;

	list_for_each_entry(session, &export->sessions, node)
		if (session->writer)
			return session;
	return NULL;
}

bool apn_writer_superseded(const struct apn_export *export, const struct apn_attach *ask)
{
	u64 held = le64_to_cpu(ask->generation);

	return held && held < export->record.generation &&
	       !same(export->record.writer, ask->session);
}

static bool takes_over(const struct apn_attach *ask)
{
	return le32_to_cpu(ask->flags) & APN_ATTACH_TAKEOVER;
}

/*
 * A host that was started anew has lost what it had, and one whose disk is gone could
 * not always say so: their old selves give way.
 */
static bool gives_way(const struct apn_session *old, const struct apn_line *line,
		      const struct apn_attach *ask)
{
	if (takes_over(ask))
		return true;
	return !strcmp(old->identity, line->identity) &&
	       (!same(old->boot, ask->boot) || !apn_line_live(old->line));
}

/* One that left without a word is the writer still, until it or a takeover says else. */
static bool claimed_by_another(const struct apn_export *export, const struct apn_line *line,
			       const struct apn_attach *ask)
{
	return memchr_inv(export->record.writer, 0, APN_UUID_BYTES) &&
	       strcmp(export->record.identity, line->identity) && !takes_over(ask);
}

static void depose(struct apn_export *export)
{
	struct apn_session *old;

	while ((old = present_writer(export)))
		apn_session_end(old, APN_STATUS_SUPERSEDED, APN_NOTICE_SUPERSEDED);
}

static enum apn_status record_writer(struct apn_export *export, const struct apn_line *line,
				     const struct apn_attach *ask)
{
	struct apn_state next = export->record;

	next.generation++;
	memcpy(next.writer, ask->session, APN_UUID_BYTES);
	memcpy(next.boot, ask->boot, APN_UUID_BYTES);
	strscpy(next.identity, line->identity, sizeof(next.identity));
	if (apn_state_store(&export->state_file, &next))
		return APN_STATUS_IO;
	export->record = next;
	return APN_STATUS_OK;
}

enum apn_status apn_writer_admit(struct apn_export *export, const struct apn_line *line,
				 const struct apn_attach *ask)
{
	struct apn_session *old = present_writer(export);

	lockdep_assert_held(&export->lock);
	if (apn_writer_superseded(export, ask))
		return APN_STATUS_SUPERSEDED;
	if (same(export->record.writer, ask->session))
		return strcmp(export->record.identity, line->identity) ? APN_STATUS_REFUSED :
									 APN_STATUS_OK;
	if (old ? !gives_way(old, line, ask) : claimed_by_another(export, line, ask))
		return APN_STATUS_BUSY;
	depose(export);
	if (!list_empty(&export->ended))
		return APN_WRITER_WAIT;
	return record_writer(export, line, ask);
}

/* It said that it leaves, and no other path of the same disk is there. */
void apn_writer_leaves(struct apn_export *export, const struct apn_session *session)
{
	struct apn_state next = export->record;
	struct apn_session *other;

	lockdep_assert_held(&export->lock);
	if (!session->writer || !same(export->record.writer, session->uuid))
		return;
	list_for_each_entry(other, &export->sessions, node)
		if (other != session && same(other->uuid, session->uuid))
			return;
	memset(next.writer, 0, sizeof(next.writer));
	if (!apn_state_store(&export->state_file, &next))
		export->record = next;
}

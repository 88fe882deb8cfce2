// SPDX-License-Identifier: GPL-2.0
/*
 * Who writes to an export.
 *
 * The writer is a session's UUID, so all paths of one disk are one writer. Its
 * generation is stored before its first request is taken. A session that wrote under
 * an older one is superseded for good: what it still holds must never land.
 */
#include "writer.h"
#include "rules.h"

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

static void gather(const struct apn_export *export, const struct apn_session *old,
		   const struct apn_line *line, const struct apn_attach *ask,
		   struct apn_writer_facts *f)
{
	const struct apn_state *record = &export->record;

	*f = (struct apn_writer_facts){
		.generation = record->generation,
		.held = le64_to_cpu(ask->generation),
		.recorded = memchr_inv(record->writer, 0, APN_UUID_BYTES),
		.is_recorded = same(record->writer, ask->session),
		.by_same_identity = !strcmp(record->identity, line->identity),
		.by_same_boot = same(record->boot, ask->boot),
		.takeover = le32_to_cpu(ask->flags) & APN_ATTACH_TAKEOVER,
		.present = old,
	};
	if (!old)
		return;
	f->present_same_identity = !strcmp(old->identity, line->identity);
	f->present_same_boot = same(old->boot, ask->boot);
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
	static const enum apn_status status_of[] = {
		[APN_WRITER_STAYS] = APN_STATUS_OK,
		[APN_WRITER_BUSY] = APN_STATUS_BUSY,
		[APN_WRITER_SUPERSEDED] = APN_STATUS_SUPERSEDED,
		[APN_WRITER_REFUSED] = APN_STATUS_REFUSED,
	};
	struct apn_writer_facts facts;
	enum apn_writer_verdict verdict;

	lockdep_assert_held(&export->lock);
	gather(export, present_writer(export), line, ask, &facts);
	verdict = apn_writer_judge(&facts);
	if (verdict != APN_WRITER_BECOMES)
		return status_of[verdict];
	depose(export);
	if (!list_empty(&export->ended))
		return APN_WRITER_WAIT;
	return record_writer(export, line, ask);
}

/* There is no writer any more; the generation stays. */
static void clear_writer(struct apn_export *export)
{
	struct apn_state next = export->record;

	memset(next.writer, 0, sizeof(next.writer));
	if (!apn_state_store(&export->state_file, &next))
		export->record = next;
}

/* It said that it leaves, and no other path of the same disk is there. */
void apn_writer_leaves(struct apn_export *export, const struct apn_session *session)
{
	struct apn_session *other;

	lockdep_assert_held(&export->lock);
	if (!session->writer || !same(export->record.writer, session->uuid))
		return;
	list_for_each_entry(other, &export->sessions, node)
		if (other != session && same(other->uuid, session->uuid))
			return;
	clear_writer(export);
}

void apn_writer_revoke(struct apn_export *export, const char *identity)
{
	lockdep_assert_held(&export->lock);
	if (!strcmp(export->record.identity, identity))
		clear_writer(export);
}

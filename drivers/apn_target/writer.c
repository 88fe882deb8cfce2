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

/* A host that was started anew has lost what it had: its old self gives way. */
static bool gives_way(const struct apn_session *old, const struct apn_line *line,
		      const struct apn_attach *ask)
{
	if (le32_to_cpu(ask->flags) & APN_ATTACH_TAKEOVER)
		return true;
	return !strcmp(old->identity, line->identity) && !same(old->boot, ask->boot);
}

static void depose(struct apn_export *export)
{
	struct apn_session *old;

	while ((old = present_writer(export))) {
		kref_get(&old->ref);
		apn_session_end(old, APN_STATUS_SUPERSEDED, APN_NOTICE_SUPERSEDED);
		apn_session_drain(old);
		apn_session_put(old);
	}
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
	if (old && !same(old->uuid, ask->session)) {
		if (!gives_way(old, line, ask))
			return APN_STATUS_BUSY;
		depose(export);
	}
	if (same(export->record.writer, ask->session))
		return APN_STATUS_OK;
	return record_writer(export, line, ask);
}

/* SPDX-License-Identifier: GPL-2.0 */
/* Who writes to an export: one session, by a generation that only grows. */
#ifndef APN_TARGET_WRITER_H
#define APN_TARGET_WRITER_H

#include "session.h"

/* Internal: ask again when apn_export_settled(). */
#define APN_WRITER_WAIT APN_STATUS_END

/*
 * Under export->lock. OK: the session of @ask may write now; the record says so on
 * the medium, and nothing of a writer before it can land any more.
 */
enum apn_status apn_writer_admit(struct apn_export *export, const struct apn_line *line,
				 const struct apn_attach *ask);
/* Under export->lock: if it was of this identity, there is none now. */
void apn_writer_revoke(struct apn_export *export, const char *identity);
/* Under export->lock: its DETACH came. */
void apn_writer_leaves(struct apn_export *export, const struct apn_session *session);

#endif /* APN_TARGET_WRITER_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of other devices, as of a GPU: which disks take it, and how it goes.
 *
 * No CPU may look at it: it goes by RDMA alone, without digests, and to a device that can
 * reach it. A disk is born with it or never has it, since it then wants payload without
 * gaps; while one of its paths can't carry it, it does not say that it takes it.
 */
#include "peer.h"
#include "recover.h"

static bool path_can(const struct apnbd_session *session, const struct apn_line *line)
{
	u32 bytes = READ_ONCE(line->peer_bytes);

	return bytes && bytes >= session->limits.max_bytes &&
	       !(line->features & APN_FEATURE_DIGEST);
}

bool apnbd_peer_can(struct apnbd_session *session)
{
	struct apnbd_path *path;

	guard(spinlock_bh)(&session->held_lock);
	list_for_each_entry(path, &session->paths, node)
		if (!path_can(session, path->line))
			return false;
	return true;
}

/* Not by recovery: requests that wait for it may have to end first. */
static void look(struct work_struct *work)
{
	struct apnbd_session *session =
		container_of(to_delayed_work(work), struct apnbd_session, peer_look);
	bool can = apnbd_peer_can(session);

	if (can == READ_ONCE(session->peer_said))
		return;
	WRITE_ONCE(session->peer_said, can);
	if (apn_disk_set_peer_memory(session->disk, can))
		pr_warn("apnbd%u: the kernel refused new limits\n", session->index);
}

void apnbd_peer_init(struct apnbd_session *session)
{
	INIT_DELAYED_WORK(&session->peer_look, look);
}

void apnbd_peer_look(struct apnbd_session *session)
{
	if (READ_ONCE(session->disk) && session->limits.peer_memory)
		apnbd_recover_queue(&session->peer_look, 0);
}

void apnbd_peer_stop(struct apnbd_session *session)
{
	cancel_delayed_work_sync(&session->peer_look);
}

struct apnbd_path *apnbd_peer_path(struct apnbd_session *session, struct apnbd_request *req)
{
	struct page *page = bio_page(apnbd_rq(req)->bio);
	struct apnbd_path *path;
	bool never = false;
	int ret;

	list_for_each_entry(path, &session->paths, node) {
		if (!apnbd_path_usable(path))
			continue;
		ret = apn_line_reaches(path->line, page);
		if (ret > 0)
			return path;
		if (ret < 0)
			return NULL;
		never = true;
	}
	return never ? ERR_PTR(-EREMOTEIO) : NULL;
}

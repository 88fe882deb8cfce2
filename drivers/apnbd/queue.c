// SPDX-License-Identifier: GPL-2.0
/* The blk-mq side: hardware queues follow the CPUs, lanes are the line's affair. */
#include "queue.h"
#include "flow.h"

static blk_status_t queue_rq(struct blk_mq_hw_ctx *hctx, const struct blk_mq_queue_data *bd)
{
	struct apnbd_session *session = hctx->queue->queuedata;
	struct apnbd_request *req = blk_mq_rq_to_pdu(bd->rq);

	apnbd_request_prepare(req);
	blk_mq_start_request(bd->rq);
	apnbd_flow_send(session, req, bd->last);
	return BLK_STS_OK;
}

static void commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct apnbd_session *session = hctx->queue->queuedata;

	apnbd_paths_kick(session);
}

static void end_request(struct request *rq)
{
	struct apnbd_request *req = blk_mq_rq_to_pdu(rq);

	blk_mq_end_request(rq, (__force blk_status_t)req->status);
}

/*
 * How long a request may take is not the block layer's to say: its lane has a sign of
 * life, its session has --fail-after. Nobody ends a request but who owns it.
 */
static enum blk_eh_timer_return timeout(struct request *rq)
{
	return BLK_EH_RESET_TIMER;
}

static const struct blk_mq_ops ops = {
	.queue_rq = queue_rq,
	.commit_rqs = commit_rqs,
	.complete = end_request,
	.timeout = timeout,
};

int apnbd_queue_init(struct apnbd_session *session, unsigned int depth)
{
	struct blk_mq_tag_set *set = &session->set;
	int ret;

	set->ops = &ops;
	set->nr_hw_queues = num_online_cpus();
	set->queue_depth = depth;
	set->numa_node = NUMA_NO_NODE;
	set->cmd_size = sizeof(struct apnbd_request);
	set->timeout = 60 * HZ;
	set->flags = BLK_MQ_F_BLOCKING | BLK_MQ_F_TAG_HCTX_SHARED | BLK_MQ_F_SHOULD_MERGE |
		     BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	ret = blk_mq_alloc_tag_set(set);
	if (!ret) /* whoever sees it sees the tags */
		smp_store_release(&session->tags_gone, false);
	return ret;
}

void apnbd_queue_free(struct apnbd_session *session)
{
	guard(mutex)(&session->tags_lock);
	session->tags_gone = true;
	blk_mq_free_tag_set(&session->set);
}

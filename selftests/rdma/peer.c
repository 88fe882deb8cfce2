// SPDX-License-Identifier: GPL-2.0
/* A host by hand: one connection, whose messages are what the caller makes them. */
#include "peer.h"

#include <linux/crc32c.h>
#include <linux/delay.h>
#include <linux/in.h>
#include <linux/inet.h>
#include <linux/jiffies.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/slab.h>

/* ---- what comes ---- */

static int post_recv(struct peer_recv *r)
{
	struct ib_sge sge = { r->dma, PEER_BYTES, r->peer->pd->local_dma_lkey };
	struct ib_recv_wr wr = { .wr_cqe = &r->done, .sg_list = &sge, .num_sge = 1 };

	return ib_post_recv(r->peer->id->qp, &wr, NULL);
}

static void recv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct peer_recv *r = container_of(wc->wr_cqe, struct peer_recv, done);
	struct peer *p = r->peer;

	if (wc->status) {
		p->ended = true;
		return;
	}
	if (wc->wc_flags & IB_WC_WITH_IMM) {
		memcpy(&p->grant, r->buffer, sizeof(p->grant));
		p->grants++;
	} else {
		memcpy(&p->last, r->buffer, sizeof(p->last));
		p->received++;
	}
	post_recv(r);
}

static void sent_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct peer *p = container_of(wc->wr_cqe, struct peer, sent);

	p->sent_status = wc->status;
	if (wc->status)
		p->ended = true;
}

static bool peer_poll(struct peer *p, bool (*enough)(struct peer *p))
{
	unsigned long end = jiffies + msecs_to_jiffies(PEER_MS);

	do {
		ib_process_cq_direct(p->cq, -1);
		if (enough(p))
			return true;
		msleep(20);
	} while (time_before(jiffies, end));
	return false;
}

static bool has_ended(struct peer *p)
{
	return READ_ONCE(p->ended);
}

bool peer_ended(struct peer *p)
{
	return peer_poll(p, has_ended);
}

static bool has_sent(struct peer *p)
{
	return p->sent_status >= 0 || p->ended;
}

static bool has_answer(struct peer *p)
{
	return p->received || p->ended;
}

static bool has_grant(struct peer *p)
{
	return p->grants || p->ended;
}

int peer_await(struct peer *p, u8 op)
{
	if (!peer_poll(p, has_answer))
		return -ETIMEDOUT;
	return p->received && p->last.op == op ? 0 : -EPROTO;
}

/* ---- what goes ---- */

struct apn_hdr *peer_build(struct peer *p, u8 op, u32 data_len)
{
	struct apn_hdr *hdr = p->out;

	memset(p->out, 0, PEER_BYTES);
	hdr->op = op;
	hdr->data_len = cpu_to_le32(data_len);
	hdr->tag = cpu_to_le64(++p->tag);
	return hdr;
}

static int post_send(struct peer *p, struct ib_send_wr *wr, unsigned int bytes)
{
	struct ib_sge sge = { p->out_dma, bytes, p->pd->local_dma_lkey };
	int ret;

	wr->wr_cqe = &p->sent;
	wr->sg_list = &sge;
	wr->num_sge = 1;
	wr->send_flags = IB_SEND_SIGNALED;
	p->sent_status = -1;
	p->received = 0;
	ret = ib_post_send(p->id->qp, wr, NULL);
	if (ret)
		return ret;
	if (!peer_poll(p, has_sent))
		return -ETIMEDOUT;
	return p->sent_status ? -ECONNRESET : 0;
}

int peer_send(struct peer *p, unsigned int bytes, u32 imm)
{
	struct ib_send_wr wr = {
		.opcode = imm ? IB_WR_SEND_WITH_IMM : IB_WR_SEND,
		.ex.imm_data = cpu_to_be32(imm),
	};
	struct apn_hdr *hdr = p->out;

	if (bytes >= sizeof(*hdr))
		hdr->crc = cpu_to_le32(~crc32c(~0, hdr, offsetof(struct apn_hdr, crc)));
	return post_send(p, &wr, bytes);
}

int peer_put(struct peer *p, unsigned int bytes, u32 key, u64 address)
{
	struct ib_rdma_wr wr = {
		.wr.opcode = IB_WR_RDMA_WRITE,
		.rkey = key,
		.remote_addr = address,
	};

	return post_send(p, &wr.wr, bytes);
}

static int ask(struct peer *p, unsigned int body, u8 answer)
{
	return peer_send(p, sizeof(struct apn_hdr) + body, 0) ?: peer_await(p, answer);
}

int peer_live(struct peer *p)
{
	struct apn_hdr *hdr = peer_build(p, APN_OP_HELLO, sizeof(struct apn_hello));
	struct apn_hello *hello = (void *)(hdr + 1);
	struct apn_auth *auth = (void *)(hdr + 1);
	int ret;

	memcpy(hello->magic, APN_MAGIC, sizeof(hello->magic));
	hello->version_min = cpu_to_le16(APN_VERSION_MIN);
	hello->version_max = cpu_to_le16(APN_VERSION_MAX);
	hello->security = APN_SECURITY_NONE;
	hello->incarnation = cpu_to_le32(1);
	get_random_bytes(hello->line, sizeof(hello->line));
	ret = ask(p, sizeof(*hello), APN_OP_HELLO_ACK);
	if (ret)
		return ret;
	peer_build(p, APN_OP_AUTH, sizeof(*auth));
	strscpy(auth->identity, "peer", sizeof(auth->identity));
	ret = ask(p, sizeof(*auth), APN_OP_AUTH_ACK);
	if (!ret && !peer_poll(p, has_grant))
		ret = -ETIMEDOUT;
	return ret;
}

/* ---- the connection ---- */

static int on_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct peer *p = id->context;

	if (event->event == RDMA_CM_EVENT_DISCONNECTED)
		WRITE_ONCE(p->ended, true);
	WRITE_ONCE(p->event, event->event);
	complete(&p->changed);
	return 0;
}

static int await_event(struct peer *p, int wanted)
{
	if (!wait_for_completion_timeout(&p->changed, msecs_to_jiffies(PEER_MS)))
		return -ETIMEDOUT;
	if (p->event == RDMA_CM_EVENT_REJECTED)
		return -ECONNREFUSED;
	return p->event == wanted ? 0 : -EPROTO;
}

static int make_buffers(struct peer *p)
{
	struct ib_device *dev = p->id->device;
	unsigned int i;
	int ret = 0;

	p->out = kzalloc(PEER_BYTES, GFP_KERNEL);
	if (!p->out)
		return -ENOMEM;
	p->out_dma = ib_dma_map_single(dev, p->out, PEER_BYTES, DMA_BIDIRECTIONAL);
	p->sent.done = sent_done;
	for (i = 0; !ret && i < PEER_RECVS; i++) {
		struct peer_recv *r = &p->recv[i];

		r->peer = p;
		r->done.done = recv_done;
		r->buffer = kzalloc(PEER_BYTES, GFP_KERNEL);
		if (!r->buffer)
			return -ENOMEM;
		r->dma = ib_dma_map_single(dev, r->buffer, PEER_BYTES, DMA_FROM_DEVICE);
		ret = post_recv(r);
	}
	return ret;
}

static int make_queue(struct peer *p)
{
	struct ib_qp_init_attr attr = {
		.cap = {
			.max_send_wr = PEER_RECVS,
			.max_recv_wr = PEER_RECVS + 1,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
		.sq_sig_type = IB_SIGNAL_REQ_WR,
		.qp_type = IB_QPT_RC,
	};
	int ret;

	p->pd = ib_alloc_pd(p->id->device, 0);
	if (IS_ERR(p->pd))
		return PTR_ERR(p->pd);
	p->cq = ib_alloc_cq(p->id->device, p, 4 * PEER_RECVS, 0, IB_POLL_DIRECT);
	if (IS_ERR(p->cq)) {
		ib_dealloc_pd(p->pd);
		return PTR_ERR(p->cq);
	}
	attr.send_cq = p->cq;
	attr.recv_cq = p->cq;
	ret = rdma_create_qp(p->id, p->pd, &attr);
	if (!ret)
		return make_buffers(p);
	ib_free_cq(p->cq);
	ib_dealloc_pd(p->pd);
	return ret;
}

static int reach(struct peer *p, const char *address)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(APN_PORT) };
	int ret;

	in.sin_addr.s_addr = in_aton(address);
	ret = rdma_resolve_addr(p->id, NULL, (struct sockaddr *)&in, PEER_MS);
	if (!ret)
		ret = await_event(p, RDMA_CM_EVENT_ADDR_RESOLVED);
	if (!ret)
		ret = rdma_resolve_route(p->id, PEER_MS);
	if (!ret)
		ret = await_event(p, RDMA_CM_EVENT_ROUTE_RESOLVED);
	return ret;
}

/* What a failed one has left goes with peer_close(). */
int peer_open(struct peer *p, const char *address, const void *hello, u8 bytes)
{
	struct rdma_conn_param param = {
		.private_data = hello,
		.private_data_len = bytes,
		.initiator_depth = 1,
		.retry_count = 7,
		.rnr_retry_count = 7,
	};
	struct rdma_cm_id *id;
	int ret;

	init_completion(&p->changed);
	id = rdma_create_id(current->nsproxy->net_ns, on_event, p, RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(id))
		return PTR_ERR(id);
	p->id = id;
	ret = reach(p, address);
	if (!ret)
		ret = make_queue(p);
	if (!ret)
		ret = rdma_connect(id, &param);
	return ret ?: await_event(p, RDMA_CM_EVENT_ESTABLISHED);
}

static void free_buffers(struct peer *p)
{
	struct ib_device *dev = p->id->device;
	unsigned int i;

	for (i = 0; i < PEER_RECVS && p->recv[i].buffer; i++) {
		ib_dma_unmap_single(dev, p->recv[i].dma, PEER_BYTES, DMA_FROM_DEVICE);
		kfree(p->recv[i].buffer);
	}
	if (p->out)
		ib_dma_unmap_single(dev, p->out_dma, PEER_BYTES, DMA_BIDIRECTIONAL);
	kfree(p->out);
}

void peer_close(struct peer *p, bool orderly)
{
	if (!p->id)
		return;
	if (orderly)
		rdma_disconnect(p->id);
	if (p->id->qp) {
		rdma_destroy_qp(p->id);
		ib_free_cq(p->cq);
		free_buffers(p);
		ib_dealloc_pd(p->pd);
	}
	rdma_destroy_id(p->id);
	p->id = NULL;
}

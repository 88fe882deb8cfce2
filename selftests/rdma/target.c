// SPDX-License-Identifier: GPL-2.0
/* A target by hand: a disk in RAM, one connection at a time, as protocol.rst wants it. */
#include "target.h"

#include <linux/crc32c.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/nsproxy.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

enum { HEAD = sizeof(struct apn_hdr), WINDOW_BYTES = 16 << 20 };

static struct rdma_cm_id *listener;
static struct task_struct *thread;
static struct target *fresh; /* accepted, and not seen by the thread yet */
static u8 *disk;
static u8 instance[APN_UUID_BYTES], volume[APN_UUID_BYTES];

/* Of the line, over all its connections. */
static u8 line[APN_UUID_BYTES];
static u64 received;

/* ---- messages ---- */

static int post_recv(struct target_recv *r)
{
	struct ib_sge sge = { r->dma, TARGET_BYTES, r->t->pd->local_dma_lkey };
	struct ib_recv_wr wr = { .wr_cqe = &r->done, .sg_list = &sge, .num_sge = 1 };

	return ib_post_recv(r->t->id->qp, &wr, NULL);
}

static void recv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct target_recv *r = container_of(wc->wr_cqe, struct target_recv, done);

	if (wc->status) {
		WRITE_ONCE(r->t->ended, true);
		return;
	}
	r->bytes = wc->byte_len;
	list_add_tail(&r->node, &r->t->arrived);
}

static void sent_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct target *t = container_of(wc->wr_cqe, struct target, sent);

	t->status = wc->status;
	if (wc->status)
		WRITE_ONCE(t->ended, true);
}

static void quiet_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct target *t = container_of(wc->wr_cqe, struct target, quiet);

	if (wc->status)
		WRITE_ONCE(t->ended, true);
}

static int complete_send(struct target *t, const struct ib_send_wr *wr)
{
	unsigned long end = jiffies + msecs_to_jiffies(TARGET_SEND_MS);
	int ret;

	t->status = -1;
	ret = ib_post_send(t->id->qp, wr, NULL);
	if (ret)
		return ret;
	while (t->status < 0 && time_before(jiffies, end)) {
		ib_process_cq_direct(t->cq, -1);
		if (t->status < 0)
			usleep_range(100, 200);
	}
	return t->status;
}

static int post(struct target *t, struct ib_send_wr *wr, u64 dma, unsigned int bytes)
{
	struct ib_sge sge = { dma, bytes, t->pd->local_dma_lkey };

	wr->wr_cqe = &t->sent;
	wr->sg_list = &sge;
	wr->num_sge = 1;
	wr->send_flags = IB_SEND_SIGNALED;
	return complete_send(t, wr);
}

static void seal(struct target *t, unsigned int bytes)
{
	struct apn_hdr *hdr = t->out;

	if (bytes >= HEAD)
		hdr->crc = cpu_to_le32(~crc32c(~0, hdr, offsetof(struct apn_hdr, crc)));
}

struct apn_hdr *target_build(struct target *t, const struct apn_hdr *to, u8 op, u32 data_len)
{
	struct apn_hdr *hdr = t->out;

	memset(t->out, 0, TARGET_BYTES);
	hdr->op = op;
	hdr->data_len = cpu_to_le32(data_len);
	hdr->tag = to->tag;
	hdr->handle = to->handle;
	if (op != APN_OP_HELLO_ACK)
		hdr->granted = cpu_to_le64(received + WINDOW_BYTES);
	return hdr;
}

int target_send(struct target *t, unsigned int bytes)
{
	struct ib_send_wr wr = { .opcode = IB_WR_SEND };

	seal(t, bytes);
	return post(t, &wr, t->out_dma, bytes);
}

int target_send_imm(struct target *t, unsigned int bytes, u32 imm)
{
	struct ib_send_wr wr = {
		.opcode = IB_WR_SEND_WITH_IMM,
		.ex.imm_data = cpu_to_be32(imm),
	};

	return post(t, &wr, t->out_dma, bytes);
}

int target_send_inv(struct target *t, unsigned int bytes, u32 key)
{
	struct ib_send_wr wr = {
		.opcode = IB_WR_SEND_WITH_INV,
		.ex.invalidate_rkey = key,
	};

	seal(t, bytes);
	return post(t, &wr, t->out_dma, bytes);
}

int target_put(struct target *t, unsigned int bytes, u32 key, u64 address)
{
	struct ib_rdma_wr wr = {
		.wr.opcode = IB_WR_RDMA_WRITE,
		.rkey = key,
		.remote_addr = address,
	};

	return post(t, &wr.wr, t->load_dma, bytes);
}

/* ---- set-up ---- */

static void on_hello(struct target *t, const struct apn_hdr *hdr)
{
	const struct apn_hello *hello = (const void *)(hdr + 1);
	struct apn_hello_ack *ack;

	if (memcmp(line, hello->line, sizeof(line)))
		received = 0;
	ack = (void *)(target_build(t, hdr, APN_OP_HELLO_ACK, sizeof(*ack)) + 1);
	ack->version = cpu_to_le16(APN_VERSION_MAX);
	get_random_bytes(ack->nonce, sizeof(ack->nonce));
	target_send(t, HEAD + sizeof(*ack));
}

/* The line is known once it went live: a set-up that was spoiled leaves nothing. */
static void on_auth(struct target *t, const struct apn_hdr *hdr, const u8 *of)
{
	static const struct apn_hdr grant_is_due;
	struct apn_auth_ack *ack;
	bool known = !memcmp(line, of, sizeof(line));

	memcpy(line, of, sizeof(line));
	ack = (void *)(target_build(t, hdr, APN_OP_AUTH_ACK, sizeof(*ack)) + 1);
	memcpy(ack->instance, instance, sizeof(instance));
	ack->lanes = cpu_to_le16(1);
	ack->ping_ms = cpu_to_le16(250);
	ack->chunk_bytes = cpu_to_le32(APN_CHUNK_BYTES);
	ack->io_bytes = cpu_to_le32(APN_CHUNK_BYTES);
	ack->requests = cpu_to_le32(64);
	ack->resumed = known;
	target_send(t, HEAD + sizeof(*ack));
	if (!bad_plays(t, &grant_is_due))
		target_grant(t);
}

int target_say_grant(struct target *t, u32 first, u32 places, u32 key)
{
	struct apn_rdma_grant *grant = t->out;

	memset(t->out, 0, TARGET_BYTES);
	grant->first = cpu_to_le32(first);
	grant->places = cpu_to_le32(places);
	grant->key = cpu_to_le32(key);
	return target_send_imm(t, sizeof(*grant), APN_RDMA_GRANT);
}

void target_grant(struct target *t)
{
	struct ib_reg_wr reg = {
		.wr.opcode = IB_WR_REG_MR,
		.wr.wr_cqe = &t->quiet,
		.mr = t->mr,
		.key = t->mr->rkey,
		.access = IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE,
	};

	t->mr->iova = 0;
	if (t->wish >= TARGET_PLACES && !ib_post_send(t->id->qp, &reg.wr, NULL))
		target_say_grant(t, 1, TARGET_PLACES, t->mr->rkey);
}

static void on_attach(struct target *t, const struct apn_hdr *hdr)
{
	struct apn_attached *a;

	a = (void *)(target_build(t, hdr, APN_OP_ATTACHED, sizeof(*a)) + 1);
	memcpy(a->volume, volume, sizeof(volume));
	a->size = cpu_to_le64(TARGET_DISK_BYTES);
	a->generation = cpu_to_le64(1);
	a->block_bytes = cpu_to_le32(512);
	a->physical_bytes = cpu_to_le32(4096);
	target_send(t, HEAD + sizeof(*a));
}

static void on_fence(struct target *t, const struct apn_hdr *hdr)
{
	struct apn_fenced *fenced;

	fenced = (void *)(target_build(t, hdr, APN_OP_FENCED, sizeof(*fenced)) + 1);
	fenced->received = cpu_to_le64(received);
	target_send(t, HEAD + sizeof(*fenced));
}

static void on_ping(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_PONG, 0)->ping.sent_ns = hdr->ping.sent_ns;
	target_send(t, HEAD);
}

/* ---- requests ---- */

void target_reply(struct target *t, const struct apn_hdr *request)
{
	target_build(t, request, APN_OP_REPLY, 0);
	target_send(t, HEAD);
}

static bool lies_within(const struct apn_hdr *hdr)
{
	u64 offset = le64_to_cpu(hdr->io.offset), length = le64_to_cpu(hdr->io.length);

	return length <= APN_CHUNK_BYTES && offset <= TARGET_DISK_BYTES - length;
}

/* What a READ wants, in t->load. */
void target_fill(struct target *t, const struct apn_hdr *read)
{
	memcpy(t->load, disk + le64_to_cpu(read->io.offset), le64_to_cpu(read->io.length));
}

static void read_plain(struct target *t, const struct apn_hdr *hdr)
{
	u32 length = le64_to_cpu(hdr->io.length), at, n;

	for (at = 0; at < length; at += n) {
		n = min_t(u32, length - at, APN_PLAIN_BYTES);
		target_build(t, hdr, APN_OP_REPLY, n)->reply.chunk = cpu_to_le32(at);
		memcpy(t->out + HEAD, t->load + at, n);
		target_send(t, HEAD + n);
	}
}

static void on_read(struct target *t, const struct apn_hdr *hdr)
{
	u32 key = le32_to_cpu(hdr->io.place), length = le64_to_cpu(hdr->io.length);

	target_fill(t, hdr);
	if (!key) {
		read_plain(t, hdr);
		return;
	}
	target_put(t, length, key, le32_to_cpu(hdr->io.chunk));
	target_build(t, hdr, APN_OP_REPLY, length);
	target_send_inv(t, HEAD, key);
}

static void on_write(struct target *t, const struct apn_hdr *hdr)
{
	u32 place = le32_to_cpu(hdr->io.place), chunk = le32_to_cpu(hdr->io.chunk);
	u32 length = le64_to_cpu(hdr->io.length), data = le32_to_cpu(hdr->data_len);
	const void *from = hdr + 1;

	if (place)
		from = t->places + (place - 1) * APN_PLACE_BYTES + chunk;
	if (!chunk)
		received += length;
	memcpy(disk + le64_to_cpu(hdr->io.offset) + chunk, from, data);
	if (chunk + data == length)
		target_reply(t, hdr);
}

static void take(struct target *t, const struct apn_hdr *hdr)
{
	static u8 of[APN_UUID_BYTES]; /* whose HELLO this was */

	if (bad_plays(t, hdr))
		return;
	switch (hdr->op) {
	case APN_OP_HELLO:
		memcpy(of, ((const struct apn_hello *)(hdr + 1))->line, sizeof(of));
		on_hello(t, hdr);
		break;
	case APN_OP_AUTH:
		on_auth(t, hdr, of);
		break;
	case APN_OP_ATTACH:
		on_attach(t, hdr);
		break;
	case APN_OP_DETACH:
		target_build(t, hdr, APN_OP_DETACHED, 0);
		target_send(t, HEAD);
		break;
	case APN_OP_FENCE:
		on_fence(t, hdr);
		break;
	case APN_OP_PING:
		on_ping(t, hdr);
		break;
	case APN_OP_READ:
		if (lies_within(hdr))
			on_read(t, hdr);
		break;
	case APN_OP_WRITE:
		if (lies_within(hdr))
			on_write(t, hdr);
		break;
	case APN_OP_FLUSH:
		target_reply(t, hdr);
		break;
	}
}

static void take_all(struct target *t)
{
	struct target_recv *r;

	ib_process_cq_direct(t->cq, -1);
	while (!READ_ONCE(t->ended)) {
		r = list_first_entry_or_null(&t->arrived, struct target_recv, node);
		if (!r)
			return;
		list_del(&r->node);
		if (r->bytes >= HEAD)
			take(t, r->buffer);
		post_recv(r);
	}
}

/* ---- a connection ---- */

static void close(struct target *t)
{
	struct ib_device *dev = t->id->device;
	unsigned int i;

	if (t->established)
		rdma_disconnect(t->id);
	if (t->id->qp)
		rdma_destroy_qp(t->id);
	for (i = 0; i < TARGET_RECVS && t->recv[i].buffer; i++) {
		ib_dma_unmap_single(dev, t->recv[i].dma, TARGET_BYTES, DMA_FROM_DEVICE);
		kfree(t->recv[i].buffer);
	}
	if (t->mr)
		ib_dereg_mr(t->mr);
	if (t->places)
		ib_dma_unmap_single(dev, t->places_dma, TARGET_PLACES * APN_PLACE_BYTES,
				    DMA_FROM_DEVICE);
	if (t->load)
		ib_dma_unmap_single(dev, t->load_dma, APN_CHUNK_BYTES, DMA_TO_DEVICE);
	if (t->out)
		ib_dma_unmap_single(dev, t->out_dma, TARGET_BYTES, DMA_TO_DEVICE);
	kfree(t->places);
	kfree(t->load);
	kfree(t->out);
	if (t->cq)
		ib_free_cq(t->cq);
	if (t->pd)
		ib_dealloc_pd(t->pd);
}

static void *make_buffer(struct ib_device *dev, unsigned int bytes, u64 *dma,
			 enum dma_data_direction way)
{
	void *buffer = kzalloc(bytes, GFP_KERNEL);

	if (buffer)
		*dma = ib_dma_map_single(dev, buffer, bytes, way);
	return buffer;
}

static int make_places(struct target *t, struct ib_device *dev)
{
	unsigned int bytes = TARGET_PLACES * APN_PLACE_BYTES;
	struct ib_mr *mr;

	t->places = make_buffer(dev, bytes, &t->places_dma, DMA_FROM_DEVICE);
	if (!t->places)
		return -ENOMEM;
	mr = ib_alloc_mr(t->pd, IB_MR_TYPE_MEM_REG, TARGET_PLACES);
	if (IS_ERR(mr))
		return PTR_ERR(mr);
	t->mr = mr;
	sg_init_one(&t->sg, t->places, bytes);
	sg_dma_address(&t->sg) = t->places_dma;
	sg_dma_len(&t->sg) = bytes;
	return ib_map_mr_sg(mr, &t->sg, 1, NULL, PAGE_SIZE) == 1 ? 0 : -EINVAL;
}

static int make_buffers(struct target *t)
{
	struct ib_device *dev = t->id->device;
	unsigned int i;
	int ret = 0;

	t->out = make_buffer(dev, TARGET_BYTES, &t->out_dma, DMA_TO_DEVICE);
	t->load = make_buffer(dev, APN_CHUNK_BYTES, &t->load_dma, DMA_TO_DEVICE);
	if (!t->out || !t->load)
		return -ENOMEM;
	for (i = 0; !ret && i < TARGET_RECVS; i++) {
		struct target_recv *r = &t->recv[i];

		r->t = t;
		r->done.done = recv_done;
		r->buffer = make_buffer(dev, TARGET_BYTES, &r->dma, DMA_FROM_DEVICE);
		if (!r->buffer)
			return -ENOMEM;
		ret = post_recv(r);
	}
	return ret ?: make_places(t, dev);
}

static int make_queue(struct target *t)
{
	struct ib_qp_init_attr attr = {
		.cap = {
			.max_send_wr = TARGET_RECVS,
			.max_recv_wr = TARGET_RECVS + 1,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
		.sq_sig_type = IB_SIGNAL_REQ_WR,
		.qp_type = IB_QPT_RC,
	};
	struct ib_device *dev = t->id->device;
	struct ib_pd *pd = ib_alloc_pd(dev, 0);
	struct ib_cq *cq;
	int ret;

	if (IS_ERR(pd))
		return PTR_ERR(pd);
	t->pd = pd;
	cq = ib_alloc_cq(dev, t, 4 * TARGET_RECVS, 0, IB_POLL_DIRECT);
	if (IS_ERR(cq))
		return PTR_ERR(cq);
	t->cq = cq;
	attr.send_cq = cq;
	attr.recv_cq = cq;
	ret = rdma_create_qp(t->id, pd, &attr);
	return ret ?: make_buffers(t);
}

static int accept(struct target *t)
{
	static const struct apn_rdma_hello hello = {
		.magic = { 'A', 'P', 'N', 'R' },
		.version = APN_RDMA_VERSION,
	};
	struct rdma_conn_param param = {
		.private_data = &hello,
		.private_data_len = sizeof(hello),
		.rnr_retry_count = 7,
	};
	int ret = make_queue(t);

	return ret ?: rdma_accept(t->id, &param);
}

static int connection_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct target *t = id->context;

	if (event->event == RDMA_CM_EVENT_ESTABLISHED)
		WRITE_ONCE(t->established, true);
	else
		WRITE_ONCE(t->ended, true);
	return 0;
}

/* Not zero: the connection manager destroys @id. */
static int take_in(struct rdma_cm_id *id, const struct rdma_cm_event *event)
{
	const struct apn_rdma_hello *hello = event->param.conn.private_data;
	struct target *t = kzalloc(sizeof(*t), GFP_KERNEL);
	int ret;

	if (!t)
		return -ENOMEM;
	INIT_LIST_HEAD(&t->arrived);
	t->sent.done = sent_done;
	t->quiet.done = quiet_done;
	t->id = id;
	t->wish = le32_to_cpu(hello->wish);
	ret = accept(t);
	if (!ret) {
		id->context = t;
		id->event_handler = connection_event;
		if (!cmpxchg(&fresh, NULL, t))
			return 0;
		ret = -EBUSY;
	}
	pr_info("apn_rdma_target: a connection is not taken: %d\n", ret);
	close(t);
	kfree(t);
	return ret;
}

static int listener_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	return event->event == RDMA_CM_EVENT_CONNECT_REQUEST ? take_in(id, event) : 0;
}

/* ---- the thread ---- */

static void drop(struct target *t)
{
	if (!t)
		return;
	bad_watches(t);
	close(t);
	rdma_destroy_id(t->id);
	kfree(t);
}

static int serve(void *unused)
{
	struct target *t = NULL, *next;

	while (!kthread_should_stop()) {
		next = xchg(&fresh, NULL);
		if (next) {
			if (t) /* who comes again has given up the one before */
				WRITE_ONCE(t->ended, true);
			drop(t);
			t = next;
		}
		if (t && READ_ONCE(t->established) && !READ_ONCE(t->ended))
			take_all(t);
		if (t)
			bad_watches(t);
		if (t && (bad_wants_setup() || READ_ONCE(t->ended))) {
			drop(t);
			t = NULL;
		}
		usleep_range(500, 1000);
	}
	drop(t);
	return 0;
}

static int listen(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(APN_PORT) };
	struct rdma_cm_id *id = rdma_create_id(current->nsproxy->net_ns, listener_event, NULL,
					       RDMA_PS_TCP, IB_QPT_RC);
	int ret;

	if (IS_ERR(id))
		return PTR_ERR(id);
	ret = rdma_bind_addr(id, (struct sockaddr *)&in);
	if (!ret)
		ret = rdma_listen(id, 8);
	if (ret)
		rdma_destroy_id(id);
	else
		listener = id;
	return ret;
}

int target_start(void)
{
	struct task_struct *task;
	int ret;

	get_random_bytes(instance, sizeof(instance));
	get_random_bytes(volume, sizeof(volume));
	disk = vzalloc(TARGET_DISK_BYTES);
	if (!disk)
		return -ENOMEM;
	ret = listen();
	if (ret)
		goto no_listener;
	task = kthread_run(serve, NULL, "apn_rdma_target");
	if (!IS_ERR(task)) {
		thread = task;
		return 0;
	}
	ret = PTR_ERR(task);
	rdma_destroy_id(listener);
no_listener:
	vfree(disk);
	return ret;
}

void target_stop(void)
{
	rdma_destroy_id(listener);
	kthread_stop(thread);
	drop(fresh);
	vfree(disk);
}

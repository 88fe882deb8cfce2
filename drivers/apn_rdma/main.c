// SPDX-License-Identifier: GPL-2.0
/* apn_rdma.ko: RDMA as a way of moving PDUs and pages, for both ends. */
#include "rdma.h"

#include <linux/module.h>

struct workqueue_struct *apn_rdma_wq;

/* An estimate of the network's is not to be had: PING measures. */
static u32 rdma_rtt_us(struct apn_lane *lane)
{
	return 0;
}

static const char no_tls[] = {
	"there is no TLS over RDMA, whose payload goes past the kernel: type --security auth on a line that is encrypted below, or --transport tcp"
};

static const char *rdma_refuses(enum apn_security security)
{
	return security == APN_SECURITY_TLS ? no_tls : NULL;
}

static struct apn_transport rdma = {
	.name = "rdma",
	.owner = THIS_MODULE,
	.lane_bytes = sizeof(struct apn_rdma_lane),
	.plain_bytes = APN_PLAIN_BYTES,
	.refuses = rdma_refuses,
	.connect = apn_rdma_connect,
	.kick = apn_rdma_kick,
	.close = apn_rdma_close,
	.addresses = apn_rdma_addresses,
	.rtt_us = rdma_rtt_us,
	.listen = apn_rdma_listen,
	.unlisten = apn_rdma_unlisten,
	.place = apn_rdma_place,
	.answered = apn_rdma_answered,
	.admit = apn_rdma_admit,
	.reaches = apn_rdma_reaches,
};

static int __init apn_rdma_init(void)
{
	int ret;

	apn_rdma_wq = alloc_workqueue("apn_rdma", WQ_MEM_RECLAIM | WQ_HIGHPRI | WQ_PERCPU, 0);
	if (!apn_rdma_wq)
		return -ENOMEM;
	rdma.listener_bytes = apn_rdma_listener_bytes;
	ret = apn_transport_register(&rdma);
	if (ret)
		destroy_workqueue(apn_rdma_wq);
	return ret;
}

static void __exit apn_rdma_exit(void)
{
	apn_transport_unregister(&rdma);
	destroy_workqueue(apn_rdma_wq);
}

module_init(apn_rdma_init);
module_exit(apn_rdma_exit);
MODULE_DESCRIPTION("All-photonics network block device: RDMA");
MODULE_VERSION(APN_VERSION);
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/* apn.ko: what both ends share. */
#include "auth.h"
#include "key.h"
#include "line.h"
#include "psk.h"
#include "tcp/tcp.h"

#include <linux/cred.h>
#include <linux/module.h>
#include <linux/sched/task.h>

const struct cred *apn_kernel_cred;

static int __init apn_init(void)
{
	int ret = -ENOMEM;

	apn_kernel_cred = prepare_kernel_cred(&init_task);
	if (!apn_kernel_cred)
		return ret;
	apn_key_init();
	ret = apn_auth_selftest();
	if (ret)
		goto put_cred;
	ret = apn_psk_init();
	if (ret)
		goto put_cred;
	ret = apn_line_init();
	if (ret)
		goto exit_psk;
	ret = apn_tcp_init();
	if (ret)
		goto exit_line;
	return 0;

exit_line:
	apn_line_exit();
exit_psk:
	apn_psk_exit();
put_cred:
	apn_key_exit();
	put_cred(apn_kernel_cred);
	return ret;
}

static void __exit apn_exit(void)
{
	apn_tcp_exit();
	apn_line_exit();
	rcu_barrier();
	apn_psk_exit();
	apn_key_exit();
	put_cred(apn_kernel_cred);
}

module_init(apn_init);
module_exit(apn_exit);
MODULE_DESCRIPTION("All-photonics network block device: what both ends share");
MODULE_VERSION(APN_VERSION);
MODULE_LICENSE("GPL");

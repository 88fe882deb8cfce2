// SPDX-License-Identifier: GPL-2.0
/* apnbd.ko: the GPU node. */
#include "netlink.h"
#include "recover.h"

#include <apn/key.h>
#include <linux/module.h>

static int __init apnbd_init(void)
{
	int ret = apnbd_recover_start();

	if (ret)
		return ret;
	ret = apnbd_netlink_init();
	if (ret)
		apnbd_recover_exit();
	return ret;
}

/* Commands first, then the disks. An open disk holds the module, so none is open. */
static void __exit apnbd_exit(void)
{
	apnbd_netlink_exit();
	apnbd_session_remove_all();
	apnbd_recover_exit();
	apnbd_session_exit();
	apn_key_forget_all(apn_keyring(true));
	rcu_barrier();
}

module_init(apnbd_init);
module_exit(apnbd_exit);
MODULE_DESCRIPTION("All-photonics network block device: the GPU node");
MODULE_VERSION(APN_VERSION);
MODULE_LICENSE("GPL");

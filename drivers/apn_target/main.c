// SPDX-License-Identifier: GPL-2.0
/* apn_target.ko: the storage site. */
#include "control.h"
#include "export.h"
#include "io.h"
#include "memory.h"
#include "netlink.h"
#include "port.h"
#include "session.h"

#include <apn/key.h>
#include <linux/module.h>
#include <linux/uuid.h>

u8 apn_target_instance[APN_UUID_BYTES];

static int __init apn_target_init(void)
{
	int ret;

	generate_random_uuid(apn_target_instance);
	apn_memory_init(apn_io_resume_budgeted, apn_io_waiter_bytes);
	ret = apn_io_init();
	if (ret)
		return ret;
	ret = apn_session_init();
	if (ret)
		goto exit_io;
	ret = apn_control_init();
	if (ret)
		goto exit_session;
	ret = apn_target_netlink_init();
	if (ret)
		goto exit_control;
	return 0;

exit_control:
	apn_control_exit();
exit_session:
	apn_session_exit();
exit_io:
	apn_io_exit();
	return ret;
}

/* Commands first, then those who come in, then what they used. */
static void __exit apn_target_exit(void)
{
	apn_target_netlink_exit();
	apn_port_remove_all();
	apn_key_forget_all(apn_keyring(false));
	apn_control_exit();
	apn_export_remove_all();
	apn_session_exit();
	rcu_barrier();
	apn_io_exit();
}

module_init(apn_target_init);
module_exit(apn_target_exit);
MODULE_DESCRIPTION("All-photonics network block device: the storage site");
MODULE_VERSION(APN_VERSION);
MODULE_LICENSE("GPL");

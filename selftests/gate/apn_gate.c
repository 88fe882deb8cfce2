// SPDX-License-Identifier: GPL-2.0
/* Does on purpose what the gate of the tests must notice: insmod apn_gate.ko fault=NAME, once for each name. */

#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *fault = "none";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "which mistake to make");

static DEFINE_SPINLOCK(held);
static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static void do_warn(void)
{
	WARN_ON(1);
}

static void do_leak(void)
{
	int i;

	/* several: a stale pointer on a stack may hide one of them */
	for (i = 0; i < 16; i++)
		memset(kmalloc(200, GFP_KERNEL), 0x5a, 200);
}

static void do_sleep(void)
{
	spin_lock(&held);
	msleep(20);
	spin_unlock(&held);
}

static void do_overrun(void)
{
	char *p = kmalloc(100, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	p[100] = 1;
	kfree(p);
}

static void do_order(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);

	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void do_unlocked(void)
{
	lockdep_assert_held(&held);
}

static void do_refcount(void)
{
	refcount_t r = REFCOUNT_INIT(0);

	refcount_dec(&r);
}

static void do_object(void)
{
	pr_info("apn: create gate %p\n", &held);
}

static LIST_HEAD(shared);

static int racer(void *unused)
{
	static const int rounds = 20000000;
	struct list_head mine;
	int i;

	for (i = 0; i < rounds && !kthread_should_stop(); i++) {
		list_add(&mine, &shared);
		list_del(&mine);
		cond_resched();
	}
	return 0;
}

/* Two CPUs, one list, no lock; ends with a corrupted list, for which the kernel ends the thread. */
static void do_race(void)
{
	struct task_struct *t[2];
	int i;

	for (i = 0; i < 2; i++) {
		t[i] = kthread_create(racer, NULL, "racer/%d", i);
		if (IS_ERR(t[i]))
			return;
		get_task_struct(t[i]);
		kthread_bind(t[i], i % num_online_cpus());
	}
	for (i = 0; i < 2; i++)
		wake_up_process(t[i]);
	msleep(3000);
	for (i = 0; i < 2; i++) {
		kthread_stop(t[i]);
		put_task_struct(t[i]);
	}
}

static void do_none(void)
{
}

static const struct {
	const char *name;
	void (*make)(void);
} faults[] = {
	{ "none", do_none },
	{ "warn", do_warn },
	{ "leak", do_leak },
	{ "sleep", do_sleep },
	{ "overrun", do_overrun },
	{ "order", do_order },
	{ "unlocked", do_unlocked },
	{ "refcount", do_refcount },
	{ "object", do_object },
	{ "race", do_race },
};

static int __init gate_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(faults[i].name, fault)) {
			faults[i].make();
			return 0;
		}
	}
	return -EINVAL;
}
module_init(gate_init);

static void __exit gate_exit(void)
{
}
module_exit(gate_exit);

MODULE_DESCRIPTION("Mistakes on purpose, for the gate of the selftests");
MODULE_LICENSE("GPL");

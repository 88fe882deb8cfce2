/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting for something that takes a mutex to look at, which wait_event() can't. */
#ifndef APN_WAIT_H
#define APN_WAIT_H

#include <linux/wait.h>

/*
 * Until @condition holds, looked at after each wake-up of @wq, or @timeout jiffies passed.
 * Idle, since a device may hang for as long as it likes: that is no fault of who waits.
 */
#define apn_wait_until(wq, condition, timeout)                                      \
	do {                                                                        \
		DEFINE_WAIT_FUNC(__wait, woken_wake_function);                      \
		long __left = (timeout);                                            \
		add_wait_queue(&(wq), &__wait);                                     \
		while (__left && !(condition))                                      \
			__left = wait_woken(&__wait, TASK_IDLE, __left); \
		remove_wait_queue(&(wq), &__wait);                                  \
	} while (0)

#endif /* APN_WAIT_H */

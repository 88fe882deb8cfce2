// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into a program that speaks netlink: the NTH-th allocation that the kernel makes
 * for a message of it fails. Its status is 77 if there were fewer than that.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Opened before anything may fail: to open it takes memory, too. */
static int fail_nth(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR);
	return fd;
}

static void arm(const char *nth)
{
	if (pwrite(fail_nth(), nth, strlen(nth), 0) < 0)
		_exit(78);
}

static int left(void)
{
	char text[16] = "";

	return pread(fail_nth(), text, sizeof(text) - 1, 0) > 0 ? atoi(text) : -1;
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
	       socklen_t addr_len)
{
	ssize_t (*real)(int fd, const void *buf, size_t len, int flags,
			const struct sockaddr *addr, socklen_t addr_len) =
		dlsym(RTLD_NEXT, "sendto");
	const struct nlmsghdr *msg = buf;
	char nth[12];
	ssize_t ret;
	int unused;

	if (addr_len != sizeof(struct sockaddr_nl) || msg->nlmsg_type == GENL_ID_CTRL)
		return real(fd, buf, len, flags, addr, addr_len);
	snprintf(nth, sizeof(nth), "%d", atoi(getenv("NTH")));
	arm(nth);
	ret = real(fd, buf, len, flags, addr, addr_len);
	unused = left();
	arm("0");
	if (unused > 0)
		_exit(77);
	return ret;
}

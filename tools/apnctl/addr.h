/* SPDX-License-Identifier: GPL-2.0 */
/* ADDR[:PORT], as a socket address and back. */
#ifndef APNCTL_ADDR_H
#define APNCTL_ADDR_H

#include <stddef.h>
#include <netinet/in.h>

enum {
	ADDR_PORT = 4921,
	ADDR_TEXT_BYTES = 128,
};

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/*
 * 192.0.2.1, 192.0.2.1:4921, 2001:db8::1, [2001:db8::1], [2001:db8::1]:4921, and a host's
 * name for the number. @port is for an address without one; with @port 0 none may be given.
 * 0, or an exit code after fail().
 */
int addr_parse(const char *text, unsigned int port, union addr *addr);

/* The number, with its port unless that is 0; -1 where @size is no address's. */
int addr_text(const void *bytes, size_t size, char *buf, size_t buf_size);

size_t addr_bytes(const union addr *addr);

#endif

// SPDX-License-Identifier: GPL-2.0
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "addr.h"
#include "err.h"
#include "units.h"

enum { HOST_BYTES = 256 };

size_t addr_bytes(const union addr *addr)
{
	return addr->sa.sa_family == AF_INET6 ? sizeof(addr->in6) : sizeof(addr->in);
}

static int split(const char *text, char host[HOST_BYTES], const char **port)
{
	const char *end, *colon = strrchr(text, ':');

	*port = NULL;
	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return -1;
		if (end[1])
			*port = end + 2;
	} else if (colon && colon == strchr(text, ':')) {
		end = colon;
		*port = colon + 1;
	} else {
		/* Two colons and no bracket: all of it is an IPv6 address. */
		end = text + strlen(text);
	}
	if (end == text || (size_t)(end - text) >= HOST_BYTES)
		return -1;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	return 0;
}

static int resolve(const char *host, union addr *addr)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *info;
	int err;

	err = getaddrinfo(host, NULL, &hints, &list);
	if (err)
		return fail(EXIT_UNREACHABLE, "host '%s' is not known: %s", host,
			    gai_strerror(err));
	for (info = list; info; info = info->ai_next)
		if (info->ai_family == AF_INET || info->ai_family == AF_INET6)
			break;
	memset(addr, 0, sizeof(*addr));
	if (info && info->ai_addrlen <= sizeof(*addr))
		memcpy(addr, info->ai_addr, info->ai_addrlen);
	freeaddrinfo(list);
	if (!info)
		return fail(EXIT_UNREACHABLE, "host '%s' has no IP address", host);
	return 0;
}

int addr_parse(const char *text, unsigned int port, union addr *addr)
{
	const char *port_text;
	char host[HOST_BYTES];
	uint64_t number = port;
	int code;

	if (split(text, host, &port_text))
		return fail(EXIT_USAGE, "'%s' is no address: write ADDR, ADDR:PORT or [IPV6]:PORT",
			    text);
	if (port_text && !port)
		return fail(EXIT_USAGE, "'%s' has a port, and only an address is wanted", text);
	if (port_text && (unit_parse_number(port_text, &number) || !number || number > 65535))
		return fail(EXIT_USAGE, "'%s' is no port from 1 to 65535", port_text);
	code = resolve(host, addr);
	if (code)
		return code;
	/* Both kinds of address keep the port in the same place. */
	addr->in.sin_port = htons((uint16_t)number);
	return 0;
}

int addr_text(const void *bytes, size_t size, char *buf, size_t buf_size)
{
	union addr addr = { 0 };
	char host[ADDR_TEXT_BYTES - 16];
	bool bracket;

	if (size < sizeof(addr.sa.sa_family) || size > sizeof(addr))
		return -1;
	memcpy(&addr, bytes, size);
	if (!((addr.sa.sa_family == AF_INET && size >= sizeof(addr.in)) ||
	      (addr.sa.sa_family == AF_INET6 && size >= sizeof(addr.in6))))
		return -1;
	if (getnameinfo(&addr.sa, (socklen_t)addr_bytes(&addr), host, sizeof(host), NULL, 0,
			NI_NUMERICHOST))
		return -1;
	bracket = addr.sa.sa_family == AF_INET6 && addr.in.sin_port;
	if (addr.in.sin_port)
		snprintf(buf, buf_size, "%s%s%s:%u", bracket ? "[" : "", host, bracket ? "]" : "",
			 ntohs(addr.in.sin_port));
	else
		snprintf(buf, buf_size, "%s", host);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/apnbd.h>
#include <linux/apn_target.h>

#include "err.h"
#include "nl.h"
#include "nouns.h"
#include "out.h"

/* Of an object that went, the kernel sends what names it, and nothing else. */
static const struct event {
	const struct object *object;
	uint8_t cmd;
	const char *alive; /* a field that it has only while it is there */
} events[] = {
	{ &disk_object, APNBD_CMD_DISK_NTF, "state" },
	{ &export_object, APN_TARGET_CMD_EXPORT_NTF, "state" },
	{ &port_object, APN_TARGET_CMD_PORT_NTF, "transport" },
	{ &session_object, APN_TARGET_CMD_SESSION_NTF, "connected" },
	{ &audit_object, APN_TARGET_CMD_AUDIT_NTF, "event" },
};

static const char *const families[] = { APNBD_FAMILY_NAME, APN_TARGET_FAMILY_NAME };

enum {
	FAMILIES = sizeof(families) / sizeof(families[0]),
	TIME_BYTES = 40,
};

static const struct event *find_event(const char *family, uint8_t cmd)
{
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i].cmd == cmd && !strcmp(events[i].object->family, family))
			return &events[i];
	return NULL;
}

static void print_time(char buf[TIME_BYTES])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	n = strftime(buf, TIME_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(buf + n, TIME_BYTES - n, ".%03ld", now.tv_nsec / 1000000);
	strftime(buf + n, TIME_BYTES - n, "%z", &tm);
}

static void print_event(const struct object *object, struct json_object *one, bool gone)
{
	struct json_object *event;
	char time[TIME_BYTES];

	print_time(time);
	if (!out_json) {
		printf("%s %s%s", time, object->noun, gone ? " gone" : "");
		out_line(object, one);
	} else {
		event = json_object_new_object();
		json_object_object_add(event, "time", json_object_new_string(time));
		json_object_object_add(event, "event", json_object_new_string(object->noun));
		json_object_object_add(event, "gone", json_object_new_boolean(gone));
		json_object_object_add(event, object->noun, json_object_get(one));
		out_print_json_line(event);
		json_object_put(event);
	}
	fflush(stdout);
}

static void read_event(const char *family, const struct nlmsghdr *nlh)
{
	const struct event *event = find_event(family, nl_command(nlh));
	struct json_object *one;
	const void *attrs;
	size_t size;

	if (!event)
		return;
	attrs = nl_attrs(nlh, &size);
	one = object_get(event->object, attrs, size);
	if (one)
		print_event(event->object, one, !json_object_object_get(one, event->alive));
	else
		fail_print(EXIT_SYSTEM, out_json);
	json_object_put(one);
}

static int receive(struct nl *nl, const char *family)
{
	static char buf[NL_RECEIVE_BYTES] __attribute__((aligned(8)));
	ssize_t n = mnl_socket_recvfrom(nl->socket, buf, sizeof(buf));
	const struct nlmsghdr *nlh = (const void *)buf;
	int left = (int)n;

	if (n < 0 && errno == ENOBUFS) {
		fail(EXIT_SYSTEM, "events of %s came faster than they were read; some are lost",
		     family);
		fail_print(EXIT_SYSTEM, out_json);
		return 0;
	}
	if (n < 0)
		return errno == EINTR ? 0 : fail(EXIT_SYSTEM, "netlink: %s", strerror(errno));
	for (; nl_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_type == nl->family)
			read_event(family, nlh);
	return 0;
}

/* What is not there is not followed: asking for it would load the other end's module. */
static int follow(struct nl nl[FAMILIES], struct pollfd polls[FAMILIES])
{
	int i, code = 0, followed = 0;

	for (i = 0; i < FAMILIES; i++) {
		polls[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
		if (!nl_known(families[i]))
			continue;
		code = nl_open(&nl[i], families[i]);
		if (!code)
			code = nl_follow(&nl[i], nl[i].events);
		if (code)
			return code;
		polls[i].fd = mnl_socket_get_fd(nl[i].socket);
		followed++;
	}
	if (followed)
		return 0;
	return fail(EXIT_MODULE, "neither module apnbd nor apn_target is loaded: modprobe one of them");
}

int monitor(struct json_object *values)
{
	struct pollfd polls[FAMILIES];
	struct nl nl[FAMILIES] = { 0 }; /* also those that an error leaves unopened are closed */
	int i, code = follow(nl, polls);

	(void)values;
	while (!code && !ferror(stdout)) {
		if (poll(polls, FAMILIES, -1) < 0 && errno != EINTR)
			code = fail(EXIT_SYSTEM, "poll: %s", strerror(errno));
		for (i = 0; i < FAMILIES && !code; i++)
			if (polls[i].revents)
				code = receive(&nl[i], families[i]);
	}
	for (i = 0; i < FAMILIES; i++)
		nl_close(&nl[i]);
	return code;
}

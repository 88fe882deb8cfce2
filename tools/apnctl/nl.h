/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink: one socket, one family, a request and its answers. */
#ifndef APNCTL_NL_H
#define APNCTL_NL_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>

enum {
	NL_REQUEST_BYTES = 65536,
	NL_RECEIVE_BYTES = 65536,
};

struct nl {
	struct mnl_socket *socket;
	uint32_t seq;
	uint16_t family;
	uint32_t events; /* the multicast group of that name; 0: none */
};

/* Called for each message of an answer; an exit code other than 0 after fail() ends it. */
typedef int nl_message_fn(const struct nlmsghdr *nlh, void *data);

/* The state of one answer, fed with what the socket gives. */
struct nl_answer {
	uint32_t seq;
	nl_message_fn *message;
	void *data;
	bool done;
	bool interrupted; /* the list changed while it was read: ask again */
	int code; /* exit code */
	int offset; /* of the attribute in the request that is to blame; 0: none */
	const char *range; /* the values that it may have, as text; or NULL */
};

/* These return 0, or an exit code after fail(). */
int nl_open(struct nl *nl, const char *family);
int nl_socket(struct nl *nl);
int nl_find(struct nl *nl, const char *family);
int nl_follow(struct nl *nl, uint32_t group);
int nl_need_root(void);

void nl_close(struct nl *nl);
bool nl_known(const char *family);

/* A request in a buffer of NL_REQUEST_BYTES. */
struct nlmsghdr *nl_request(struct nl *nl, void *buf, uint8_t cmd, uint16_t flags);

int nl_talk(struct nl *nl, struct nlmsghdr *request, struct nl_answer *answer);
void nl_feed(struct nl_answer *answer, const void *buf, size_t size);

bool nl_message_ok(const struct nlmsghdr *nlh, int left);

/* The attributes of a message behind its generic netlink header. */
const void *nl_attrs(const struct nlmsghdr *nlh, size_t *size);
uint8_t nl_command(const struct nlmsghdr *nlh);

#endif

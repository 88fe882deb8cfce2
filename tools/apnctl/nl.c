// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/genetlink.h>

#include "err.h"
#include "nl.h"

#ifndef NLM_F_DUMP_INTR
#define NLM_F_DUMP_INTR 0x10
#endif

int nl_need_root(void)
{
	return fail(EXIT_DENIED, "needs CAP_SYS_ADMIN (run it as root)");
}

const void *nl_attrs(const struct nlmsghdr *nlh, size_t *size)
{
	size_t payload = mnl_nlmsg_get_payload_len(nlh);

	*size = payload > GENL_HDRLEN ? payload - GENL_HDRLEN : 0;
	return mnl_nlmsg_get_payload_offset(nlh, GENL_HDRLEN);
}

uint8_t nl_command(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	return mnl_nlmsg_get_payload_len(nlh) >= GENL_HDRLEN ? genl->cmd : 0;
}

/* -- answers -- */

/* The range that a policy demands, as people write it. */
static const char *range_text(const struct nlattr *policy)
{
	static char text[64];
	uint64_t value, min = 0, max = UINT64_MAX;
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, policy) {
		if (mnl_attr_get_payload_len(attr) != sizeof(value))
			continue;
		memcpy(&value, mnl_attr_get_payload(attr), sizeof(value));
		if (mnl_attr_get_type(attr) == NL_POLICY_TYPE_ATTR_MIN_VALUE_U)
			min = value;
		else if (mnl_attr_get_type(attr) == NL_POLICY_TYPE_ATTR_MAX_VALUE_U)
			max = value;
	}
	if (max == UINT64_MAX)
		return NULL;
	snprintf(text, sizeof(text), "%llu to %llu", (unsigned long long)min,
		 (unsigned long long)max);
	return text;
}

/* What the kernel says beside the number: its sentence, and which attribute is to blame. */
static void read_extack(struct nl_answer *answer, int err, const void *attrs, size_t size)
{
	const struct nlattr *attr;
	char sentence[1024] = "";
	uint32_t offset;

	mnl_attr_for_each_payload(attrs, size) {
		const void *data = mnl_attr_get_payload(attr);
		size_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(sentence, sizeof(sentence), "%.*s", (int)len, (const char *)data);
			break;
		case NLMSGERR_ATTR_OFFS:
			if (len == sizeof(offset)) {
				memcpy(&offset, data, sizeof(offset));
				answer->offset = offset < NL_REQUEST_BYTES ? (int)offset : 0;
			}
			break;
		case NLMSGERR_ATTR_POLICY:
			answer->range = range_text(attr);
			break;
		}
	}
	if (*sentence)
		answer->code = fail(exit_of_errno(err), "%s", sentence);
	else if (err == EPERM)
		answer->code = nl_need_root();
	else
		answer->code = fail(exit_of_errno(err), "%s", strerror(err));
}

/* An error number, the request or its header, and attributes if the flag says so. */
static void read_error(struct nl_answer *answer, const struct nlmsghdr *nlh, size_t skip)
{
	const char *payload = mnl_nlmsg_get_payload(nlh);
	size_t size = mnl_nlmsg_get_payload_len(nlh);
	int err;

	answer->done = true;
	if (size < sizeof(err)) {
		if (nlh->nlmsg_type == NLMSG_ERROR)
			answer->code = fail(EXIT_SYSTEM, "the kernel's answer is cut short");
		return;
	}
	memcpy(&err, payload, sizeof(err));
	if (!err)
		return;
	if (size < skip || !(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		skip = size;
	read_extack(answer, err < 0 ? -err : err, payload + skip, size - skip);
}

static size_t error_skip(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*error);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*error))
		return SIZE_MAX;
	/* Without NLM_F_CAPPED the whole request comes back behind the number. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && error->msg.nlmsg_len > sizeof(error->msg))
		skip += MNL_ALIGN(error->msg.nlmsg_len - sizeof(error->msg));
	return skip;
}

static void feed_one(struct nl_answer *answer, const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		read_error(answer, nlh, error_skip(nlh));
	} else if (nlh->nlmsg_type == NLMSG_DONE) {
		read_error(answer, nlh, sizeof(int));
	} else if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && answer->message) {
		answer->code = answer->message(nlh, answer->data);
		answer->done = answer->code;
	}
}

/* libmnl compares lengths as signed numbers. */
bool nl_message_ok(const struct nlmsghdr *nlh, int left)
{
	return left >= (int)sizeof(*nlh) && nlh->nlmsg_len <= (uint32_t)left &&
	       mnl_nlmsg_ok(nlh, left);
}

void nl_feed(struct nl_answer *answer, const void *buf, size_t size)
{
	const struct nlmsghdr *nlh = buf;
	int left = (int)size;

	for (; !answer->done && nl_message_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		if (nlh->nlmsg_seq == answer->seq)
			feed_one(answer, nlh);
}

/* -- the socket -- */

static int system_error(const char *what)
{
	return fail(exit_of_errno(errno), "%s: %s", what, strerror(errno));
}

int nl_talk(struct nl *nl, struct nlmsghdr *request, struct nl_answer *answer)
{
	/* Too large for the stack; there is one answer at a time. */
	static char buf[NL_RECEIVE_BYTES] __attribute__((aligned(8)));
	ssize_t n;

	answer->seq = request->nlmsg_seq;
	if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		return system_error("netlink");
	while (!answer->done) {
		n = mnl_socket_recvfrom(nl->socket, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return system_error("netlink");
		nl_feed(answer, buf, (size_t)n);
	}
	return answer->code;
}

struct nlmsghdr *nl_request(struct nl *nl, void *buf, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = nl->family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

int nl_socket(struct nl *nl)
{
	int one = 1;

	memset(nl, 0, sizeof(*nl));
	nl->seq = (uint32_t)time(NULL);
	nl->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->socket || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return system_error("netlink");
	mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->socket, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
	nl->socket = NULL;
}

int nl_follow(struct nl *nl, uint32_t group)
{
	if (mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return errno == EPERM ? nl_need_root() : system_error("netlink events");
	return 0;
}

int nl_open(struct nl *nl, const char *family)
{
	int code = nl_socket(nl);

	if (!code)
		code = nl_find(nl, family);
	if (code)
		nl_close(nl);
	return code;
}

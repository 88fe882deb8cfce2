// SPDX-License-Identifier: GPL-2.0
/* Families of generic netlink: their number, their events, and which are there at all. */
#include <string.h>
#include <unistd.h>

#include <linux/genetlink.h>

#include "err.h"
#include "nl.h"

enum { FAMILY_REQUEST_BYTES = 1024 };

static bool attr_is(const struct nlattr *attr, const char *text)
{
	size_t size = strlen(text) + 1;

	return mnl_attr_get_payload_len(attr) == size &&
	       !memcmp(mnl_attr_get_payload(attr), text, size);
}

static uint32_t group_events(const struct nlattr *groups)
{
	const struct nlattr *group, *attr;

	mnl_attr_for_each_nested(group, groups) {
		uint32_t id = 0;
		bool ours = false;

		mnl_attr_for_each_nested(attr, group) {
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
				ours = attr_is(attr, "events");
			else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
				 mnl_attr_get_payload_len(attr) == sizeof(id))
				id = mnl_attr_get_u32(attr);
		}
		if (ours)
			return id;
	}
	return 0;
}

static int read_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	struct nl *nl = data;
	const void *attrs;
	size_t size;

	attrs = nl_attrs(nlh, &size);
	mnl_attr_for_each_payload(attrs, size) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint16_t))
			nl->family = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			nl->events = group_events(attr);
	}
	return 0;
}

/* Asking for it by name makes the kernel load the module. */
int nl_find(struct nl *nl, const char *family)
{
	char buf[FAMILY_REQUEST_BYTES] __attribute__((aligned(8)));
	struct nl_answer answer = { .message = read_family, .data = nl };
	struct nlmsghdr *request;
	int code;

	nl->family = GENL_ID_CTRL;
	request = nl_request(nl, buf, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, family);
	code = nl_talk(nl, request, &answer);
	if (code != EXIT_ABSENT)
		return code;
	if (geteuid())
		return nl_need_root();
	return fail(EXIT_MODULE, "module %s is not loaded: modprobe %s", family, family);
}

struct search {
	const char *family;
	bool found;
};

static int match_family(const struct nlmsghdr *nlh, void *data)
{
	struct search *search = data;
	const struct nlattr *attr;
	const void *attrs;
	size_t size;

	attrs = nl_attrs(nlh, &size);
	mnl_attr_for_each_payload(attrs, size)
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_NAME &&
		    attr_is(attr, search->family))
			search->found = true;
	return 0;
}

/* Reading the list of all families, unlike asking for one, loads no module. */
bool nl_known(const char *family)
{
	char buf[FAMILY_REQUEST_BYTES] __attribute__((aligned(8)));
	struct search search = { .family = family };
	struct nl_answer answer = { .message = match_family, .data = &search };
	struct nl nl;
	int code;

	code = nl_socket(&nl);
	if (!code) {
		nl.family = GENL_ID_CTRL;
		code = nl_talk(&nl, nl_request(&nl, buf, CTRL_CMD_GETFAMILY, NLM_F_DUMP), &answer);
	}
	nl_close(&nl);
	return !code && search.found;
}

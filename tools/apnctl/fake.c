// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <linux/apnbd.h>
#include <linux/apn_target.h>
#include <linux/genetlink.h>

#include "fake.h"
#include "nl.h"

enum {
	QUEUE_BYTES = 65536,
	SIZE = 65536,
};

struct fake fake;

static char queue[QUEUE_BYTES] __attribute__((aligned(8)));
static size_t queued;

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	queued = 0;
}

const struct fake_call *fake_last(uint8_t cmd)
{
	static const struct fake_call none;
	unsigned int i;

	for (i = fake.calls; i; i--)
		if (fake.call[i - 1].cmd == cmd && fake.call[i - 1].family != GENL_ID_CTRL)
			return &fake.call[i - 1];
	return &none;
}

/* -- messages to the tool -- */

static struct nlmsghdr *begin(const struct nlmsghdr *to, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(queue + queued);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = to->nlmsg_seq;
	return nlh;
}

static void end(const struct nlmsghdr *nlh)
{
	queued += MNL_ALIGN(nlh->nlmsg_len);
}

static struct nlmsghdr *begin_genl(const struct nlmsghdr *to)
{
	struct nlmsghdr *nlh = begin(to, to->nlmsg_type, 0);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	genl->cmd = nl_command(to);
	genl->version = 1;
	return nlh;
}

static const struct nlattr *blamed(const struct nlmsghdr *request)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, request, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) == fake.blame)
			return attr;
	}
	return NULL;
}

/* What the kernel's policy says of a number that is out of range. */
static void put_blame(struct nlmsghdr *nlh, const struct nlmsghdr *request)
{
	const struct nlattr *attr = blamed(request);
	struct nlattr *nest;

	if (!attr)
		return;
	mnl_attr_put_u32(nlh, NLMSGERR_ATTR_OFFS, (uint32_t)((char *)attr - (char *)request));
	nest = mnl_attr_nest_start(nlh, NLMSGERR_ATTR_POLICY);
	mnl_attr_put_u64(nlh, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 1);
	mnl_attr_put_u64(nlh, NL_POLICY_TYPE_ATTR_MAX_VALUE_U, 8192);
	mnl_attr_nest_end(nlh, nest);
}

static void error(const struct nlmsghdr *request, int err)
{
	struct nlmsghdr *nlh = begin(request, NLMSG_ERROR, NLM_F_CAPPED);
	struct nlmsgerr *body = mnl_nlmsg_put_extra_header(nlh, sizeof(*body));

	body->error = -err;
	body->msg = *request;
	if (err && (fake.sentence || fake.blame))
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
	if (err && fake.sentence)
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, fake.sentence);
	if (err && fake.blame)
		put_blame(nlh, request);
	end(nlh);
}

static void done(const struct nlmsghdr *request)
{
	struct nlmsghdr *nlh = begin(request, NLMSG_DONE, NLM_F_MULTI);
	int *err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));

	*err = 0;
	if (fake.interrupt) {
		nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
		fake.interrupt--;
	}
	end(nlh);
}

/* -- objects -- */

static void put_addr(struct nlmsghdr *nlh, uint16_t type, const char *text, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, text, &in.sin_addr);
	mnl_attr_put(nlh, type, sizeof(in), &in);
}

static void put_stat(struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);
	uint64_t histogram[32] = { [4] = 90, [10] = 10 };

	fake.reads += 100;
	mnl_attr_put_u64(nlh, APNBD_A_STAT_READS, fake.reads);
	mnl_attr_put_u64(nlh, APNBD_A_STAT_READ_BYTES, fake.reads * 4096);
	mnl_attr_put_u64(nlh, APNBD_A_STAT_WRITES, 0);
	mnl_attr_put_u64(nlh, APNBD_A_STAT_NETWORK_NS, fake.reads * 50000);
	mnl_attr_put_u64(nlh, APNBD_A_STAT_STORAGE_NS, fake.reads * 20000);
	mnl_attr_put(nlh, APNBD_A_STAT_STORAGE_HISTOGRAM, sizeof(histogram), histogram);
	mnl_attr_put(nlh, APNBD_A_STAT_NETWORK_HISTOGRAM, sizeof(histogram), histogram);
	mnl_attr_nest_end(nlh, nest);
}

static void put_path(struct nlmsghdr *nlh, const char *address, const char *transport,
		     uint32_t state)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, APNBD_A_DISK_PATH);

	mnl_attr_put_u32(nlh, APNBD_A_PATH_LINE, 7);
	put_addr(nlh, APNBD_A_PATH_ADDRESS, address, 4921);
	mnl_attr_put_strz(nlh, APNBD_A_PATH_TRANSPORT, transport);
	mnl_attr_put_u32(nlh, APNBD_A_PATH_STATE, state);
	mnl_attr_put_strz(nlh, APNBD_A_PATH_REASON,
			  state == APNBD_PATH_STATE_LIVE ? "" : "no answer");
	mnl_attr_put_u32(nlh, APNBD_A_PATH_RTT_US, 10200);
	mnl_attr_nest_end(nlh, nest);
}

static void put_disk(struct nlmsghdr *nlh, const char *name, uint32_t index, uint32_t state)
{
	char device[16] = "apnbd0";

	device[5] = (char)('0' + index);
	mnl_attr_put_u32(nlh, APNBD_A_DISK_INDEX, index);
	mnl_attr_put_strz(nlh, APNBD_A_DISK_NAME, name);
	mnl_attr_put_strz(nlh, APNBD_A_DISK_DEVICE, device);
	mnl_attr_put_strz(nlh, APNBD_A_DISK_EXPORT, "imagenet");
	mnl_attr_put_strz(nlh, APNBD_A_DISK_TRANSPORT, "tcp");
	mnl_attr_put_u32(nlh, APNBD_A_DISK_SECURITY, APNBD_SECURITY_NONE);
	mnl_attr_put_strz(nlh, APNBD_A_DISK_IDENTITY, "gpu7");
	mnl_attr_put_u32(nlh, APNBD_A_DISK_LANES, 4);
	mnl_attr_put_u64(nlh, APNBD_A_DISK_RATE, 12500000000ULL);
	mnl_attr_put_u64(nlh, APNBD_A_DISK_READ_AHEAD, 64 << 20);
	mnl_attr_put_u64(nlh, APNBD_A_DISK_FAIL_AFTER, 300000);
	mnl_attr_put_u32(nlh, APNBD_A_DISK_DEPTH, 1024);
	mnl_attr_put_u8(nlh, APNBD_A_DISK_READ_ONLY, 0);
	mnl_attr_put_u8(nlh, APNBD_A_DISK_DIGEST, 1);
	mnl_attr_put_u32(nlh, APNBD_A_DISK_STATE, state);
	mnl_attr_put_u64(nlh, APNBD_A_DISK_SINCE, 7500000);
	mnl_attr_put_u32(nlh, APNBD_A_DISK_ATTEMPT, state == APNBD_DISK_STATE_LIVE ? 0 : 3);
	mnl_attr_put_u32(nlh, APNBD_A_DISK_NEXT_TRY, 2500);
	mnl_attr_put_strz(nlh, APNBD_A_DISK_REASON,
			  state == APNBD_DISK_STATE_LIVE ? "" : "no answer\033[31m");
	mnl_attr_put(nlh, APNBD_A_DISK_VOLUME, 16, "0123456789abcdef");
	mnl_attr_put_u64(nlh, APNBD_A_DISK_SIZE, 10ULL << 30);
	put_stat(nlh, APNBD_A_DISK_STAT);
	put_path(nlh, "192.0.2.1", "tcp", APNBD_PATH_STATE_LIVE);
	put_path(nlh, "198.51.100.1", "tcp", APNBD_PATH_STATE_WAITING);
	put_path(nlh, "203.0.113.1", "rdma", APNBD_PATH_STATE_LIVE);
}

unsigned int fake_disk(void *buf)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	put_disk(nlh, "data", 0, APNBD_DISK_STATE_LIVE);
	return (unsigned int)mnl_nlmsg_get_payload_len(nlh);
}

static void put_line(struct nlmsghdr *nlh)
{
	struct nlattr *nest;

	mnl_attr_put_u32(nlh, APNBD_A_LINE_ID, 7);
	put_addr(nlh, APNBD_A_LINE_ADDRESS, "192.0.2.1", 4921);
	put_addr(nlh, APNBD_A_LINE_SOURCE, "192.0.2.9", 40000);
	mnl_attr_put_u32(nlh, APNBD_A_LINE_STATE, APNBD_LINE_STATE_LIVE);
	mnl_attr_put_u32(nlh, APNBD_A_LINE_RTT_US, 10200);
	mnl_attr_put_u32(nlh, APNBD_A_LINE_CONGESTION, APNBD_CONGESTION_RESERVED);
	nest = mnl_attr_nest_start(nlh, APNBD_A_LINE_LANE);
	mnl_attr_put_u32(nlh, APNBD_A_LANE_INDEX, 0);
	mnl_attr_put_u32(nlh, APNBD_A_LANE_STATE, APNBD_LANE_STATE_LIVE);
	mnl_attr_nest_end(nlh, nest);
}

static void put_export(struct nlmsghdr *nlh)
{
	struct nlattr *nest;

	mnl_attr_put_strz(nlh, APN_TARGET_A_EXPORT_NAME, "imagenet");
	mnl_attr_put_strz(nlh, APN_TARGET_A_EXPORT_DEVICE, "/dev/vdb");
	mnl_attr_put_strz(nlh, APN_TARGET_A_EXPORT_STATE_DIR, "/var/lib/apnbd");
	mnl_attr_put_u8(nlh, APN_TARGET_A_EXPORT_READ_ONLY, 0);
	mnl_attr_put_u32(nlh, APN_TARGET_A_EXPORT_DURABILITY, APN_TARGET_DURABILITY_FLUSH);
	mnl_attr_put_u64(nlh, APN_TARGET_A_EXPORT_LIMIT_BPS, 200 << 20);
	mnl_attr_put_u64(nlh, APN_TARGET_A_EXPORT_LIMIT_IOPS, 0);
	nest = mnl_attr_nest_start(nlh, APN_TARGET_A_EXPORT_ALLOW);
	mnl_attr_put_strz(nlh, APN_TARGET_A_ALLOW_IDENTITY, "gpu7");
	mnl_attr_put_u8(nlh, APN_TARGET_A_ALLOW_READ_ONLY, 1);
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, APN_TARGET_A_EXPORT_STATE, APN_TARGET_EXPORT_STATE_SERVING);
	mnl_attr_put_u64(nlh, APN_TARGET_A_EXPORT_SIZE, 10ULL << 30);
}

static void put_port(struct nlmsghdr *nlh)
{
	mnl_attr_put_u32(nlh, APN_TARGET_A_PORT_ID, 1);
	put_addr(nlh, APN_TARGET_A_PORT_ADDRESS, "0.0.0.0", 4921);
	mnl_attr_put_strz(nlh, APN_TARGET_A_PORT_TRANSPORT, "tcp");
	mnl_attr_put_u32(nlh, APN_TARGET_A_PORT_SECURITY, APN_TARGET_TARGET_SECURITY_AUTH);
}

static void put_offer(struct nlmsghdr *nlh)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, APNBD_A_OFFER_EXPORT);

	mnl_attr_put_strz(nlh, APNBD_A_OFFERED_NAME, "imagenet");
	mnl_attr_put_u64(nlh, APNBD_A_OFFERED_SIZE, 10ULL << 30);
	mnl_attr_put_u8(nlh, APNBD_A_OFFERED_READ_ONLY, 1);
	mnl_attr_nest_end(nlh, nest);
}

static void put_family(struct nlmsghdr *nlh, const char *name, uint16_t id)
{
	struct nlattr *groups, *group;

	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, id);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	groups = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	group = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, 5);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, "events");
	mnl_attr_nest_end(nlh, group);
	mnl_attr_nest_end(nlh, groups);
}

/* Both ends number a key's attributes alike. */
static void put_keys(const struct nlmsghdr *request)
{
	static const char *const identities[] = { "gpu-a", "gpu-b" };
	struct nlmsghdr *nlh;
	unsigned int i;

	for (i = 0; i < fake.keys && i < sizeof(identities) / sizeof(identities[0]); i++) {
		nlh = begin_genl(request);
		mnl_attr_put_strz(nlh, APNBD_A_KEY_IDENTITY, identities[i]);
		mnl_attr_put(nlh, APNBD_A_KEY_FINGERPRINT, 8, "\1\2\3\4\5\6\7\x8f");
		end(nlh);
	}
}

/* -- commands -- */

static void answer_host(const struct nlmsghdr *request, uint8_t cmd, bool dump)
{
	struct nlmsghdr *nlh;

	if (dump && fake.empty)
		return;
	if (cmd == APNBD_CMD_DISK_DISCONNECT || cmd == APNBD_CMD_KEY_SET ||
	    cmd == APNBD_CMD_KEY_DEL || cmd == APNBD_CMD_PATH_ADD || cmd == APNBD_CMD_PATH_DEL)
		return;
	if (cmd == APNBD_CMD_KEY_GET) {
		put_keys(request);
		return;
	}
	nlh = begin_genl(request);
	if (cmd == APNBD_CMD_LINE_GET)
		put_line(nlh);
	else if (cmd == APNBD_CMD_DISCOVER)
		put_offer(nlh);
	else
		put_disk(nlh, "data", 0, APNBD_DISK_STATE_LIVE);
	end(nlh);
	if (!dump || cmd != APNBD_CMD_DISK_GET)
		return;
	nlh = begin_genl(request);
	put_disk(nlh, "a-much-longer-name", 1, APNBD_DISK_STATE_WAITING);
	end(nlh);
}

static void answer_target(const struct nlmsghdr *request, uint8_t cmd, bool dump)
{
	struct nlmsghdr *nlh;

	if ((dump && fake.empty) || cmd == APN_TARGET_CMD_SESSION_GET ||
	    cmd == APN_TARGET_CMD_KEY_SET || cmd == APN_TARGET_CMD_KEY_DEL)
		return;
	if (cmd == APN_TARGET_CMD_KEY_GET) {
		put_keys(request);
		return;
	}
	nlh = begin_genl(request);
	if (cmd == APN_TARGET_CMD_PORT_ADD || cmd == APN_TARGET_CMD_PORT_SET ||
	    cmd == APN_TARGET_CMD_PORT_GET)
		put_port(nlh);
	else
		put_export(nlh);
	end(nlh);
}

static bool answer_family(const struct nlmsghdr *request, bool dump)
{
	bool host = dump, target = dump;
	const struct nlattr *attr;
	struct nlmsghdr *nlh;

	mnl_attr_for_each(attr, request, GENL_HDRLEN) {
		host |= !strcmp(mnl_attr_get_str(attr), APNBD_FAMILY_NAME);
		target |= !strcmp(mnl_attr_get_str(attr), APN_TARGET_FAMILY_NAME);
	}
	if (!dump && !(host && !fake.no_host) && !(target && !fake.no_target))
		return false;
	if (host && !fake.no_host) {
		nlh = begin_genl(request);
		put_family(nlh, APNBD_FAMILY_NAME, FAKE_APNBD);
		end(nlh);
	}
	if (target && !fake.no_target) {
		nlh = begin_genl(request);
		put_family(nlh, APN_TARGET_FAMILY_NAME, FAKE_TARGET);
		end(nlh);
	}
	return true;
}

static void record(const struct nlmsghdr *request)
{
	struct fake_call *call = &fake.call[fake.calls++ % FAKE_CALLS];
	const struct nlattr *attr;

	*call = (struct fake_call){ .family = request->nlmsg_type,
				    .flags = request->nlmsg_flags,
				    .cmd = nl_command(request) };
	mnl_attr_for_each(attr, request, GENL_HDRLEN)
		call->attrs |= 1ULL << mnl_attr_get_type(attr);
}

static void serve(const struct nlmsghdr *request)
{
	bool dump = (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	uint8_t cmd = nl_command(request);
	int err = 0;

	record(request);
	if (request->nlmsg_type == GENL_ID_CTRL)
		err = answer_family(request, dump) ? 0 : ENOENT;
	else if (fake.refuse && cmd == fake.refuse_cmd && fake.refuse_skip-- <= 0 &&
		 fake.refuse_times-- > 0)
		err = fake.refuse;
	else if (request->nlmsg_type == FAKE_APNBD)
		answer_host(request, cmd, dump);
	else
		answer_target(request, cmd, dump);
	if (dump && !err)
		done(request);
	else
		error(request, err);
}

/* -- in the place of libmnl's socket, of time and of names -- */

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return (struct mnl_socket *)&fake;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	return 0;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf, socklen_t len)
{
	(void)nl;
	(void)type;
	(void)buf;
	(void)len;
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *request, size_t size)
{
	(void)nl;
	queued = 0;
	serve(request);
	return (ssize_t)size;
}

/* One message at a time, as the worst of kernels might. */
ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	const struct nlmsghdr *nlh = (const void *)queue;
	size_t n;

	(void)nl;
	if (!queued) {
		errno = ENOBUFS;
		return -1;
	}
	n = MNL_ALIGN(nlh->nlmsg_len);
	n = n < size ? n : size;
	memcpy(buf, queue, n);
	memmove(queue, queue + n, queued - n);
	queued -= n;
	return (ssize_t)n;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	(void)nl;
	return 0;
}

/* One event, then an end to the waiting. */
int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	const struct nlmsghdr none = { 0 };
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;

	(void)timeout;
	if (!count || !fake.events--) {
		errno = EBADF;
		return -1;
	}
	queued = 0;
	nlh = begin(&none, FAKE_APNBD, 0);
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = APNBD_CMD_DISK_NTF;
	if (fake.gone)
		mnl_attr_put_strz(nlh, APNBD_A_DISK_NAME, "data");
	else
		put_disk(nlh, "data", 0, APNBD_DISK_STATE_WAITING);
	end(nlh);
	fds[0].revents = POLLIN;
	return 1;
}

int nanosleep(const struct timespec *time, struct timespec *rest)
{
	(void)rest;
	fake.slept_ms += (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_nsec / 1000000;
	return 0;
}

/* Time passes while one sleeps. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC)
		return timespec_get(now, TIME_UTC) ? 0 : -1;
	now->tv_sec = (time_t)(fake.slept_ms / 1000);
	now->tv_nsec = (long)(fake.slept_ms % 1000) * 1000000;
	return 0;
}

int stat(const char *path, struct stat *st)
{
	if (strncmp(path, "/dev/apnbd", 10))
		return fstatat(AT_FDCWD, path, st, 0);
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFBLK;
	return 0;
}

/* No name is looked up: numbers alone are known here. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **list)
{
	__typeof__(getaddrinfo) *real = dlsym(RTLD_NEXT, "getaddrinfo");
	struct addrinfo numeric = *hints;

	numeric.ai_flags |= AI_NUMERICHOST;
	return real(node, service, &numeric, list);
}

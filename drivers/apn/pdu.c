// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Encode, decode, validate. No sockets, no allocation, no locks. */
#include "pdu_env.h"
#include "pdu.h"

enum {
	HOST = 1 << 0, /* who may send it */
	TARGET = 1 << 1,
	CONTROL = 1 << 2, /* on lane 0 alone */
	SESSION = 1 << 3, /* names a session */
	PAYLOAD = 1 << 4, /* its data is payload in chunks, not a body */
	STATUS = 1 << 5, /* may carry a status */
	BARE = 1 << 6, /* its 24 body bytes are zero */
	REPEAT = 1 << 7, /* its body is a row of entries */
};

static const struct rule {
	const char *name;
	__u8 phase; /* exactly this one; LIVE stands for itself */
	__u8 is;
	__u8 flags; /* the ones it may carry */
	__u16 body; /* bytes of its version-1 body */
} rules[APN_OP_END] = {
	[APN_OP_HELLO] = { "HELLO", APN_PHASE_HELLO, HOST | BARE, 0, sizeof(struct apn_hello) },
	[APN_OP_HELLO_ACK] = { "HELLO_ACK", APN_PHASE_HELLO, TARGET | BARE, 0,
			       sizeof(struct apn_hello_ack) },
	[APN_OP_AUTH] = { "AUTH", APN_PHASE_AUTH, HOST | BARE, 0, sizeof(struct apn_auth) },
	[APN_OP_AUTH_ACK] = { "AUTH_ACK", APN_PHASE_AUTH, TARGET | BARE, 0,
			      sizeof(struct apn_auth_ack) },
	[APN_OP_ATTACH] = { "ATTACH", APN_PHASE_LIVE, HOST | CONTROL | BARE | SESSION, 0,
			    sizeof(struct apn_attach) },
	[APN_OP_ATTACHED] = { "ATTACHED", APN_PHASE_LIVE, TARGET | CONTROL | BARE | SESSION, 0,
			      sizeof(struct apn_attached) },
	[APN_OP_DETACH] = { "DETACH", APN_PHASE_LIVE, HOST | CONTROL | BARE | SESSION,
			    APN_FLAG_WHOLE, 0 },
	[APN_OP_DETACHED] = { "DETACHED", APN_PHASE_LIVE, TARGET | CONTROL | BARE | SESSION, 0, 0 },
	[APN_OP_LIST] = { "LIST", APN_PHASE_LIVE, HOST | CONTROL | BARE, 0,
			  sizeof(struct apn_list) },
	[APN_OP_LISTED] = { "LISTED", APN_PHASE_LIVE, TARGET | CONTROL | BARE | REPEAT,
			    APN_FLAG_MORE, sizeof(struct apn_listed) },
	[APN_OP_FENCE] = { "FENCE", APN_PHASE_LIVE, HOST | BARE, 0, sizeof(struct apn_fence) },
	[APN_OP_FENCED] = { "FENCED", APN_PHASE_LIVE, TARGET | BARE, 0, sizeof(struct apn_fenced) },
	[APN_OP_PING] = { "PING", APN_PHASE_LIVE, HOST | TARGET, 0, 0 },
	[APN_OP_PONG] = { "PONG", APN_PHASE_LIVE, HOST | TARGET, 0, 0 },
	[APN_OP_NOTICE] = { "NOTICE", APN_PHASE_LIVE, TARGET | CONTROL | BARE | SESSION, 0,
			    sizeof(struct apn_notice) },
	[APN_OP_WINDOW] = { "WINDOW", APN_PHASE_LIVE, TARGET | BARE, 0, 0 },
	[APN_OP_REFUSE] = { "REFUSE", APN_PHASE_LIVE, TARGET | BARE | STATUS, 0,
			    sizeof(struct apn_refuse) },
	[APN_OP_READ] = { "READ", APN_PHASE_LIVE, HOST | SESSION, 0, 0 },
	[APN_OP_WRITE] = { "WRITE", APN_PHASE_LIVE, HOST | SESSION | PAYLOAD, APN_FLAG_FUA, 0 },
	[APN_OP_FLUSH] = { "FLUSH", APN_PHASE_LIVE, HOST | SESSION | BARE, 0, 0 },
	[APN_OP_DISCARD] = { "DISCARD", APN_PHASE_LIVE, HOST | SESSION, 0, 0 },
	[APN_OP_WRITE_ZEROES] = { "WRITE_ZEROES", APN_PHASE_LIVE, HOST | SESSION,
				  APN_FLAG_FUA | APN_FLAG_NOUNMAP, 0 },
	[APN_OP_REPLY] = { "REPLY", APN_PHASE_LIVE, TARGET | SESSION | PAYLOAD | STATUS, 0, 0 },
};

__u32 apn_pdu_crc(const void *data, size_t len)
{
	return ~apn_crc32c(~0U, data, len);
}
APN_EXPORT(apn_pdu_crc);

/* The last touch before a header goes out. */
void apn_pdu_seal(struct apn_hdr *hdr)
{
	hdr->crc = cpu_to_le32(apn_pdu_crc(hdr, offsetof(struct apn_hdr, crc)));
}
APN_EXPORT(apn_pdu_seal);

static bool all_zero(const __u8 *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

/* The list is closed: what has no text is no status. */
static const char *const status_text[APN_STATUS_END] = {
	[APN_STATUS_OK] = "done",
	[APN_STATUS_IO] = "the device failed",
	[APN_STATUS_NOSPC] = "the device has no space left",
	[APN_STATUS_READ_ONLY] = "the export is read-only",
	[APN_STATUS_RANGE] = "outside the device",
	[APN_STATUS_UNSUPPORTED] = "the device can't do that",
	[APN_STATUS_DIGEST] = "the payload arrived damaged",
	[APN_STATUS_TIMEOUT] = "the device timed out",
	[APN_STATUS_MEDIUM] = "the medium failed",
	[APN_STATUS_NO_MEMORY] = "the target has no memory",
	[APN_STATUS_NO_SESSION] = "no such session",
	[APN_STATUS_REVOKED] = "access was revoked",
	[APN_STATUS_SUPERSEDED] = "a newer writer holds the export",
	[APN_STATUS_DRAINING] = "the export is draining",
	[APN_STATUS_REFUSED] = "unknown identity, wrong key, or no such export for it",
	[APN_STATUS_VERSION] = "no protocol version in common",
	[APN_STATUS_FEATURE] = "a required feature is unknown to the other side",
	[APN_STATUS_SECURITY] = "the port has another security level",
	[APN_STATUS_BUSY] = "another host writes to this export",
	[APN_STATUS_LIMIT] = "a limit of the target is reached",
	[APN_STATUS_PROTOCOL] = "the peer broke the protocol",
	[APN_STATUS_OTHER_VOLUME] = "the name stands for another volume now",
};

/* A reply says what became of a request or its session; a refusal never says OK. */
static bool status_ok(__u8 op, __u16 status)
{
	if (status >= APN_STATUS_END || !status_text[status])
		return false;
	return op == APN_OP_REFUSE ? status != APN_STATUS_OK : status < APN_STATUS_REFUSED;
}

static bool phase_ok(const struct rule *rule, __u8 op, const struct apn_bounds *bounds)
{
	if (op == APN_OP_REFUSE)
		return bounds->phase != APN_PHASE_OVER;
	return rule->phase == bounds->phase;
}

/* Who has not proved himself grants nothing, also not with a refusal. */
static bool may_grant(__u8 op, const struct apn_bounds *bounds)
{
	return !bounds->from_host &&
	       (op == APN_OP_AUTH_ACK || bounds->phase == APN_PHASE_LIVE);
}

/* A READ whose data is put into memory says where that begins in its page. */
static bool place_ok(const struct apn_hdr *hdr, const struct apn_bounds *bounds)
{
	if (!hdr->io.place)
		return true;
	return bounds->placed && (hdr->op == APN_OP_READ || hdr->op == APN_OP_WRITE);
}

static bool start_ok(const struct apn_hdr *hdr)
{
	__u32 start = le32_to_cpu(hdr->io.chunk);

	return !start ||
	       (hdr->op == APN_OP_READ && hdr->io.place && start < APN_PLACE_BYTES);
}

/* READ, WRITE, DISCARD, WRITE_ZEROES: the part that needs no device to judge. */
static enum apn_bad check_io(const struct apn_hdr *hdr, const struct apn_bounds *bounds)
{
	__u64 offset = le64_to_cpu(hdr->io.offset), length = le64_to_cpu(hdr->io.length);
	__u32 chunk = le32_to_cpu(hdr->io.chunk), data = le32_to_cpu(hdr->data_len);
	bool moves = hdr->op == APN_OP_READ || hdr->op == APN_OP_WRITE;

	if (!length || (offset | length) & 511 || offset + length < offset)
		return APN_BAD_RANGE;
	if (moves && length > bounds->io_bytes)
		return APN_BAD_RANGE;
	if (!place_ok(hdr, bounds))
		return APN_BAD_PAD;
	if (hdr->op != APN_OP_WRITE)
		return start_ok(hdr) ? APN_GOOD : APN_BAD_CHUNK;
	if (!data || (chunk | data) & 511 || chunk >= length || data > length - chunk)
		return APN_BAD_CHUNK;
	return APN_GOOD;
}

static enum apn_bad check_reply(const struct apn_hdr *hdr, const struct apn_bounds *bounds)
{
	__u32 chunk = le32_to_cpu(hdr->reply.chunk), data = le32_to_cpu(hdr->data_len);

	if (!all_zero(hdr->reply.pad, sizeof(hdr->reply.pad)))
		return APN_BAD_PAD;
	if (hdr->status && data)
		return APN_BAD_LENGTH;
	if ((chunk | data) & 511 || chunk > bounds->io_bytes || data > bounds->io_bytes - chunk)
		return APN_BAD_CHUNK;
	if (!data && chunk)
		return APN_BAD_CHUNK;
	return APN_GOOD;
}

static enum apn_bad check_ping(const struct apn_hdr *hdr, const struct apn_bounds *bounds)
{
	if (hdr->ping.rate && !bounds->rates)
		return APN_BAD_PAD;
	return all_zero(hdr->ping.pad, sizeof(hdr->ping.pad)) ? APN_GOOD : APN_BAD_PAD;
}

static enum apn_bad check_fields(const struct apn_hdr *hdr, const struct apn_bounds *bounds)
{
	switch (hdr->op) {
	case APN_OP_READ:
	case APN_OP_WRITE:
	case APN_OP_DISCARD:
	case APN_OP_WRITE_ZEROES:
		return check_io(hdr, bounds);
	case APN_OP_REPLY:
		return check_reply(hdr, bounds);
	case APN_OP_PING:
	case APN_OP_PONG:
		return check_ping(hdr, bounds);
	}
	return APN_GOOD;
}

static enum apn_bad check_length(const struct apn_hdr *hdr, const struct rule *rule,
				 const struct apn_bounds *bounds)
{
	__u32 len = le32_to_cpu(hdr->data_len);

	if (rule->is & PAYLOAD)
		return len <= bounds->chunk_bytes ? APN_GOOD : APN_BAD_LENGTH;
	if (rule->is & REPEAT)
		return len <= APN_BODY_BYTES_MAX && len % rule->body == 0 ? APN_GOOD :
									    APN_BAD_LENGTH;
	if (!rule->body)
		return len ? APN_BAD_LENGTH : APN_GOOD;
	return len >= rule->body && len <= APN_BODY_BYTES_MAX ? APN_GOOD : APN_BAD_LENGTH;
}

/**
 * apn_pdu_check() - judge a header before anything is allocated for it
 * @hdr: as it came from the wire
 * @bounds: what this receiver may be sent at this moment
 *
 * APN_GOOD promises: the op is known, legal from this sender in this phase on this
 * lane; data_len fits; reads and writes are whole 512-byte blocks, not empty, don't
 * wrap and are no longer than agreed; all padding is zero. It can't know devices.
 */
enum apn_bad apn_pdu_check(const struct apn_hdr *hdr, const struct apn_bounds *bounds)
{
	const struct rule *rule;
	enum apn_bad bad;

	if (le32_to_cpu(hdr->crc) != apn_pdu_crc(hdr, offsetof(struct apn_hdr, crc)))
		return APN_BAD_CRC;
	if (hdr->op >= APN_OP_END || !rules[hdr->op].name)
		return APN_BAD_OP;
	rule = &rules[hdr->op];
	if (!(rule->is & (bounds->from_host ? HOST : TARGET)))
		return APN_BAD_SENDER;
	if (!phase_ok(rule, hdr->op, bounds))
		return APN_BAD_PHASE;
	if (rule->is & CONTROL && !bounds->control)
		return APN_BAD_LANE;
	if (hdr->flags & ~rule->flags)
		return APN_BAD_FLAGS;
	if (rule->is & STATUS ? !status_ok(hdr->op, le16_to_cpu(hdr->status)) : !!hdr->status)
		return APN_BAD_STATUS;
	if (!(rule->is & SESSION) != !hdr->handle || le32_to_cpu(hdr->handle) > APN_HANDLE_MAX)
		return APN_BAD_HANDLE;
	if (!all_zero(hdr->pad, sizeof(hdr->pad)))
		return APN_BAD_PAD;
	if (hdr->granted && !may_grant(hdr->op, bounds))
		return APN_BAD_PAD;
	if (rule->is & BARE && !all_zero(hdr->body, sizeof(hdr->body)))
		return APN_BAD_PAD;
	bad = check_length(hdr, rule, bounds);
	if (bad)
		return bad;
	if (hdr->data_crc && (!bounds->digest || !hdr->data_len))
		return APN_BAD_DIGEST;
	return check_fields(hdr, bounds);
}
APN_EXPORT(apn_pdu_check);

/* Body bytes that version 1 defines: what a receiver must have room for. */
size_t apn_pdu_body_bytes(__u8 op)
{
	return op < APN_OP_END ? rules[op].body : 0;
}
APN_EXPORT(apn_pdu_body_bytes);

/**
 * apn_pdu_name_ok() - is this NUL-padded wire field a name that can be shown?
 * @name: APN_NAME_BYTES of it
 *
 * 1 to 63 bytes of letters, digits, '.', '_', '-', ':' and '@', the first a letter
 * or a digit, and nothing but NUL behind. No path, no newline, no option.
 */
bool apn_pdu_name_ok(const char *name)
{
	size_t n = 0;

	for (; n < APN_NAME_BYTES && name[n]; n++) {
		char c = name[n];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9');

		if (!alnum &&
		    (!n || (c != '.' && c != '_' && c != '-' && c != ':' && c != '@')))
			return false;
	}
	return n && n < APN_NAME_BYTES &&
	       all_zero((const __u8 *)name + n, APN_NAME_BYTES - n);
}
APN_EXPORT(apn_pdu_name_ok);

static bool text_ok(const char *text, size_t size)
{
	size_t n = 0;

	for (; n < size && text[n]; n++)
		if (text[n] < 0x20 || text[n] > 0x7e)
			return false;
	return n < size && all_zero((const __u8 *)text + n, size - n);
}

static enum apn_bad check_hello(const struct apn_hello *hello)
{
	bool ok = all_zero(hello->pad2, sizeof(hello->pad2)) && !hello->pad &&
		  !all_zero(hello->line, sizeof(hello->line)) &&
		  le16_to_cpu(hello->lane) < APN_LANES_MAX && hello->incarnation &&
		  hello->security < APN_SECURITY_END &&
		  le16_to_cpu(hello->version_min) <= le16_to_cpu(hello->version_max) &&
		  text_ok(hello->software, sizeof(hello->software));
	size_t i;

	for (i = 0; i < sizeof(hello->magic); i++)
		ok = ok && hello->magic[i] == (__u8)APN_MAGIC[i];
	return ok ? APN_GOOD : APN_BAD_BODY;
}

static bool hello_ack_ok(const struct apn_hello_ack *ack)
{
	__u16 version = le16_to_cpu(ack->version);

	return version >= APN_VERSION_MIN && version <= APN_VERSION_MAX &&
	       !(le64_to_cpu(ack->features) & ~APN_FEATURES_KNOWN) &&
	       all_zero(ack->pad, sizeof(ack->pad)) &&
	       text_ok(ack->software, sizeof(ack->software));
}

static bool auth_ack_ok(const struct apn_auth_ack *ack)
{
	__u32 chunk = le32_to_cpu(ack->chunk_bytes), io = le32_to_cpu(ack->io_bytes);
	__u16 lanes = le16_to_cpu(ack->lanes);

	return all_zero(ack->pad, sizeof(ack->pad)) && ack->resumed <= 1 &&
	       lanes && lanes <= APN_LANES_MAX && ack->requests &&
	       le16_to_cpu(ack->ping_ms) >= APN_PING_MS_MIN &&
	       chunk >= 4096 && chunk <= APN_CHUNK_BYTES && !(chunk & 4095) &&
	       io >= chunk && io <= APN_IO_BYTES_MAX && !(io & 4095) &&
	       !all_zero(ack->instance, sizeof(ack->instance));
}

static bool power_of_two(__u32 n)
{
	return n && !(n & (n - 1));
}

static bool attach_ok(const struct apn_attach *a)
{
	__u32 flags = le32_to_cpu(a->flags);

	return apn_pdu_name_ok(a->export) && all_zero(a->pad, sizeof(a->pad)) &&
	       !all_zero(a->session, sizeof(a->session)) && !all_zero(a->boot, sizeof(a->boot)) &&
	       !(flags & ~(APN_ATTACH_WRITER | APN_ATTACH_TAKEOVER)) &&
	       (flags & APN_ATTACH_WRITER || !(flags & APN_ATTACH_TAKEOVER));
}

/* A hint of the device: whole blocks, and not absurd. Need not be a power of two (RAID 5). */
static bool hint_ok(__le32 hint, __u32 block)
{
	return !(le32_to_cpu(hint) % block) && le32_to_cpu(hint) <= 1U << 30;
}

/* The largest DISCARD or WRITE_ZEROES: whole blocks, and some if it is offered at all. */
static bool most_ok(__le64 most, __u32 block, bool offered)
{
	return !(le64_to_cpu(most) & (block - 1)) && (most || !offered);
}

static bool size_ok(__le64 size, __u32 block)
{
	return size && !(le64_to_cpu(size) & (block - 1)) && !(le64_to_cpu(size) >> 63);
}

static bool attached_ok(const struct apn_attached *a)
{
	__u32 block = le32_to_cpu(a->block_bytes), physical = le32_to_cpu(a->physical_bytes);
	__u32 flags = le32_to_cpu(a->flags);

	return (block == 512 || block == 4096) && power_of_two(physical) && physical >= block &&
	       physical <= 65536 && size_ok(a->size, block) &&
	       hint_ok(a->io_min_bytes, block) && hint_ok(a->io_opt_bytes, block) &&
	       hint_ok(a->discard_granularity, block) &&
	       most_ok(a->discard_bytes, block, flags & APN_DISK_DISCARD) &&
	       most_ok(a->zeroes_bytes, block, flags & APN_DISK_WRITE_ZEROES) &&
	       !(flags & ~APN_DISK_KNOWN) && !all_zero(a->volume, sizeof(a->volume));
}

static bool listed_ok(const struct apn_listed *entry, size_t bytes)
{
	for (; bytes >= sizeof(*entry); bytes -= sizeof(*entry), entry++)
		if (!apn_pdu_name_ok(entry->export) || !size_ok(entry->size, 512) ||
		    le32_to_cpu(entry->flags) & ~APN_DISK_KNOWN ||
		    all_zero(entry->volume, sizeof(entry->volume)) ||
		    !all_zero(entry->pad, sizeof(entry->pad)))
			return false;
	return true;
}

static bool fence_ok(const struct apn_fence *fence)
{
	return le16_to_cpu(fence->lane) < APN_LANES_MAX && fence->incarnation &&
	       !all_zero(fence->line, sizeof(fence->line)) &&
	       all_zero(fence->pad, sizeof(fence->pad));
}

static bool notice_ok(const struct apn_notice *notice)
{
	return notice->kind && le32_to_cpu(notice->kind) < APN_NOTICE_END &&
	       size_ok(notice->size, 512) && !(le32_to_cpu(notice->flags) & ~APN_DISK_KNOWN);
}

/**
 * apn_pdu_check_body() - judge a set-up or control body once all of it is here
 * @hdr: passed by apn_pdu_check()
 * @body: hdr->data_len bytes, at least those of version 1
 */
enum apn_bad apn_pdu_check_body(const struct apn_hdr *hdr, const void *body)
{
	const struct apn_refuse *refuse = body;
	const struct apn_auth *auth = body;
	const struct apn_list *list = body;
	bool ok = true;

	switch (hdr->op) {
	case APN_OP_HELLO:
		return check_hello(body);
	case APN_OP_HELLO_ACK:
		ok = hello_ack_ok(body);
		break;
	case APN_OP_AUTH:
		ok = apn_pdu_name_ok(auth->identity);
		break;
	case APN_OP_AUTH_ACK:
		ok = auth_ack_ok(body);
		break;
	case APN_OP_ATTACH:
		ok = attach_ok(body);
		break;
	case APN_OP_ATTACHED:
		ok = attached_ok(body);
		break;
	case APN_OP_LISTED:
		ok = listed_ok(body, le32_to_cpu(hdr->data_len));
		break;
	case APN_OP_NOTICE:
		ok = notice_ok(body);
		break;
	case APN_OP_LIST:
		ok = all_zero(list->pad, sizeof(list->pad));
		break;
	case APN_OP_FENCE:
		ok = fence_ok(body);
		break;
	case APN_OP_REFUSE:
		ok = text_ok(refuse->text, sizeof(refuse->text));
		break;
	}
	return ok ? APN_GOOD : APN_BAD_BODY;
}
APN_EXPORT(apn_pdu_check_body);

const char *apn_pdu_why(enum apn_bad bad)
{
	static const char *const why[APN_BAD_END] = {
		[APN_GOOD] = "good",
		[APN_BAD_CRC] = "header checksum is wrong",
		[APN_BAD_OP] = "unknown operation",
		[APN_BAD_SENDER] = "operation is not this side's to send",
		[APN_BAD_PHASE] = "operation is out of turn",
		[APN_BAD_LANE] = "control operation on a bulk lane",
		[APN_BAD_FLAGS] = "unknown flag",
		[APN_BAD_STATUS] = "unknown status",
		[APN_BAD_HANDLE] = "session handle missing or out of place",
		[APN_BAD_PAD] = "reserved bytes are not zero",
		[APN_BAD_LENGTH] = "data length does not fit the operation",
		[APN_BAD_RANGE] = "offset or length out of bounds",
		[APN_BAD_CHUNK] = "payload chunk does not fit the request",
		[APN_BAD_DIGEST] = "payload checksum where none was agreed",
		[APN_BAD_BODY] = "body does not make sense",
	};

	return bad < APN_BAD_END ? why[bad] : "unknown";
}
APN_EXPORT(apn_pdu_why);

const char *apn_pdu_op_name(__u8 op)
{
	return op < APN_OP_END && rules[op].name ? rules[op].name : "unknown";
}
APN_EXPORT(apn_pdu_op_name);

const char *apn_pdu_status_text(__u16 status)
{
	return status < APN_STATUS_END && status_text[status] ? status_text[status] :
								"unknown status";
}
APN_EXPORT(apn_pdu_status_text);

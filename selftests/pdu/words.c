// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Names, texts, sizes and the checksum. */
#include <string.h>

#include "check.h"
#include "sample.h"

static const struct {
	const char *name;
	bool good;
} names[] = {
	{ "a", true },
	{ "0", true },
	{ "Z9", true },
	{ "gpu-a.rack_7:x@site", true },
	{ "", false },
	{ ".", false },
	{ "..", false },
	{ "../etc", false },
	{ "a/../b", false },
	{ "-rf", false },
	{ "_a", false },
	{ ":a", false },
	{ "@a", false },
	{ "a b", false },
	{ "a\nb", false },
	{ "a\tb", false },
	{ "a\033[2J", false },
	{ "a%s", false },
	{ "a\\b", false },
	{ "a;b", false },
	{ "a[", false },
	{ "a`", false },
	{ "a{", false },
	{ "caf\xc3\xa9", false },
	{ "123456789012345678901234567890123456789012345678901234567890123", true },
};

void check_names(void)
{
	char field[APN_NAME_BYTES];
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(field, 0, sizeof(field));
		memcpy(field, names[i].name, strlen(names[i].name));
		check(apn_pdu_name_ok(field) == names[i].good, "name \"%s\"", names[i].name);
	}
	memset(field, 'a', sizeof(field));
	check(!apn_pdu_name_ok(field), "a name without NUL");
	field[10] = 0;
	check(!apn_pdu_name_ok(field), "a name with something behind its NUL");
}

/* RFC 3720, appendix B.4, and the usual check value. */
static void check_crc(void)
{
	__u8 block[32];
	unsigned int i;

	check(apn_pdu_crc("", 0) == 0, "CRC-32C of nothing");
	check(apn_pdu_crc("123456789", 9) == 0xe3069283, "CRC-32C of 123456789");
	memset(block, 0, sizeof(block));
	check(apn_pdu_crc(block, 32) == 0x8a9136aa, "CRC-32C of 32 zero bytes");
	memset(block, 0xff, sizeof(block));
	check(apn_pdu_crc(block, 32) == 0x62a8ab43, "CRC-32C of 32 bytes of 0xff");
	for (i = 0; i < sizeof(block); i++)
		block[i] = i;
	check(apn_pdu_crc(block, 32) == 0x46dd794e, "CRC-32C of 0 to 31");
}

static bool says(const char *text, const char *unknown)
{
	return text && *text && strcmp(text, unknown);
}

void check_words(void)
{
	unsigned int i, statuses = 0;
	struct pdu pdu;

	check_crc();
	for (i = 0; i < APN_BAD_END; i++)
		check(says(apn_pdu_why(i), "unknown"), "no text for bad %u", i);
	check(!strcmp(apn_pdu_why(APN_BAD_END), "unknown"), "a text for no bad");
	for (i = 0; i < 256; i++) {
		check(sample(&pdu, i) == says(apn_pdu_op_name(i), "unknown"), "name of op %u", i);
		check(!sample(&pdu, i) || apn_pdu_body_bytes(i) <= APN_BODY_BYTES_MAX,
		      "the body of op %u is larger than a body may be", i);
	}
	check(apn_pdu_body_bytes(APN_OP_HELLO) == 120, "body of HELLO");
	check(apn_pdu_body_bytes(APN_OP_READ) == 0, "body of READ");
	check(apn_pdu_body_bytes(255) == 0, "body of no op");
	for (i = 0; i < 65536; i++)
		statuses += says(apn_pdu_status_text(i), "unknown status");
	check(statuses == 22, "%u statuses have a text", statuses);
	check(says(apn_pdu_status_text(APN_STATUS_OTHER_VOLUME), "unknown status"), "the last status");
}

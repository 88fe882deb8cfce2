// SPDX-License-Identifier: GPL-2.0
#include <linux/apnbd.h>

#include "call.h"
#include "err.h"
#include "key.h"
#include "kind.h"
#include "nouns.h"
#include "out.h"

static const struct field offered_fields[] = {
	{ .name = "name",
	  .kind = &kind_name,
	  .attr = APNBD_A_OFFERED_NAME,
	  .title = "export",
	  .flags = FIELD_COLUMN },
	{ .name = "size",
	  .kind = &kind_bytes,
	  .attr = APNBD_A_OFFERED_SIZE,
	  .flags = FIELD_COLUMN },
	{ .name = "read-only",
	  .kind = &kind_bool,
	  .attr = APNBD_A_OFFERED_READ_ONLY,
	  .flags = FIELD_COLUMN },
	{ .name = "volume",
	  .kind = &kind_uuid,
	  .attr = APNBD_A_OFFERED_VOLUME,
	  .flags = FIELD_COLUMN },
	{ 0 },
};

static const struct object offered_object = {
	.noun = "export",
	.nouns = "exports for this identity",
	.fields = offered_fields,
};

static const struct field offer_fields[] = {
	{ .name = "address",
	  .kind = &kind_addr,
	  .attr = APNBD_A_OFFER_ADDRESS,
	  .help = "of the target; the port is 4921 by default" },
	{ .name = "transport",
	  .kind = &kind_word,
	  .attr = APNBD_A_OFFER_TRANSPORT,
	  .arg = "tcp|rdma",
	  .help = "how to get there (default: tcp)",
	  .flags = FIELD_ADD },
	{ .name = "security",
	  .kind = &kind_enum,
	  .attr = APNBD_A_OFFER_SECURITY,
	  .words = security_words,
	  .arg = "tls|auth|none",
	  .help = "what protects the line, as the target's port has it (default: tls)",
	  .flags = FIELD_ADD },
	{ .name = "identity",
	  .kind = &kind_name,
	  .attr = APNBD_A_OFFER_IDENTITY,
	  .arg = "ID",
	  .help = "who this host is (default: that of its only key, else its node name)",
	  .flags = FIELD_ADD },
	{ .name = "source",
	  .kind = &kind_source,
	  .attr = APNBD_A_OFFER_SOURCE,
	  .help = "local address to connect from",
	  .flags = FIELD_ADD },
	{ .name = "export",
	  .kind = &kind_nest,
	  .attr = APNBD_A_OFFER_EXPORT,
	  .of = &offered_object,
	  .flags = FIELD_MULTI },
	{ 0 },
};

const struct object offer_object = {
	.noun = "offer",
	.nouns = "offers",
	.family = APNBD_FAMILY_NAME,
	.peer = true,
	.fields = offer_fields,
};

int discover(struct json_object *values)
{
	struct json_object *offer = NULL;
	int code;

	values_default(values, "transport", "tcp");
	values_default(values, "security", "tls");
	code = key_choose(values);
	if (code)
		return code;
	code = call(&offer_object, APNBD_CMD_DISCOVER, values, &offer);
	if (code == EXIT_REFUSED || code == EXIT_UNREACHABLE)
		fail_suffix(" (%s)", object_string(values, "address"));
	if (!code && !offer)
		code = fail(EXIT_SYSTEM, "the kernel did not say what is offered");
	if (!code)
		out_list(&offered_object, json_object_object_get(offer, "export"));
	json_object_put(offer);
	return code;
}

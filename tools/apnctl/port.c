// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include <linux/apn_target.h>

#include "call.h"
#include "err.h"
#include "key.h"
#include "kind.h"
#include "nouns.h"
#include "out.h"

static const struct field port_fields[] = {
	{ .name = "id",
	  .kind = &kind_number,
	  .attr = APN_TARGET_A_PORT_ID,
	  .flags = FIELD_COLUMN },
	{ .name = "address",
	  .kind = &kind_addr,
	  .attr = APN_TARGET_A_PORT_ADDRESS,
	  .help = "to listen at, 0.0.0.0 or [::] for all; the port is 4921 by default",
	  .flags = FIELD_COLUMN },
	{ .name = "transport",
	  .kind = &kind_word,
	  .attr = APN_TARGET_A_PORT_TRANSPORT,
	  .arg = "tcp|rdma",
	  .help = "how it is reached (default: tcp)",
	  .flags = FIELD_ADD | FIELD_KEEP | FIELD_COLUMN },
	{ .name = "security",
	  .kind = &kind_enum,
	  .attr = APN_TARGET_A_PORT_SECURITY,
	  .words = security_words,
	  .arg = "tls|auth|none",
	  .help = "what protects its lines (default: tls)",
	  .flags = FIELD_ADD | FIELD_KEEP | FIELD_COLUMN },
	{ .name = "rate",
	  .kind = &kind_rate,
	  .attr = APN_TARGET_A_PORT_RATE,
	  .help = "that hosts may declare by connect --rate, all together (default: none: any)",
	  .flags = FIELD_ADD | FIELD_SET | FIELD_KEEP | FIELD_NONZERO },
	{ .name = "reserved",
	  .kind = &kind_rate,
	  .attr = APN_TARGET_A_PORT_RESERVED,
	  .flags = FIELD_NONZERO },
	{ .name = "connections",
	  .kind = &kind_counter,
	  .attr = APN_TARGET_A_PORT_CONNECTIONS,
	  .flags = FIELD_COLUMN },
	{ .name = "accepted",
	  .kind = &kind_counter,
	  .attr = APN_TARGET_A_PORT_ACCEPTED,
	  .flags = FIELD_COLUMN },
	{ .name = "refused",
	  .kind = &kind_counter,
	  .attr = APN_TARGET_A_PORT_REFUSED,
	  .flags = FIELD_COLUMN },
	{ .name = "strangers", .kind = &kind_counter, .attr = APN_TARGET_A_PORT_STRANGERS },
	{ .name = "proofs", .kind = &kind_counter, .attr = APN_TARGET_A_PORT_PROOFS },
	{ .name = "warning", .kind = &kind_string, .flags = FIELD_COLUMN | FIELD_NONZERO },
	{ 0 },
};

static void finish(struct json_object *port)
{
	struct json_object *warning = security_warning(port);

	if (warning)
		json_object_object_add(port, "warning", warning);
}

const struct object port_object = {
	.noun = "port",
	.nouns = "ports",
	.family = APN_TARGET_FAMILY_NAME,
	.key = "address",
	.fields = port_fields,
	.dump = APN_TARGET_CMD_PORT_GET,
	.finish = finish,
};

const struct field port_set_args[] = {
	{ .name = "transport",
	  .kind = &kind_word,
	  .arg = "tcp|rdma",
	  .help = "of the port at ADDR (default: tcp)" },
	{ 0 },
};

const struct field port_del_args[] = {
	{ .name = "id", .kind = &kind_number, .help = "the port of this number, in place of ADDR" },
	{ .name = "transport",
	  .kind = &kind_word,
	  .arg = "tcp|rdma",
	  .help = "of the port at ADDR (default: tcp)" },
	{ 0 },
};

const struct field port_show_args[] = {
	{ .name = "config",
	  .kind = &kind_flag,
	  .help = "as a section of a file that \"up\" reads" },
	{ 0 },
};

static int open_port(struct json_object *values, struct json_object **port)
{
	int code = 0;

	if (strcmp(object_string(values, "security"), "none"))
		code = keys_load(APN_TARGET_FAMILY_NAME);
	return code ? code : call(&port_object, APN_TARGET_CMD_PORT_ADD, values, port);
}

int port_add(struct json_object *values)
{
	struct json_object *port = NULL;
	int code;

	values_default(values, "transport", "tcp");
	values_default(values, "security", "tls");
	code = open_port(values, &port);
	if (!code && out_json && port)
		out_print_json(port);
	json_object_put(port);
	return code;
}

int port_set(struct json_object *values)
{
	struct json_object *port = NULL;
	int code;

	if (!json_object_object_get(values, "rate"))
		return fail(EXIT_USAGE, "nothing to set: give --rate");
	values_default(values, "transport", "tcp");
	code = call(&port_object, APN_TARGET_CMD_PORT_SET, values, &port);
	if (!code && out_json && port)
		out_print_json(port);
	json_object_put(port);
	return code;
}

int port_del(struct json_object *values)
{
	bool id = json_object_object_get(values, "id");

	if (id == !!json_object_object_get(values, "address"))
		return fail(EXIT_USAGE, "say which port: ADDR or --id N");
	if (!id)
		values_default(values, "transport", "tcp");
	return call(&port_object, APN_TARGET_CMD_PORT_DEL, values, NULL);
}

int port_show(struct json_object *values)
{
	return show(&port_object, "", object_true(values, "config"));
}

/* -- what a configuration file says -- */

static bool same(struct json_object *a, struct json_object *b, const char *key)
{
	return !strcmp(object_string(a, key), object_string(b, key));
}

/* A port that is there becomes as the file says. */
static int adjust(struct json_object *values)
{
	struct json_object *set = values_of("address", object_string(values, "address"));
	struct json_object *rate = json_object_object_get(values, "rate");
	int code;

	values_default(set, "transport", object_string(values, "transport"));
	json_object_object_add(set, "rate",
			       rate ? json_object_get(rate) : json_object_new_uint64(0));
	code = call(&port_object, APN_TARGET_CMD_PORT_SET, set, NULL);
	json_object_put(set);
	return code;
}

static int is_there(struct json_object *values, bool *there)
{
	struct json_object *list, *port;
	int code = call_all(&port_object, &list);
	size_t i;

	*there = false;
	for (i = 0; !code && i < json_object_array_length(list); i++) {
		port = json_object_array_get_idx(list, i);
		*there |= same(port, values, "address") && same(port, values, "transport") &&
			  same(port, values, "security");
	}
	json_object_put(list);
	return code;
}

int port_up(struct json_object *values)
{
	bool there;
	int code;

	values_default(values, "transport", "tcp");
	values_default(values, "security", "tls");
	code = is_there(values, &there);
	if (code)
		return code;
	return there ? adjust(values) : open_port(values, NULL);
}

int port_down(struct json_object *values)
{
	struct json_object *del = values_of("address", object_string(values, "address"));
	int code;

	values_default(values, "transport", "tcp");
	values_default(del, "transport", object_string(values, "transport"));
	code = port_del(del);
	json_object_put(del);
	return code == EXIT_ABSENT ? 0 : code;
}

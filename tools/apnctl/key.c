// SPDX-License-Identifier: GPL-2.0
/* Who this machine is, and by what it knows others. A secret is no field of any object. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <linux/apnbd.h>
#include <linux/apn_target.h>

#include "call.h"
#include "err.h"
#include "key.h"
#include "key_store.h"
#include "kind.h"
#include "nl.h"
#include "nouns.h"
#include "out.h"

/* Both families number the attributes of a key alike, so that one table serves both. */
static_assert((int)APNBD_A_KEY_IDENTITY == (int)APN_TARGET_A_KEY_IDENTITY, "");
static_assert((int)APNBD_A_KEY_SECRET == (int)APN_TARGET_A_KEY_SECRET, "");
static_assert((int)APNBD_A_KEY_FINGERPRINT == (int)APN_TARGET_A_KEY_FINGERPRINT, "");

static const struct field key_fields[] = {
	{ .name = "identity",
	  .kind = &kind_name,
	  .attr = APNBD_A_KEY_IDENTITY,
	  .arg = "ID",
	  .help = "whose key",
	  .flags = FIELD_COLUMN },
	{ .name = "fingerprint",
	  .kind = &kind_uuid,
	  .attr = APNBD_A_KEY_FINGERPRINT,
	  .flags = FIELD_COLUMN },
	{ .name = "host", .kind = &kind_bool, .flags = FIELD_COLUMN },
	{ .name = "target", .kind = &kind_bool, .flags = FIELD_COLUMN },
	{ .name = "stored", .kind = &kind_bool, .flags = FIELD_COLUMN },
	{ 0 },
};

const struct object key_object = {
	.noun = "key",
	.nouns = "keys",
	.family = APNBD_FAMILY_NAME,
	.key = "identity",
	.fields = key_fields,
	.dump = APNBD_CMD_KEY_GET,
};

static const struct object target_key_object = {
	.noun = "key",
	.nouns = "keys",
	.family = APN_TARGET_FAMILY_NAME,
	.key = "identity",
	.fields = key_fields,
	.dump = APN_TARGET_CMD_KEY_GET,
};

static const char *const end_words[] = { "host", "target", NULL };

/* The two ends, in the order of their words. */
static const struct end {
	const struct object *object;
	uint8_t set, del;
} ends[] = {
	{ &key_object, APNBD_CMD_KEY_SET, APNBD_CMD_KEY_DEL },
	{ &target_key_object, APN_TARGET_CMD_KEY_SET, APN_TARGET_CMD_KEY_DEL },
};

enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

#define END_ARG                                                                                \
	{                                                                                      \
		.name = "end",                                                                 \
		.kind = &kind_enum,                                                            \
		.words = end_words,                                                            \
		.arg = "host|target",                                                          \
		.help = "the module that gets it (default: each that is loaded)",              \
		.flags = FIELD_SET                                                             \
	}

#define DIR_ARG                                                                                \
	{                                                                                      \
		.name = "dir",                                                                 \
		.kind = &kind_path,                                                            \
		.arg = "DIR",                                                                  \
		.help = "folder of the key files (default: " KEY_DIR ")"                       \
	}

#define REPLACE_ARG                                                                            \
	{                                                                                      \
		.name = "replace",                                                             \
		.kind = &kind_flag,                                                            \
		.help = "in place of another key of this identity"                             \
	}

const struct field key_make_args[] = { END_ARG, REPLACE_ARG, DIR_ARG, { 0 } };
const struct field key_del_args[] = { END_ARG, DIR_ARG, { 0 } };
const struct field key_list_args[] = { DIR_ARG, { 0 } };
static int parse_file(const struct field *field, const char *text, struct json_object **value)
{
	if (strcmp(text, "-"))
		return kind_path.parse(field, text, value);
	*value = json_object_new_string(text);
	return 0;
}

static const struct kind kind_file = { .arg = "FILE", .parse = parse_file };

const struct field key_import_args[] = {
	{ .name = "file",
	  .kind = &kind_file,
	  .help = "the key, as key generate prints it (default: -, standard input)",
	  .flags = FIELD_WORD },
	END_ARG,
	REPLACE_ARG,
	DIR_ARG,
	{ 0 },
};

/* -- to the kernel -- */

static int send_key(const struct end *end, uint8_t cmd, const char *identity,
		    const unsigned char *secret)
{
	char buf[1024] __attribute__((aligned(8))) = { 0 };
	struct nl_answer answer = { 0 };
	struct nlmsghdr *request;
	struct nl nl;
	int code = nl_open(&nl, end->object->family);

	if (code)
		return code;
	request = nl_request(&nl, buf, cmd, NLM_F_ACK);
	mnl_attr_put_strz(request, APNBD_A_KEY_IDENTITY, identity);
	if (secret)
		mnl_attr_put(request, APNBD_A_KEY_SECRET, KEY_SECRET_BYTES, secret);
	code = nl_talk(&nl, request, &answer);
	explicit_bzero(buf, sizeof(buf));
	nl_close(&nl);
	if (code && !fail_names(identity))
		fail_prefix("key %s: ", identity);
	return code;
}

static bool wanted(const struct end *end, struct json_object *values)
{
	const char *word = object_string(values, "end");

	return *word ? !strcmp(word, end_words[end - ends]) : nl_known(end->object->family);
}

static int each_end(struct json_object *values, const struct key *key)
{
	int i, code = 0, loaded = 0;

	for (i = 0; i < ENDS && !code; i++) {
		if (!wanted(&ends[i], values))
			continue;
		code = send_key(&ends[i], ends[i].set, key->identity, key->secret);
		loaded++;
	}
	if (!code && !loaded)
		fputs("apnctl: no module is loaded; the key is loaded with the first one that needs it\n",
		      stderr);
	return code;
}

static bool in_list(struct json_object *list, const char *identity)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++)
		if (!strcmp(object_string(json_object_array_get_idx(list, i), "identity"),
			    identity))
			return true;
	return false;
}

static int load_missing(const struct end *end, struct json_object *stored,
			struct json_object *there)
{
	struct key key;
	int code = 0;
	size_t i;

	for (i = 0; i < json_object_array_length(stored) && !code; i++) {
		const char *identity =
			json_object_get_string(json_object_array_get_idx(stored, i));

		if (in_list(there, identity))
			continue;
		code = key_load(KEY_DIR, identity, &key);
		if (!code)
			code = send_key(end, end->set, key.identity, key.secret);
		key_wipe(&key);
	}
	return code;
}

int keys_load(const char *family)
{
	const struct end *end = strcmp(family, APNBD_FAMILY_NAME) ? &ends[1] : &ends[0];
	struct json_object *stored = key_identities(KEY_DIR), *there = NULL;
	int code = 0;

	if (json_object_array_length(stored)) {
		code = call_all(end->object, &there);
		if (!code)
			code = load_missing(end, stored, there);
	}
	json_object_put(there);
	json_object_put(stored);
	return code;
}

/* -- who this host is -- */

static int name_them(struct json_object *keys)
{
	size_t i;

	fail(EXIT_USAGE, "this host has several keys: say by --identity which one");
	for (i = 0; i < json_object_array_length(keys); i++)
		fail_suffix("%s %s", i ? "," : ":",
			    object_string(json_object_array_get_idx(keys, i), "identity"));
	return EXIT_USAGE;
}

static int choose(struct json_object *keys, struct json_object *values)
{
	struct utsname node;

	if (json_object_array_length(keys) == 1)
		values_default(values, "identity",
			       object_string(json_object_array_get_idx(keys, 0), "identity"));
	if (json_object_array_length(keys) < 2)
		return 0;
	if (uname(&node) || !in_list(keys, node.nodename))
		return name_them(keys);
	values_default(values, "identity", node.nodename);
	return 0;
}

int key_choose(struct json_object *values)
{
	struct json_object *keys = NULL;
	int code;

	if (!strcmp(object_string(values, "security"), "none"))
		return 0;
	code = keys_load(APNBD_FAMILY_NAME);
	if (code || json_object_object_get(values, "identity"))
		return code;
	code = call_all(&key_object, &keys);
	if (!code)
		code = choose(keys, values);
	json_object_put(keys);
	return code;
}

/* -- commands -- */

static const char *dir_of(struct json_object *values)
{
	const char *dir = object_string(values, "dir");

	return *dir ? dir : KEY_DIR;
}

/* The same key once more is no news; another one has to be asked for. */
static int check_other(struct json_object *values, const struct key *key)
{
	const char *dir = dir_of(values);
	struct key old;
	int code;
	bool same;

	if (object_true(values, "replace") || !key_stored(dir, key->identity))
		return 0;
	code = key_load(dir, key->identity, &old);
	same = !code && !memcmp(old.secret, key->secret, KEY_SECRET_BYTES);
	key_wipe(&old);
	if (code || same)
		return code;
	return fail(EXIT_EXISTS,
		    "there is another key of %s in %s: --replace puts this one in its place",
		    key->identity, dir);
}

static int take(struct json_object *values, const struct key *key)
{
	int code = check_other(values, key);

	if (!code)
		code = key_store(dir_of(values), key);
	return code ? code : each_end(values, key);
}

/* The one time that a secret leaves: for the other end. */
static void hand_over(const struct key *key)
{
	char text[KEY_TEXT_BYTES];

	key_text(key, text);
	fputs(text, stdout);
	explicit_bzero(text, sizeof(text));
}

int key_generate(struct json_object *values)
{
	struct key key;
	int code = key_make(object_string(values, "identity"), &key);

	if (!code)
		code = take(values, &key);
	if (!code)
		hand_over(&key);
	key_wipe(&key);
	return code;
}

int key_import(struct json_object *values)
{
	const char *file = object_string(values, "file");
	struct key key;
	int code = key_read(*file ? file : "-", &key);

	if (!code)
		code = take(values, &key);
	key_wipe(&key);
	return code;
}

int key_del(struct json_object *values)
{
	const char *identity = object_string(values, "identity"), *dir = dir_of(values);
	bool any = key_stored(dir, identity);
	int i, code = 0;

	for (i = 0; i < ENDS && !code; i++) {
		if (!wanted(&ends[i], values))
			continue;
		code = send_key(&ends[i], ends[i].del, identity, NULL);
		any |= !code;
		code = code == EXIT_ABSENT ? 0 : code;
	}
	if (!code)
		code = key_remove(dir, identity);
	if (!code && !any)
		code = fail(EXIT_ABSENT, "there is no key of %s, neither in a module nor in %s",
			    identity, dir);
	return code;
}

/* -- list -- */

static struct json_object *row_of(struct json_object *rows, const char *identity,
				  const char *fingerprint)
{
	struct json_object *row;
	size_t i;

	for (i = 0; i < json_object_array_length(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		if (!strcmp(object_string(row, "identity"), identity) &&
		    (!*fingerprint || !strcmp(object_string(row, "fingerprint"), fingerprint)))
			return row;
	}
	row = values_of("identity", identity);
	values_default(row, "fingerprint", fingerprint);
	json_object_object_add(row, "host", json_object_new_boolean(false));
	json_object_object_add(row, "target", json_object_new_boolean(false));
	json_object_object_add(row, "stored", json_object_new_boolean(false));
	json_object_array_add(rows, row);
	return row;
}

static int list_end(const struct end *end, struct json_object *rows)
{
	struct json_object *list, *one;
	int code;
	size_t i;

	if (!nl_known(end->object->family))
		return 0;
	code = call_all(end->object, &list);
	for (i = 0; !code && i < json_object_array_length(list); i++) {
		one = json_object_array_get_idx(list, i);
		json_object_object_add(row_of(rows, object_string(one, "identity"),
					      object_string(one, "fingerprint")),
				       end_words[end - ends], json_object_new_boolean(true));
	}
	json_object_put(list);
	return code;
}

static void list_stored(const char *dir, struct json_object *rows)
{
	struct json_object *stored = key_identities(dir), *row;
	size_t i;

	for (i = 0; i < json_object_array_length(stored); i++) {
		row = row_of(rows, json_object_get_string(json_object_array_get_idx(stored, i)), "");
		json_object_object_add(row, "stored", json_object_new_boolean(true));
	}
	json_object_put(stored);
}

int key_list(struct json_object *values)
{
	struct json_object *rows = json_object_new_array();
	int i, code = 0;

	for (i = 0; i < ENDS && !code; i++)
		code = list_end(&ends[i], rows);
	if (!code) {
		list_stored(dir_of(values), rows);
		out_list(&key_object, rows);
	}
	json_object_put(rows);
	return code;
}

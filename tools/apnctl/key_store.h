/* SPDX-License-Identifier: GPL-2.0 */
/* Keys as text and as files: one an identity, in a folder that is root's alone. */
#ifndef APNCTL_KEY_STORE_H
#define APNCTL_KEY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

#define KEY_DIR "/etc/apnbd/keys"

enum {
	KEY_SECRET_BYTES = 32,
	KEY_NAME_BYTES = 64,
	KEY_TEXT_BYTES = 512,
};

/* To be wiped by whoever has one. */
struct key {
	char identity[KEY_NAME_BYTES];
	unsigned char secret[KEY_SECRET_BYTES];
};

/* All return 0, or an exit code after fail(). */

/* Random, from the kernel. */
int key_make(const char *identity, struct key *key);
void key_wipe(struct key *key);

/* What a key file says; @file is for messages. */
void key_text(const struct key *key, char text[KEY_TEXT_BYTES]);
int key_parse(const char *file, const char *text, struct key *key);

/* Any file, or standard input for "-". */
int key_read(const char *path, struct key *key);

/* In the store. A file that others than its owner can read is refused. */
int key_load(const char *dir, const char *identity, struct key *key);
bool key_stored(const char *dir, const char *identity);
int key_store(const char *dir, const struct key *key);
int key_remove(const char *dir, const char *identity);
/* The identities of all files there, as an array of strings; none where there is no folder. */
struct json_object *key_identities(const char *dir);

#endif

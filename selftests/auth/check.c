// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* check FILE: is each case of the file what proof.c makes of its inputs? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof.h"
#include "../../drivers/compat/crypto.h" /* what kernels before v6.17 get */

enum {
	LINE_BYTES = 4096,
	PART_BYTES = 1024,
};

struct part {
	uint8_t data[PART_BYTES];
	size_t bytes;
};

/* One case, in the order of its lines. */
static const char *const names[] = {
	"key",	   "fingerprint", "auth-key",	"tls-psk",    "hello",	     "hello-ack",
	"identity", "channel",	   "transcript", "host-proof", "target-proof",
};

enum {
	KEY,
	FINGERPRINT,
	AUTH_KEY,
	TLS_PSK,
	HELLO,
	HELLO_ACK,
	IDENTITY,
	CHANNEL,
	TRANSCRIPT,
	HOST_PROOF,
	TARGET_PROOF,
	PARTS
};

static unsigned int passed, failed;

static void read_hex(struct part *part, const char *hex)
{
	unsigned int byte;

	for (part->bytes = 0; part->bytes < PART_BYTES && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		part->data[part->bytes++] = (uint8_t)byte;
}

static void same(const struct part *part, int which, const uint8_t *made)
{
	if (part[which].bytes && !memcmp(part[which].data, made, part[which].bytes)) {
		passed++;
		return;
	}
	failed++;
	printf("%s of %s is another one\n", names[which], (const char *)part[IDENTITY].data);
}

/* The modules' own HMAC on such kernels; also by a key that is longer than a block. */
static void check_backfill(const struct part *part)
{
	static const char info[] = "apnbd auth key\1";
	uint8_t made[PROOF_BYTES], hashed[PROOF_BYTES], again[PROOF_BYTES];

	hmac_sha256_usingrawkey(part[KEY].data, PROOF_BYTES, (const uint8_t *)info,
				sizeof(info) - 1, made);
	same(part, AUTH_KEY, made);
	sha256(part[HELLO].data, (unsigned int)part[HELLO].bytes, hashed);
	hmac_sha256_usingrawkey(hashed, PROOF_BYTES, hashed, PROOF_BYTES, made);
	hmac_sha256_usingrawkey(part[HELLO].data, part[HELLO].bytes, hashed, PROOF_BYTES, again);
	if (part[HELLO].bytes > SHA256_BLOCK_SIZE && memcmp(made, again, sizeof(made))) {
		failed++;
		puts("a key that is longer than a block is not hashed first");
	} else {
		passed++;
	}
}

static void check_case(const struct part *part)
{
	uint8_t auth_key[PROOF_BYTES], made[PROOF_BYTES], transcript[PROOF_BYTES];
	struct sha256 said;

	proof_key(part[KEY].data, "apnbd key fingerprint", made);
	same(part, FINGERPRINT, made);
	proof_key(part[KEY].data, "apnbd auth key", auth_key);
	same(part, AUTH_KEY, auth_key);
	proof_key(part[KEY].data, "apnbd tls psk", made);
	same(part, TLS_PSK, made);
	sha256_start(&said);
	proof_say(&said, part[HELLO].data, part[HELLO].bytes);
	proof_say(&said, part[HELLO_ACK].data, part[HELLO_ACK].bytes);
	proof_close(&said, (const char *)part[IDENTITY].data, part[CHANNEL].data, transcript);
	same(part, TRANSCRIPT, transcript);
	proof_make(auth_key, "host", transcript, made);
	same(part, HOST_PROOF, made);
	proof_make(auth_key, "target", transcript, made);
	same(part, TARGET_PROOF, made);
	check_backfill(part);
}

static int which(const char *name)
{
	int i;

	for (i = 0; i < PARTS; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

static void read_line(struct part *part, char *line)
{
	char *value = strchr(line, ' ');
	int i;

	line[strcspn(line, "\n")] = 0;
	if (!value || *line == '#')
		return;
	*value++ = 0;
	i = which(line);
	if (i < 0) {
		printf("nothing is called %s\n", line);
		failed++;
		return;
	}
	memset(&part[i], 0, sizeof(part[i]));
	if (i == IDENTITY)
		part[i].bytes = (size_t)snprintf((char *)part[i].data, PART_BYTES, "%s", value);
	else
		read_hex(&part[i], value);
	if (i == TARGET_PROOF)
		check_case(part);
}

int main(int argc, char **argv)
{
	static struct part part[PARTS];
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[LINE_BYTES];

	if (!file) {
		fprintf(stderr, "usage: check FILE\n");
		return 2;
	}
	while (fgets(line, sizeof(line), file))
		read_line(part, line);
	fclose(file);
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}

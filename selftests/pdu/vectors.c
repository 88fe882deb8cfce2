// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * Golden bytes: each line of the file is a PDU as it stands on the wire. Our own
 * samples must come out as these bytes, and these bytes must be taken.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sample.h"

static __u8 op_of(const char *name)
{
	unsigned int op;

	for (op = 1; op < APN_OP_END; op++)
		if (!strcmp(apn_pdu_op_name(op), name))
			return op;
	return 0;
}

static size_t from_hex(__u8 *to, size_t room, const char *hex)
{
	unsigned int byte;
	size_t n = 0;

	while (n < room && sscanf(hex, "%2x", &byte) == 1) {
		to[n++] = byte;
		hex += 2;
	}
	return *hex == '\n' || !*hex ? n : 0;
}

/* One line: the operation, then its header and body in hex. */
static __u8 check_vector(char *line)
{
	char *space = strchr(line, ' ');
	struct apn_bounds bounds;
	struct pdu ours, wire = {};
	__u32 digest;
	size_t bytes;
	__u8 op;

	if (space)
		*space = 0;
	op = op_of(line);
	if (!check(space && op, "vector \"%s\" names no operation", line))
		return 0;
	bytes = from_hex((__u8 *)&wire, sizeof(wire), space + 1);
	sample(&ours, op);
	bounds = sample_bounds(op);
	check(bytes == sizeof(ours.hdr) + le32_to_cpu(ours.hdr.data_len), "vector %s has %zu bytes",
	      line, bytes);
	check(!memcmp(&ours, &wire, bytes), "vector %s is not what we make of it", line);
	check(apn_pdu_check(&wire.hdr, &bounds) == APN_GOOD, "vector %s: header", line);
	check(apn_pdu_check_body(&wire.hdr, wire.body) == APN_GOOD, "vector %s: body", line);
	digest = apn_pdu_crc(wire.body, bytes - sizeof(wire.hdr));
	check(!wire.hdr.data_crc || le32_to_cpu(wire.hdr.data_crc) == digest, "vector %s: digest", line);
	return op;
}

void check_vectors(const char *path)
{
	bool seen[APN_OP_END] = { true };
	FILE *file = fopen(path, "r");
	unsigned int op;
	char line[4096];
	struct pdu pdu;

	if (!check(!!file, "can't read %s: %s", path, strerror(errno)))
		return;
	while (fgets(line, sizeof(line), file))
		if (*line != '#' && *line != '\n')
			seen[check_vector(line)] = true;
	fclose(file);
	for (op = 1; op < APN_OP_END; op++)
		check(seen[op] || !sample(&pdu, op), "no vector for %s", apn_pdu_op_name(op));
}

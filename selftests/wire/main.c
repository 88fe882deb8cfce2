// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* wirepeer: speaks the protocol of apnbd, and wrongly on purpose, as a host and as a target. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "target.h"

static int say_how(void)
{
	fprintf(stderr, "usage: wirepeer client ADDR[:PORT] EXPORT CASE|all\n"
			"       wirepeer target PORT CASE|good|wild:SEED\n"
			"       wirepeer fuzz ADDR[:PORT] EXPORT SEED GAMES\n"
			"       wirepeer --list\n");
	return 2;
}

static int list(void)
{
	size_t i;

	for (i = 0; i < play_count; i++)
		printf("client %s\n", plays[i].name);
	for (i = 0; i < slip_count; i++)
		printf("client %s\n", slips[i].name);
	printf("target good\n");
	for (i = 0; i < trick_count; i++)
		printf("target %s\n", tricks[i].name);
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	if (argc == 5 && !strcmp(argv[1], "client"))
		return client_main(argv[2], argv[3], argv[4]);
	if (argc == 6 && !strcmp(argv[1], "fuzz"))
		return fuzz_main(argv[2], argv[3], argv[4], argv[5]);
	if (argc == 4 && !strcmp(argv[1], "target"))
		return target_main(argv[2], argv[3]);
	return say_how();
}

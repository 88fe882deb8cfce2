// SPDX-License-Identifier: GPL-2.0
/*
 * states: each scene is looked at whole and nothing is wrong in it; then once more with each
 * of its mutants, where something has to be.
 *
 *	states			all
 *	states SCENE [MUTANT]	one, and how it came to what is wrong
 */
#include "search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scene *const scenes[] = {
	&disk_scene, &answer_scene, &fence_scene, &window_scene, &writer_scene, &flush_scene,
};

static unsigned int failed;

static void say(bool good, const struct scene *scene, const char *what, struct found found)
{
	failed += !good;
	printf("%s - %s: %s: %s (%u states, %u moves)\n", good ? "ok" : "not ok", scene->name, what,
	       found.wrong ? found.wrong : "nothing is wrong", found.states, found.moves);
}

static void look(const struct scene *scene)
{
	unsigned int i;

	mutant = 0;
	struct found found = search(scene, false);

	say(!found.wrong, scene, scene->promises, found);
	if (found.wrong)
		search(scene, true);
	for (i = 0; scene->mutants[i]; i++) {
		mutant = i + 1;
		found = search(scene, false);
		say(found.wrong, scene, scene->mutants[i], found);
	}
}

static int look_closer(const char *name, const char *which)
{
	size_t i;

	mutant = which ? atoi(which) : 0;
	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		struct found found;

		if (strcmp(scenes[i]->name, name))
			continue;
		found = search(scenes[i], true);
		printf("%s (%u states, %u moves)\n", found.wrong ?: "nothing is wrong",
		       found.states, found.moves);
		return !!found.wrong;
	}
	fprintf(stderr, "no scene %s\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1)
		return look_closer(argv[1], argc > 2 ? argv[2] : NULL);
	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		look(scenes[i]);
	return failed ? 1 : 0;
}

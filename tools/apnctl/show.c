// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "call.h"
#include "nouns.h"
#include "out.h"

static void print_config(const struct object *object, struct json_object *list)
{
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		if (i)
			putchar('\n');
		object_config(object, json_object_array_get_idx(list, i), stdout);
	}
}

static int show_one(const struct object *object, const char *which, bool config)
{
	struct json_object *one;
	int code = call_one(object, which, &one);

	if (code)
		return code;
	if (config && !out_json)
		object_config(object, one, stdout);
	else
		out_detail(object, one);
	json_object_put(one);
	return 0;
}

int show(const struct object *object, const char *which, bool config)
{
	struct json_object *list;
	int code;

	if (*which)
		return show_one(object, which, config);
	code = call_all(object, &list);
	if (code)
		return code;
	if (config && !out_json)
		print_config(object, list);
	else
		out_list(object, list);
	json_object_put(list);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/* The keys of this machine, where other commands need them. */
#ifndef APNCTL_KEY_H
#define APNCTL_KEY_H

#include "object.h"

/* All that are stored, into the kernel's end of @family, unless it has one of that identity. */
int keys_load(const char *family);

/*
 * Before a host connects: the keys are loaded, and where @values name no identity and one
 * is needed it is that of the only key, or the node's name if there is a key of it.
 */
int key_choose(struct json_object *values);

#endif

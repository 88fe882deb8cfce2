/* SPDX-License-Identifier: GPL-2.0 */
/* What the drivers' rules.h need, in user space. */
#ifndef ENV_H
#define ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/types.h>

#endif /* ENV_H */

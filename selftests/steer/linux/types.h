/* SPDX-License-Identifier: GPL-2.0 */
/* What steer.c wants of the kernel, for a program. */
#ifndef STEER_TYPES_H
#define STEER_TYPES_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t u32;
typedef int64_t s64;
typedef uint64_t u64;

#endif

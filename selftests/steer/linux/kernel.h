/* SPDX-License-Identifier: GPL-2.0 */
/* What steer.c wants of the kernel, for a program. */
#ifndef STEER_KERNEL_H
#define STEER_KERNEL_H

#include <linux/types.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define U32_MAX UINT32_MAX
#define USEC_PER_MSEC 1000L
#define USEC_PER_SEC 1000000L

#define min(a, b) ({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define max(a, b) ({ __typeof__(a) _c = (a); __typeof__(b) _d = (b); _c > _d ? _c : _d; })
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define clamp_t(type, v, low, high) min_t(type, max_t(type, v, low), high)

#define abs(x) ({ __typeof__(x) _x = (x); _x < 0 ? -_x : _x; })
#define div_u64(a, b) ((u64)(a) / (b))
#define div_s64(a, b) ((s64)(a) / (b))
#define mul_u64_u64_div_u64(a, b, c) ((u64)((__uint128_t)(a) * (b) / (c)))
#define int_sqrt(x) ((u32)sqrt((double)(x)))
#define int_sqrt64(x) int_sqrt(x)

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the tests: a kernel in the place of libmnl's socket. It keeps what was asked, answers
 * with made-up objects, refuses on demand, and lets sleep take no time.
 */
#ifndef APNCTL_FAKE_H
#define APNCTL_FAKE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	FAKE_CALLS = 256,
	FAKE_ATTRS = 64,
	FAKE_APNBD = 0x21,
	FAKE_TARGET = 0x22,
};

struct fake_call {
	uint16_t family;
	uint16_t flags;
	uint8_t cmd;
	uint64_t attrs; /* a bit for each type that was sent */
};

struct fake {
	bool no_host, no_target; /* the module is not there */
	int refuse; /* errno for the command @refuse_cmd; 0: none */
	uint8_t refuse_cmd;
	int refuse_skip; /* so many of them are answered before */
	int refuse_times;
	const char *sentence; /* with it; NULL: none */
	uint16_t blame; /* attribute of the request; 0: none */
	bool empty; /* lists are */
	unsigned int keys; /* that each end has: gpu-a, gpu-b */
	unsigned int events; /* that come, one at a poll */
	bool gone; /* they say that the disk went */
	unsigned int interrupt; /* so many dumps are spoilt */
	uint64_t slept_ms;
	uint64_t reads; /* grows with each disk that is asked for */
	unsigned int calls;
	struct fake_call call[FAKE_CALLS];
};

extern struct fake fake;

void fake_reset(void);
const struct fake_call *fake_last(uint8_t cmd);

/* Something like a disk's attributes; returns their size. */
unsigned int fake_disk(void *buf);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* What is looked at on this machine, each by a function that fills in what it found. */
#ifndef APNCTL_DOCTOR_H
#define APNCTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum finding_state {
	FINDING_GOOD,
	FINDING_BAD, /* @mend says by which command it gets good */
	FINDING_UNKNOWN, /* can't be told from here */
};

struct finding {
	enum finding_state state;
	char what[320];
	char mend[320];
};

void found(struct finding *f, enum finding_state state, const char *mend, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A file below the folder that is looked at, as text: its size, or -1. */
int doctor_read(const char *path, char *text, size_t size);
const char *doctor_root(void);
bool doctor_is_there(const char *path);

/* What security level tls needs. */
void check_tls(struct finding *f);
void check_tlshd(struct finding *f);
void check_keyring(struct finding *f);

/* What nothing-stays needs of a node, beside the module. */
void check_init_on_free(struct finding *f);
void check_swap(struct finding *f);
void check_hibernation(struct finding *f);
void check_crash_dump(struct finding *f);

#endif

// SPDX-License-Identifier: GPL-2.0
/* Where memory of this machine may come to lie on a disk of it, or in another one's hands. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "doctor.h"

enum { TEXT_BYTES = 8192 };

static const char cmdline_mend[] =
	"add %s to GRUB_CMDLINE_LINUX in /etc/default/grub; update-grub; reboot";

static void mend_cmdline(char mend[128], const char *word)
{
	snprintf(mend, 128, cmdline_mend, word);
}

static bool has_word(const char *text, const char *word)
{
	size_t size = strlen(word);
	const char *at = text;

	for (; (at = strstr(at, word)); at += size)
		if ((at == text || isspace(at[-1])) && (!at[size] || isspace(at[size])))
			return true;
	return false;
}

/* The last word on it: the command line, else what the kernel was built with. */
static bool freed_is_wiped(void)
{
	char cmdline[TEXT_BYTES] = "", path[128];
	static char config[1 << 20];
	struct utsname kernel;

	doctor_read("/proc/cmdline", cmdline, sizeof(cmdline));
	if (has_word(cmdline, "init_on_free=1") || has_word(cmdline, "init_on_free=on"))
		return true;
	if (strstr(cmdline, "init_on_free=") || uname(&kernel))
		return false;
	snprintf(path, sizeof(path), "/boot/config-%s", kernel.release);
	return doctor_read(path, config, sizeof(config)) > 0 &&
	       strstr(config, "CONFIG_INIT_ON_FREE_DEFAULT_ON=y");
}

void check_init_on_free(struct finding *f)
{
	char mend[128];

	mend_cmdline(mend, "init_on_free=1");
	if (freed_is_wiped())
		found(f, FINDING_GOOD, "", "memory is wiped when it is freed");
	else
		found(f, FINDING_BAD, mend,
		      "memory keeps what lay in it when it is freed, until it is used again");
}

/* -- swap -- */

/* zram is memory; a device-mapper disk whose UUID says CRYPT is encrypted. */
static bool is_safe(const char *device)
{
	const char *name = strrchr(device, '/');
	char path[256], uuid[128] = "";

	if (!name)
		return false;
	name++;
	if (!strncmp(name, "zram", 4))
		return true;
	snprintf(path, sizeof(path), "/sys/class/block/%.64s/dm/uuid", name);
	return doctor_read(path, uuid, sizeof(uuid)) > 0 && !strncmp(uuid, "CRYPT-", 6);
}

void check_swap(struct finding *f)
{
	char swaps[TEXT_BYTES], *line, *save = NULL;

	if (doctor_read("/proc/swaps", swaps, sizeof(swaps)) < 0) {
		found(f, FINDING_GOOD, "", "this kernel has no swap");
		return;
	}
	strtok_r(swaps, "\n", &save); /* the head */
	while ((line = strtok_r(NULL, "\n", &save))) {
		line[strcspn(line, " \t")] = '\0';
		if (is_safe(line))
			continue;
		found(f, FINDING_BAD, "swapoff -a, and take it out of /etc/fstab; or swap to dm-crypt",
		      "%.200s takes memory of programs as it is", line);
		return;
	}
	found(f, FINDING_GOOD, "", "no swap, or encrypted");
}

/* -- the whole of memory -- */

void check_hibernation(struct finding *f)
{
	char disk[256], mend[128];

	mend_cmdline(mend, "nohibernate");
	if (doctor_read("/sys/power/disk", disk, sizeof(disk)) < 0 || strstr(disk, "[disabled]"))
		found(f, FINDING_GOOD, "", "off");
	else
		found(f, FINDING_BAD, mend, "possible: it would write all memory to a disk");
}

void check_crash_dump(struct finding *f)
{
	char loaded[16] = "";

	doctor_read("/sys/kernel/kexec_crash_loaded", loaded, sizeof(loaded));
	if (*loaded != '1')
		found(f, FINDING_GOOD, "", "off");
	else
		found(f, FINDING_BAD, "systemctl disable --now kdump-tools",
		      "a crash writes memory to a disk");
}

// SPDX-License-Identifier: GPL-2.0
/* What security level tls needs: a kernel that can, a daemon here, and that it finds the keys. */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"

enum {
	KEYCTL_READ = 11, /* linux/keyctl.h */
	KEYS_BYTES = 1 << 18,
	LINKS_MAX = 4096,
};

/* -- keyrings, as /proc/keys shows them to who asks -- */

struct ring {
	unsigned int serial;
	char name[64];
};

static bool next_ring(char **save, struct ring *ring)
{
	char type[32], *line;

	while ((line = strtok_r(NULL, "\n", save)))
		if (sscanf(line, "%x %*s %*s %*s %*s %*s %*s %31s %63[^:]", &ring->serial, type,
			   ring->name) == 3 &&
		    !strcmp(type, "keyring"))
			return true;
	return false;
}

static char *all_keys(void)
{
	char *text = malloc(KEYS_BYTES);

	if (text && doctor_read("/proc/keys", text, KEYS_BYTES) > 0)
		return text;
	free(text);
	return NULL;
}

/* Zero: there is none, or it can't be seen from here. */
static unsigned int ring_serial(const char *name)
{
	char *text = all_keys(), *save = text;
	unsigned int serial = 0;
	struct ring ring;

	while (text && !serial && next_ring(&save, &ring))
		if (!strcmp(ring.name, name))
			serial = ring.serial;
	free(text);
	return serial;
}

static bool links(unsigned int ring, unsigned int to)
{
	static uint32_t serials[LINKS_MAX];
	long bytes = syscall(SYS_keyctl, KEYCTL_READ, ring, serials, sizeof(serials));
	size_t i, n = bytes > 0 ? (size_t)bytes / sizeof(serials[0]) : 0;

	for (i = 0; i < n && i < LINKS_MAX; i++)
		if (serials[i] == to)
			return true;
	return false;
}

static bool somebody_links(unsigned int to)
{
	char *text = all_keys(), *save = text;
	bool found = false;
	struct ring ring;

	while (text && !found && next_ring(&save, &ring))
		found = links(ring.serial, to);
	free(text);
	return found;
}

/* -- what is looked at -- */

static bool kernel_is_new(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname kernel;

	return uname(&kernel) || sscanf(kernel.release, "%u.%u", &major, &minor) != 2 ||
	       major > 6 || (major == 6 && minor >= 7);
}

void check_tls(struct finding *f)
{
	if (!kernel_is_new())
		found(f, FINDING_BAD, "apt-get install -t bookworm-backports linux-image-amd64; reboot",
		      "this kernel can't do it: lines need --security auth, typed at both ends");
	else if (doctor_is_there("/sys/module/apn") && !geteuid() && !ring_serial(".apn_target"))
		found(f, FINDING_BAD, "apt-get install linux-image-amd64; reboot",
		      "this kernel was built without it: lines need --security auth, typed at both ends");
	else
		found(f, FINDING_GOOD, "", "this kernel can do it");
}

static bool is_here(const char *pid)
{
	char path[PATH_MAX], its[64] = "", ours[64] = "";

	snprintf(path, sizeof(path), "%s/proc/%.32s/ns/net", doctor_root(), pid);
	if (readlink(path, its, sizeof(its) - 1) < 0 ||
	    readlink("/proc/self/ns/net", ours, sizeof(ours) - 1) < 0)
		return true;
	return !strcmp(its, ours);
}

static bool is_named(const char *pid, const char *name)
{
	char path[64], comm[64];

	snprintf(path, sizeof(path), "/proc/%.32s/comm", pid);
	if (doctor_read(path, comm, sizeof(comm)) <= 0)
		return false;
	comm[strcspn(comm, "\n")] = '\0';
	return !strcmp(comm, name);
}

enum whereabouts { NOWHERE, ELSEWHERE, HERE };

static enum whereabouts daemon_runs(void)
{
	enum whereabouts where = NOWHERE;
	const struct dirent *entry;
	char path[PATH_MAX];
	DIR *proc;

	snprintf(path, sizeof(path), "%s/proc", doctor_root());
	proc = opendir(path);
	while (proc && where != HERE && (entry = readdir(proc)))
		if (entry->d_name[0] > '0' && entry->d_name[0] <= '9' &&
		    is_named(entry->d_name, "tlshd"))
			where = is_here(entry->d_name) ? HERE : ELSEWHERE;
	if (proc)
		closedir(proc);
	return where;
}

void check_tlshd(struct finding *f)
{
	switch (daemon_runs()) {
	case HERE:
		found(f, FINDING_GOOD, "", "runs");
		return;
	case ELSEWHERE:
		found(f, FINDING_BAD, "ip netns exec NAME tlshd",
		      "runs in another network namespace: for lines of this one it has to run here");
		return;
	case NOWHERE:
		break;
	}
	if (kernel_is_new())
		found(f, FINDING_BAD, "apt-get install ktls-utils; systemctl enable --now tlshd",
		      "does not run: without it there is no security level tls");
	else
		found(f, FINDING_GOOD, "", "does not run, nor could this kernel ask it");
}

/*
 * The target's keys are found below .nvme, which tlshd looks for once, when it starts.
 * Some keyring of a process has to have it then.
 */
void check_keyring(struct finding *f)
{
	unsigned int common = ring_serial(".nvme");

	if (!doctor_is_there("/sys/module/apn_target") || !kernel_is_new())
		found(f, FINDING_GOOD, "", "only a storage site's tlshd has to find one");
	else if (*doctor_root() || geteuid())
		found(f, FINDING_UNKNOWN, "", "only root on the machine itself can see");
	else if (daemon_runs() == NOWHERE || somebody_links(common))
		found(f, FINDING_GOOD, "", "tlshd looks where the target's keys are");
	else
		found(f, FINDING_BAD, "systemctl restart tlshd",
		      "tlshd was started before the modules, and finds no key of a host");
}

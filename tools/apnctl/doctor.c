// SPDX-License-Identifier: GPL-2.0
/* What is wrong with this machine, and the command that mends it. */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"
#include "err.h"
#include "key_store.h"
#include "kind.h"
#include "nouns.h"
#include "out.h"

static const char *root = "";

const char *doctor_root(void)
{
	return root;
}

void found(struct finding *f, enum finding_state state, const char *mend, const char *format, ...)
{
	va_list args;

	f->state = state;
	snprintf(f->mend, sizeof(f->mend), "%s", mend);
	va_start(args, format);
	vsnprintf(f->what, sizeof(f->what), format, args);
	va_end(args);
}

int doctor_read(const char *path, char *text, size_t size)
{
	char whole[PATH_MAX];
	size_t got = 0;
	ssize_t n = 1;
	int fd;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	fd = open(whole, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while (n > 0 && got < size - 1) {
		n = read(fd, text + got, size - 1 - got);
		got += n > 0 ? (size_t)n : 0;
	}
	text[got] = '\0';
	close(fd);
	return (int)got;
}

bool doctor_is_there(const char *path)
{
	char whole[PATH_MAX];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return !access(whole, F_OK);
}

/* -- the kernel -- */

static void check_kernel(struct finding *f)
{
	unsigned int major = 0, minor = 0;
	struct utsname kernel;

	if (uname(&kernel) || sscanf(kernel.release, "%u.%u", &major, &minor) != 2)
		found(f, FINDING_UNKNOWN, "", "it does not say its release");
	else if (major > 6 || (major == 6 && minor >= 1))
		found(f, FINDING_GOOD, "", "Linux %.200s", kernel.release);
	else
		found(f, FINDING_BAD, "apt-get install linux-image-amd64",
		      "Linux %.200s is older than 6.1", kernel.release);
}

static void check_modules(struct finding *f)
{
	bool host = doctor_is_there("/sys/module/apnbd"), target = doctor_is_there("/sys/module/apn_target");

	if (host || target)
		found(f, FINDING_GOOD, "", "%s%s%s", host ? "apnbd" : "",
		      host && target ? " and " : "", target ? "apn_target" : "");
	else
		found(f, FINDING_BAD, "modprobe apnbd on a GPU node, modprobe apn_target at a storage site",
		      "neither apnbd nor apn_target is loaded");
}

/* -- time: two sites' logs are compared by it -- */

static void check_clock(struct finding *f)
{
	struct timex timex = { 0 };
	int state = adjtimex(&timex);

	if (state < 0)
		found(f, FINDING_UNKNOWN, "", "can't be asked");
	else if (state != TIME_ERROR && !(timex.status & STA_UNSYNC))
		found(f, FINDING_GOOD, "", "is kept in step");
	else
		found(f, FINDING_BAD, "apt-get install systemd-timesyncd; timedatectl set-ntp true",
		      "nobody sets it: the times in the logs of two sites can't be compared");
}

/* -- keys -- */

static bool is_open(const char *path, struct finding *f)
{
	struct stat st;

	if (lstat(path, &st) || (!(st.st_mode & 077) && !st.st_uid))
		return false;
	found(f, FINDING_BAD, "", "others than root have rights on %.250s", path);
	snprintf(f->mend, sizeof(f->mend), "chown root: %.120s; chmod go= %.120s", path, path);
	return true;
}

static void check_keys(struct finding *f)
{
	char dir[PATH_MAX], path[2 * PATH_MAX];
	struct json_object *list;
	bool open;
	size_t i, n;

	snprintf(dir, sizeof(dir), "%s%s", root, KEY_DIR);
	if (access(dir, R_OK | X_OK) && doctor_is_there(KEY_DIR)) {
		found(f, FINDING_UNKNOWN, "", "only root can see");
		return;
	}
	list = key_identities(dir);
	n = json_object_array_length(list);
	open = is_open(dir, f);
	for (i = 0; i < n && !open; i++) {
		snprintf(path, sizeof(path), "%s/%s.key", dir,
			 json_object_get_string(json_object_array_get_idx(list, i)));
		open = is_open(path, f);
	}
	json_object_put(list);
	if (!open && n)
		found(f, FINDING_GOOD, "", "%zu in %s, for root alone", n, KEY_DIR);
	else if (!open)
		found(f, FINDING_BAD, "apnctl key generate ID at the storage site, apnctl key import here",
		      "there is none: nobody can prove who he is");
}

/* -- all -- */

static const struct {
	const char *name;
	void (*check)(struct finding *f);
} checks[] = {
	{ "kernel", check_kernel },
	{ "modules", check_modules },
	{ "tls", check_tls },
	{ "tlshd", check_tlshd },
	{ "keyring", check_keyring },
	{ "keys", check_keys },
	{ "clock", check_clock },
	{ "init-on-free", check_init_on_free },
	{ "swap", check_swap },
	{ "hibernation", check_hibernation },
	{ "crash-dump", check_crash_dump },
};

static const char *const state_words[] = {
	[FINDING_GOOD] = "good",
	[FINDING_BAD] = "bad",
	[FINDING_UNKNOWN] = "unknown",
	NULL,
};

static const struct field finding_fields[] = {
	{ .name = "check", .kind = &kind_string, .flags = FIELD_COLUMN },
	{ .name = "state", .kind = &kind_string, .flags = FIELD_COLUMN },
	{ .name = "what", .kind = &kind_string, .flags = FIELD_COLUMN },
	{ .name = "mend", .kind = &kind_string, .flags = FIELD_COLUMN | FIELD_NONZERO },
	{ 0 },
};

const struct object finding_object = {
	.noun = "check",
	.nouns = "checks",
	.key = "check",
	.fields = finding_fields,
};

const struct field doctor_args[] = {
	{ .name = "root",
	  .kind = &kind_path,
	  .arg = "DIR",
	  .help = "look at the files of a machine below DIR in place of this one's" },
	{ 0 },
};

static struct json_object *finding(const char *name, const struct finding *f)
{
	struct json_object *one = json_object_new_object();

	json_object_object_add(one, "check", json_object_new_string(name));
	json_object_object_add(one, "state", json_object_new_string(state_words[f->state]));
	json_object_object_add(one, "what", json_object_new_string(f->what));
	json_object_object_add(one, "mend", json_object_new_string(f->mend));
	return one;
}

int doctor(struct json_object *values)
{
	struct json_object *list = json_object_new_array();
	unsigned int bad = 0;
	size_t i;

	root = object_string(values, "root");
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding f = { 0 };

		checks[i].check(&f);
		bad += f.state == FINDING_BAD;
		json_object_array_add(list, finding(checks[i].name, &f));
	}
	out_list(&finding_object, list);
	json_object_put(list);
	root = "";
	if (!bad)
		return 0;
	return fail(EXIT_UNSOUND, "%u of %zu %s to be mended", bad, i, bad == 1 ? "has" : "have");
}

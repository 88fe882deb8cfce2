// SPDX-License-Identifier: GPL-2.0
/* Unit tests of apnctl, against the kernel of fake.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/apnbd.h>
#include <linux/apn_target.h>

#include "addr.h"
#include "call.h"
#include "cmd.h"
#include "conf.h"
#include "err.h"
#include "fake.h"
#include "key_store.h"
#include "near.h"
#include "nl.h"
#include "nouns.h"
#include "out.h"
#include "stat.h"
#include "units.h"

int apnctl_main(int argc, char **argv);

enum {
	ARGS_MAX = 24,
	TEXT = 32768,
};

static unsigned int passed, failed;

static void check(bool good, const char *what, const char *got)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	printf("FAILED: %s (got: %s)\n", what, got ? got : "");
}

static void check_text(const char *what, const char *wanted, const char *got)
{
	char buf[1024];

	snprintf(buf, sizeof(buf), "%s: wanted '%s'", what, wanted);
	check(!strcmp(wanted, got), buf, got);
}

/* -- a run of the whole tool: its exit code, output and messages -- */

static char out_text[TEXT], err_text[TEXT];

static FILE *capture(FILE **stream, FILE *into)
{
	FILE *old = *stream;

	*stream = into;
	return old;
}

static int run_words(char **words)
{
	FILE *out = fmemopen(out_text, sizeof(out_text), "w");
	FILE *err = fmemopen(err_text, sizeof(err_text), "w");
	char *argv[ARGS_MAX + 2] = { "apnctl" };
	int argc = 1, code;

	memset(out_text, 0, sizeof(out_text));
	memset(err_text, 0, sizeof(err_text));
	while (words[argc - 1] && argc <= ARGS_MAX) {
		argv[argc] = words[argc - 1];
		argc++;
	}
	out_json = false;
	fail(0, "%s", "");
	out = capture(&stdout, out);
	err = capture(&stderr, err);
	code = apnctl_main(argc, argv);
	fclose(capture(&stdout, out));
	fclose(capture(&stderr, err));
	return code;
}

#define RUN(...) run_words((char *[]){ __VA_ARGS__, NULL })

static void check_code(const char *what, int wanted, int got)
{
	char buf[256];

	snprintf(buf, sizeof(buf), "%s: exit %d wanted, %d got", what, wanted, got);
	check(wanted == got, buf, err_text);
}

static void check_has(const char *what, const char *text, const char *part)
{
	char buf[512];

	snprintf(buf, sizeof(buf), "%s: has '%s'", what, part);
	check(strstr(text, part), buf, text);
}

/* -- units -- */

typedef int parse_fn(const char *text, uint64_t *value);
typedef void print_fn(uint64_t value, char *buf, size_t size);

static void test_parse(void)
{
	static const struct {
		parse_fn *parse;
		const char *text;
		uint64_t value;
		bool bad;
	} cases[] = {
		{ unit_parse_bytes, "512", 512, false },
		{ unit_parse_bytes, "10G", 10ULL << 30, false },
		{ unit_parse_bytes, "10g", 10ULL << 30, false },
		{ unit_parse_bytes, "1.5K", 1536, false },
		{ unit_parse_bytes, "16777215T", 16777215ULL << 40, false },
		{ unit_parse_bytes, "16777216T", 0, true },
		{ unit_parse_bytes, "18446744073709551615", UINT64_MAX, false },
		{ unit_parse_bytes, "18446744073709551616", 0, true },
		{ unit_parse_bytes, "", 0, true },
		{ unit_parse_bytes, "-1", 0, true },
		{ unit_parse_bytes, "+1", 0, true },
		{ unit_parse_bytes, " 1", 0, true },
		{ unit_parse_bytes, "1 ", 0, true },
		{ unit_parse_bytes, "0x10", 0, true },
		{ unit_parse_bytes, "1GG", 0, true },
		{ unit_parse_bytes, "1.", 0, true },
		{ unit_parse_bytes, ".5G", 0, true },
		{ unit_parse_bytes, "1.5", 0, true },
		{ unit_parse_bytes, "1.1234567G", 0, true },
		{ unit_parse_bytes, "G", 0, true },
		{ unit_parse_count, "20k", 20000, false },
		{ unit_parse_count, "20x", 0, true },
		{ unit_parse_rate, "100g", 12500000000ULL, false },
		{ unit_parse_rate, "100G", 12500000000ULL, false },
		{ unit_parse_rate, "2.5g", 312500000, false },
		{ unit_parse_rate, "8", 1, false },
		{ unit_parse_rate, "1t", 125000000000ULL, false },
		{ unit_parse_time, "500ms", 500, false },
		{ unit_parse_time, "30s", 30000, false },
		{ unit_parse_time, "1.5s", 1500, false },
		{ unit_parse_time, "5m", 300000, false },
		{ unit_parse_time, "2h", 7200000, false },
		{ unit_parse_time, "1d", 86400000, false },
		{ unit_parse_time, "30", 0, true },
		{ unit_parse_time, "5M", 0, true },
		{ unit_parse_time, "never", 0, true },
		{ unit_parse_time, "99999999999999999999d", 0, true },
	};
	uint64_t value;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool bad = cases[i].parse(cases[i].text, &value);

		check(bad == cases[i].bad && (bad || value == cases[i].value), "unit",
		      cases[i].text);
	}
}

static void test_print(void)
{
	static const struct {
		print_fn *print;
		uint64_t value;
		const char *text;
	} cases[] = {
		{ unit_word_bytes, 10ULL << 30, "10G" },
		{ unit_word_bytes, 1025, "1025" },
		{ unit_word_bytes, 0, "0" },
		{ unit_text_bytes, 10ULL << 30, "10 GiB" },
		{ unit_text_bytes, 0, "0 B" },
		{ unit_text_bytes, 512, "512 B" },
		{ unit_text_bytes, 1536, "1.50 KiB" },
		{ unit_text_bytes, 123456789, "118 MiB" },
		{ unit_word_rate, 12500000000ULL, "100g" },
		{ unit_word_rate, 312500000, "2500m" },
		{ unit_word_rate, UINT64_MAX, "18446744073709551615" },
		{ unit_text_rate, 12500000000ULL, "100 Gbit/s" },
		{ unit_word_time, 300000, "5m" },
		{ unit_word_time, 1500, "1500ms" },
		{ unit_text_time, 0, "0ms" },
		{ unit_text_time, 999, "999ms" },
		{ unit_text_time, 59999, "59s" },
		{ unit_text_time, 60000, "1m" },
		{ unit_text_time, 7500000, "2h 5m" },
		{ unit_text_time, 7200000 + 5000, "2h" },
		{ unit_text_time, 90061000, "1d 1h" },
		{ unit_text_ns, 10200000, "10.2 ms" },
		{ unit_text_ns, 850000, "850 us" },
		{ unit_text_ns, 0, "0 ns" },
		{ unit_text_ns, 9999, "10.0 us" },
	};
	char buf[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cases[i].print(cases[i].value, buf, sizeof(buf));
		check_text("print", cases[i].text, buf);
	}
}

/* What word writes, parse reads: over numbers of every size. */
static void test_words_read_back(void)
{
	static const struct {
		parse_fn *parse;
		print_fn *word;
		uint64_t step;
	} pairs[] = {
		{ unit_parse_bytes, unit_word_bytes, 1 },
		{ unit_parse_count, unit_word_count, 1 },
		{ unit_parse_time, unit_word_time, 1 },
		{ unit_parse_rate, unit_word_rate, 1 },
	};
	uint64_t value, back;
	char buf[64];
	size_t i;
	int bit, off;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (bit = 0; bit < 60; bit++) {
			for (off = -1; off <= 1; off++) {
				value = (1ULL << bit) * 1000 / 8 + (uint64_t)off + 1;
				value &= (1ULL << 60) - 1;
				pairs[i].word(value, buf, sizeof(buf));
				check(!pairs[i].parse(buf, &back) && back == value,
				      "a word reads back", buf);
			}
		}
	}
}

/* -- nearest match -- */

static void test_near(void)
{
	struct near near;

	check(near_distance("lanes", "lanes") == 0, "same", NULL);
	check(near_distance("lane", "lanes") == 1, "one more", NULL);
	check(near_distance("lnaes", "lanes") == 1, "swapped", NULL);
	check(near_distance("", "abc") == 3, "empty", NULL);
	check(near_distance("kitten", "sitting") == 3, "kitten", NULL);
	near_start(&near, "fail_after");
	near_offer(&near, "rate");
	near_offer(&near, "fail-after");
	near_offer(&near, "force");
	check_text("near", "fail-after", near.word ? near.word : "");
	near_start(&near, "xyzzy");
	near_offer(&near, "lanes");
	check(!near.word, "nothing is near", near.word);
}

/* -- addresses -- */

static void test_addr(void)
{
	static const struct {
		const char *text;
		unsigned int port;
		const char *wanted; /* NULL: refused */
	} cases[] = {
		{ "192.0.2.1", 4921, "192.0.2.1:4921" },
		{ "192.0.2.1:80", 4921, "192.0.2.1:80" },
		{ "2001:db8::1", 4921, "[2001:db8::1]:4921" },
		{ "[2001:db8::1]", 4921, "[2001:db8::1]:4921" },
		{ "[2001:db8::1]:80", 4921, "[2001:db8::1]:80" },
		{ "[::]", 4921, "[::]:4921" },
		{ "192.0.2.1", 0, "192.0.2.1" },
		{ "2001:db8::1", 0, "2001:db8::1" },
		{ "192.0.2.1:80", 0, NULL },
		{ "192.0.2.1:0", 4921, NULL },
		{ "192.0.2.1:65536", 4921, NULL },
		{ "192.0.2.1:", 4921, NULL },
		{ "192.0.2.1:4x", 4921, NULL },
		{ "[2001:db8::1", 4921, NULL },
		{ "[2001:db8::1]x", 4921, NULL },
		{ "[]:80", 4921, NULL },
		{ ":80", 4921, NULL },
		{ "", 4921, NULL },
	};
	char buf[ADDR_TEXT_BYTES];
	union addr addr;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int code = addr_parse(cases[i].text, cases[i].port, &addr);

		if (!cases[i].wanted) {
			check(code, cases[i].text, "no error");
			continue;
		}
		check(!code && !addr_text(&addr, addr_bytes(&addr), buf, sizeof(buf)),
		      cases[i].text, fail_message());
		check_text(cases[i].text, cases[i].wanted, buf);
	}
	check(addr_text("\0\0", 2, buf, sizeof(buf)), "an address cut short", NULL);
	check(addr_text("", 0, buf, sizeof(buf)), "no address", NULL);
}

/* -- the command line -- */

static void test_usage(void)
{
	char long_name[65] = "";

	memset(long_name, 'a', sizeof(long_name) - 1);
	fake_reset();
	check_code("nothing", EXIT_USAGE, run_words((char *[]){ NULL }));
	check_code("help", 0, RUN("help"));
	check_has("help", out_text, "connect ADDR[:PORT] EXPORT");
	check_code("version", 0, RUN("--version"));
	check_text("version", "apnctl " APN_VERSION "\n", out_text);
	check_code("unknown", EXIT_USAGE, RUN("conect"));
	check_has("unknown", err_text, "did you mean 'connect'?");
	check_code("unknown verb", EXIT_USAGE, RUN("export", "ad"));
	check_has("unknown verb", err_text, "did you mean 'export add'?");
	check_code("no verb", EXIT_USAGE, RUN("export"));
	check_code("no prefixes", EXIT_USAGE, RUN("lis"));
	check_code("unknown option", EXIT_USAGE, RUN("connect", "192.0.2.1", "x", "--lane", "2"));
	check_has("unknown option", err_text, "did you mean --lanes?");
	check_code("option of another", EXIT_USAGE, RUN("set", "x", "--takeover"));
	check_code("short option", EXIT_USAGE, RUN("list", "-x"));
	check_code("word missing", EXIT_USAGE, RUN("connect", "192.0.2.1"));
	check_has("word missing", err_text, "EXPORT is missing");
	check_code("word too many", EXIT_USAGE, RUN("list", "x"));
	check_code("option missing", EXIT_USAGE, RUN("export", "add", "x"));
	check_has("option missing", err_text, "--device is missing");
	check_code("value missing", EXIT_USAGE, RUN("connect", "192.0.2.1", "x", "--lanes"));
	check_code("given twice", EXIT_USAGE,
		   RUN("connect", "192.0.2.1", "x", "--lanes=1", "--lanes=2"));
	check_code("too long", EXIT_USAGE, RUN("connect", "192.0.2.1", long_name));
	check_code("odd name", EXIT_USAGE, RUN("connect", "192.0.2.1", "../x"));
	check_code("as a device", EXIT_USAGE, RUN("connect", "192.0.2.1", "x", "--name", "apnbd3"));
	check_code("unit", EXIT_USAGE, RUN("connect", "192.0.2.1", "x", "--fail-after", "30"));
	check_has("unit", err_text, "--fail-after: '30' is no time");
	check_code("zero", EXIT_USAGE, RUN("connect", "192.0.2.1", "x", "--rate", "0"));
	check_code("word", EXIT_USAGE, RUN("connect", "192.0.2.1", "x", "--security", "nome"));
	check_has("word", err_text, "did you mean none?");
	check_code("nothing to set", EXIT_USAGE, RUN("set", "x"));
	check_code("which", EXIT_USAGE, RUN("disconnect"));
	check_code("both", EXIT_USAGE, RUN("disconnect", "x", "--all"));
	check_code("options end", EXIT_USAGE, RUN("disconnect", "--", "--all"));
	check_code("json", EXIT_USAGE, RUN("lis", "-j"));
	check_has("json", err_text, "{\"error\":\"unknown command 'lis'; did you mean 'list'?\"");
	check_has("json", err_text, "\"code\":1}");
	check(!fake.calls, "none of these reached the kernel", NULL);
}

static void test_hostile_words(void)
{
	static char big[70000];
	static char *const words[] = { "", "-", "--", "---", "--=", "--name=", "=",
				       "%s%n", "\x7f", "\xff", "[", "]", "[]:", "::",
				       "0", "-1", "disk", "show", "apnbd", "/dev/", big };
	enum { WORDS = sizeof(words) / sizeof(words[0]) };
	const struct command *command;
	size_t i, j;

	memset(big, 'A', sizeof(big) - 1);
	for (command = commands; command->noun; command++) {
		for (i = 0; i < WORDS; i++) {
			for (j = 0; j < WORDS; j++) {
				char *argv[6] = { (char *)command->noun, words[i], words[i],
						  words[j] };
				int code;

				if (command->verb)
					argv[1] = (char *)command->verb;
				if (!strcmp(command->noun, "monitor"))
					continue;
				if (!strcmp(command->noun, "key"))
					argv[4] = "--dir=/proc/nowhere";
				fake_reset();
				fake.no_host = true;
				fake.no_target = true;
				code = run_words(argv);
				check(code >= 0 && code < EXIT_CODES, "hostile words", err_text);
			}
		}
	}
}

/* -- what reaches the kernel -- */

#define BIT(attr) (1ULL << (attr))

static void check_sent(const char *what, uint8_t cmd, uint64_t wanted)
{
	char got[64];

	snprintf(got, sizeof(got), "%llx", (unsigned long long)fake_last(cmd)->attrs);
	check(fake_last(cmd)->attrs == wanted, what, got);
}

static void test_host_commands(void)
{
	fake_reset();
	check_code("connect", 0, RUN("connect", "192.0.2.1", "imagenet", "--security", "none"));
	check_text("connect prints the device alone", "/dev/apnbd0\n", out_text);
	check_sent("connect", APNBD_CMD_DISK_CONNECT,
		   BIT(APNBD_A_DISK_NAME) | BIT(APNBD_A_DISK_EXPORT) | BIT(APNBD_A_DISK_ADDRESS) |
			   BIT(APNBD_A_DISK_TRANSPORT) | BIT(APNBD_A_DISK_SECURITY));
	check_code("connect", 0,
		   RUN("disk", "connect", "192.0.2.1:1", "x", "--name", "n", "--transport", "rdma",
		       "--identity=i", "--lanes", "4", "--rate", "100g", "--fail-after", "never",
		       "--read-only", "--takeover", "--digest", "--depth=64", "--source",
		       "192.0.2.9", "-j"));
	check_has("connect -j", out_text, "\"device\": \"/dev/apnbd0\"");
	check_sent("connect with all", APNBD_CMD_DISK_CONNECT,
		   BIT(APNBD_A_DISK_NAME) | BIT(APNBD_A_DISK_EXPORT) | BIT(APNBD_A_DISK_ADDRESS) |
			   BIT(APNBD_A_DISK_TRANSPORT) | BIT(APNBD_A_DISK_SECURITY) |
			   BIT(APNBD_A_DISK_IDENTITY) | BIT(APNBD_A_DISK_LANES) |
			   BIT(APNBD_A_DISK_RATE) | BIT(APNBD_A_DISK_FAIL_AFTER) |
			   BIT(APNBD_A_DISK_READ_ONLY) | BIT(APNBD_A_DISK_TAKEOVER) |
			   BIT(APNBD_A_DISK_DIGEST) | BIT(APNBD_A_DISK_DEPTH) |
			   BIT(APNBD_A_DISK_SOURCE));
	check_code("set", 0, RUN("set", "data", "--rate=none", "--read-only=no"));
	check_sent("set", APNBD_CMD_DISK_SET,
		   BIT(APNBD_A_DISK_NAME) | BIT(APNBD_A_DISK_RATE) | BIT(APNBD_A_DISK_READ_ONLY));
	check_code("set", 0, RUN("set", "data", "--read-ahead", "auto"));
	check_code("set", 0, RUN("set", "data", "--read-ahead", "64M"));
	check_sent("set", APNBD_CMD_DISK_SET,
		   BIT(APNBD_A_DISK_NAME) | BIT(APNBD_A_DISK_READ_AHEAD));
	check_code("disconnect", 0, RUN("disconnect", "/dev/apnbd1"));
	check_sent("disconnect", APNBD_CMD_DISK_DISCONNECT, BIT(APNBD_A_DISK_NAME));
	check_code("disconnect", EXIT_ABSENT, RUN("disconnect", "/dev/apnbd7"));
	check_code("disconnect", 0, RUN("disconnect", "--all", "--force"));
	check_sent("disconnect --force", APNBD_CMD_DISK_DISCONNECT,
		   BIT(APNBD_A_DISK_NAME) | BIT(APNBD_A_DISK_FORCE));
	check_code("discover", 0, RUN("discover", "192.0.2.1", "--source", "192.0.2.9"));
	check_has("discover", out_text, "imagenet  10 GiB  yes");
	check_sent("discover", APNBD_CMD_DISCOVER,
		   BIT(APNBD_A_OFFER_ADDRESS) | BIT(APNBD_A_OFFER_TRANSPORT) |
			   BIT(APNBD_A_OFFER_SECURITY) | BIT(APNBD_A_OFFER_SOURCE));
}

/* -- keys -- */

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	check(file && fputs(text, file) >= 0 && !fclose(file), "written", path);
}

#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void test_key_files(void)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "apnbd-key gpu-a " SECRET "\n", true },
		{ "# a word\n\napnbd-key gpu-a " SECRET "\r\n", true },
		{ "apnbd-key gpu-a " SECRET, true },
		{ "apnbd-key gpu-a " SECRET "0\n", false },
		{ "apnbd-key gpu-a 00\n", false },
		{ "apnbd-key ../a " SECRET "\n", false },
		{ "apnbd-key  " SECRET "\n", false },
		{ "apnbd-key " SECRET "\n", false },
		{ "apnbd-key", false },
		{ SECRET "\n", false },
		{ "apnbd-key gpu-a " SECRET "\napnbd-key gpu-b " SECRET "\n", false },
		{ "# nothing\n", false },
		{ "", false },
	};
	struct key key;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = !key_parse("x", cases[i].text, &key);

		check(good == cases[i].good, "key file", cases[i].text);
		check(!strstr(fail_message(), "0001"), "no part of a key is shown",
		      fail_message());
		if (good)
			check(!strcmp(key.identity, "gpu-a") && key.secret[31] == 0x1f,
			      "its content", cases[i].text);
	}
}

static void test_keys(void)
{
	char dir[] = "/tmp/apnctl-test-XXXXXX", keys[64], file[96], option[96], made[TEXT];
	struct stat st;

	check(mkdtemp(dir), "mkdtemp", NULL);
	snprintf(keys, sizeof(keys), "%s/keys", dir);
	snprintf(option, sizeof(option), "--dir=%s", keys);
	snprintf(file, sizeof(file), "%s/keys/gpu-a.key", dir);
	fake_reset();
	check_code("key generate", 0, RUN("key", "generate", "gpu-a", option));
	check_has("it is printed once", out_text, "\napnbd-key gpu-a ");
	snprintf(made, sizeof(made), "%s", out_text);
	check_sent("and goes to the host's end", APNBD_CMD_KEY_SET,
		   BIT(APNBD_A_KEY_IDENTITY) | BIT(APNBD_A_KEY_SECRET));
	check(!lstat(file, &st) && (st.st_mode & 0777) == 0600, "its file is its owner's", file);
	check(!lstat(keys, &st) && (st.st_mode & 0777) == 0700, "so is the folder", keys);
	check_code("another one", EXIT_EXISTS, RUN("key", "generate", "gpu-a", option));
	check(!strstr(out_text, "apnbd-key"), "nothing is printed", out_text);
	check_code("in its place", 0, RUN("key", "generate", "gpu-a", "--replace", option));
	check(strcmp(made, out_text), "no key is made twice", out_text);
	check_code("the same once more", 0, RUN("key", "import", file, option));
	check_text("import prints nothing", "", out_text);
	fake.keys = 1;
	check_code("key list", 0, RUN("key", "list", option));
	check_has("key list", out_text, "gpu-a");
	check_has("key list", out_text, "010203040506078f");
	check(!strstr(out_text, "apnbd-key"), "a list has no key in it", out_text);
	check_code("key del", 0, RUN("key", "del", "gpu-a", "--end", "target", option));
	check_sent("key del", APN_TARGET_CMD_KEY_DEL, BIT(APN_TARGET_A_KEY_IDENTITY));
	check(lstat(file, &st), "its file is gone", file);
	chmod(keys, 0700);
	write_text(file, "apnbd-key gpu-b " SECRET "\n");
	check_code("one that is another's", EXIT_DENIED, RUN("key", "generate", "gpu-a", option));
	check_has("others can read it", err_text, "chmod 600");
	unlink(file);
	rmdir(keys);
	rmdir(dir);
}

static void test_identity(void)
{
	const uint64_t without = BIT(APNBD_A_OFFER_ADDRESS) | BIT(APNBD_A_OFFER_TRANSPORT) |
				 BIT(APNBD_A_OFFER_SECURITY);

	fake_reset();
	fake.keys = 1;
	check_code("one key", 0, RUN("discover", "192.0.2.1", "--security", "auth"));
	check_sent("is who we are", APNBD_CMD_DISCOVER, without | BIT(APNBD_A_OFFER_IDENTITY));
	fake.keys = 2;
	check_code("two keys", EXIT_USAGE, RUN("discover", "192.0.2.1", "--security", "auth"));
	check_has("two keys", err_text, "gpu-a, gpu-b");
	check_code("two keys, none needed", 0, RUN("discover", "192.0.2.1", "--security", "none"));
	check_sent("nobody is said to be us", APNBD_CMD_DISCOVER, without);
}

/* -- doctor -- */

static void test_doctor(void)
{
	char dir[] = "/tmp/apnctl-test-XXXXXX", path[96], option[64];

	check(mkdtemp(dir), "mkdtemp", NULL);
	snprintf(option, sizeof(option), "--root=%s", dir);
	snprintf(path, sizeof(path), "%s/proc", dir);
	mkdir(path, 0755);
	check_code("doctor", EXIT_UNSOUND, RUN("doctor", option));
	check_has("doctor", out_text, "init-on-free  bad");
	check_has("doctor", out_text, "swap          good");
	snprintf(path, sizeof(path), "%s/proc/cmdline", dir);
	write_text(path, "quiet init_on_free=1\n");
	snprintf(path, sizeof(path), "%s/proc/swaps", dir);
	write_text(path, "Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n");
	check_code("doctor", EXIT_UNSOUND, RUN("doctor", option, "-j"));
	check_has("doctor -j", out_text, "\"check\": \"swap\"");
	check_code("doctor", EXIT_UNSOUND, RUN("doctor", option));
	check_has("doctor", out_text, "init-on-free  good");
	check_has("doctor", out_text, "/dev/sda2 takes memory");
	unlink(path);
	snprintf(path, sizeof(path), "%s/proc/cmdline", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/proc", dir);
	rmdir(path);
	rmdir(dir);
}

/* -- revoked for good -- */

static void test_conf_revoke(void)
{
	static const char before[] = "# by hand\n[export a]\ndevice = /dev/a\nallow = gpu-a\n"
				     "allow = gpu-b:ro\n\n[export b]\ndevice = /dev/b\n"
				     "allow = gpu-a\n";
	static const char after[] = "# by hand\n[export a]\ndevice = /dev/a\nrestricted = yes\n"
				    "allow = gpu-b:ro\n\n[export b]\ndevice = /dev/b\n"
				    "allow = gpu-a\n";
	char dir[] = "/tmp/apnctl-test-XXXXXX", path[64], option[64], *text = NULL;

	check(mkdtemp(dir), "mkdtemp", NULL);
	snprintf(path, sizeof(path), "%s/target.conf", dir);
	snprintf(option, sizeof(option), "--dir=%s", dir);
	fake_reset();
	check_code("revoke without a file", 0, RUN("export", "revoke", "a", "gpu-a", option));
	write_text(path, before);
	check_code("revoke", 0, RUN("export", "revoke", "a", "gpu-a", option));
	check(!conf_text(dir, "target", &text), "the file is there", path);
	check_text("the file forgets it too, and nothing else", after, text ? text : "");
	free(text);
	check_code("the other export", 0, RUN("export", "revoke", "a", "gpu-b", option));
	check(!conf_text(dir, "target", &text) && !strstr(text, "gpu-b"), "with :ro", text);
	free(text);
	unlink(path);
	rmdir(dir);
}

/* -- paths -- */

static void test_paths(void)
{
	const uint64_t way = BIT(APNBD_A_WAY_DISK) | BIT(APNBD_A_WAY_ADDRESS);

	fake_reset();
	check_code("path add", 0, RUN("path", "add", "/dev/apnbd0", "198.51.100.1"));
	check_sent("path add", APNBD_CMD_PATH_ADD, way);
	check_code("path add", 0, RUN("path", "add", "data", "[::1]:9", "--transport", "rdma"));
	check_sent("path add", APNBD_CMD_PATH_ADD, way | BIT(APNBD_A_WAY_TRANSPORT));
	check_code("path del", 0, RUN("path", "del", "data", "198.51.100.1"));
	check_sent("path del", APNBD_CMD_PATH_DEL, way);
	check_code("path show", 0, RUN("path", "show", "data"));
	check_has("path show", out_text, "198.51.100.1:4921  tcp        waiting");
	check_has("path show", out_text, "no answer");
	check_code("which", EXIT_USAGE, RUN("path", "add", "data"));
	check_code("show --config", 0, RUN("show", "data", "--config"));
	check_has("also", out_text, "also = 198.51.100.1:4921\nalso = 203.0.113.1:4921,rdma\n");

	fake_reset();
	check_code("connect --also", 0,
		   RUN("connect", "192.0.2.1", "x", "--also", "198.51.100.1", "--also",
		       "203.0.113.1:9,rdma"));
	check_sent("connect --also", APNBD_CMD_PATH_ADD,
		   way | BIT(APNBD_A_WAY_TRANSPORT) | BIT(APNBD_A_WAY_PATIENT));
	check_code("no transport", EXIT_USAGE, RUN("connect", "192.0.2.1", "x", "--also", "::1,"));

	fake_reset();
	fake.refuse = EHOSTUNREACH;
	fake.refuse_cmd = APNBD_CMD_DISK_CONNECT;
	fake.refuse_times = 1;
	check_code("the first is not there", 0,
		   RUN("connect", "192.0.2.1", "x", "--also", "198.51.100.1"));
	check_text("the second makes the disk", "/dev/apnbd0\n", out_text);
	check_sent("and the first is its further path", APNBD_CMD_PATH_ADD,
		   way | BIT(APNBD_A_WAY_TRANSPORT) | BIT(APNBD_A_WAY_PATIENT));

	fake_reset();
	fake.refuse = EACCES;
	fake.refuse_cmd = APNBD_CMD_PATH_ADD;
	fake.refuse_times = 1;
	check_code("a path is refused", EXIT_REFUSED,
		   RUN("connect", "192.0.2.1", "x", "--also", "198.51.100.1"));
	check_text("the disk is there", "/dev/apnbd0\n", out_text);
}

static void test_target_commands(void)
{
	char dir[] = "/tmp/apnctl-test-XXXXXX", state[64];

	check(mkdtemp(dir), "mkdtemp", NULL);
	snprintf(state, sizeof(state), "%s/a/state", dir);
	fake_reset();
	check_code("export add", 0,
		   RUN("export", "add", "x", "--device", "/dev/vdb", "--state-dir", state,
		       "--allow", "gpu7:ro", "--allow", "gpu8", "--limit-bps", "200M",
		       "--limit-iops", "20k", "--durability", "flush"));
	check_sent("export add", APN_TARGET_CMD_EXPORT_ADD,
		   BIT(APN_TARGET_A_EXPORT_NAME) | BIT(APN_TARGET_A_EXPORT_DEVICE) |
			   BIT(APN_TARGET_A_EXPORT_STATE_DIR) | BIT(APN_TARGET_A_EXPORT_ALLOW) |
			   BIT(APN_TARGET_A_EXPORT_LIMIT_BPS) |
			   BIT(APN_TARGET_A_EXPORT_LIMIT_IOPS) |
			   BIT(APN_TARGET_A_EXPORT_DURABILITY));
	check(!rmdir(state), "the state folder was made", state);
	snprintf(state, sizeof(state), "%s/a", dir);
	rmdir(state);
	rmdir(dir);
	check_code("export revoke", 0, RUN("export", "revoke", "x", "gpu7"));
	check_sent("export revoke", APN_TARGET_CMD_EXPORT_REVOKE,
		   BIT(APN_TARGET_A_EXPORT_NAME) | BIT(APN_TARGET_A_EXPORT_DENY));
	check_code("export drain", 0, RUN("export", "drain", "x"));
	check_sent("export drain", APN_TARGET_CMD_EXPORT_DRAIN, BIT(APN_TARGET_A_EXPORT_NAME));
	check_code("export drain", 0, RUN("export", "drain", "x", "--resume"));
	check_sent("export drain --resume", APN_TARGET_CMD_EXPORT_DRAIN,
		   BIT(APN_TARGET_A_EXPORT_NAME) | BIT(APN_TARGET_A_EXPORT_RESUME));
	fake = (struct fake){ .refuse = ENOENT,
			      .refuse_cmd = APN_TARGET_CMD_EXPORT_GET,
			      .refuse_skip = 1,
			      .refuse_times = 1 };
	check_code("export del, its device hangs for a while", 0,
		   RUN("export", "del", "x", "--force"));
	check(!fake.refuse_times, "it was waited for", NULL);
	fake = (struct fake){ 0 };
	check_code("export set", 0, RUN("export", "set", "x", "--deny", "gpu7"));
	check_code("export show", 0, RUN("export", "show"));
	check_has("export show", out_text, "imagenet  serving  /dev/vdb  10 GiB  no");
	check_code("port add", 0, RUN("port", "add", "0.0.0.0"));
	check_sent("port add", APN_TARGET_CMD_PORT_ADD,
		   BIT(APN_TARGET_A_PORT_ADDRESS) | BIT(APN_TARGET_A_PORT_TRANSPORT) |
			   BIT(APN_TARGET_A_PORT_SECURITY));
	check_code("port set", 0, RUN("port", "set", "0.0.0.0", "--rate", "40g"));
	check_sent("port set", APN_TARGET_CMD_PORT_SET,
		   BIT(APN_TARGET_A_PORT_ADDRESS) | BIT(APN_TARGET_A_PORT_TRANSPORT) |
			   BIT(APN_TARGET_A_PORT_RATE));
	check_code("port set, nothing", EXIT_USAGE, RUN("port", "set", "0.0.0.0"));
	check_code("port del", 0, RUN("port", "del", "--id", "3"));
	check_sent("port del", APN_TARGET_CMD_PORT_DEL, BIT(APN_TARGET_A_PORT_ID));
	check_code("port show", 0, RUN("port", "show"));
	check_has("port show", out_text, "nothing is protected in flight");
	check_code("session show", 0, RUN("session", "show"));
	check_text("an empty list", "", out_text);
	check_code("session show -j", 0, RUN("session", "show", "-j"));
	check(*out_text == '[' && strchr(out_text, ']'), "an empty list", out_text);
}

static void test_show(void)
{
	fake_reset();
	check_code("list", 0, RUN("list"));
	check_text("list",
		   "NAME                DEVICE       STATE    SIZE    EXPORT    ADDRESS         SINCE  ATTEMPT  NEXT\n"
		   "data                /dev/apnbd0  live     10 GiB  imagenet  192.0.2.1:4921\n"
		   "a-much-longer-name  /dev/apnbd1  waiting  10 GiB  imagenet  192.0.2.1:4921  2h 5m  3        2s\n",
		   out_text);
	check_code("show", 0, RUN("show", "data"));
	check_has("show", out_text, "warning:    nobody is authenticated and nothing is protected");
	check_has("show", out_text, "rate:       100 Gbit/s");
	check_has("show", out_text, "read-ahead: 64 MiB");
	check_has("show", out_text, "  congestion: reserved");
	check_has("show", out_text, "line:\n  id:         7\n");
	check_code("show all", 0, RUN("show"));
	check_has("terminal codes are disarmed", out_text, "no answer?[31m\n");
	check_code("show -j", 0, RUN("-j", "show", "apnbd0"));
	check_has("show -j", out_text, "\"fail_after\": 300000");
	check_has("show -j", out_text, "\"volume\": \"30313233-3435-3637-3839-616263646566\"");
	check_code("stat", 0, RUN("stat", "data"));
	check_has("stat", out_text, "network-mean: 50 us");
	check_has("stat", out_text, "storage-p50:  24.9 us");
	check_code("line show", 0, RUN("line", "show"));
	check_has("line show", out_text, "10.2 ms");
	check_code("line show 8", EXIT_ABSENT, RUN("line", "show", "8"));
	fake.interrupt = 3;
	check_code("a list that changes", 0, RUN("list"));
	fake.interrupt = 1000;
	check_code("a list that changes on and on", EXIT_SYSTEM, RUN("list"));
	fake_reset();
	fake.empty = true;
	check_code("no disks", 0, RUN("list"));
	check_text("no disks", "", out_text);
}

static void test_interval(void)
{
	fake = (struct fake){ .refuse = ENODEV,
			      .refuse_cmd = APNBD_CMD_DISK_GET,
			      .refuse_skip = 3,
			      .refuse_times = 1 };
	check_code("the disk goes", EXIT_ABSENT, RUN("stat", "data", "--interval", "1s"));
	check_has("a head", out_text, "READ/S");
	check_has("two rows", strchr(out_text, '\n') + 1, "50 us");
	check(fake.slept_ms == 3000, "an interval between them", NULL);
	check_code("too short", EXIT_USAGE, RUN("stat", "data", "--interval", "0s"));
}

static void test_monitor(void)
{
	fake_reset();
	fake.events = 1;
	check_code("monitor", EXIT_SYSTEM, RUN("monitor"));
	check_has("monitor", out_text, " disk name=data device=/dev/apnbd0 state=waiting");
	check_has("monitor", out_text, " since=\"2h 5m\" attempt=3 next=2s\n");
	fake_reset();
	fake.events = 1;
	fake.gone = true;
	check_code("gone", EXIT_SYSTEM, RUN("monitor"));
	check_has("gone", out_text, " disk gone name=data\n");
	fake_reset();
	fake.events = 2;
	check_code("monitor -j", EXIT_SYSTEM, RUN("monitor", "-j"));
	check_has("monitor -j", out_text, ",\"event\":\"disk\",\"gone\":false,\"disk\":{\"name\":\"data\",");
	check_has("monitor -j", strchr(out_text, '\n') + 1, "{\"time\":\"2");
	fake_reset();
	fake.no_host = true;
	fake.no_target = true;
	check_code("nothing to follow", EXIT_MODULE, RUN("monitor"));
	check_code("nothing to save", EXIT_MODULE, RUN("save"));
}

/* -- refusals -- */

static void test_device_errors(void)
{
	fake = (struct fake){ .refuse = EACCES,
			      .refuse_cmd = APN_TARGET_CMD_EXPORT_ADD,
			      .refuse_times = 1,
			      .sentence = "the device can't be opened",
			      .blame = APN_TARGET_A_EXPORT_DEVICE };
	check_code("no peer", EXIT_INVALID,
		   RUN("export", "add", "x", "--device", "/dev/vdb", "--state-dir", "/tmp"));
	check_has("which device", err_text, "export x: device /dev/vdb");
}

static void test_errors(void)
{
	fake_reset();
	fake.no_host = true;
	check_code("no module", geteuid() ? EXIT_DENIED : EXIT_MODULE, RUN("list"));
	fake_reset();
	fake = (struct fake){ .refuse = EPERM,
			      .refuse_cmd = APNBD_CMD_DISK_GET,
			      .refuse_times = 1 };
	check_code("not root", EXIT_DENIED, RUN("list"));
	check_text("not root", "apnctl: needs CAP_SYS_ADMIN (run it as root)\n", err_text);
	fake = (struct fake){ .refuse = EKEYREJECTED,
			      .refuse_cmd = APNBD_CMD_DISK_CONNECT,
			      .refuse_times = 1,
			      .sentence = "The target does not know this identity" };
	check_code("refused", EXIT_REFUSED, RUN("connect", "192.0.2.1", "x"));
	check_text("refused", "apnctl: disk x: The target does not know this identity (export x at 192.0.2.1:4921)\n",
		   err_text);
	check_text("refused", "", out_text);
	fake = (struct fake){ .refuse = ERANGE,
			      .refuse_cmd = APNBD_CMD_DISK_CONNECT,
			      .refuse_times = 1,
			      .sentence = "integer out of range",
			      .blame = APNBD_A_DISK_DEPTH };
	check_code("range", EXIT_INVALID, RUN("connect", "192.0.2.1", "x", "--depth", "9"));
	check_text("range",
		   "apnctl: disk x: depth 9: integer out of range (1 to 8192)\n", err_text);
	fake = (struct fake){ .refuse = EBUSY,
			      .refuse_cmd = APNBD_CMD_DISK_DISCONNECT,
			      .refuse_times = 5 };
	check_code("udev closes it", 0, RUN("disconnect", "data"));
	check(fake.slept_ms == 250, "waited", NULL);
	fake = (struct fake){ .refuse = EBUSY,
			      .refuse_cmd = APNBD_CMD_DISK_DISCONNECT,
			      .refuse_times = 1000,
			      .sentence = "Disk data is in use" };
	check_code("in use", EXIT_IN_USE, RUN("disconnect", "data"));
	check(fake.slept_ms == 3000, "waited", NULL);
	check_text("in use",
		   "apnctl: Disk data is in use; to see by whom: lsblk /dev/apnbd0; fuser -vm /dev/apnbd0\n",
		   err_text);
}

/* -- configuration files -- */

static int parse(const char *text, struct json_object **list)
{
	char *copy = strdup(text);
	int code;

	*list = json_object_new_array();
	code = conf_parse("x.conf", "x", copy, *list);
	free(copy);
	return code;
}

static void test_conf_errors(void)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[disc]\n", "x.conf:1: unknown section [disc]; did you mean [disk]?" },
		{ "[disk]\nexpport = x\n",
		  "x.conf:2: unknown key 'expport' in [disk]; did you mean export?" },
		{ "[disk]\ntakeover = yes\n", "x.conf:2: unknown key 'takeover' in [disk]" },
		{ "a = b\n", "x.conf:1: 'a = b' stands before the first section" },
		{ "[disk]\nabc\n", "x.conf:2: 'abc' is not \"key = value\"" },
		{ "[disk\n", "x.conf:1: '[disk' is no section" },
		{ "[disk]\naddress = 192.0.2.1\n", "the section [disk] above has no export" },
		{ "[export x]\n[port]\n", "x.conf:2: the section [export] above has no device" },
		{ "[disk a]\nname = b\n", "x.conf:2: name: given twice" },
		{ "[disk]\nlanes = 99\n", "x.conf:2: lanes: '99' is no number from 1 to 16" },
	};
	struct json_object *list;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		check(parse(cases[i].text, &list) == EXIT_USAGE, cases[i].text, "no error");
		check_has("conf", fail_message(), cases[i].message);
		json_object_put(list);
	}
}

/* What "show --config" prints becomes the same values, and these the same text. */
static void round_trip(const char *noun, const struct object *object)
{
	struct json_object *list, *section;
	char *first, *again;
	size_t size;
	FILE *out;

	check_code(noun, 0,
		   strcmp(noun, "disk") ? RUN((char *)noun, "show", "--config") :
					  RUN("show", "data", "--config"));
	first = strdup(out_text);
	check_code(first, 0, parse(first, &list));
	section = json_object_array_get_idx(list, 0);
	check_text("noun", noun, object_string(section, "noun"));
	out = open_memstream(&again, &size);
	object_config(object, json_object_object_get(section, "values"), out);
	fclose(out);
	check_text("round trip", first, again);
	free(first);
	free(again);
	json_object_put(list);
}

static void test_conf(void)
{
	struct json_object *list, *values;

	fake_reset();
	round_trip("disk", &disk_object);
	round_trip("export", &export_object);
	round_trip("port", &port_object);
	check_code("by hand", 0,
		   parse("# one\n\n  [ disk ]\r\n address=192.0.2.1\nexport =  y\t\n; two\n[port [::]:99]\n",
			 &list));
	values = json_object_object_get(json_object_array_get_idx(list, 0), "values");
	check_text("name of the file", "x", object_string(values, "name"));
	check_text("address", "192.0.2.1:4921", object_string(values, "address"));
	values = json_object_object_get(json_object_array_get_idx(list, 1), "values");
	check_text("address", "[::]:99", object_string(values, "address"));
	json_object_put(list);
}

static void test_up_down_save(void)
{
	char dir[] = "/tmp/apnctl-test-XXXXXX", path[64], command[128];
	FILE *file;

	check(mkdtemp(dir), "mkdtemp", NULL);
	fake_reset();
	check_code("save", 0, RUN("save", "--dir", dir));
	check_has("save", err_text, "data.conf");
	check_has("save", err_text, "target.conf");
	check_code("save again", 0, RUN("save", "--dir", dir));
	check_text("what is the same stays", "", err_text);
	check_code("up", 0, RUN("up", "data", "--dir", dir));
	check(fake_last(APNBD_CMD_DISK_CONNECT)->attrs & BIT(APNBD_A_DISK_DEPTH), "up", NULL);
	check_code("down", 0, RUN("down", "data", "--dir", dir));
	check_sent("down", APNBD_CMD_DISK_DISCONNECT, BIT(APNBD_A_DISK_NAME));
	check_code("up of a file that is not there", EXIT_ABSENT, RUN("up", "y", "--dir", dir));
	check_code("down of what", EXIT_USAGE, RUN("down", "--dir", dir));
	snprintf(path, sizeof(path), "%s/bad.conf", dir);
	file = fopen(path, "w");
	fputs("[disk]\nexport = x\n", file);
	fclose(file);
	fake_reset();
	check_code("one bad file of three", EXIT_USAGE, RUN("up", "--all", "--dir", dir));
	check_has("one bad file of three", err_text, "bad.conf:3: the section [disk] above");
	check(fake_last(APNBD_CMD_DISK_CONNECT)->attrs, "the others are used", NULL);
	fake_reset();
	check_code("the bad one alone", EXIT_USAGE, RUN("up", "bad", "--dir", dir));
	check(!fake.calls, "nothing half done", NULL);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	check(!system(command), "rm", NULL);
}

/* -- messages that no kernel would send -- */

static int ignore(const struct nlmsghdr *nlh, void *data)
{
	struct json_object *object;
	const void *attrs;
	size_t size;

	(void)data;
	attrs = nl_attrs(nlh, &size);
	object = object_get(&disk_object, attrs, size);
	json_object_put(object);
	return 0;
}

static uint32_t noise(void)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return state >> 8;
}

static void test_hostile_messages(void)
{
	enum { BYTES = 4096,
	       ROUNDS = 20000 };
	static char good[BYTES] __attribute__((aligned(8)));
	unsigned int size = NLMSG_HDRLEN + fake_disk(good), round, i;
	struct nlmsghdr *nlh;
	char *bad;

	for (round = 0; round < ROUNDS; round++) {
		struct nl_answer answer = { .message = ignore };
		/* malloc'd to its size, so that a byte too far is seen */
		unsigned int cut = noise() % 4 ? size : noise() % size;

		bad = malloc(cut + 1);
		memcpy(bad, good, cut);
		for (i = noise() % 6; i && cut; i--)
			bad[noise() % cut] = (char)noise();
		nlh = (struct nlmsghdr *)bad;
		if (cut >= sizeof(*nlh)) {
			nlh->nlmsg_seq = 0;
			nlh->nlmsg_type = noise() % 2 ? 0x21 : noise() % 2 ? NLMSG_ERROR :
									     NLMSG_DONE;
			nlh->nlmsg_flags = (uint16_t)noise();
			if (noise() % 4)
				nlh->nlmsg_len = cut;
		}
		nl_feed(&answer, bad, cut);
		free(bad);
	}
	check(true, "no message harms", NULL);
}

static void test_quantile(void)
{
	struct json_object *list = json_object_new_array();
	int i;

	for (i = 0; i < 32; i++)
		json_object_array_add(list, json_object_new_uint64(i == 3 ? 100 : 0));
	check(stat_quantile(list, 0.5) == 12, "the middle of 8 to 16", NULL);
	check(stat_quantile(list, 1) == 16, "the end of 8 to 16", NULL);
	check(stat_quantile(NULL, 0.5) == 0, "none", NULL);
	json_object_put(list);
}

int main(void)
{
	test_parse();
	test_print();
	test_words_read_back();
	test_near();
	test_addr();
	test_quantile();
	test_usage();
	test_host_commands();
	test_paths();
	test_target_commands();
	test_key_files();
	test_keys();
	test_identity();
	test_doctor();
	test_conf_revoke();
	test_show();
	test_interval();
	test_monitor();
	test_errors();
	test_device_errors();
	test_conf_errors();
	test_conf();
	test_up_down_save();
	test_hostile_words();
	test_hostile_messages();
	printf("%u passed, %u failed\n", passed, failed);
	return !!failed;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * A target that breaks the protocol over RDMA: once for each name that is written to
 * /sys/module/apn_rdma_target/parameters/trick; else it serves a disk by the rules. What
 * became of the trick stands in "verdict" beside it.
 */
#include "target.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/string.h>

static char verdict[80];
module_param_string(verdict, verdict, sizeof(verdict), 0444);
MODULE_PARM_DESC(verdict, "what the host did; empty: nothing yet");

enum {
	HEAD = sizeof(struct apn_hdr),
	WAIT_MS = 9000, /* longer than silence may last */
	MADE_UP_KEY = 0x12345678,
};

/* ---- grants ---- */

static int grant_of_nothing(struct target *t, const struct apn_hdr *hdr)
{
	return target_say_grant(t, 1, 0, t->mr->rkey);
}

static int grant_too_large(struct target *t, const struct apn_hdr *hdr)
{
	return target_say_grant(t, 1, APN_RDMA_STEP + 1, t->mr->rkey);
}

/* A hundred times what can have been wished for. */
static int grants_without_end(struct target *t, const struct apn_hdr *hdr)
{
	u32 first = 1;

	while (first < 100 * APN_RDMA_PLACES_MAX && !target_say_grant(t, first, 8, t->mr->rkey))
		first += 8;
	return 0;
}

static int grant_skips(struct target *t, const struct apn_hdr *hdr)
{
	return target_say_grant(t, 2, 8, t->mr->rkey);
}

static int grant_again(struct target *t, const struct apn_hdr *hdr)
{
	return target_say_grant(t, 1, 8, t->mr->rkey) ?: target_say_grant(t, 1, 8, t->mr->rkey);
}

static int grant_grows(struct target *t, const struct apn_hdr *hdr)
{
	return target_say_grant(t, 1, 8, t->mr->rkey) ?: target_say_grant(t, 9, 16, t->mr->rkey);
}

static int grant_short(struct target *t, const struct apn_hdr *hdr)
{
	memset(t->out, 0, TARGET_BYTES);
	return target_send_imm(t, sizeof(struct apn_rdma_grant) - 4, APN_RDMA_GRANT);
}

static int grant_long(struct target *t, const struct apn_hdr *hdr)
{
	memset(t->out, 0, TARGET_BYTES);
	return target_send_imm(t, HEAD, APN_RDMA_GRANT);
}

static int other_immediate(struct target *t, const struct apn_hdr *hdr)
{
	struct apn_rdma_grant *grant = t->out;

	memset(t->out, 0, TARGET_BYTES);
	grant->first = cpu_to_le32(1);
	grant->places = cpu_to_le32(8);
	return target_send_imm(t, sizeof(*grant), 0xffffffff);
}

/* In HELLO's place: who has not proved himself. */
static int grant_too_early(struct target *t, const struct apn_hdr *hdr)
{
	return target_say_grant(t, 1, 8, t->mr->rkey);
}

/* The host finds out when it puts something there. */
static int grant_of_a_made_up_key(struct target *t, const struct apn_hdr *hdr)
{
	return target_say_grant(t, 1, TARGET_PLACES, MADE_UP_KEY);
}

/* ---- messages ---- */

static int nothing_at_all(struct target *t, const struct apn_hdr *hdr)
{
	return target_send(t, 0);
}

static int short_message(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_REPLY, 0);
	return target_send(t, 10);
}

static int too_long(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_REPLY, 4096);
	return target_send(t, TARGET_BYTES);
}

static int more_than_said(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_REPLY, 0);
	return target_send(t, HEAD + 512);
}

static int half_a_payload(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_REPLY, 4096);
	return target_send(t, HEAD + 2048);
}

/* ---- answers ---- */

static u32 key_of(const struct apn_hdr *hdr)
{
	return le32_to_cpu(hdr->io.place);
}

static u32 length_of(const struct apn_hdr *hdr)
{
	return le64_to_cpu(hdr->io.length);
}

static int put_all(struct target *t, const struct apn_hdr *hdr)
{
	target_fill(t, hdr);
	return target_put(t, length_of(hdr), key_of(hdr), le32_to_cpu(hdr->io.chunk));
}

static int sent_past_the_key(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_REPLY, 4096);
	return target_send(t, HEAD + 4096);
}

static int put_without_a_key(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_REPLY, length_of(hdr));
	return target_send(t, HEAD);
}

static int put_for_a_write(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_REPLY, length_of(hdr));
	return target_send(t, HEAD);
}

static int takes_a_made_up_key(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_REPLY, length_of(hdr));
	return target_send_inv(t, HEAD, MADE_UP_KEY);
}

/* The key goes with the first of two pieces: the second one can't come any more. */
static int takes_the_key_early(struct target *t, const struct apn_hdr *hdr)
{
	put_all(t, hdr);
	target_build(t, hdr, APN_OP_REPLY, 4096);
	return target_send_inv(t, HEAD, key_of(hdr));
}

/* Of two READs on the way the second is answered, and the first one's key taken. */
static int takes_anothers_key(struct target *t, const struct apn_hdr *hdr)
{
	static u32 first;

	if (!first) {
		first = key_of(hdr);
		return -EAGAIN;
	}
	put_all(t, hdr);
	target_build(t, hdr, APN_OP_REPLY, length_of(hdr));
	return target_send_inv(t, HEAD, first);
}

static int answers_twice(struct target *t, const struct apn_hdr *hdr)
{
	put_all(t, hdr);
	target_build(t, hdr, APN_OP_REPLY, length_of(hdr));
	return target_send_inv(t, HEAD, key_of(hdr)) ?: target_send(t, HEAD);
}

/* ---- what must not reach the host's memory ---- */

static int put_behind_the_end(struct target *t, const struct apn_hdr *hdr)
{
	u64 end = le32_to_cpu(hdr->io.chunk) + length_of(hdr);

	return target_put(t, 4096, key_of(hdr), end - 2048);
}

static int put_elsewhere(struct target *t, const struct apn_hdr *hdr)
{
	return target_put(t, 512, key_of(hdr), 1ULL << 40);
}

static int put_with_a_made_up_key(struct target *t, const struct apn_hdr *hdr)
{
	return target_put(t, 512, MADE_UP_KEY, 0);
}

static int put_again(struct target *t, const struct apn_hdr *hdr)
{
	memset(t->load, 0xee, APN_CHUNK_BYTES);
	msleep(300); /* the pages are somebody else's by now */
	return target_put(t, length_of(hdr), key_of(hdr), le32_to_cpu(hdr->io.chunk));
}

static int put_after_the_answer(struct target *t, const struct apn_hdr *hdr)
{
	put_all(t, hdr);
	target_build(t, hdr, APN_OP_REPLY, length_of(hdr));
	return target_send_inv(t, HEAD, key_of(hdr)) ? 0 : put_again(t, hdr);
}

/* As the rules allow it, the answer leaves the key to the host to take back. */
static int put_after_a_bare_answer(struct target *t, const struct apn_hdr *hdr)
{
	put_all(t, hdr);
	target_build(t, hdr, APN_OP_REPLY, length_of(hdr));
	return target_send(t, HEAD) ? 0 : put_again(t, hdr);
}

static int put_after_an_error(struct target *t, const struct apn_hdr *hdr)
{
	target_build(t, hdr, APN_OP_REPLY, 0)->status = cpu_to_le16(APN_STATUS_NO_SESSION);
	return target_send(t, HEAD) ? 0 : put_again(t, hdr);
}

/* ---- */

/* Nothing is wrong with it: the host takes back the key, and goes on. */
static int bare_answer(struct target *t, const struct apn_hdr *hdr)
{
	put_all(t, hdr);
	target_build(t, hdr, APN_OP_REPLY, length_of(hdr));
	return target_send(t, HEAD);
}

enum end { ENDS, REFUSES, GOES_ON }; /* REFUSES: the host's queue pair, what is put last */

static const struct trick {
	const char *name;
	enum end end;
	u8 op; /* what it answers; zero: in a grant's place */
	bool keyed; /* a READ with a key, a WRITE that was put */
	int (*play)(struct target *t, const struct apn_hdr *hdr); /* -EAGAIN: not yet */
} tricks[] = {
	{ "grant-of-nothing", ENDS, 0, false, grant_of_nothing },
	{ "grant-too-large", ENDS, 0, false, grant_too_large },
	{ "grants-without-end", ENDS, 0, false, grants_without_end },
	{ "grant-skips", ENDS, 0, false, grant_skips },
	{ "grant-again", ENDS, 0, false, grant_again },
	{ "grant-grows", ENDS, 0, false, grant_grows },
	{ "grant-short", ENDS, 0, false, grant_short },
	{ "grant-long", ENDS, 0, false, grant_long },
	{ "other-immediate", ENDS, 0, false, other_immediate },
	{ "grant-too-early", ENDS, APN_OP_HELLO, false, grant_too_early },
	{ "grant-of-a-made-up-key", ENDS, 0, false, grant_of_a_made_up_key },
	{ "nothing-at-all", ENDS, APN_OP_READ, true, nothing_at_all },
	{ "short-message", ENDS, APN_OP_READ, true, short_message },
	{ "too-long", ENDS, APN_OP_READ, true, too_long },
	{ "more-than-said", ENDS, APN_OP_READ, true, more_than_said },
	{ "half-a-payload", ENDS, APN_OP_READ, true, half_a_payload },
	{ "sent-past-the-key", ENDS, APN_OP_READ, true, sent_past_the_key },
	{ "put-without-a-key", ENDS, APN_OP_READ, false, put_without_a_key },
	{ "put-for-a-write", ENDS, APN_OP_WRITE, true, put_for_a_write },
	{ "takes-a-made-up-key", ENDS, APN_OP_READ, true, takes_a_made_up_key },
	{ "takes-the-key-early", ENDS, APN_OP_READ, true, takes_the_key_early },
	{ "takes-anothers-key", ENDS, APN_OP_READ, true, takes_anothers_key },
	{ "answers-twice", ENDS, APN_OP_READ, true, answers_twice },
	{ "put-behind-the-end", REFUSES, APN_OP_READ, true, put_behind_the_end },
	{ "put-elsewhere", REFUSES, APN_OP_READ, true, put_elsewhere },
	{ "put-with-a-made-up-key", REFUSES, APN_OP_READ, true, put_with_a_made_up_key },
	{ "put-after-the-answer", REFUSES, APN_OP_READ, true, put_after_the_answer },
	{ "put-after-a-bare-answer", REFUSES, APN_OP_READ, true, put_after_a_bare_answer },
	{ "put-after-an-error", REFUSES, APN_OP_READ, true, put_after_an_error },
	{ "bare-answer", GOES_ON, APN_OP_READ, true, bare_answer },
};

static const struct trick *armed; /* to be played */
static bool setup_wanted; /* for that */
static const struct trick *watched; /* was played on @victim, and what the host does is open */
static struct target *victim;
static unsigned long since;

static void judge(bool ok, const char *what, int code)
{
	snprintf(verdict, sizeof(verdict), "%s: %s (%d)", ok ? "ok" : "not ok", what, code);
	watched = NULL;
}

static bool is_due(const struct trick *trick, const struct apn_hdr *hdr)
{
	if (!trick || trick->op != hdr->op)
		return false;
	return hdr->op < APN_OP_READ || trick->keyed == !!hdr->io.place;
}

bool bad_plays(struct target *t, const struct apn_hdr *hdr)
{
	const struct trick *now = smp_load_acquire(&armed); /* pairs with arm() */
	int ret;

	if (!is_due(now, hdr))
		return false;
	watched = now;
	victim = t;
	since = jiffies;
	ret = now->play(t, hdr);
	if (ret == -EAGAIN) {
		watched = NULL;
		return true;
	}
	WRITE_ONCE(armed, NULL);
	if (now->end == REFUSES)
		judge(ret == IB_WC_REM_ACCESS_ERR || ret == IB_WC_REM_OP_ERR ||
		      ret == IB_WC_REM_INV_REQ_ERR, "what was put last was refused", ret);
	return true;
}

void bad_watches(struct target *t)
{
	bool over = time_after(jiffies, since + msecs_to_jiffies(WAIT_MS));

	if (!watched || victim != t)
		return;
	if (watched->end == GOES_ON) {
		if (t->ended || over)
			judge(!t->ended, "the host goes on", 0);
	} else if (READ_ONCE(t->ended)) {
		judge(true, "the host ended the connection", jiffies_to_msecs(jiffies - since));
	} else if (over) {
		judge(false, "the host goes on", 0);
	}
}

bool bad_wants_setup(void)
{
	return xchg(&setup_wanted, false);
}

static int arm(const char *name, const struct kernel_param *kp)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tricks); i++) {
		if (!sysfs_streq(tricks[i].name, name))
			continue;
		verdict[0] = '\0';
		smp_store_release(&armed, &tricks[i]); /* read by the thread */
		WRITE_ONCE(setup_wanted, tricks[i].op < APN_OP_READ);
		return 0;
	}
	return -EINVAL;
}

static const struct kernel_param_ops trick_ops = { .set = arm };
module_param_cb(trick, &trick_ops, NULL, 0200);
MODULE_PARM_DESC(trick, "how the protocol is broken next");

static int __init bad_init(void)
{
	return target_start();
}

static void __exit bad_exit(void)
{
	target_stop();
}

module_init(bad_init);
module_exit(bad_exit);
MODULE_DESCRIPTION("apnbd: a target that breaks the protocol over RDMA");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/* A lane inside TLS: the handshake, and records that are no data. */
#include "tcp.h"
#include "../psk.h"

#include <compat/tls.h>
#include <linux/slab.h>
#include <net/sock.h>

enum {
	ALERT_RECORD = 21, /* RFC 8446, 5.1 */
	HANDSHAKE_RECORD = 22, /* what a TLS connection begins with; no PDU does */
	AGAIN_MS = 50,
	NAME_MS = 5000, /* longer than a daemon's accept() takes in the kernel */
};

/*
 * The kernel keeps the pointer to the peer's name, and a daemon that accepts a handshake
 * while that is taken back reads it still: then it stays for a while.
 */
struct apn_tcp_name {
	struct delayed_work gone;
	char text[48];
};

static atomic_t names;
static DECLARE_WAIT_QUEUE_HEAD(no_names);

static void free_name(struct apn_tcp_name *name)
{
	kfree(name);
	if (atomic_dec_and_test(&names))
		wake_up_all(&no_names);
}

static void name_gone(struct work_struct *work)
{
	free_name(container_of(to_delayed_work(work), struct apn_tcp_name, gone));
}

static struct apn_tcp_name *name_of(struct socket *sock)
{
	struct apn_tcp_name *name = kzalloc_obj(*name);
	struct sockaddr_storage peer = {};

	if (!name)
		return NULL;
	kernel_getpeername(sock, (struct sockaddr *)&peer);
	snprintf(name->text, sizeof(name->text), "%pISc", &peer);
	INIT_DELAYED_WORK(&name->gone, name_gone);
	atomic_inc(&names);
	return name;
}

/*
 * From its first stage to the last the lane's work is the only one that moves it on; but
 * for ASKED, where the daemon has the socket, and answered() is called once.
 */

static void move(struct apn_tcp_lane *t, enum apn_tcp_stage stage)
{
	WRITE_ONCE(t->tls.stage, stage);
	wake_up_all(&t->state_changed);
}

static void fail(struct apn_tcp_lane *t, int error, const char *reason)
{
	apn_lane_die(&t->lane, error, reason);
	wake_up_all(&t->state_changed);
}

/* The last thing it does is to let apn_tcp_tls_stop() go on, after which @t may go. */
static void answered(void *data, int status, key_serial_t key)
{
	struct apn_tcp_lane *t = data;

	t->tls.status = status;
	t->tls.key = key;
	smp_store_release(&t->tls.stage, APN_TCP_ANSWERED); /* pairs with apn_tcp_tls_step() */
	apn_tcp_wake(t);
	complete(&t->tls.answered);
}

static void again(struct work_struct *work)
{
	apn_tcp_wake(container_of(to_delayed_work(work), struct apn_tcp_lane, tls.again));
}

static const char *why_not_begun(int error)
{
	switch (error) {
	case -ESRCH:
		return "tlshd does not run in this network namespace (apt install ktls-utils)";
	case -ENOKEY:
		return "there is no key for this identity";
	}
	return "the TLS handshake could not be begun";
}

static int submit(struct apn_tcp_lane *t)
{
	struct apn_tls_ask ask = {
		.sock = t->sock,
		.client = t->lane.host,
		.keyring = apn_psk_keyring(t->lane.host),
		.timeout_ms = APN_TCP_TLS_MS,
		.done = answered,
		.data = t,
	};

	if (ask.client) {
		ask.key = apn_psk_serial(true, t->tls.identity);
		if (!ask.key)
			return -ENOKEY;
		t->tls.key = ask.key;
	}
	if (!t->tls.peer)
		t->tls.peer = name_of(t->sock);
	if (!t->tls.peer)
		return -ENOMEM;
	ask.peer = t->tls.peer->text;
	return apn_tls_handshake(&ask);
}

static void ask_again(struct apn_tcp_lane *t)
{
	queue_delayed_work(apn_tcp_wq, &t->tls.again, msecs_to_jiffies(AGAIN_MS));
}

/* While the daemon has the socket, its callbacks are those that the kernel gave it. */
static void ask(struct apn_tcp_lane *t)
{
	int ret;

	if (!t->lane.host && READ_ONCE(t->sock->sk->sk_state) != TCP_ESTABLISHED) {
		fail(t, -ECONNRESET, "the peer closed the connection");
		return;
	}
	if (!t->lane.host && !t->lane.user->handshake(&t->lane)) {
		move(t, APN_TCP_ASK);
		ask_again(t);
		return;
	}
	apn_tcp_unwatch(t);
	t->tls.asked = true;
	move(t, APN_TCP_ASKED); /* before, since the answer may come first */
	ret = submit(t);
	if (!ret)
		return;
	t->tls.asked = false;
	move(t, APN_TCP_ASK);
	if (ret == -EAGAIN)
		ask_again(t);
	else
		fail(t, ret, why_not_begun(ret));
}

/*
 * The target's: who connects and says nothing costs no handshake. Who does not begin
 * with TLS is heard in the clear, as far as HELLO, and refused there.
 */
static void look(struct apn_tcp_lane *t)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_PEEK };
	u8 type;
	struct kvec vec = { &type, sizeof(type) };
	int ret = kernel_recvmsg(t->sock, &msg, &vec, 1, sizeof(type), msg.msg_flags);

	if (ret == -EAGAIN)
		return;
	if (ret <= 0) {
		apn_lane_die(&t->lane, ret ?: -ECONNRESET, "the peer closed the connection");
	} else if (type == HANDSHAKE_RECORD) {
		ask(t);
	} else {
		move(t, APN_TCP_OPEN);
		apn_tcp_wake(t);
	}
}

/* At the target, at the host. */
static const char *const no_handshake[2] = {
	"the TLS handshake failed: an unknown identity, or another key",
	"the TLS handshake failed: the target has another key or none, no tlshd, or no port of TLS there; its kernel log says which",
};

/*
 * Nothing of what the daemon says is believed unseen: on some kernels any process can
 * say that a handshake is done, and the daemon looks into other keyrings, too.
 */
static const char *verify(struct apn_tcp_lane *t)
{
	char identity[APN_NAME_BYTES];

	if (t->tls.status)
		return no_handshake[t->lane.host];
	if (!apn_tls_sealed(t->sock->sk, t->lane.host, t->lane.channel))
		return "the handshake is said to be done, and the connection is not inside TLS 1.3";
	if (!apn_psk_identity(t->tls.key, identity))
		return "the key of the TLS handshake is not one of ours";
	if (t->lane.host && strcmp(identity, t->tls.identity))
		return "the TLS handshake was made with the key of another identity";
	memcpy(t->lane.sealed_as, identity, sizeof(identity));
	return NULL;
}

static void finish(struct apn_tcp_lane *t)
{
	const char *reason = verify(t);

	if (reason) {
		fail(t, -EKEYREJECTED, reason);
		return;
	}
	t->tls.sealed = true;
	move(t, APN_TCP_OPEN);
	apn_tcp_watch(t);
}

/* The lane's work, until the stage is OPEN. */
void apn_tcp_tls_step(struct apn_tcp_lane *t)
{
	switch (smp_load_acquire(&t->tls.stage)) { /* pairs with answered() */
	case APN_TCP_FIRST:
		if (!t->lane.host)
			look(t);
		else if (READ_ONCE(t->eof))
			apn_lane_die(&t->lane, -ECONNRESET, "the peer closed the connection");
		return;
	case APN_TCP_ASK:
		ask(t);
		return;
	case APN_TCP_ANSWERED:
		finish(t);
		return;
	case APN_TCP_ASKED:
	case APN_TCP_OPEN:
		return;
	}
}

/* Before the socket is watched, at both ends. */
void apn_tcp_tls_begin(struct apn_tcp_lane *t, const char *identity)
{
	t->tls.stage = APN_TCP_FIRST;
	t->tls.wanted = true;
	t->tls.identity = identity;
	init_completion(&t->tls.answered);
	INIT_DELAYED_WORK(&t->tls.again, again);
}

static bool is_over(struct apn_tcp_lane *t)
{
	return READ_ONCE(t->tls.stage) == APN_TCP_OPEN || apn_lane_dead(&t->lane);
}

/*
 * The host's, when the connection stands. Zero promises that all that is sent from here
 * on is inside TLS with a peer who knows the identity's key. It looks up by itself: a
 * lane that is told to die wakes nobody here.
 */
int apn_tcp_tls_connect(struct apn_tcp_lane *t)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(APN_TCP_TLS_MS + APN_TCP_TLS_MS / 4);

	move(t, APN_TCP_ASK);
	apn_tcp_wake(t);
	while (!is_over(t) && time_before(jiffies, deadline))
		wait_event_timeout(t->state_changed, is_over(t), msecs_to_jiffies(APN_TCP_LOOK_MS));
	if (apn_lane_dead(&t->lane))
		return READ_ONCE(t->lane.error);
	if (is_over(t))
		return 0;
	fail(t, -ETIMEDOUT, "the TLS handshake took too long");
	return -ETIMEDOUT;
}

/*
 * The lane is dead, and its work is not queued again. When this returns the daemon is
 * not waited for any more, and answered() does not run and won't.
 */
void apn_tcp_tls_stop(struct apn_tcp_lane *t)
{
	bool taken_back = false;

	if (!t->tls.wanted)
		return;
	cancel_work_sync(&t->work);
	cancel_delayed_work_sync(&t->tls.again);
	if (t->tls.asked && !completion_done(&t->tls.answered)) {
		taken_back = apn_tls_cancel(t->sock->sk);
		if (!taken_back)
			wait_for_completion(&t->tls.answered);
	}
	t->tls.asked = false;
	if (taken_back)
		queue_delayed_work(apn_tcp_wq, &t->tls.peer->gone, msecs_to_jiffies(NAME_MS));
	else if (t->tls.peer)
		free_name(t->tls.peer);
	t->tls.peer = NULL;
}

void apn_tcp_tls_exit(void)
{
	wait_event(no_names, !atomic_read(&names));
}

/* ---- records ---- */

/*
 * A round of sending ended with @ret. What was sent with MSG_MORE lies in a record that
 * is not closed, so it would stay here; and want of memory is not the lane's end.
 */
int apn_tcp_tls_sent(struct apn_tcp_lane *t, int ret)
{
	if (t->more)
		apn_tls_flush(t->sock);
	t->more = false;
	if (ret != -ENOMEM)
		return ret;
	queue_delayed_work(apn_tcp_wq, &t->tls.again, msecs_to_jiffies(AGAIN_MS));
	return -EAGAIN;
}

static const char *alert_reason(u8 description)
{
	return description ? "the peer sent a TLS alert" : "the peer closed the connection";
}

/* Receiving stopped at a record that is no data: what is it? It is taken off the socket. */
const char *apn_tcp_tls_why(struct apn_tcp_lane *t, int error)
{
	union {
		struct cmsghdr hdr;
		u8 space[CMSG_SPACE(sizeof(u8))];
	} control = {};
	u8 body[2] = {};
	struct kvec vec = { body, sizeof(body) };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	if (error == -EBADMSG)
		return "a TLS record is damaged or forged";
	if (error != -EINVAL && error != -EKEYEXPIRED)
		return "receiving failed";
	if (kernel_recvmsg(t->sock, &msg, &vec, 1, sizeof(body), msg.msg_flags) < 0)
		return "receiving failed";
	switch (apn_tls_record_type(t->sock->sk, &control.hdr)) {
	case ALERT_RECORD:
		return alert_reason(body[1]);
	case HANDSHAKE_RECORD:
		return "the peer wants another handshake or other keys: it connects anew for that";
	}
	return "a TLS record of a type that has no place here";
}

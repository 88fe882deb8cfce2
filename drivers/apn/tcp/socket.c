// SPDX-License-Identifier: GPL-2.0
/* Sockets: made, connected, accepted, watched, closed. */
#include "tcp.h"

#include <compat/tls.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <net/inet_connection_sock.h>
#include <net/tcp.h>

struct workqueue_struct *apn_tcp_wq;

/* ---- options ---- */

/*
 * Our sockets are locked where memory is reclaimed, others allocate while locked:
 * lockdep has to know that these are not the same lock. Those inside TLS are locked by
 * our own work alone, and by the daemon, who allocates: they stay among the others.
 */
static void name_locks(struct socket *sock)
{
	static struct lock_class_key slock_key[2], lock_key[2];
	struct sock *sk = sock->sk;

	if (!sock_allow_reclassification(sk))
		return;
	if (sk->sk_family == AF_INET6)
		sock_lock_init_class_and_name(sk, "slock-AF_INET6-APN", &slock_key[1],
					      "sk_lock-AF_INET6-APN", &lock_key[1]);
	else
		sock_lock_init_class_and_name(sk, "slock-AF_INET-APN", &slock_key[0],
					      "sk_lock-AF_INET-APN", &lock_key[0]);
}

static void set_buffers(struct sock *sk, u32 bytes)
{
	sock_set_rcvbuf(sk, bytes / 2); /* it takes twice what it is told */
	lock_sock(sk);
	sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_sndbuf, bytes);
	release_sock(sk);
}

static u32 long_bytes(void)
{
	return min_t(u64, (u64)totalram_pages() * PAGE_SIZE / APN_TCP_LONG_MEMORY,
		     APN_TCP_LONG_BYTES);
}

/*
 * On a line that is paced: at once as much as it may carry, since the kernel would let the window
 * that it shows grow with what arrives, as slowly as the other side's slow start.
 */
void apn_tcp_widen(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	set_buffers(sk, long_bytes());
	lock_sock(sk);
	tp->window_clamp = min_t(u32, tcp_full_space(sk), U16_MAX << tp->rx_opt.rcv_wscale);
	tp->rcv_ssthresh = tp->window_clamp;
	release_sock(sk);
}

/* Before connect or listen: the scale of the window is fixed in the first packet. */
static void set_scale(struct sock *sk)
{
	set_buffers(sk, long_bytes());
}

static void set_options(struct sock *sk)
{
	lock_sock(sk);
	WRITE_ONCE(tcp_sk(sk)->notsent_lowat, APN_TCP_UNSENT_BYTES);
	release_sock(sk);
	tcp_sock_set_nodelay(sk);
	tcp_sock_set_user_timeout(sk, APN_TCP_USER_TIMEOUT_MS);
	sock_set_keepalive(sk);
	tcp_sock_set_keepidle(sk, APN_TCP_KEEPIDLE_S);
	tcp_sock_set_keepintvl(sk, APN_TCP_KEEPINTVL_S);
	tcp_sock_set_keepcnt(sk, APN_TCP_KEEPCNT);
	sock_no_linger(sk); /* what is left in a dead lane's socket must not go out */
}

/* Writeback depends on this socket: it must not start reclaim. */
static void set_memory(struct sock *sk)
{
	sk->sk_allocation = GFP_ATOMIC;
	sk->sk_use_task_frag = false;
}

/* Until then what it sends takes little of the memory, and nothing of the reserves. */
static void tcp_admit(struct apn_lane *lane, u64 bytes)
{
	struct sock *sk = apn_tcp_lane(lane)->sock->sk;

	set_buffers(sk, APN_TCP_SHORT_BYTES);
	if (apn_tcp_congestion_joined(sk)) /* the pacer's were set before, or are set again */
		apn_tcp_widen(sk);
	sk_set_memalloc(sk);
}

/* ---- callbacks: softirq; they only wake the work ---- */

static void wake_lane(struct sock *sk, bool eof)
{
	struct apn_tcp_lane *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t) {
		if (eof)
			WRITE_ONCE(t->eof, true);
		queue_work(apn_tcp_wq, &t->work);
		wake_up_all(&t->state_changed);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void data_ready(struct sock *sk)
{
	struct apn_tcp_lane *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t && t->tls.sealed)
		t->old_data_ready(sk); /* it puts records together */
	if (t)
		queue_work(apn_tcp_wq, &t->work);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void write_space(struct sock *sk)
{
	struct apn_tcp_lane *t;

	read_lock_bh(&sk->sk_callback_lock);
	t = sk->sk_user_data;
	if (t && t->tls.sealed)
		t->old_write_space(sk); /* it goes on with a record that went out in part */
	if (t && sk_stream_is_writeable(sk)) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		queue_work(apn_tcp_wq, &t->work);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void state_change(struct sock *sk)
{
	bool open = sk->sk_state == TCP_ESTABLISHED || sk->sk_state == TCP_SYN_SENT ||
		    sk->sk_state == TCP_SYN_RECV;

	wake_lane(sk, !open);
}

/* What came before anybody watched is looked at now. */
void apn_tcp_watch(struct apn_tcp_lane *t)
{
	struct sock *sk = t->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	t->old_data_ready = sk->sk_data_ready;
	t->old_write_space = sk->sk_write_space;
	t->old_state_change = sk->sk_state_change;
	sk->sk_user_data = t;
	sk->sk_data_ready = data_ready;
	sk->sk_write_space = write_space;
	sk->sk_state_change = state_change;
	if (sk->sk_state == TCP_CLOSE_WAIT || (sk->sk_state == TCP_CLOSE && !t->lane.host))
		WRITE_ONCE(t->eof, true);
	queue_work(apn_tcp_wq, &t->work);
	write_unlock_bh(&sk->sk_callback_lock);
}

/* Can be done again. */
void apn_tcp_unwatch(struct apn_tcp_lane *t)
{
	struct sock *sk = t->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data != t) {
		write_unlock_bh(&sk->sk_callback_lock);
		return;
	}
	sk->sk_user_data = NULL;
	sk->sk_data_ready = t->old_data_ready;
	sk->sk_write_space = t->old_write_space;
	sk->sk_state_change = t->old_state_change;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* ---- the work ---- */

/* From apn_lane_close() on, which waits for RCU, nobody queues it again. */
void apn_tcp_wake(struct apn_tcp_lane *t)
{
	guard(rcu)();
	if (!apn_lane_dead(&t->lane))
		queue_work(apn_tcp_wq, &t->work);
}

static int try_send(struct apn_tcp_lane *t)
{
	int ret;

	if (!READ_ONCE(t->row_bytes) && !apn_lane_pending(&t->lane) &&
	    !READ_ONCE(t->lane.waits_for_room))
		return 0;
	if (!mutex_trylock(&t->lane.tx_lock))
		return 0;
	ret = apn_tcp_send(t);
	mutex_unlock(&t->lane.tx_lock);
	return ret;
}

/* One round of both directions; positive while there may be more. */
static int turn(struct apn_tcp_lane *t)
{
	struct apn_lane *lane = &t->lane;
	bool eof = READ_ONCE(t->eof);
	int sent, got;

	sent = try_send(t);
	if (sent < 0) {
		apn_lane_die(lane, sent, "sending failed");
		return 0;
	}
	got = apn_tcp_recv(t);
	lane->user->settle(lane);
	if (t->stalled)
		lane->user->wait(lane, &lane->rx);
	if (got < 0)
		apn_lane_die(lane, got,
			     t->tls.sealed ? apn_tcp_tls_why(t, got) : "receiving failed");
	else if (!got && eof && !t->stop)
		apn_lane_die(lane, -ECONNRESET, "the peer closed the connection");
	return sent + max(got, 0) + t->stop;
}

static void lane_work(struct work_struct *work)
{
	struct apn_tcp_lane *t = container_of(work, struct apn_tcp_lane, work);
	unsigned long deadline = jiffies + msecs_to_jiffies(2);

	if (READ_ONCE(t->tls.stage) != APN_TCP_OPEN) {
		if (!apn_lane_dead(&t->lane))
			apn_tcp_tls_step(t);
		return;
	}
	do {
		if (apn_lane_dead(&t->lane) || !turn(t))
			return;
		cond_resched();
	} while (time_before(jiffies, deadline));
	apn_tcp_wake(t);
}

static void adopt(struct apn_tcp_lane *t, struct socket *sock)
{
	t->sock = sock;
	INIT_WORK(&t->work, lane_work);
	init_waitqueue_head(&t->state_changed);
	set_memory(sock->sk);
	apn_lane_get(&t->lane);
}

/* ---- connect and close ---- */

static int address_bytes(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
						sizeof(struct sockaddr_in);
}

static int make_socket(struct net *net, const struct sockaddr_storage *like, bool tls,
		       struct socket **sock)
{
	int ret = sock_create_kern(net, like->ss_family, SOCK_STREAM, IPPROTO_TCP, sock);

	if (!ret && tls)
		ret = apn_tls_prepare(*sock);
	if (ret)
		return ret;
	if (!tls)
		name_locks(*sock);
	sk_net_refcnt_upgrade((*sock)->sk); /* what it accepts inherits that */
	set_scale((*sock)->sk);
	set_options((*sock)->sk);
	return 0;
}

static int wait_connected(struct apn_tcp_lane *t)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(APN_TCP_CONNECT_MS);
	struct sock *sk = t->sock->sk;
	bool over = false;

	while (!over && time_before(jiffies, deadline)) /* a lane that dies wakes nobody here */
		over = wait_event_timeout(t->state_changed,
					  READ_ONCE(sk->sk_state) != TCP_SYN_SENT ||
						  apn_lane_dead(&t->lane),
					  msecs_to_jiffies(APN_TCP_LOOK_MS));
	if (apn_lane_dead(&t->lane)) /* the work may have seen the refusal first */
		return sock_error(sk) ?: READ_ONCE(t->lane.error);
	if (!over)
		return -ETIMEDOUT;
	return READ_ONCE(sk->sk_state) == TCP_ESTABLISHED ? 0 : sock_error(sk) ?: -ECONNRESET;
}

static void close_socket(struct apn_tcp_lane *t)
{
	unsigned int noio = memalloc_noio_save();

	apn_tcp_tls_stop(t);
	apn_tcp_unwatch(t);
	kernel_sock_shutdown(t->sock, SHUT_RDWR);
	cancel_work_sync(&t->work);
	apn_tcp_congestion_leave(t);
	mutex_lock(&t->lane.tx_lock); /* a direct sender that did not see DEAD */
	apn_tcp_send_abort(t);
	mutex_unlock(&t->lane.tx_lock);
	apn_tls_release(t->sock);
	apn_tcp_pages_let_go(t->pages);
	memalloc_noio_restore(noio);
}

static void tcp_close_lane(struct apn_lane *lane)
{
	close_socket(apn_tcp_lane(lane));
	apn_lane_put(lane);
}

static void tcp_release_lane(struct apn_lane *lane)
{
	apn_tcp_pages_free(apn_tcp_lane(lane)->pages);
}

static int tcp_connect_lane(struct apn_lane *lane, const struct apn_route *route)
{
	struct apn_tcp_lane *t = apn_tcp_lane(lane);
	bool tls = route->security == APN_SECURITY_TLS;
	struct socket *sock;
	int ret = make_socket(route->net, &route->peer, tls, &sock);

	if (ret)
		return ret;
	t->pages = apn_tcp_pages_alloc();
	if (!t->pages) {
		apn_tls_release(sock);
		return -ENOMEM;
	}
	adopt(t, sock);
	sk_set_memalloc(sock->sk);
	if (tls)
		apn_tcp_tls_begin(t, route->identity);
	apn_tcp_watch(t);
	if (route->source.ss_family)
		ret = kernel_bind(sock, (struct sockaddr_unsized *)&route->source,
				  address_bytes(&route->source));
	if (!ret)
		ret = kernel_connect(sock, (struct sockaddr_unsized *)&route->peer,
				     address_bytes(&route->peer), O_NONBLOCK);
	set_buffers(sock->sk, APN_TCP_SHORT_BYTES); /* its scale is fixed now */
	if (ret == -EINPROGRESS)
		ret = wait_connected(t);
	if (!ret && tls)
		ret = apn_tcp_tls_connect(t);
	if (ret) {
		close_socket(t);
		apn_lane_put(lane);
	}
	return ret;
}

static void tcp_addresses(struct apn_lane *lane, struct sockaddr_storage *source,
			  struct sockaddr_storage *peer)
{
	struct socket *sock = apn_tcp_lane(lane)->sock;

	kernel_getsockname(sock, (struct sockaddr *)source);
	kernel_getpeername(sock, (struct sockaddr *)peer);
}

static u32 tcp_rtt_us(struct apn_lane *lane)
{
	return tcp_sk(apn_tcp_lane(lane)->sock->sk)->srtt_us >> 3;
}

static void tcp_pace(struct apn_lane *lane, struct apn_pacer *pacer)
{
	if (apn_tcp_congestion_join(apn_tcp_lane(lane), pacer))
		WRITE_ONCE(lane->pacer, pacer);
}

/* ---- listen ---- */

struct tcp_listener {
	struct apn_listener listener; /* first */
	struct socket *sock;
	struct work_struct work;
	void (*old_data_ready)(struct sock *sk);
};

/* Also called for a connection that inherits this callback until it is accepted. */
static void listen_ready(struct sock *sk)
{
	struct tcp_listener *l;

	read_lock_bh(&sk->sk_callback_lock);
	l = sk->sk_user_data;
	if (l && sk->sk_state == TCP_LISTEN)
		queue_work(apn_tcp_wq, &l->work);
	read_unlock_bh(&sk->sk_callback_lock);
}

/* The accepted socket inherited the listener's callback and not its user data. */
static void take_in(struct tcp_listener *l, struct socket *sock)
{
	bool tls = l->listener.security == APN_SECURITY_TLS;
	struct sockaddr_storage peer = {};
	struct apn_lane *lane;
	struct apn_tcp_lane *t;

	if (tls && apn_tls_prepare(sock))
		return;
	kernel_getpeername(sock, (struct sockaddr *)&peer);
	lane = l->listener.lane(&l->listener, &peer);
	if (!lane) {
		apn_tls_release(sock);
		return;
	}
	t = apn_tcp_lane(lane);
	sock->sk->sk_data_ready = l->old_data_ready;
	set_buffers(sock->sk, APN_TCP_STRANGER_BYTES);
	set_options(sock->sk);
	adopt(t, sock);
	if (tls)
		apn_tcp_tls_begin(t, NULL);
	l->listener.accepted(&l->listener, lane, true); /* from then on it may be gone */
	apn_tcp_watch(t);
}

static void listen_work(struct work_struct *work)
{
	struct tcp_listener *l = container_of(work, struct tcp_listener, work);
	struct socket *sock;

	while (!kernel_accept(l->sock, &sock, O_NONBLOCK)) {
		take_in(l, sock);
		cond_resched();
	}
}

static void watch_listener(struct tcp_listener *l)
{
	struct sock *sk = l->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	l->old_data_ready = sk->sk_data_ready;
	sk->sk_user_data = l;
	sk->sk_data_ready = listen_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

static int tcp_listen(struct apn_listener *listener)
{
	struct tcp_listener *l = container_of(listener, struct tcp_listener, listener);
	int ret = make_socket(listener->net, &listener->address, false, &l->sock);

	if (ret)
		return ret;
	INIT_WORK(&l->work, listen_work);
	sock_set_reuseaddr(l->sock->sk);
	watch_listener(l);
	ret = kernel_bind(l->sock, (struct sockaddr_unsized *)&listener->address,
			  address_bytes(&listener->address));
	if (!ret)
		ret = kernel_listen(l->sock, 128);
	if (ret)
		sock_release(l->sock);
	return ret;
}

static void tcp_unlisten(struct apn_listener *listener)
{
	struct tcp_listener *l = container_of(listener, struct tcp_listener, listener);
	struct sock *sk = l->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	sk->sk_data_ready = l->old_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
	cancel_work_sync(&l->work);
	sock_release(l->sock);
}

static const char no_tls[] = {
	"this kernel can't do TLS (Linux 6.7 or later can): type --security auth here and at the other end, which protects nothing in flight"
};

static const char *tcp_refuses(enum apn_security security)
{
	return security != APN_SECURITY_TLS || apn_tls_possible() ? NULL : no_tls;
}

static struct apn_transport tcp = {
	.name = "tcp",
	.owner = THIS_MODULE,
	.lane_bytes = sizeof(struct apn_tcp_lane),
	.listener_bytes = sizeof(struct tcp_listener),
	.refuses = tcp_refuses,
	.connect = tcp_connect_lane,
	.kick = apn_tcp_kick,
	.close = tcp_close_lane,
	.release = tcp_release_lane,
	.pages_out = apn_tcp_pages_out,
	.addresses = tcp_addresses,
	.admit = tcp_admit,
	.rtt_us = tcp_rtt_us,
	.pace = tcp_pace,
	.listen = tcp_listen,
	.unlisten = tcp_unlisten,
};

int apn_tcp_init(void)
{
	int ret;

	apn_tcp_wq = alloc_workqueue("apn_tcp", WQ_MEM_RECLAIM | WQ_HIGHPRI | WQ_PERCPU, 0);
	if (!apn_tcp_wq)
		return -ENOMEM;
	ret = apn_tcp_congestion_init();
	if (ret)
		goto destroy;
	ret = apn_transport_register(&tcp);
	if (!ret)
		return 0;
	apn_tcp_congestion_exit();
destroy:
	destroy_workqueue(apn_tcp_wq);
	return ret;
}

void apn_tcp_exit(void)
{
	apn_transport_unregister(&tcp);
	apn_tcp_congestion_exit();
	apn_tcp_tls_exit();
	destroy_workqueue(apn_tcp_wq);
	apn_tcp_pages_exit();
}

/* SPDX-License-Identifier: GPL-2.0 */
/* TCP: a lane is a socket. */
#ifndef APN_TCP_H
#define APN_TCP_H

#include "../lane.h"

#include <linux/completion.h>
#include <linux/key.h>
#include <linux/net.h>
#include <net/sock.h>

enum {
	APN_TCP_CONNECT_MS = 3000, /* two SYNs */
	APN_TCP_LOOK_MS = 100,
	APN_TCP_TLS_MS = 15000, /* more than a daemon waits that looks up a name in vain */
	APN_TCP_USER_TIMEOUT_MS = 10000, /* sent and not acknowledged */
	APN_TCP_KEEPIDLE_S = 5,
	APN_TCP_KEEPINTVL_S = 1,
	APN_TCP_KEEPCNT = 5,
	APN_TCP_LONG_BYTES = 512 << 20, /* buffers on a paced line, at most, each way */
	APN_TCP_LONG_MEMORY = 16, /* no more than this part of the machine's memory */
	APN_TCP_SHORT_BYTES = 128 << 20, /* elsewhere, and until it is known */
	APN_TCP_STRANGER_BYTES = 128 << 10, /* at the target, before AUTH; more than a TLS record */
	APN_TCP_UNSENT_BYTES = 512 << 10, /* what lies in the socket can't be overtaken */
	APN_TCP_ROW = 16, /* headers that go out in one call */
	APN_TCP_TURN_BYTES = 256 << 10, /* inside TLS, one direction before the other's turn */
};

struct apn_tcp_pages;
struct apn_tcp_name;

/* How far a connection has come that shall be inside TLS. */
enum apn_tcp_stage {
	APN_TCP_OPEN, /* PDUs come and go */
	APN_TCP_FIRST, /* host: TCP connects; target: nothing has come yet */
	APN_TCP_ASK, /* the daemon is to be asked for a handshake */
	APN_TCP_ASKED, /* it has the socket */
	APN_TCP_ANSWERED, /* what it says is to be looked at */
};

struct apn_tcp_tls {
	enum apn_tcp_stage stage;
	bool sealed; /* seen to be inside TLS 1.3: set before the stage is OPEN */
	bool asked; /* the daemon owes an answer */
	int status; /* its answer, with the key's serial */
	key_serial_t key;
	const char *identity; /* the host's own */
	bool wanted; /* this lane has TLS */
	struct apn_tcp_name *peer; /* for the daemon's log */
	struct completion answered;
	struct delayed_work again; /* too many wait for the daemon */
};

struct apn_tcp_lane {
	struct apn_lane lane; /* first: the core allocates, we embed */
	struct socket *sock;
	struct apn_tcp_pages *pages; /* the host's: what it sends is somebody's */
	struct work_struct work; /* receives, and sends what no submitter sent */
	wait_queue_head_t state_changed;
	bool eof; /* the peer closed; what is queued can still be read */
	struct apn_tcp_tls tls;

	/* Under lane.tx_lock: what is being sent. */
	struct apn_hdr row[APN_TCP_ROW];
	unsigned int row_bytes, row_sent;
	struct apn_out out; /* its payload follows the row */
	bool more; /* the socket was told that more follows */

	/* The work's own: what is being received. */
	struct apn_hdr in;
	unsigned int in_bytes; /* of the header */
	bool in_data; /* the header is taken, its data comes */
	bool stop; /* settle or wait first */
	bool stalled; /* no memory for the present header */

	void (*old_data_ready)(struct sock *sk);
	void (*old_write_space)(struct sock *sk);
	void (*old_state_change)(struct sock *sk);
};

static inline struct apn_tcp_lane *apn_tcp_lane(struct apn_lane *lane)
{
	return container_of(lane, struct apn_tcp_lane, lane);
}

extern struct workqueue_struct *apn_tcp_wq;

/* congestion.c */
bool apn_tcp_congestion_joined(struct sock *sk);
void apn_tcp_congestion_keep(struct sock *sk);
void apn_tcp_congestion_go_on(struct apn_tcp_lane *t);
bool apn_tcp_congestion_join(struct apn_tcp_lane *t, struct apn_pacer *pacer);
void apn_tcp_congestion_leave(struct apn_tcp_lane *t);
int apn_tcp_congestion_init(void);
void apn_tcp_congestion_exit(void);

/* pages.c */
struct apn_tcp_pages *apn_tcp_pages_alloc(void);
void apn_tcp_pages_free(struct apn_tcp_pages *pages);
struct ubuf_info *apn_tcp_pages_ubuf(struct apn_tcp_lane *t);
void apn_tcp_pages_let_go(struct apn_tcp_pages *pages);
bool apn_tcp_pages_out(struct apn_lane *lane);
void apn_tcp_pages_exit(void);

/* send.c; bytes that went out, or an error that is the lane's end. Under tx_lock. */
int apn_tcp_send(struct apn_tcp_lane *t);
void apn_tcp_send_abort(struct apn_tcp_lane *t);
void apn_tcp_kick(struct apn_lane *lane, bool direct);

/* recv.c; bytes that were taken, or an error that is the lane's end. */
int apn_tcp_recv(struct apn_tcp_lane *t);

/* tls.c */
void apn_tcp_tls_begin(struct apn_tcp_lane *t, const char *identity);
void apn_tcp_tls_step(struct apn_tcp_lane *t);
int apn_tcp_tls_connect(struct apn_tcp_lane *t);
int apn_tcp_tls_sent(struct apn_tcp_lane *t, int ret);
void apn_tcp_tls_stop(struct apn_tcp_lane *t);
const char *apn_tcp_tls_why(struct apn_tcp_lane *t, int error);
void apn_tcp_tls_exit(void);

/* socket.c */
void apn_tcp_watch(struct apn_tcp_lane *t);
void apn_tcp_unwatch(struct apn_tcp_lane *t);
void apn_tcp_widen(struct sock *sk);
void apn_tcp_wake(struct apn_tcp_lane *t);
int apn_tcp_init(void);
void apn_tcp_exit(void);

#endif /* APN_TCP_H */

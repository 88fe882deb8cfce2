/* SPDX-License-Identifier: GPL-2.0 */
/* TLS by the kernel: a handshake that a daemon makes, records that the socket makes. */
#ifndef APN_COMPAT_TLS_H
#define APN_COMPAT_TLS_H

#include <linux/key.h>
#include <linux/types.h>

enum { APN_TLS_CHANNEL_BYTES = 32 };

struct cmsghdr;
struct key;
struct sock;
struct socket;

/* What the daemon is told, and who is told what it did. */
struct apn_tls_ask {
	struct socket *sock; /* has a file: apn_tls_prepare() */
	bool client;
	key_serial_t keyring; /* where it finds keys */
	key_serial_t key; /* client: the one to prove itself with */
	const char *peer; /* for its log; stays valid until ->done(), or some time after a cancel */
	unsigned int timeout_ms;
	/* @status is zero or an error; @key the one that the peer proved to have. */
	void (*done)(void *data, int status, key_serial_t key);
	void *data;
};

/*
 * Can this kernel do it at all? Where not, all the others fail with -EOPNOTSUPP, and
 * apn_tls_sealed() says no.
 */
bool apn_tls_possible(void);

/*
 * The keyring that every daemon has linked, with a reference; keys in one that is linked
 * there are found. The daemons of Debian 13 look into no other one when they answer.
 */
struct key *apn_tls_common_keyring(void);

/* Gives the socket the file that the daemon will share; on an error the socket is gone. */
int apn_tls_prepare(struct socket *sock);
/* In place of sock_release(), for any socket, which may go a little later. */
void apn_tls_release(struct socket *sock);

/*
 * Zero promises exactly one later ->done(), in process context, unless a cancel wins;
 * an error promises none. -ESRCH: there is no daemon in the socket's network namespace;
 * -EAGAIN: too many wait for it, ask again.
 */
int apn_tls_handshake(const struct apn_tls_ask *ask);
/* True: ->done() was not called and won't be. False: it was, or is about to be. */
bool apn_tls_cancel(struct sock *sk);

/*
 * Are both directions of this socket inside TLS 1.3, whatever anybody said? Then @channel
 * is what both ends of this connection have and no other one has: a hash of its keys.
 */
bool apn_tls_sealed(struct sock *sk, bool client, u8 channel[APN_TLS_CHANNEL_BYTES]);
/* What was sent with MSG_MORE goes out. */
void apn_tls_flush(struct socket *sock);
/* The type of a record that is no data; zero: the message does not say. */
u8 apn_tls_record_type(struct sock *sk, struct cmsghdr *cmsg);

#endif /* APN_COMPAT_TLS_H */

// SPDX-License-Identifier: GPL-2.0
/* TLS: the handshake service came with v6.4, PSKs that tlshd looks up with v6.7. */
#include "crypto.h"
#include "tls.h"

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/net.h>
#include <net/sock.h>

#if defined(HAVE_HANDSHAKE) && IS_ENABLED(CONFIG_NET_HANDSHAKE) && IS_ENABLED(CONFIG_TLS) && \
	IS_ENABLED(CONFIG_NVME_KEYRING)
#include <linux/file.h>
#include <linux/nvme-keyring.h>
#include <net/handshake.h>
#include <net/inet_connection_sock.h>
#include <net/tls.h>
#include <net/tls_prot.h>

/*
 * tlshd looks for keys of the type "psk", which the kernel has from NVMe's keyring
 * alone: to call into that module keeps it loaded as long as we are.
 */
bool apn_tls_possible(void)
{
	return nvme_keyring_id() != 0;
}

struct key *apn_tls_common_keyring(void)
{
	return key_lookup(nvme_keyring_id());
}

int apn_tls_prepare(struct socket *sock)
{
	return PTR_ERR_OR_ZERO(sock_alloc_file(sock, O_CLOEXEC, NULL));
}

/*
 * A file's last reference goes later, and not below the locks of whoever calls: others
 * take them while they close a socket.
 */
void apn_tls_release(struct socket *sock)
{
	if (sock->file)
		fput(sock->file);
	else
		sock_release(sock);
}

int apn_tls_handshake(const struct apn_tls_ask *ask)
{
	struct tls_handshake_args args = {
		.ta_sock = ask->sock,
		.ta_done = ask->done,
		.ta_data = ask->data,
		.ta_peername = ask->peer,
		.ta_timeout_ms = ask->timeout_ms,
		.ta_keyring = ask->keyring,
		.ta_num_peerids = 1,
		.ta_my_peerids = { ask->key },
	};

	return ask->client ? tls_client_hello_psk(&args, GFP_KERNEL) :
			     tls_server_hello_psk(&args, GFP_KERNEL);
}

bool apn_tls_cancel(struct sock *sk)
{
	return tls_handshake_cancel(sk);
}

/* Where a direction's key lies, and its write_iv, which the kernel keeps in two parts. */
struct cipher {
	u16 type;
	u8 key, key_bytes;
	u8 salt, salt_bytes;
	u8 iv, iv_bytes;
};

#define CIPHER(NAME, name)                                                          \
	{                                                                           \
		.type = TLS_CIPHER_##NAME,                                          \
		.key = offsetof(struct tls12_crypto_info_##name, key),              \
		.key_bytes = TLS_CIPHER_##NAME##_KEY_SIZE,                          \
		.salt = offsetof(struct tls12_crypto_info_##name, salt),            \
		.salt_bytes = TLS_CIPHER_##NAME##_SALT_SIZE,                        \
		.iv = offsetof(struct tls12_crypto_info_##name, iv),                \
		.iv_bytes = TLS_CIPHER_##NAME##_IV_SIZE,                            \
	}

static const struct cipher ciphers[] = {
	CIPHER(AES_GCM_128, aes_gcm_128),
	CIPHER(AES_GCM_256, aes_gcm_256),
	CIPHER(AES_CCM_128, aes_ccm_128),
	CIPHER(CHACHA20_POLY1305, chacha20_poly1305),
};

static const struct cipher *cipher_of(const struct tls_crypto_info *info)
{
	unsigned int i;

	if (info->version != TLS_1_3_VERSION)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(ciphers); i++)
		if (ciphers[i].type == info->cipher_type)
			return &ciphers[i];
	return NULL;
}

static bool hash_keys(struct sha256_ctx *ctx, const struct tls_crypto_info *info)
{
	const struct cipher *cipher = cipher_of(info);
	const u8 *at = (const u8 *)info;

	if (!cipher)
		return false;
	sha256_update(ctx, at + cipher->key, cipher->key_bytes);
	sha256_update(ctx, at + cipher->salt, cipher->salt_bytes);
	sha256_update(ctx, at + cipher->iv, cipher->iv_bytes);
	return true;
}

static const struct tls_context *context_of(struct sock *sk)
{
	const struct tcp_ulp_ops *ulp = inet_csk(sk)->icsk_ulp_ops;

	return ulp && !strcmp(ulp->name, "tls") ? tls_get_ctx(sk) : NULL;
}

bool apn_tls_sealed(struct sock *sk, bool client, u8 channel[APN_TLS_CHANNEL_BYTES])
{
	static const char label[] = "apnbd tls channel";
	const struct tls_context *tls = context_of(sk);
	const struct tls_crypto_info *up, *down;
	struct sha256_ctx ctx;

	if (!tls || tls->tx_conf == TLS_BASE || tls->rx_conf == TLS_BASE)
		return false;
	up = client ? &tls->crypto_send.info : &tls->crypto_recv.info;
	down = client ? &tls->crypto_recv.info : &tls->crypto_send.info;
	sha256_init(&ctx);
	sha256_update(&ctx, (const u8 *)label, sizeof(label) - 1);
	if (!hash_keys(&ctx, up) || !hash_keys(&ctx, down))
		return false;
	sha256_final(&ctx, channel);
	return true;
}

void apn_tls_flush(struct socket *sock)
{
	const struct proto_ops *ops = READ_ONCE(sock->ops);

	if (ops->splice_eof)
		ops->splice_eof(sock);
}

u8 apn_tls_record_type(struct sock *sk, struct cmsghdr *cmsg)
{
	return tls_get_record_type(sk, cmsg);
}
#else
bool apn_tls_possible(void)
{
	return false;
}

struct key *apn_tls_common_keyring(void)
{
	return ERR_PTR(-EOPNOTSUPP);
}

int apn_tls_prepare(struct socket *sock)
{
	sock_release(sock);
	return -EOPNOTSUPP;
}

void apn_tls_release(struct socket *sock)
{
	sock_release(sock);
}

int apn_tls_handshake(const struct apn_tls_ask *ask)
{
	return -EOPNOTSUPP;
}

bool apn_tls_cancel(struct sock *sk)
{
	return true;
}

bool apn_tls_sealed(struct sock *sk, bool client, u8 channel[APN_TLS_CHANNEL_BYTES])
{
	return false;
}

void apn_tls_flush(struct socket *sock)
{
}

u8 apn_tls_record_type(struct sock *sk, struct cmsghdr *cmsg)
{
	return 0;
}
#endif

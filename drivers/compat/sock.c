// SPDX-License-Identifier: GPL-2.0
/* Sockets: what differs between kernels. */
#include <linux/bvec.h>
#include <linux/net.h>
#include <linux/uio.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#ifndef HAVE_NET_REFCNT_UPGRADE /* v6.14 */
void sk_net_refcnt_upgrade(struct sock *sk)
{
	struct net *net = sock_net(sk);

	if (sk->sk_net_refcnt)
		return;
	sk->sk_net_refcnt = 1;
	get_net_track(net, &sk->ns_tracker, GFP_KERNEL);
	sock_inuse_add(net, 1);
}
#endif

static int send_copy(struct socket *sock, const struct iov_iter *from, size_t bytes, int flags)
{
	struct msghdr msg = { .msg_flags = flags, .msg_iter = *from };

	iov_iter_truncate(&msg.msg_iter, bytes);
	return sock_sendmsg(sock, &msg);
}

static size_t left_of_folio(struct page *page)
{
	struct page *head = compound_head(page);

	return compound_nr(head) - (page - head);
}

/* Pages that follow each other need not be of one piece, and only its first may be counted. */
static bool all_counted(const struct bio_vec *bv, size_t skip, size_t n)
{
	size_t at = (bv->bv_offset + skip) / PAGE_SIZE;
	size_t end = (bv->bv_offset + skip + n - 1) / PAGE_SIZE;

	for (; at <= end; at += left_of_folio(bv->bv_page + at))
		if (!sendpage_ok(bv->bv_page + at))
			return false;
	return true;
}

/* A page of the slab has no reference count that the network could take. */
static bool can_splice(const struct iov_iter *from, size_t bytes)
{
	const struct bio_vec *bv = from->bvec;
	size_t skip = from->iov_offset;

	while (bytes) {
		size_t n = min_t(size_t, bv->bv_len - skip, bytes);

		if (!all_counted(bv, skip, n))
			return false;
		bytes -= n;
		skip = 0;
		bv++;
	}
	return true;
}

static int send_counted(struct socket *sock, const struct iov_iter *from, size_t bytes, int flags,
			struct ubuf_info *ubuf)
{
	struct msghdr msg = {
		.msg_flags = flags | MSG_ZEROCOPY,
		.msg_iter = *from,
		.msg_ubuf = ubuf,
	};

	iov_iter_truncate(&msg.msg_iter, bytes);
	return sock_sendmsg(sock, &msg);
}

#ifdef HAVE_SPLICE_PAGES /* v6.5 */
static int send_pages(struct socket *sock, const struct iov_iter *from, size_t bytes, int flags)
{
	return send_copy(sock, from, bytes,
			 can_splice(from, bytes) ? flags | MSG_SPLICE_PAGES : flags);
}
#else
/* The part of the first entry that is left. */
static struct bio_vec first_entry(const struct iov_iter *from, size_t bytes)
{
	struct bio_vec bv = *from->bvec;

	bv.bv_offset += from->iov_offset;
	bv.bv_len = min_t(size_t, bv.bv_len - from->iov_offset, bytes);
	return bv;
}

static int send_pages(struct socket *sock, const struct iov_iter *from, size_t bytes, int flags)
{
	struct bio_vec bv = first_entry(from, bytes);
	struct page *page = bv.bv_page + bv.bv_offset / PAGE_SIZE;
	unsigned int at = bv.bv_offset % PAGE_SIZE;
	size_t n = min_t(size_t, bv.bv_len, PAGE_SIZE - at);

	if (!sendpage_ok(page))
		return send_copy(sock, from, n, flags);
	if (n < bytes)
		flags |= MSG_MORE | MSG_SENDPAGE_NOTLAST;
	return kernel_sendpage(sock, page, at, n, flags & ~MSG_EOR);
}
#endif

int apn_sock_send_pages(struct socket *sock, const struct iov_iter *from, size_t bytes, bool more,
			struct ubuf_info *ubuf)
{
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : MSG_EOR);

	if (!iov_iter_is_bvec(from))
		return send_copy(sock, from, bytes, flags);
	if (ubuf && can_splice(from, bytes))
		return send_counted(sock, from, bytes, flags, ubuf);
	return send_pages(sock, from, bytes, flags);
}

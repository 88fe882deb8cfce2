#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A false tlshd: false.py KEY takes the next socket that wants a handshake, does nothing with it, and says that it is done,
with the key whose serial is KEY (0: the one that the kernel named)."""

import socket
import struct
import sys

NETLINK_GENERIC, CONTROL, GETFAMILY = 16, 16, 3
FAMILY_ID, FAMILY_NAME, GROUPS, GROUP_NAME, GROUP_ID = 1, 2, 7, 1, 2
ACCEPT, DONE = 2, 3
SOCKFD, HANDLER_CLASS, PEER_IDENTITY = 1, 2, 6
STATUS, DONE_SOCKFD, REMOTE_AUTH = 1, 2, 3
TLSHD = 1
SOL_NETLINK, ADD_MEMBERSHIP = 270, 1


def attr(kind, value):
    data = struct.pack("=I", value) if isinstance(value, int) else value
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def attrs(data):
    found = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3fff] = data[4:size]
        data = data[(size + 3) & ~3:]
    return found


def number(data):
    return struct.unpack("=I", data)[0]


def genl():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
    sock.bind((0, 0))
    return sock


def send(sock, family, cmd, *parts):
    body = struct.pack("=BBH", cmd, 1, 0) + b"".join(parts)
    sock.send(struct.pack("=IHHII", 16 + len(body), family, 1, 1, 0) + body)


def receive(sock):
    """The attributes of the next message that is no bare acknowledgement."""
    while True:
        data = sock.recv(65536)
        size, kind = struct.unpack_from("=IH", data)
        if kind != 2:
            return attrs(data[20:size])
        if struct.unpack_from("=i", data, 16)[0]:
            sys.exit(f"the kernel says {-struct.unpack_from('=i', data, 16)[0]}")


def handshake_family(sock):
    send(sock, CONTROL, GETFAMILY, attr(FAMILY_NAME, b"handshake\0"))
    said = receive(sock)
    groups = [attrs(g) for g in attrs(said[GROUPS]).values()]
    group = next(number(g[GROUP_ID]) for g in groups if g[GROUP_NAME] == b"tlshd\0")
    return struct.unpack("=H", said[FAMILY_ID])[0], group


def main():
    key = int(sys.argv[1], 0)
    hears, speaks = genl(), genl()
    family, group = handshake_family(speaks)
    hears.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, group)
    print("ready", flush=True)
    receive(hears)
    send(speaks, family, ACCEPT, attr(HANDLER_CLASS, TLSHD))
    asked = receive(speaks)
    fd = number(asked[SOCKFD])
    if not key:
        key = number(asked[PEER_IDENTITY])
    send(speaks, family, DONE, attr(STATUS, 0), attr(DONE_SOCKFD, fd), attr(REMOTE_AUTH, key))
    hears.settimeout(1)
    try:
        hears.recv(1)
    except OSError:
        pass
    print("done", flush=True)


main()

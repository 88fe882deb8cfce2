# SPDX-License-Identifier: GPL-2.0
"""A bulk TCP flow from the storage site to the GPU node: bulk.py CONGESTION FROM TO; prints MB/s of those seconds."""

import os
import socket
import sys
import threading
import time

PIECE = 1 << 20


def socket_in(site, *args):
    with open(f"/run/netns/{site}", encoding="ascii") as ns:
        os.setns(ns.fileno(), os.CLONE_NEWNET)
    return socket.socket(*args)


def send(s, congestion, until):
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, congestion.encode())
    s.settimeout(1)
    piece = bytes(PIECE)
    try:
        while time.monotonic() < until:
            s.send(piece)
    except OSError:
        pass
    s.close()


def main():
    congestion, start, end = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    began = time.monotonic()
    listener = socket_in("gpu", socket.AF_INET)
    listener.bind(("192.0.2.2", 9))
    listener.listen(1)
    sender = socket_in("storage", socket.AF_INET)
    sender.connect(("192.0.2.2", 9))
    s, _ = listener.accept()
    threading.Thread(target=send, args=(sender, congestion, began + end), daemon=True).start()
    got, room = 0, bytearray(PIECE)
    while time.monotonic() < began + end:
        n = s.recv_into(room)
        if not n:
            break
        if time.monotonic() > began + start:
            got += n
    print(f"{got / (end - start) / 1e6:.2f}")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0
"""What the lab's line does to each packet, by UDP: line.py RTT_US GBIT QUEUE_BYTES NIC_GBIT; status 1 if it is not that."""

import os
import socket
import sys
import threading
import time

DATA, FRAME = 8972, 9014        # of a datagram that fills MTU 9000, and what it is on the wire
END = 0xffffffff                # the number of the one that ends a burst
BUCKET = 256000                 # bytes that the line lets through at once after a silence


def socket_in(site, address=None):
    with open(f"/run/netns/{site}", encoding="ascii") as ns:
        os.setns(ns.fileno(), os.CLONE_NEWNET)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 33, 1 << 30)        # SO_RCVBUFFORCE
    s.setsockopt(socket.SOL_SOCKET, 32, 1 << 30)        # SO_SNDBUFFORCE
    if address:
        s.bind((address, 9))
    return s


def receive(s, every, numbers, times):
    while True:
        number = int.from_bytes(s.recv(DATA)[:4], "big")
        if number == END:
            return
        if len(numbers) % every == 0:
            times.append(time.monotonic_ns())
        numbers.append(number)


def send(sender, receiver, to, count, every=1):
    """(when the first left, the numbers of those that came, when each EVERYth came)"""
    numbers, times = [], []
    thread = threading.Thread(target=receive, args=(receiver, every, numbers, times))
    thread.start()
    start = time.monotonic_ns()
    for i in range(count):
        sender.sendto(i.to_bytes(4, "big") + bytes(DATA - 4), (to, 9))
    time.sleep(1)
    sender.sendto(END.to_bytes(4, "big"), (to, 9))
    thread.join()
    return start, numbers, times


def check(what, got, wanted, off):
    good = abs(got - wanted) <= off
    print(f"# line: {what}: {got:.4f}, wanted {wanted:.4f} within {off:.4f}{'' if good else ': NO'}")
    return good


def way(source, sink, to, rtt_us, gbit, queue, nic):
    sender, receiver = socket_in(source), socket_in(sink, to)
    send(sender, receiver, to, 1)                       # finds the neighbours
    start, _, times = send(sender, receiver, to, 1)
    one_us = FRAME * 8 / 1000 / nic
    good = check(f"{source} to {sink}, one packet, us", (times[0] - start) / 1000, rtt_us / 2 + one_us, rtt_us / 2000 + 3)
    every = 10 * gbit           # reading the clock costs a microsecond of virtual time
    count = max(20000, 2 * queue // FRAME)
    fits = min(count, queue / FRAME + count * gbit / nic)
    _, numbers, times = send(sender, receiver, to, count, every)
    skip = 1 + BUCKET // FRAME // every
    rate = (len(times) - 1 - skip) * every * FRAME * 8 / (times[-1] - times[skip])
    good &= check(f"{source} to {sink}, rate, Gbit/s", rate, gbit, gbit / 100)
    good &= check(f"{source} to {sink}, lost of a burst of {count}, %", 100 * (1 - len(numbers) / count),
                  100 * (1 - fits / count), 1.5)
    return good & check(f"{source} to {sink}, out of order", sum(a > b for a, b in zip(numbers, numbers[1:])), 0, 0)


def main():
    rtt_us, gbit, queue, nic = (int(a) for a in sys.argv[1:])
    good = way("gpu", "storage", "192.0.2.1", rtt_us, gbit, queue, nic)
    good &= way("storage", "gpu", "192.0.2.2", rtt_us, gbit, queue, nic)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

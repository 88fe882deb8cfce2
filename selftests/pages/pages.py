#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What becomes of the pages of a request that fails.

    write DISK       write a buffer past the cache; as soon as that has ended, put something else into it, and stay
    read DISK        read into a buffer past the cache; as soon as that has ended, put something else into it, and say
                     after some seconds if that is still there
    watch INTERFACE  until ended by a signal, count the packets that carry what was written, and what came after
"""

import mmap
import os
import signal
import socket
import sys
import time

BYTES = 1 << 20
BEFORE, AFTER = b"before: " * 8, b"after:  " * 8


def fill(buffer, pattern):
    buffer[:] = pattern * (BYTES // len(pattern))


def write(disk):
    buffer = mmap.mmap(-1, BYTES)
    fill(buffer, BEFORE)
    fd = os.open(disk, os.O_WRONLY | os.O_DIRECT)
    print("writing", flush=True)
    try:
        os.pwrite(fd, buffer, 0)
        said = "written"
    except OSError as error:
        said = f"failed: {os.strerror(error.errno)}"
    fill(buffer, AFTER)  # it is ours again, whatever is still on its way
    print(said, flush=True)
    time.sleep(600)


def read(disk):
    buffer = mmap.mmap(-1, BYTES)
    fd = os.open(disk, os.O_RDONLY | os.O_DIRECT)
    print("reading", flush=True)
    try:
        os.preadv(fd, [buffer], 0)
        said = "read"
    except OSError as error:
        said = f"failed: {os.strerror(error.errno)}"
    fill(buffer, AFTER)  # it is ours again, whatever still comes
    print(said, flush=True)
    time.sleep(6)
    print("kept" if buffer[:] == AFTER * (BYTES // len(AFTER)) else "overwritten", flush=True)


def watch(interface):
    seen = {BEFORE: 0, AFTER: 0}

    def end(_signal, _frame):
        print(seen[BEFORE], seen[AFTER], flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    wire.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    wire.bind((interface, 0))
    print("watching", flush=True)
    while True:
        packet = wire.recv(1 << 17)
        for pattern in seen:
            seen[pattern] += pattern in packet


if __name__ == "__main__":
    {"write": write, "read": read, "watch": watch}[sys.argv[1]](sys.argv[2])

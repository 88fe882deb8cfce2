#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""How often the export's words are in this machine's memory, by /proc/kcore. The words are nowhere in this program."""

import re
import struct

CHUNK = 1 << 20
PAGE = 4096
WORDS = re.compile(b"P[A]T[I]E[N]T[-]R[E]C[O]R[D]-4[7]11")


def segments(core):
    """Where in the file, and how much: the ELF program headers that are memory."""
    head = core.read(64)
    at, = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    core.seek(at)
    for _ in range(count):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", core.read(size))
        if kind == 1 and length < 1 << 40:      # not the whole of vmalloc's space
            yield offset, length


def whole(core, at, length):
    """A page that can't be read is left out, and no more than that."""
    data, end = b"", at + length
    while at < end:
        core.seek(at)
        try:
            data += core.read(end - at) or b"\0" * PAGE
        except OSError:
            data += b"\0" * PAGE
        at = end - length + len(data)
    return data


def main():
    n = 0
    with open("/proc/kcore", "rb", buffering=0) as core:
        for offset, length in list(segments(core)):
            for at in range(offset, offset + length, CHUNK):
                n += len(WORDS.findall(whole(core, at, min(CHUNK, offset + length - at))))
    print(n)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Replay what dm-log-writes logged, up to each point that a power cut may leave, and look at each.

    replay.py LOG IMAGE EVERY COMMAND...

LOG is the log device, IMAGE a sparse file that becomes the disk. At each mark, and at each EVERY-th FLUSH or FUA,
COMMAND is called with the number of the entry and the mark's text (or ""): it fails if IMAGE is not as it must be.
The format is that of Documentation/admin-guide/device-mapper/log-writes.rst. What was neither flushed nor FUA is not
in the log: dm-log-writes keeps a write back until a FLUSH covers it.
"""

import struct
import subprocess
import sys

MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
LAST_MARK = "dm-log-writes-end"
SUPER = struct.Struct("<QQQI")
ENTRY = struct.Struct("<QQQQ")


def entries(log):
    """Each entry's flags, place on the disk in bytes, and what was written there or the mark's text."""
    magic, version, count, block = SUPER.unpack(log.read(SUPER.size))
    if magic != MAGIC or version != 1:
        sys.exit("this is no log of dm-log-writes")
    at = block
    for _ in range(count):
        log.seek(at)
        sector, sectors, flags, text = ENTRY.unpack(log.read(ENTRY.size))
        mark = log.read(text).rstrip(b"\0").decode() if flags & MARK else ""
        at += block
        length = sectors * block
        if flags & DISCARD:
            yield flags, sector * block, bytes(length), mark
            continue
        log.seek(at)
        yield flags, sector * block, log.read(length), mark
        at += length


def replay(log, image, every, command):
    seen = {"writes": 0, "FLUSH": 0, "FUA": 0, "marks": 0, "points": 0, "looked at": 0}
    for number, (flags, where, data, mark) in enumerate(entries(log)):
        image.seek(where)
        image.write(data)
        seen["writes"] += bool(data) and not flags & DISCARD
        seen["FLUSH"] += bool(flags & FLUSH)
        seen["FUA"] += bool(flags & FUA)
        if mark == LAST_MARK:  # dm-log-writes' own, when the device goes
            mark = ""
        seen["marks"] += bool(mark)
        if not mark and not flags & (FLUSH | FUA):
            continue
        seen["points"] += 1
        if mark or seen["points"] % every == 0:
            seen["looked at"] += 1
            image.flush()
            look(command, number, mark)
    print(", ".join(f"{count} {name}" for name, count in seen.items()))


def look(command, number, mark):
    done = subprocess.run(command + [str(number), mark], capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join((done.stdout + done.stderr).split())
        sys.exit(f"entry {number} {mark}: {said[-600:]}")


with open(sys.argv[1], "rb") as log_file, open(sys.argv[2], "r+b") as image_file:
    replay(log_file, image_file, int(sys.argv[3]), sys.argv[4:])

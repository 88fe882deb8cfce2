#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Speak to both netlink families, as their specs say and otherwise.

    fuzz.py each              every command with each attribute missing, twice, too short, too long, wrongly nested
    fuzz.py random SEED N     N messages of attributes and values that the dice choose
    fuzz.py denied            every command, well formed: each must end with EPERM
    fuzz.py get SECONDS       ask for all that can be shown, over and over, also while there is no such family

The last line says how many messages were sent and how they were answered.
"""

import collections
import errno
import json
import os
import random
import socket
import struct
import sys
import time

GENL_ID_CTRL, CTRL_GETFAMILY, CTRL_FAMILY_ID, CTRL_FAMILY_NAME = 16, 3, 1, 2
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_REQUEST, NLM_ACK, NLM_DUMP = 1, 4, 0x300
NESTED = 0x8000
PATIENCE = 30  # seconds; a connect to nobody takes some

HERE = os.path.dirname(os.path.abspath(__file__))

# Values that get somewhere: a name that exists, an address that answers or does not, a device that can be exported.
TEXTS = ["fuzz", "fuzz2", "127.0.0.1:4999", "127.0.0.1:4998", "[::1]:4999", "tcp", "host", "apnbd0", "/tmp",
         os.environ.get("FUZZ_DEVICE", "/dev/null")]


def attribute(kind, payload):
    size = 4 + len(payload)
    return struct.pack("<HH", size & 0xffff, kind) + payload + bytes(-size % 4)


class Link:
    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.settimeout(PATIENCE)
        self.sock.bind((0, 0))
        self.seq = 0
        self.ids = {}

    def send(self, family, command, flags, body, version=1):
        self.seq += 1
        body = struct.pack("<BBH", command, version, 0) + body
        head = struct.pack("<IHHII", 16 + len(body), family, NLM_REQUEST | NLM_ACK | flags, self.seq, 0)
        try:
            self.sock.send(head + body)
        except OSError as error:
            return [], -error.errno
        return self.answer()

    def answer(self):
        """What came before the end, and the errno that ended it."""
        said = []
        while True:
            data = self.sock.recv(1 << 18)
            while len(data) >= 16:
                size, kind, _flags, seq, _pid = struct.unpack_from("<IHHII", data)
                if seq == self.seq:
                    if kind in (NLMSG_ERROR, NLMSG_DONE):
                        return said, struct.unpack_from("<i", data, 16)[0] if size >= 20 else 0
                    said.append(data[16:size])
                data = data[(size + 3) & ~3:]

    def family(self, name):
        body = attribute(CTRL_FAMILY_NAME, name.encode() + b"\0")
        said, _ = self.send(GENL_ID_CTRL, CTRL_GETFAMILY, 0, body)
        for message in said:
            at = 4
            while at + 4 <= len(message):
                size, kind = struct.unpack_from("<HH", message, at)
                if kind == CTRL_FAMILY_ID:
                    return struct.unpack_from("<H", message, at + 4)[0]
                at += (size + 3) & ~3
        return None


class Fuzzer:
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.link = Link()
        self.answers = collections.Counter()
        with open(os.path.join(HERE, "families.json"), encoding="utf-8") as f:
            self.families = json.load(f)

    # ---- values ----

    def number(self, size):
        small = [0, 1, 2, 3, 7, 255, 256, 4096, 1 << 31, (1 << 31) - 1, (1 << 32) - 1, 1 << 63, (1 << 64) - 1]
        value = self.dice.choice(small + [self.dice.getrandbits(64)])
        return (value & ((1 << (8 * size)) - 1)).to_bytes(size, "little")

    def noise(self):
        return self.dice.randbytes(self.dice.choice([0, 1, 3, 4, 5, 8, 64, 300, 4096, 60000]))

    def text(self):
        wild = [b"", b"\0", b"a" * 63 + b"\0", b"a" * 64 + b"\0", b"no end", b"%s%n\0", b"../../etc\0", b"\n\x1b[2J\0"]
        if self.dice.random() < 0.7:
            return self.dice.choice(TEXTS).encode() + b"\0"
        return self.dice.choice(wild)

    def value(self, family, attr, depth=0):
        kind = attr["type"]
        if kind == "nest":
            return self.nest(family, attr["nested"], depth + 1)
        if kind in ("string", "nul-string"):
            return self.text()
        if kind == "flag":
            return b""
        sizes = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "s32": 4, "s64": 8, "uint": 4, "sint": 4}
        return self.number(sizes[kind]) if kind in sizes else self.noise()

    def nest(self, family, name, depth):
        if depth > 6:
            return b""
        attrs = list(family["sets"][name].values())
        chosen = self.dice.choices(attrs, k=self.dice.randrange(4))
        return b"".join(self.one(family, attr, depth) for attr in chosen)

    def one(self, family, attr, depth=0):
        """An attribute: mostly as it should be."""
        payload, kind = self.value(family, attr, depth), attr["id"]
        nested = NESTED if attr["type"] == "nest" else 0
        roll = self.dice.random()
        if roll < 0.05:
            payload = self.noise()
        elif roll < 0.08:
            payload = payload[:-1]
        elif roll < 0.11:
            nested ^= NESTED
        elif roll < 0.14:
            kind = self.dice.randrange(0x4000)
        return attribute(kind | nested, payload[:65000])

    # ---- messages ----

    def tell(self, family, command, body, version=1):
        name = family["name"]
        if name not in self.link.ids:
            self.link.ids[name] = self.link.family(name)
        number = self.link.ids[name]
        if number is None:
            del self.link.ids[name]
            self.answers["no family"] += 1
            return None
        flags = NLM_DUMP if command["way"] == "dump" else 0
        _, error = self.link.send(number, command["cmd"], flags, body, version)
        self.answers[errno.errorcode.get(-error, str(error)) if error else "done"] += 1
        if error == -errno.ENOENT:  # or the family went and came back under another number
            del self.link.ids[name]
        return error

    def every(self):
        for family in self.families:
            for command in family["commands"]:
                yield family, command, [family["sets"][command["set"]][a] for a in command["attributes"]]

    def plain(self, attr):
        sizes = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "uint": 4, "s32": 4}
        if attr["type"] in sizes:
            return attribute(attr["id"], bytes(sizes[attr["type"]]))
        if attr["type"] == "nest":
            return attribute(attr["id"] | NESTED, b"")
        return attribute(attr["id"], b"" if attr["type"] == "flag" else b"fuzz\0")

    def each(self):
        for family, command, attrs in self.every():
            whole = [self.plain(attr) for attr in attrs]
            self.tell(family, command, b"")
            for i, attr in enumerate(attrs):
                before, own, after = b"".join(whole[:i]), whole[i], b"".join(whole[i + 1:])
                spoiled = [b"", own * 2, own * 400, own[:4], attribute(attr["id"], b"x" * 60000),
                           attribute(attr["id"] ^ NESTED, own[4:]), attribute(attr["id"] | NESTED, own * 50),
                           attribute(attr["id"] | NESTED, struct.pack("<HH", 0, 1)),
                           attribute(attr["id"] | NESTED, struct.pack("<HH", 0xffff, 1)),
                           struct.pack("<HH", 3, attr["id"]), struct.pack("<HH", 0xfff0, attr["id"])]
                for wrong in spoiled:
                    self.tell(family, command, before + wrong + after)
                    self.tell(family, command, wrong)

    def rolls(self, count):
        every = list(self.every())
        for _ in range(count):
            family, command, attrs = self.dice.choice(every)
            if self.dice.random() < 0.2:
                attrs = list(family["sets"][command["set"]].values())
            body = b"".join(self.one(family, attr) for attr in attrs if self.dice.random() < 0.7)
            if self.dice.random() < 0.05:
                body += self.noise()
            if self.dice.random() < 0.03:
                command = dict(command, cmd=self.dice.randrange(256))
            self.tell(family, command, body[:200000], self.dice.choice([1, 1, 1, 0, 255]))

    def denied(self):
        for family, command, attrs in self.every():
            for body in (b"", b"".join(self.plain(attr) for attr in attrs)):
                error = self.tell(family, command, body)
                if error != -errno.EPERM:
                    sys.exit(f"{family['name']} {command['name']} ({command['way']}) ended with {error}, not EPERM")

    def get(self, seconds):
        end = time.monotonic() + seconds
        dumps = [(f, c) for f, c, _ in self.every() if c["way"] == "dump"]
        while time.monotonic() < end:
            self.tell(*self.dice.choice(dumps), b"")


def main():
    way, numbers = sys.argv[1], [int(word) for word in sys.argv[2:]]
    fuzzer = Fuzzer(numbers[0] if way == "random" else 0)
    if way == "random":
        fuzzer.rolls(numbers[1])
    else:
        getattr(fuzzer, way)(*numbers)
    print(sum(fuzzer.answers.values()), "messages:",
          ", ".join(f"{n} {answer}" for answer, n in fuzzer.answers.most_common()))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""vectors.py: the text of vectors.txt, computed as Documentation/protocol.rst (Keys, Proofs) says it."""

import hashlib
import hmac
import os

HERE = os.path.dirname(os.path.abspath(__file__))

HEAD = """\
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
#
# Keys and proofs of AUTH, in hex; Documentation/protocol.rst says how they are made. Written by vectors.py.
# Bodies are those of HELLO and HELLO_ACK as sent; the identity is shown without the zero bytes that follow it.
"""


def sample(op):
    """The body of that operation in the PDUs of ../pdu/vectors.txt."""
    with open(os.path.join(HERE, "../pdu/vectors.txt"), encoding="utf-8") as f:
        for line in f:
            if line.startswith(op + " "):
                return bytes.fromhex(line.split()[1])[64:]
    raise SystemExit(f"there is no {op} in ../pdu/vectors.txt")


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def expand(key, label):
    return mac(key, label + b"\x01")


def measured(part):
    return len(part).to_bytes(4, "little") + part


def case(title, key, hello, hello_ack, identity, channel):
    padded = identity.encode() + bytes(64 - len(identity))
    auth_key = expand(key, b"apnbd auth key")
    said = b"".join(measured(part) for part in (hello, hello_ack, padded, channel))
    transcript = hashlib.sha256(said).digest()
    rows = {
        "key": key.hex(),
        "fingerprint": expand(key, b"apnbd key fingerprint")[:8].hex(),
        "auth-key": auth_key.hex(),
        "tls-psk": expand(key, b"apnbd tls psk").hex(),
        "hello": hello.hex(),
        "hello-ack": hello_ack.hex(),
        "identity": identity,
        "channel": channel.hex(),
        "transcript": transcript.hex(),
        "host-proof": mac(auth_key, b"apnbd auth host" + transcript).hex(),
        "target-proof": mac(auth_key, b"apnbd auth target" + transcript).hex(),
    }
    return f"\n# {title}\n" + "".join(f"{name} {value}\n" for name, value in rows.items())


def text():
    counted = bytes(range(32))
    return HEAD + "".join((
        case("bodies that count up and down", counted, bytes(range(120)), bytes(range(255, 175, -1)),
             "gpu-a", bytes(32)),
        case("the messages of ../pdu/vectors.txt", bytes(255 - i for i in range(32)), sample("HELLO"),
             sample("HELLO_ACK"), "gpu-a@cluster.example", bytes(32)),
        case("longer bodies than version 1 has, a bound channel, the longest name", hashlib.sha256(b"k").digest(),
             bytes(range(256)) * 4, bytes(100), "x" * 63, counted),
    ))


print(text(), end="")

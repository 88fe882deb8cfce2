#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
"""A peer that sets up one lane by Documentation/protocol.rst, and cheats in one thing.

peer.py client ADDRESS CASE   a host; "live", or how it was refused; a case that must not get in, and does, fails
peer.py target PORT CASE      a target for one connection; the host that comes must not take it for the real one

The key is that of environment KEY_FILE, the identity its own.  With TLS=1 a host speaks inside TLS, by openssl and the key of
TLS_KEY_FILE (else the same).
"""

import hashlib
import hmac
import os
import socket
import struct
import subprocess
import sys
import tempfile

HELLO, HELLO_ACK, AUTH, AUTH_ACK, ATTACH, ATTACHED, NOTICE, WINDOW, REFUSE = 1, 2, 3, 4, 5, 6, 15, 16, 17
TLS_LEVEL, AUTH_LEVEL, NONE_LEVEL = 0, 1, 2
HEADER = 64
MAGIC = b"APNBD\r\n\0"


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def read_key(name="KEY_FILE"):
    with open(os.environ[name], encoding="ascii") as f:
        words = [line.split() for line in f if line.startswith("apnbd-key ")][0]
    return words[1], bytes.fromhex(words[2])


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def proof(key, role, hello, hello_ack, identity, channel=bytes(32)):
    said = b"".join(len(p).to_bytes(4, "little") + p for p in (hello, hello_ack, identity, channel))
    return mac(mac(key, b"apnbd auth key\x01"), b"apnbd auth " + role + hashlib.sha256(said).digest())


def pdu(op, body, tag=1, handle=0, granted=0):
    head = struct.pack("<BBHIIIQ24xQ4x", op, 0, 0, len(body), 0, handle, tag, granted)
    return head + crc32c(head).to_bytes(4, "little") + body


class Lane:
    """One connection, in PDUs."""

    def __init__(self, sock):
        self.sock = sock
        self.sock.settimeout(20)

    def send(self, *args, **kwargs):
        self.sock.sendall(pdu(*args, **kwargs))

    def bytes(self, n):
        got = b""
        while len(got) < n:
            more = self.sock.recv(n - len(got))
            if not more:
                raise EOFError
            got += more
        return got

    def receive(self):
        """operation, status, tag, body"""
        head = self.bytes(HEADER)
        op, _, status, size = struct.unpack_from("<BBHI", head)
        return op, status, struct.unpack_from("<Q", head, 16)[0], self.bytes(size)

    def answer(self):
        """The next that is not a WINDOW, which comes when the line is found to be long."""
        while True:
            got = self.receive()
            if got[0] != WINDOW:
                return got


class Sealed:
    """A connection inside TLS 1.3, as a socket has it."""

    def __init__(self, address, identity, key):
        self.keys = tempfile.NamedTemporaryFile()
        self.tls = subprocess.Popen(
            ["openssl", "s_client", "-quiet", "-connect", f"{address}:4921", "-tls1_3",
             "-psk", mac(key, b"apnbd tls psk\x01").hex(), "-psk_identity", f"apnbd <{identity}>",
             "-ciphersuites", "TLS_AES_128_GCM_SHA256", "-keylogfile", self.keys.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def settimeout(self, seconds):
        """It ends with who started us."""

    def sendall(self, data):
        self.tls.stdin.write(data)
        self.tls.stdin.flush()

    def recv(self, size):
        return os.read(self.tls.stdout.fileno(), size)

    def close(self):
        self.tls.kill()
        self.tls.wait()

    def channel(self):
        """What only the two ends of this connection have."""
        with open(self.keys.name, encoding="ascii") as f:
            secrets = {w[0]: bytes.fromhex(w[2]) for w in map(str.split, f) if len(w) == 3}
        made = b""
        for side in ("CLIENT", "SERVER"):
            for label, size in (("key", 16), ("iv", 12)):
                name = b"tls13 " + label.encode()
                info = struct.pack(">HB", size, len(name)) + name + b"\0\x01"
                made += mac(secrets[f"{side}_TRAFFIC_SECRET_0"], info)[:size]
        return hashlib.sha256(b"apnbd tls channel" + made).digest()


# -- a host --

class Host:
    def __init__(self, address):
        self.identity, self.key = read_key()
        self.line = os.urandom(16)
        self.address = address
        self.sealed = "TLS" in os.environ
        self.channel = bytes(32)
        self.hello = self.new_hello(TLS_LEVEL if self.sealed else AUTH_LEVEL)

    def new_hello(self, security=AUTH_LEVEL, incarnation=1):
        return MAGIC + struct.pack("<HHHBxI4xQQ", 1, 1, 0, security, incarnation, 0, 0) + self.line + \
            os.urandom(32) + b"peer".ljust(32, b"\0")

    def name(self):
        return self.identity.encode().ljust(64, b"\0")

    def greet(self):
        if self.sealed:
            sock = Sealed(self.address, *read_key("TLS_KEY_FILE" if "TLS_KEY_FILE" in os.environ else "KEY_FILE"))
        else:
            sock = socket.create_connection((self.address, 4921))
        self.lane = Lane(sock)
        self.lane.send(HELLO, self.hello)
        answer = self.lane.receive()
        if self.sealed:
            self.channel = sock.channel()
        return answer

    def show(self, shown):
        """What AUTH with this proof is answered."""
        self.lane.send(AUTH, self.name() + shown, tag=2)
        return self.lane.receive()

    def own_proof(self, role=b"host", hello=None, ack=b""):
        return proof(self.key, role, hello or self.hello, ack, self.name(), self.channel)


def judge(answer):
    op, status, _, body = answer
    if op in (AUTH_ACK, ATTACHED):
        return "live" if op == AUTH_ACK else "attached"
    return f"refused {status} {body.rstrip(bytes(1)).decode()}" if op == REFUSE else f"operation {op}"


def client_good(host):
    op, _, _, ack = host.greet()
    assert op == HELLO_ACK
    answer = host.show(host.own_proof(ack=ack))
    assert answer[0] != AUTH_ACK or answer[3][:32] == host.own_proof(b"target", ack=ack), "the target's proof is wrong"
    return judge(answer)


def client_wrong_key(host):
    host.key = os.urandom(32)
    return client_good(host)


def client_other_channel(host):
    """A proof that is right but for the connection that it was made for."""
    ack = host.greet()[3]
    host.channel = bytes(32)
    return judge(host.show(host.own_proof(ack=ack)))


def client_unknown(host):
    host.identity = "nobody"
    return client_good(host)


def client_no_proof(host):
    host.greet()
    return judge(host.show(bytes(32)))


def client_reflected(host):
    """The proof that only a target may show."""
    ack = host.greet()[3]
    return judge(host.show(host.own_proof(b"target", ack=ack)))


def client_replayed(host):
    """HELLO and AUTH of a set-up that went well, byte for byte, once more."""
    ack = host.greet()[3]
    shown = host.own_proof(ack=ack)
    assert judge(host.show(shown)) == "live"
    host.lane.sock.close()
    host.greet()
    return judge(host.show(shown))


def client_other_hello(host):
    """Somebody on the way changed the line, the lane's incarnation or the nonce."""
    said = host.hello
    host.hello = host.new_hello(incarnation=9)
    ack = host.greet()[3]
    return judge(host.show(host.own_proof(hello=said, ack=ack)))


def client_lower(host):
    """A host that was told "none" comes to a port that wants more."""
    host.hello = host.new_hello(security=NONE_LEVEL)
    return judge(host.greet())


def client_clear(host):
    """A host in the clear that says TLS."""
    host.hello = host.new_hello(security=TLS_LEVEL)
    answer = host.greet()
    return judge(host.show(host.own_proof(ack=answer[3])) if answer[0] == HELLO_ACK else answer)


def client_same_words(host):
    """Wrong key and unknown identity: no bit of the answers differs."""
    answers = []
    for cheat in ("key", "identity"):
        host = Host(host.address)
        if cheat == "key":
            host.key = os.urandom(32)
        else:
            host.identity = "nobody"
        ack = host.greet()[3]
        answers.append(host.show(host.own_proof(ack=ack)))
    assert answers[0] == answers[1], f"they differ: {answers}"
    return judge(answers[0])


def attach(host, export, session):
    assert client_good(host) == "live"
    body = export.encode().ljust(64, b"\0") + session + os.urandom(16) + bytes(16) + struct.pack("<QI4x", 0, 0)
    host.lane.send(ATTACH, body, tag=3, handle=1)
    return host.lane.answer()


def client_attach(host):
    """A reader of the export of environment EXPORT."""
    return judge(attach(host, os.environ["EXPORT"], os.urandom(16)))


def client_other_session(host):
    """... under a session UUID, of environment SESSION, that is somebody else's."""
    return judge(attach(host, os.environ["EXPORT"], bytes.fromhex(os.environ["SESSION"].replace("-", ""))))


def client_no_export(host):
    """One that is not allowed and one that is not there: no bit of the answers differs."""
    answers = [attach(Host(host.address), name, os.urandom(16)) for name in (os.environ["EXPORT"], "nothing")]
    assert answers[0] == answers[1], f"they differ: {answers}"
    return judge(answers[0])


# -- a target --

def hello_ack():
    return struct.pack("<H6xQ", 1, 0) + os.urandom(32) + b"peer".ljust(32, b"\0")


def auth_ack(shown):
    return shown + os.urandom(16) + struct.pack("<HHIIIB7x", 1, 250, 131072, 1 << 20, 64, 0)


def target_session(lane, make_proof):
    """Set up to the host's AUTH, answer with a proof, and be bold behind it."""
    _, _, tag, hello = lane.receive()
    ack = hello_ack()
    lane.send(HELLO_ACK, ack, tag)
    op, _, tag, body = lane.receive()
    assert op == AUTH, f"operation {op} in place of AUTH"
    # whatever comes right behind the proof must not reach a disk
    lane.sock.sendall(pdu(AUTH_ACK, auth_ack(make_proof(hello, ack, body)), tag, granted=1 << 20) +
                      pdu(NOTICE, struct.pack("<IIQ", 3, 0, 512), 0, handle=1))
    try:
        op = lane.receive()[0]
    except (EOFError, ConnectionError):
        return "left"
    return f"went on with operation {op}"


def target_no_key(lane):
    return target_session(lane, lambda hello, ack, body: os.urandom(32))


def target_lower(lane):
    """As if nobody had to prove anything."""
    return target_session(lane, lambda hello, ack, body: bytes(32))


def target_reflected(lane):
    return target_session(lane, lambda hello, ack, body: body[64:96])


def main():
    side, where, case = sys.argv[1:4]
    function = globals()[f"{side}_{case.replace('-', '_')}"]
    if side == "client":
        print(function(Host(where)))
        return
    listener = socket.create_server(("0.0.0.0", int(where)))
    print("ready", flush=True)
    listener.settimeout(60)
    print(function(Lane(listener.accept()[0])))


main()

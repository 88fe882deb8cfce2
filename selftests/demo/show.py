# SPDX-License-Identifier: GPL-2.0
"""The host's side of "make demo": one machine, one script, its words on this terminal."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
VM = os.path.join(os.path.dirname(HERE), "vm")
sys.path.insert(0, VM)

from machine import Machine, accel  # noqa: E402: the path comes first

TESTBED = os.path.join(VM, "testbed")
NAME = "demo/inside"
LIMIT = 280                                     # the script's own
SPEC = (1, 2, "2G", (), "")                     # machines, CPUs, memory, disks, more for the command line
PROTOCOL = re.compile(r"(ok \d+ |1\.\.\d+$)")   # for selftests/run, not for people

NEXT = """
The machine was emulated and so its speed says little; the line's delay was real.  Next:

  make check                 the tests
  make install               on hosts that can load modules (or: make dkms-install)
  apnctl help, man apnctl    what else there is
  Documentation/admin-guide  by task
"""


def say(text):
    print(text, flush=True)


def stage(text, command):
    start = time.monotonic()
    say(f"demo: {text} ...")
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
        raise SystemExit(f"demo: {text} failed, see above")
    say(f"demo: {text}: {time.monotonic() - start:.0f} s")


class Words:
    """What the script has said since it was last asked."""

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, ""

    def pass_on(self):
        try:
            with open(self.path, encoding="utf-8", errors="replace") as f:
                f.seek(self.at)
                self.rest += f.read()
                self.at = f.tell()
        except FileNotFoundError:
            return
        *lines, self.rest = self.rest.split("\n")
        for line in lines:
            if not PROTOCOL.match(line):
                say(line)


def play(kind, src, out):
    """The verdict and its reason; None where the machine died or said nothing in time."""
    own = os.path.join(out, "a")
    for folder in (own, os.path.join(out, "host"), os.path.join(out, "shared")):
        os.makedirs(folder)
    slower = 1 if "kvm" in accel() else 2
    with open(os.path.join(own, "tests"), "w", encoding="utf-8") as f:
        f.write(f"{NAME} {LIMIT * slower}\n")
    base = os.path.join(own, NAME.replace("/", "_"))
    machine, words = Machine(kind, "a", src, out, SPEC), Words(base + ".log")
    say(f"demo: starting a machine with Debian's kernel ({'KVM' if slower == 1 else 'emulated, so a little slow'}) ...")
    end = time.monotonic() + LIMIT * slower + 120
    machine.start()
    try:
        while machine.running() and not os.path.exists(base + ".result") and time.monotonic() < end:
            words.pass_on()
            time.sleep(0.1)
        words.pass_on()
    finally:
        machine.kill()
    try:
        with open(base + ".result", encoding="utf-8") as f:
            verdict, _, reason = (f.read().strip() + "  ").split(" ", 2)
        return verdict, reason.strip()
    except FileNotFoundError:
        for line in machine.log_tail():
            say(f"console: {line}")
        return None


def main():
    kind = os.environ.get("VM") or "qemu-6.12"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    stage("Debian's packages for the machine (downloaded once)", [TESTBED, kind])
    folder = tempfile.mkdtemp(prefix="apnbd-demo-")
    os.chmod(folder, 0o755)
    src, out = os.path.join(folder, "src"), os.path.join(folder, "out")
    keep = False
    try:
        stage("building the modules and apnctl for its kernel", [TESTBED, "--products", kind, src])
        result = play(kind, src, out)
        keep = result is None or result[0] == "fail"
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    if result is None:
        raise SystemExit(f"demo: the machine gave no answer; its logs are in {out}")
    verdict, reason = result
    if verdict == "skip":
        raise SystemExit(f"demo: {reason}")
    if verdict == "fail":
        raise SystemExit(f"demo: failed: {reason}; the logs are in {out}")
    say(NEXT + f"\ndemo: done in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("demo: stopped") from None

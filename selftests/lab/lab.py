# SPDX-License-Identifier: GPL-2.0
"""The host's side of the distance lab: a machine for each line, its rows gathered in one table, plots of them."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
VM = os.path.join(os.path.dirname(HERE), "vm")
sys.path[:0] = [HERE, VM]

import plot  # noqa: E402: the path comes first
from machine import Machine  # noqa: E402

KIND = "uml-vtime"
LINES = ["local", "apn-40km", "apn-1000km", "apn-3000km", "internet"]
SHORT = ["apn-1000km"]
SPEC = (1, 1, "10G", (), "")                    # machines, CPUs, memory, disks, more for the command line
LIMIT = 1500                                    # seconds of real time a line may take
HEAD = ["line", "system", "work", "figure", "limit", "ratio", "unit", "resent", "queue_ms", "dropped"]


def say(text):
    print(text, flush=True)


def build(kind, src):
    testbed = os.path.join(VM, "testbed")
    for command in ([testbed, kind], [testbed, "--products", kind, src]):
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
            raise SystemExit(f"lab: {' '.join(os.path.relpath(c, TREE) for c in command[:1])} failed, see above")


def play(kind, line, src, out, conf):
    """The rows that the line's scenario wrote, and whether it came to its end."""
    own = os.path.join(out, "a")
    for folder in (own, os.path.join(out, "host"), os.path.join(out, "shared")):
        os.makedirs(folder)
    with open(os.path.join(own, "tests"), "w", encoding="utf-8") as f:
        f.write(f"lab/{line} {LIMIT}\n")
    with open(os.path.join(out, "shared", "lab.conf"), "w", encoding="utf-8") as f:
        f.writelines(f'{name}="{value}"\n' for name, value in conf.items())
    log, result = (os.path.join(own, f"lab_{line}.{s}") for s in ("log", "result"))
    machine, shown, end = Machine(kind, "a", src, out, SPEC), 0, time.monotonic() + LIMIT
    machine.start()
    try:
        while machine.running() and not os.path.exists(result) and time.monotonic() < end:
            time.sleep(0.2)
            shown = tell(log, shown)
        tell(log, shown)
    finally:
        machine.kill()
    verdict = read(result)[0] if os.path.exists(result) else "fail 0 the machine died, or did not come to its end"
    if not verdict.startswith("pass"):
        say(f"lab: {line}: {verdict}")
        for said in machine.log_tail(15):
            say(f"console: {said}")
    rows = [r.split("\t") for r in read(os.path.join(own, "lab.tsv"))]
    return rows, verdict.startswith("pass")


def tell(path, shown):
    lines = read(path)
    for line in lines[shown:]:
        say(line)
    return len(lines)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def arguments():
    p = argparse.ArgumentParser(prog="selftests/lab/run", description="Measure disks over long lines, in virtual time.")
    p.add_argument("--short", action="store_true", help="the line of 1,000 km alone, apnbd alone")
    p.add_argument("--systems", help="some of: apnbd apnbd-rate nvme-tcp nvme-tcp-cubic nvme-tcp-bbr nbd")
    p.add_argument("--works", help="some of: latency throughput burst buffered files p99 share loss memory")
    p.add_argument("--bytes", help="of a throughput run (default: what the line needs)")
    p.add_argument("--out", default=os.path.join(TREE, "selftests/lab/results"), help="where lab.tsv and the plots go")
    p.add_argument("--vm", default=KIND, help="another kind of machine, whose clock is real: to try the scripts")
    p.add_argument("--keep-log", action="store_true", help="keep the machines' folders")
    p.add_argument("line", nargs="*", help=f"some of: {' '.join(LINES)}")
    args = p.parse_args()
    for line in args.line:
        if not os.path.exists(os.path.join(HERE, line + ".sh")):
            p.error(f"no line {line}; there are {', '.join(LINES)}")
    return args


def main():
    args = arguments()
    conf = {}
    if args.short:
        conf["LAB_SYSTEMS"] = "apnbd"
    if args.systems:
        conf["LAB_SYSTEMS"] = args.systems
    if args.bytes:
        conf["LAB_BYTES"] = args.bytes
    if args.works:
        conf["LAB_WORKS"] = args.works
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="apnbd-lab-")
    os.chmod(folder, 0o755)
    src, began, rows, good = os.path.join(folder, "src"), time.monotonic(), [], True
    try:
        build(args.vm, src)
        for line in args.line or (SHORT if args.short else LINES):
            start = time.monotonic()
            more, passed = play(args.vm, line, src, os.path.join(folder, line), conf)
            rows, good = rows + more, good and passed
            say(f"lab: {line}: {time.monotonic() - start:.0f} s")
        write(args.out, rows)
    finally:
        if args.keep_log:
            say(f"lab: logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    say(f"lab: {len(rows)} figures in {os.path.relpath(args.out)} after {time.monotonic() - began:.0f} s")
    return 0 if good else 1


def write(out, rows):
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "lab.tsv"), "w", encoding="utf-8") as f:
        f.write("# SPDX-License-Identifier: GPL-2.0\n")
        f.writelines("\t".join(r) + "\n" for r in [HEAD] + rows)
    pictures = plot.draw(os.path.join(out, "lab.tsv"), out)
    if pictures:
        subprocess.run([os.path.join(HERE, "png")] + pictures, stdin=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        raise SystemExit("lab: stopped") from None

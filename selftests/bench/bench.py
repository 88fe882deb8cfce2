# SPDX-License-Identifier: GPL-2.0
"""The host's side of "make bench": boot a machine of each kind, have measure.py run in it, judge, print, record."""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
VM = os.path.join(os.path.dirname(HERE), "vm")
sys.path.insert(0, VM)

import machine                      # noqa: E402: the path comes first
from tests import KINDS             # noqa: E402

TESTBED = os.path.join(VM, "testbed")
NAME = "bench/inside"
SPEC = (1, 2, "3G", (), "")                 # machines, CPUs, memory, disks, more for the command line
PEERS = ["apnbd", "nvme", "nbd"]             # and "local": the disk without a network
SIZES = [("4k", (1, 32)), ("128k", (1, 8)), ("1m", (1, 8))]
CELLS = [(op, size, depth) for size, depths in SIZES for depth in depths for op in ("read", "write")]
BYTES = {"4k": 4 << 10, "128k": 128 << 10, "1m": 1 << 20}
GOAL, NOISE = 1.2, 0.02                     # what is wanted at 4 KiB; what two runs of the same may differ by


def arguments():
    p = argparse.ArgumentParser(prog="selftests/bench/run",
                                description="apnbd, nvme-tcp and nbd on loopback, in one machine, in turns.")
    p.add_argument("--vm", action="append", metavar="KIND", help="machine (default: uml and qemu-7)")
    p.add_argument("--quick", action="store_true", help="fewer and shorter runs: for a first look")
    p.add_argument("--rounds", type=int, help="rounds (default 7, --quick: 3)")
    p.add_argument("--seconds", type=float, help="length of a run, about (default 2, --quick: 0.5)")
    p.add_argument("--transport", choices=["tcp", "rdma"], default="tcp",
                   help="what apnbd and nvme go by; rdma: over Ethernet, in software")
    p.add_argument("--peer", action="append", choices=PEERS + ["local"],
                   help="only this one and apnbd (default: all; local is null_blk itself)")
    p.add_argument("--cell", action="append", metavar="OP/SIZE/DEPTH", help="only this, as in read/4k/32")
    p.add_argument("--cpus", type=int, default=SPEC[1], help=f"of the machine (default {SPEC[1]})")
    p.add_argument("--count", action="store_true",
                   help="also count what a request takes: wake-ups, sends, segments, copies (needs kprobes)")
    p.add_argument("--instructions", action="store_true",
                   help="QEMU kinds: a clock that ticks with each instruction, one CPU; repeatable on a busy host")
    p.add_argument("--record", action="store_true", help="keep the figures as selftests/bench/results/KIND.tsv")
    args = p.parse_args()
    args.vm = args.vm or ["uml", "qemu-7"]
    for kind in args.vm:
        if kind not in KINDS:
            p.error(f"no kind {kind}; there are {', '.join(KINDS)}")
    names = ["/".join(map(str, c)) for c in CELLS]
    for cell in args.cell or ():
        if cell not in names:
            p.error(f"no cell {cell}; there are {', '.join(names)}")
    args.cells = [c for c, n in zip(CELLS, names) if not args.cell or n in args.cell]
    args.rival = f"nvme-{args.transport}"
    args.peers = [args.rival if x == "nvme" else x for x in PEERS + ["local"]
                  if x == "apnbd" or (x in args.peer if args.peer else x != "local" and (x, args.transport) != ("nbd", "rdma"))]
    args.rounds = args.rounds or (3 if args.quick else 7)
    args.seconds = args.seconds or (0.5 if args.quick else 2)
    if args.instructions:
        if any(k.startswith("uml") for k in args.vm):
            p.error("--instructions is for QEMU kinds")
        args.cpus = 1
        machine.accel = lambda: ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", "max,la57=off"]
    return args


class NoFigures(Exception):
    """The machine died, or what ran in it failed."""


def say(text=""):
    print(text, flush=True)


# ---- the machine ----

def cpu_ns(group):
    """CPU time of all threads of the processes of a group, and of those that have ended: what the machine has cost."""
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                stat = f.read().rsplit(")", 1)[1].split()
            if int(stat[2]) != group:
                continue
            total += (int(stat[13]) + int(stat[14])) * 10**9 // os.sysconf("SC_CLK_TCK")
            for tid in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as f:
                    total += int(f.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


class Meter(machine.Machine):
    """Hears the marks on the machine's console and notes what it had cost by then."""

    def start(self):
        self.costs, self.rest = {}, b""
        machine.copy, original = self.copy, machine.copy
        super().start()
        machine.copy = original

    def copy(self, pipe, path):
        with open(path, "ab", buffering=0) as f:
            while True:
                said = pipe.read1(65536)
                if not said:
                    return
                *lines, self.rest = (self.rest + said).split(b"\n")
                for line in lines:
                    mark = re.search(rb"apn-bench: (begin|end) (\d+)", line)
                    if mark:
                        self.costs[int(mark[2]), mark[1]] = cpu_ns(self.process.pid)
                f.write(said)

    def cost_s(self, mark):
        return (self.costs[mark, b"end"] - self.costs[mark, b"begin"]) / 1e9


def run_in_machine(kind, args, folder):
    """The lines that inside.sh said of the configuration, and the rows of measure.py."""
    src, out = os.path.join(folder, "src"), os.path.join(folder, "out")
    for command in ([TESTBED, kind], [TESTBED, "--products", kind, src]):
        if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
            raise SystemExit(f"bench: {' '.join(command[1:])} failed, see above")
    for name in ("a", "host", "shared"):
        os.makedirs(os.path.join(out, name))
    limit = int(600 + len(args.cells) * len(args.peers) * (args.rounds * (4 * args.seconds + 8) + 20))
    with open(os.path.join(out, "a/tests"), "w", encoding="utf-8") as f:
        f.write(f"{NAME} {limit}\n")
    with open(os.path.join(out, "shared/bench.json"), "w", encoding="utf-8") as f:
        json.dump({"peers": args.peers, "cells": args.cells, "rounds": args.rounds, "seconds": args.seconds,
                   "count": args.count}, f)
    vm = Meter(kind, "a", src, out, (1, args.cpus) + SPEC[2:], transport=args.transport)
    base = os.path.join(out, "a", NAME.replace("/", "_"))
    said, seen = [], 0
    end = time.monotonic() + limit + 300
    vm.start()
    try:
        while vm.running() and not os.path.exists(base + ".result") and time.monotonic() < end:
            time.sleep(0.5)
            said = lines_of(base + ".log")
            for line in said[seen:]:
                if line.startswith("#"):
                    say(line)
            seen = len(said)
    finally:
        vm.kill()
    result = lines_of(base + ".result")
    if not result or not result[0].startswith("pass "):
        for line in said[-20:] + (result or vm.log_tail()):
            say(f"# {line}")
        raise NoFigures
    kernel = next((line.split("up: ")[1].split()[0] for line in vm.log_tail(100000)
                   if "apn-machine: up: " in line), "?")
    return kernel, [line for line in lines_of(base + ".log") if " hardware queues, " in line], \
        rows_of(os.path.join(out, "shared/raw.tsv"), vm), lines_of(os.path.join(out, "shared/raw.tsv.counts"))


def lines_of(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def rows_of(path, vm):
    head, *lines = [line.split("\t") for line in lines_of(path)]
    rows = []
    for line in lines:
        row = dict(zip(head, line))
        row = {k: v if k in ("cell", "peer") else float(v) for k, v in row.items()}
        rows.append(dict(row, cpu_s=vm.cost_s(int(row["mark"]))))
    return rows


# ---- the figures ----

def derive(row, instructions):
    if instructions:                        # the machine's own clock is exact, the host's would count the emulation
        row["cpu_s"] = row["seconds"] - row["idle_s"]
    ios, size = row["ios"], BYTES[row["cell"].split("/")[1]]
    row["cpu_s_million"] = row["cpu_s"] / ios * 1e6
    row["cpu_s_gib"] = row["cpu_s"] / (ios * size) * (1 << 30)
    row["busy_s_million"] = row["busy_s"] / ios * 1e6
    for name in ("switches", "interrupts", "softirqs", "net_rx"):
        row[name + "_req"] = row[name] / ios
    return row


COLUMNS = ("iops mb_s mean_us p99_us cpu_s_million cpu_s_gib busy_s_million switches_req interrupts_req softirqs_req "
           "net_rx_req").split()


def median(rows, name):
    return statistics.median(r[name] for r in rows)


def ratio(mine, theirs, name):
    """Of the runs of the same round: median, least, most."""
    found = [m[name] / t[name] for m, t in zip(mine, theirs) if t[name]]
    return (statistics.median(found), min(found), max(found)) if found else (0, 0, 0)


def verdict(cell, speed, cpu):
    """The bar: neither slower nor dearer than nvme-tcp. The goal, at 4 KiB: 1.2 times as fast."""
    words = []
    if speed[0] < 1 - NOISE:
        words.append("SLOWER" if speed[2] < 1 else "slower?")
    if cpu[0] > 1 + NOISE:
        words.append("DEARER" if cpu[1] > 1 else "dearer?")
    if not words:
        words.append("ok")
        if cell[1] == "4k":
            words.append("goal" if speed[0] >= GOAL else "")
    return " ".join(words).strip()


def summarise(args, rows):
    for row in rows:
        derive(row, args.instructions)
    found = []
    for cell in args.cells:
        name = "/".join(map(str, cell))
        of = {p: sorted((r for r in rows if r["cell"] == name and r["peer"] == p), key=lambda r: r["round"])
              for p in args.peers}
        for peer in args.peers:
            line = {"op": cell[0], "size": cell[1], "depth": cell[2], "peer": peer, "runs": len(of[peer]),
                    "ios": int(of[peer][0]["ios"])}
            line.update({c: median(of[peer], c) for c in COLUMNS})
            if args.rival in of:
                line["speed"] = ratio(of[peer], of[args.rival], "iops")
                line["cpu"] = ratio(of[peer], of[args.rival], "cpu_s_million")
                line["verdict"] = verdict(cell, line["speed"], line["cpu"]) if peer == "apnbd" else ""
            found.append(line)
    return found


# ---- for people, for programs ----

TITLE = (f"{'':10}{'IOPS':>9}{'MB/s':>8}{'mean us':>10}{'p99 us':>10}{'CPU s/M':>9}{'s/GiB':>8}"
         f"{'switch':>8}{'intr':>7}{'softirq':>8}  speed (least-most)    CPU (least-most)")


def three(r):
    return f"{r[0]:5.2f} ({r[1]:.2f}-{r[2]:.2f})"


def table(found):
    lines, last = [TITLE], None
    for x in found:
        cell = f"{x['op']} {x['size']} depth {x['depth']}"
        if cell != last:
            lines.append(f"{cell}, {x['ios']} requests a run")
            last = cell
        line = (f"  {x['peer']:8}{x['iops']:9.0f}{x['mb_s']:8.1f}{x['mean_us']:10.1f}{x['p99_us']:10.1f}"
                f"{x['cpu_s_million']:9.1f}{x['cpu_s_gib']:8.2f}{x['switches_req']:8.2f}{x['interrupts_req']:7.2f}"
                f"{x['softirqs_req']:8.2f}")
        if "speed" in x and not x["peer"].startswith("nvme"):
            line += f"  {three(x['speed']):20} {three(x['cpu']):20} {x['verdict']}"
        lines.append(line.rstrip())
    return lines


def missed(found):
    bad = [f"{x['op']} {x['size']} depth {x['depth']}: {x['verdict']}" for x in found
           if x.get("verdict") and not x["verdict"].startswith("ok")]
    return bad


def record(path, header, found):
    names = ["op", "size", "depth", "peer", "runs", "ios"] + COLUMNS
    more = ["speed", "speed_least", "speed_most", "cpu", "cpu_least", "cpu_most", "verdict"]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in header)
        f.write("\t".join(names + more) + "\n")
        for x in found:
            cells = [f"{x[n]:.4g}" if isinstance(x[n], float) and x[n] < 1000 else
                     f"{x[n]:.0f}" if isinstance(x[n], float) else str(x[n]) for n in names]
            if "speed" in x:
                cells += [f"{v:.3f}" for v in x["speed"] + x["cpu"]] + [x["verdict"]]
            f.write("\t".join(cells).rstrip() + "\n")


def commit():
    said = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"], capture_output=True, text=True,
                          check=False).stdout.strip()
    return said or "no repository"


def header(kind, kernel, args, said):
    how = "KVM" if "kvm" in machine.accel() else "emulated (TCG)"
    if args.instructions:
        how = "emulated, a clock that ticks with each instruction: a microsecond is a thousand of them"
    load = os.getloadavg()[0]
    return ["# SPDX-License-Identifier: GPL-2.0",
            f"# {kind}: kernel {kernel}, {args.cpus} CPU{'s' * (args.cpus > 1)}" + ("" if kind.startswith("uml") else f", {how}"),
            f"# apnbd {commit()}, {time.strftime('%Y-%m-%d')}; {os.cpu_count()} CPUs of the host, its load {load:.1f}",
            f"# {args.rounds} round{'s' * (args.rounds > 1)} of runs of about {args.seconds:g} s; medians; speed and cpu are ratios to {args.rival} "
            "in the same round",
            f"# fio io_uring O_DIRECT random, one job; {args.transport} to this machine; null_blk memory_backed=0 under each"] + said


def bench(kind, args):
    folder = tempfile.mkdtemp(prefix="apnbd-bench-")
    os.chmod(folder, 0o755)
    keep = True
    try:
        kernel, said, rows, counts = run_in_machine(kind, args, folder)
        keep = False
    except NoFigures as e:
        raise SystemExit(f"bench: no figures from {kind}; its logs are in {folder}/out") from e
    except BaseException:
        keep = False
        raise
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    found = summarise(args, rows)
    head = header(kind, kernel, args, said)
    say()
    for line in head[1:] + table(found):
        say(line)
    if counts:
        say("calls of a request:")
        for line in counts:
            say("  " + "".join(f"{word:>{14 if i < 2 else 10}}" for i, word in enumerate(line.split("\t"))))
    if args.rival in args.peers:
        bad = missed(found)
        say(f"bar (nowhere slower or dearer than {args.rival}): {'met' if not bad else 'missed: ' + '; '.join(bad)}")
    if args.record:
        path = os.path.join(HERE, "results", f"{kind}{'.rdma' if args.transport == 'rdma' else ''}"
                            f"{'.instructions' if args.instructions else ''}.tsv")
        record(path, head, found)
        say(f"recorded: {os.path.relpath(path)}")


def main():
    args = arguments()
    if os.geteuid():
        raise SystemExit("bench: the testbed needs root; type: sudo selftests/bench/run ...")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for kind in args.vm:
        bench(kind, args)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("bench: stopped") from None

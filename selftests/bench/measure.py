# SPDX-License-Identifier: GPL-2.0
"""In the machine: fio on one disk after the other, cell by cell, round by round; one line of TSV a run.

measure.py CONF.json OUT.tsv NAME=DEVICE...
"""

import json
import os
import re
import subprocess
import sys
import tempfile

COLUMNS = "round cell peer mark ios seconds iops mb_s mean_us p99_us busy_s idle_s switches interrupts softirqs net_rx".split()

# The mark goes to the console, where the host reads it and takes the CPU time of this machine.
SNAPSHOT = "echo '<1>apn-bench: {}' >/dev/kmsg; cat /proc/uptime /proc/stat /proc/softirqs"
marks = 0

# A second's work is at least this, even where the machine was busy with something else when it was asked.
LEAST_IOPS = {"4k": 4000, "128k": 800, "1m": 150}


def bytes_of(size):
    number, unit = re.fullmatch(r"(\d+)([km]?)", size).groups()
    return int(number) << {"": 0, "k": 10, "m": 20}[unit]


class Snapshot:
    """What the machine had done when fio was about to send its first request, or had seen its last one answered."""

    def __init__(self, text):
        lines = text.splitlines()
        self.seconds = float(lines[0].split()[0])
        self.cpus, self.count = 0, {}
        for line in lines[1:]:
            word, *rest = line.split()
            if word == "cpu":
                self.idle = (int(rest[3]) + int(rest[4])) / os.sysconf("SC_CLK_TCK")
            elif re.fullmatch(r"cpu\d+", word):
                self.cpus += 1
            elif word in ("ctxt", "intr", "softirq"):
                self.count[word] = int(rest[0])
            elif word == "NET_RX:":
                self.count["net_rx"] = sum(map(int, rest))


def fio(device, cell, ios, more=()):
    """JSON of fio, and what the machine did from its first request to its last answer."""
    global marks
    marks += 1
    op, size, depth = cell
    with tempfile.TemporaryDirectory() as folder:
        command = ["fio", "--name=bench", f"--filename={device}", "--ioengine=io_uring", "--direct=1",
                   f"--rw=rand{op}", f"--bs={size}", f"--iodepth={depth}", "--norandommap", "--thread",
                   "--clocksource=clock_gettime", "--lat_percentiles=1", "--clat_percentiles=0",
                   "--percentile_list=50:99", "--exec_prerun=" + SNAPSHOT.format(f"begin {marks}"),
                   "--exec_postrun=" + SNAPSHOT.format(f"end {marks}"), "--output-format=json", "--output=out.json",
                   *more]
        if ios:
            command.append(f"--number_ios={ios}")
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"measure: {' '.join(command)}: {done.stdout.strip()}")
        with open(f"{folder}/out.json", encoding="utf-8") as f:
            text = f.read()
        shots = []
        for when in ("prerun", "postrun"):
            with open(f"{folder}/bench.{when}.txt", encoding="utf-8") as f:
                shots.append(Snapshot(f.read()))
    return json.loads(text[text.index("{"):])["jobs"][0][op], *shots


def measure(device, cell, ios):
    said, before, after = fio(device, cell, ios)
    seconds = after.seconds - before.seconds
    count = {k: after.count[k] - before.count[k] for k in before.count}
    return {"mark": marks, "ios": said["total_ios"], "seconds": said["runtime"] / 1000, "iops": said["iops"],
            "mb_s": said["bw_bytes"] / 1e6, "mean_us": said["lat_ns"]["mean"] / 1e3,
            "p99_us": said["lat_ns"]["percentile"]["99.000000"] / 1e3,
            "busy_s": seconds * before.cpus - (after.idle - before.idle),
            "idle_s": after.idle - before.idle, "switches": count["ctxt"], "interrupts": count["intr"], "softirqs": count["softirq"],
            "net_rx": count.get("net_rx", 0)}


def calibrate(device, cell, seconds):
    """How many requests take about that long; the same number for all who are compared."""
    said, *_ = fio(device, cell, None, ["--time_based", "--runtime=1"])
    ios = max(said["iops"], LEAST_IOPS[cell[1]]) * seconds
    step = 10 ** (len(str(int(ios))) - 2)
    return int(ios // step * step)


# ---- what a request takes: calls of functions of the kernel, counted in runs that are not timed ----

COUNTED = {"wakeups": ["try_to_wake_up"], "works": ["__queue_work"], "sends": ["tcp_sendmsg_locked"],
           "segments": ["__tcp_transmit_skb"],
           "copies": ["_copy_to_iter", "_copy_from_iter", "skb_copy_bits", "skb_copy_and_hash_datagram_iter"],
           "pages": ["__alloc_pages_noprof", "__alloc_pages", "__alloc_frozen_pages_noprof"]}
TRACING = "/sys/kernel/tracing"


def write(path, text, mode="w"):
    try:
        with open(path, mode, encoding="ascii") as f:
            f.write(text)
        return True
    except OSError:
        return False


class Probes:
    """Kprobes that only count; without kprobes there is nothing to count."""

    def __init__(self):
        self.there = [f for names in COUNTED.values() for f in names
                      if write(f"{TRACING}/kprobe_events", f"p:apnbench/{f} {f}\n", "a")]
        write(f"{TRACING}/events/apnbench/enable", "1")

    def hits(self):
        with open(f"{TRACING}/kprobe_profile", encoding="ascii") as f:
            rows = [line.split() for line in f]
        return {r[0]: int(r[1]) + int(r[2]) for r in rows}

    def count(self, device, cell, ios=400):
        before = self.hits()
        fio(device, cell, ios)
        after = self.hits()
        return {what: sum(after[f] - before[f] for f in names if f in self.there) / ios
                for what, names in COUNTED.items()}

    def close(self):
        write(f"{TRACING}/events/apnbench/enable", "0")
        write(f"{TRACING}/kprobe_events", "")


def count_all(path, cells, disks):
    probes = Probes()
    if probes.there:
        with open(path, "w", encoding="utf-8") as out:
            out.write("\t".join(["cell", "peer", *COUNTED]) + "\n")
            for cell in cells:
                for name, device in disks:
                    # twice the requests less the once: what fio costs to start drops out
                    many, few = probes.count(device, cell, 600), probes.count(device, cell, 200)
                    row = [(600 * many[w] - 200 * few[w]) / 400 for w in COUNTED]
                    out.write("\t".join(["/".join(map(str, cell)), name] + [f"{v:.2f}" for v in row]) + "\n")
    probes.close()


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        conf = json.load(f)
    disks = [d.split("=", 1) for d in sys.argv[3:]]
    cells = [(c[0], c[1], int(c[2])) for c in conf["cells"]]
    first = next((d for n, d in disks if n.startswith("nvme")), disks[0][1])
    plan = []
    for cell in cells:
        for _, device in disks:
            fio(device, cell, 200)
        plan.append((cell, calibrate(first, cell, conf["seconds"])))
        print(f"# rand{cell[0]} {cell[1]} depth {cell[2]}: {plan[-1][1]} requests a run", flush=True)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write("\t".join(COLUMNS) + "\n")
        for r in range(conf["rounds"]):
            for cell, ios in plan:
                # who goes first changes from round to round
                for name, device in disks[r % len(disks):] + disks[:r % len(disks)]:
                    row = dict(measure(device, cell, ios), round=r, cell="/".join(map(str, cell)), peer=name)
                    out.write("\t".join(str(row.get(c, "")) for c in COLUMNS) + "\n")
                out.flush()
            print(f"# round {r + 1} of {conf['rounds']} done", flush=True)
    if conf["count"]:
        count_all(sys.argv[2] + ".counts", cells, disks)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0
"""What a test says of itself in the first lines of its script."""

import os
import re

SELFTESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KINDS = ["uml-debug", "uml", "uml-vtime", "qemu-debug", "qemu-6.1", "qemu-6.12", "qemu-7"]
TIERS = ["check", "all", "soak"]


class Test:
    def __init__(self, path):
        self.path = path
        self.name = os.path.relpath(path, SELFTESTS)[:-3]
        head = {}
        with open(path, encoding="utf-8") as f:
            for line in f:
                if not line.startswith("#"):
                    break
                m = re.match(r"# ([a-z]+):\s*(.*?)\s*$", line)
                if m:
                    head[m[1]] = m[2]
        self.title = head.get("title")
        self.tier = head.get("tier", "check")
        self.kinds = head.get("kinds", "uml-debug").split()
        if self.kinds == ["all"]:
            self.kinds = list(KINDS)
        self.smoke = head.get("smoke", "").split()
        self.transports = head.get("transports", "tcp rdma").split()
        self.cost = number(head.get("cost"), 10)
        self.limit = number(head.get("limit"), 300)
        self.machines = number(head.get("machines"), 1)
        self.cpus = number(head.get("cpus"), 2)
        self.memory = head.get("memory", "2G")
        self.disks = [d for d in head.get("disks", "").split() if d]
        self.kernel = head.get("cmdline", "")

    def check(self):
        wrong = []
        if self.tier not in TIERS:
            wrong.append(f"tier: {self.tier} is none of {', '.join(TIERS)}")
        for kind in self.kinds + self.smoke:
            if kind not in KINDS + ["host"]:
                wrong.append(f"kind {kind} is none of {', '.join(KINDS)}, host")
        return [f"{self.path}: {w}" for w in wrong]

    def machine(self):
        """Tests that agree on this may share one boot."""
        return (self.machines, self.cpus, self.memory, tuple(self.disks), self.kernel)


def number(text, default):
    m = re.match(r"\d+", text or "")
    return int(m[0]) if m else default


def find():
    found = []
    for folder, dirs, files in os.walk(SELFTESTS):
        dirs[:] = [d for d in dirs if d not in ("vm", "model") and not d.startswith(".")]
        for name in sorted(files):
            if name.endswith(".sh"):
                test = Test(os.path.join(folder, name))
                if test.title:
                    found.append(test)
    return sorted(found, key=lambda t: t.name)


def kinds_of(test, tier, only):
    """On which kinds a run of that tier runs the test; 'only' is what --vm named."""
    if "host" in test.kinds:
        return ["host"] if not only or "host" in only else []
    if only:
        return [k for k in only if k in test.kinds]
    if tier is None or (tier == "check" and not test.smoke):
        return ["uml-debug"] if "uml-debug" in test.kinds else test.kinds[:1]
    if tier == "check":
        first = "uml-debug" if "uml-debug" in test.kinds else test.kinds[0]
        return [first] + [k for k in test.smoke if k != first]
    return [k for k in KINDS if k in test.kinds]


def belongs(test, tier):
    if tier == "check":
        return test.tier == "check"
    if tier == "all":
        return test.tier in ("check", "all")
    return test.tier == tier

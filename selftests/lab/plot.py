# SPDX-License-Identifier: GPL-2.0
"""lab.tsv as pictures: throughput against round-trip time, latency against write size. SVG with nothing but Python."""

import math
import os
import sys

RTT_MS = {"local": 0.05, "apn-40km": 0.4, "apn-1000km": 15, "apn-3000km": 30.6}     # those of 100 Gbit/s
# colour, and size of a mark: where two are in one place, both are seen
SYSTEMS = {"apnbd": ("#c1121f", 8), "apnbd-rate": ("#f08c00", 4), "nvme-tcp": ("#1864ab", 6), "nvme-tcp-cubic": ("#4dabf7", 5),
           "nvme-tcp-bbr": ("#3bc9db", 4), "nbd": ("#868e96", 3)}
SIZES = {"write 4k": 4, "write 64k": 64, "write 1m": 1024, "write 4m": 4096}
LEFT, TOP, WIDE, HIGH = 80, 50, 560, 330


class Picture:
    """One pair of logarithmic axes."""

    def __init__(self, title, x_title, y_title, x_range, y_range):
        self.x, self.y = [[math.log10(v) for v in r] for r in (x_range, y_range)]
        self.said = 0
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDE + 170}" height="{TOP + HIGH + 70}" '
            'font-family="DejaVu Sans, sans-serif" font-size="13">',
            '<rect width="100%" height="100%" fill="white"/>',
            f'<text x="{LEFT}" y="28" font-size="16">{title}</text>',
            f'<rect x="{LEFT}" y="{TOP}" width="{WIDE}" height="{HIGH}" fill="none" stroke="#444"/>',
            f'<text x="{LEFT + WIDE / 2}" y="{TOP + HIGH + 48}" text-anchor="middle">{x_title}</text>',
            f'<text transform="translate(18,{TOP + HIGH / 2}) rotate(-90)" text-anchor="middle">{y_title}</text>']

    def at(self, x, y):
        (x0, x1), (y0, y1) = self.x, self.y
        return (LEFT + WIDE * (math.log10(x) - x0) / (x1 - x0),
                TOP + HIGH - HIGH * (math.log10(y) - y0) / (y1 - y0))

    def x_mark(self, value, word):
        x, _ = self.at(value, 10 ** self.y[0])
        self.parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{TOP + HIGH}" stroke="#ddd"/>'
                          f'<text x="{x:.1f}" y="{TOP + HIGH + 20}" text-anchor="middle">{word}</text>')

    def y_mark(self, value, word):
        _, y = self.at(10 ** self.x[0], value)
        self.parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + WIDE}" y2="{y:.1f}" stroke="#ddd"/>'
                          f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{word}</text>')

    def series(self, name, color, points, dash="", radius=4):
        points = [self.at(*p) for p in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2" {dash}/>')
        if not dash:
            self.parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{color}"/>' for x, y in points]
        y = TOP + 14 + 22 * self.said
        self.said += 1
        self.parts.append(f'<line x1="{LEFT + WIDE + 12}" y1="{y}" x2="{LEFT + WIDE + 36}" y2="{y}" stroke="{color}" '
                          f'stroke-width="2" {dash}/><text x="{LEFT + WIDE + 42}" y="{y + 4}">{name}</text>')

    def write(self, path):
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join([self.parts[0], "<!-- SPDX-License-Identifier: GPL-2.0 -->"] + self.parts[1:] + ["</svg>"]))
            f.write("\n")


def rows(path):
    with open(path, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def throughput(table, work, path):
    found = [r for r in table if r["work"] == work and r["line"] in RTT_MS]
    if not found:
        return False
    p = Picture(f"1 MiB random {work.split()[0]}, the line kept full: 100 Gbit/s", "round trip", "MB/s",
                (0.04, 40), (100, 16000))
    for line, rtt in RTT_MS.items():
        p.x_mark(rtt, f"{rtt:g} ms")
    for v in (100, 300, 1000, 3000, 10000):
        p.y_mark(v, f"{v:,}")
    p.series("the line's limit", "#000", [(RTT_MS[r["line"]], float(r["limit"])) for r in found
                                        if r["system"] == found[0]["system"]], 'stroke-dasharray="6 4"')
    for system, (color, radius) in SYSTEMS.items():
        points = [(RTT_MS[r["line"]], float(r["figure"])) for r in found
                  if r["system"] == system and float(r["figure"]) > 0]
        if points:
            p.series(system, color, points, radius=radius)
    p.write(path)
    return True


def latency(table, line, path):
    found = [r for r in table if r["line"] == line and r["work"] in SIZES and r["unit"] == "us"]
    if not found:
        return False
    top = max(float(r["figure"]) for r in found) / 1000
    low = min(float(r["limit"]) for r in found) / 1000
    p = Picture(f"one write at a time, {line}", "size of the write", "ms", (3, 6000), (low * 0.8, top * 1.3))
    for work, kib in SIZES.items():
        p.x_mark(kib, work.split()[1])
    value = 10 ** math.floor(math.log10(low))
    while value < top * 1.3:
        for step in (1, 1.5, 2, 3, 5, 7):
            if low * 0.8 <= value * step <= top * 1.3:
                p.y_mark(value * step, f"{value * step:g}")
        value *= 10
    p.series("the line's limit", "#000", [(SIZES[r["work"]], float(r["limit"]) / 1000) for r in found
                                        if r["system"] == found[0]["system"]], 'stroke-dasharray="6 4"')
    for system, (color, radius) in SYSTEMS.items():
        points = [(SIZES[r["work"]], float(r["figure"]) / 1000) for r in found if r["system"] == system]
        if points:
            p.series(system, color, points, radius=radius)
    p.write(path)
    return True


def draw(tsv, out):
    """The pictures that these rows are enough for; their paths."""
    table = rows(tsv)
    pictures = {"read-throughput": (throughput, "read 1m deep"), "write-throughput": (throughput, "write 1m deep"),
                "write-latency": (latency, "apn-1000km")}
    drawn = []
    for name, (make, what) in pictures.items():
        path = os.path.join(out, name + ".svg")
        if make(table, what, path):
            drawn.append(path)
    return drawn


if __name__ == "__main__":
    draw(sys.argv[1], sys.argv[2])

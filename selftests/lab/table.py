# SPDX-License-Identifier: GPL-2.0
"""lab.tsv as tables: table.py lab.tsv [FILE.rst]; into FILE.rst between its two marks, or to standard output."""

import re
import sys

BEGIN, END = ".. made by selftests/lab/table.py: begin", ".. made by selftests/lab/table.py: end"
UNITS = {"us": (1000, "ms", 2), "MB/s": (1, "MB/s", 0), "MB": (1, "MB", 1), "times": (1, "", 2), "trips": (1, "trips", 2)}
RESENT, QUEUE = 0.1, 1.0        # per cent and milliseconds that are worth a word

# What issue and design ask of apnbd: of the ratio to the limit, for works that begin so; the first that fits.
GOALS = [
    ("4k read p99", "<=", 1.5), ("read 4k", "<= 30 us +", 1.03), ("write", "<= 30 us +", 1.03, "us"),
    ("read 1m deep,", ">=", 0, "MB/s"), ("write 1m deep,", ">=", 0, "MB/s"),
    ("read 1m deep", ">=", 0.97), ("write 1m deep", ">=", 0.97),
    ("first 512m", ">=", 0.9), ("512m", ">=", 0.9),
    ("xfs: 8 files", ">=", 0.85), ("ext4: 8 files", ">=", 0.85),
    ("xfs: one reader", ">=", 0.6), ("ext4: one reader", ">=", 0.6),
    ("two hosts", "<=", 1.5), ("beside", "<=", 1.5), ("most under way", "<=", 1),
    ("an idle disk", "<=", 1),
]


def rows(path):
    with open(path, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def goal(row):
    for work, sign, bound, *unit in GOALS:
        if row["work"].startswith(work) and (not unit or unit[0] == row["unit"]):
            return f"{sign} {bound:g}" if bound else ""
    return ""


def number(text, unit):
    scale, word, digits = UNITS[unit]
    return f"{float(text) / scale:,.{digits}f}", word


def limit(row):
    return " ".join(number(row["limit"], row["unit"])).strip()


def cell(row):
    if row is None:
        return ""
    text = f"{number(row['figure'], row['unit'])[0]} ({float(row['ratio']):.2f})"
    if row["resent"] != "-" and float(row["resent"]) >= RESENT:
        text += f" r{float(row['resent']):.1f}"
    if row["queue_ms"] != "-" and float(row["queue_ms"]) >= QUEUE:
        text += f" q{float(row['queue_ms']):.1f}"
    return text


def unique(values):
    return list(dict.fromkeys(values))


def simple_table(grid):
    wide = [max(len(line[i]) for line in grid) for i in range(len(grid[0]))]
    rule = " ".join("=" * w for w in wide)
    text = [" ".join(c.ljust(w) for c, w in zip(line, wide)).rstrip() for line in grid]
    return [rule, text[0], rule, *text[1:], rule]


def table(found):
    systems = unique(r["system"] for r in found)
    grid = [["work", "limit", "goal", *systems]]
    for work in unique(r["work"] for r in found):
        by = {r["system"]: r for r in found if r["work"] == work}
        one = next(iter(by.values()))
        grid.append([work, limit(one), goal(one) or "\\", *(cell(by.get(s)) for s in systems)])
    return simple_table(grid)


def tables(path):
    text = []
    all_rows = rows(path)
    for line in unique(r["line"] for r in all_rows):
        text += [line, "-" * len(line), ""] + table([r for r in all_rows if r["line"] == line]) + [""]
    return "\n".join(text)


def put(text, path):
    with open(path, encoding="utf-8") as f:
        old = f.read()
    new, n = re.subn(f"({re.escape(BEGIN)}\n\n).*?({re.escape(END)})", lambda m: m[1] + text + "\n" + m[2], old, flags=re.S)
    if n != 1:
        raise SystemExit(f"table: {path} has not the two marks, or has them twice")
    with open(path, "w", encoding="utf-8") as f:
        f.write(new)


if __name__ == "__main__":
    made = tables(sys.argv[1])
    if len(sys.argv) > 2:
        put(made, sys.argv[2])
    else:
        print(made)

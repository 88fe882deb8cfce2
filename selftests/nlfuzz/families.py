#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What fuzz.py needs of the specs: families.py SPEC... writes it as JSON."""

import json
import sys

import yaml


def numbered(entries):
    """Each with its number: from 1 on, or from the value that an entry sets."""
    value = 0
    for entry in entries:
        value = entry.get("value", value + 1)
        yield value, entry


def attributes(a_set):
    return {
        entry["name"]: {
            "id": value, "type": entry["type"], "nested": entry.get("nested-attributes"),
            "multi": bool(entry.get("multi-attr")), "longest": entry.get("checks", {}).get("max-len"),
        } for value, entry in numbered(a_set["attributes"])
    }


def commands(operations):
    for value, entry in numbered(operations):
        for way in ("do", "dump"):
            if way not in entry or "notify" in entry:
                continue
            request = (entry[way] or {}).get("request") or {}
            yield {
                "name": entry["name"], "way": way, "cmd": value, "set": entry["attribute-set"],
                "attributes": request.get("attributes", []),
            }


def family(path):
    with open(path, encoding="utf-8") as f:
        spec = yaml.safe_load(f)
    return {
        "name": spec["name"],
        "sets": {s["name"]: attributes(s) for s in spec["attribute-sets"]},
        "commands": list(commands(spec["operations"]["list"])),
    }


json.dump([family(path) for path in sys.argv[1:]], sys.stdout, indent=1)

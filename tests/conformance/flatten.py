#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Flatten a folder of conformance data to lines that run_records.c reads.

    flatten.py DATA > records.tsv

DATA holds {spf,dkim,dmarc}-records.jsonl, one case a line: "id", "record", "expect": {"valid"},
and "disputed" where the suites contradict each other.  Disputed cases, and those without a
verdict, are left out and counted on stderr.

A line: kind TAB id TAB 0|1 TAB record in hexadecimal.
"""
import json
import pathlib
import sys

KINDS = ("spf", "dkim", "dmarc")


def record_bytes(text):
    """The octets of a record: one for each character where that is possible."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def flatten(folder, kind, out):
    left_out = 0
    with open(folder / f"{kind}-records.jsonl", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            valid = case["expect"]["valid"]
            if case.get("disputed") or valid is None:
                left_out += 1
                continue
            record = record_bytes(case["record"]).hex()
            out.write(f"{kind}\t{case['id']}\t{int(valid)}\t{record}\n")
    return left_out


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: flatten.py DATA > records.tsv")
    folder = pathlib.Path(sys.argv[1])
    for kind in KINDS:
        left_out = flatten(folder, kind, sys.stdout)
        print(f"{kind}: {left_out} left out", file=sys.stderr)


if __name__ == "__main__":
    main()

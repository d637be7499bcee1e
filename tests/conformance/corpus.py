#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn the manifest of a folder of DNS wire data into lines that run_corpus.c reads.

    corpus.py DATA > corpus.tsv

DATA holds manifest.jsonl, one file a line: "file" (below DATA), "format" (dns-message, dns-rr, or
bind-name-fromwire-input), "consensus" (well-formed, malformed, or disputed), and where known the
"sha256" of the file.  A single record ("dns-rr") that has no consensus, only the "ok" of a strict
reader in "verdict_walker_rr", counts as well-formed; what has no verdict at all as disputed.

A line: path TAB format TAB consensus TAB id.  A file that is not there, or is another one than its
sha256 says, is an error.
"""
import hashlib
import json
import pathlib
import sys


def verdict(row):
    if row.get("consensus"):
        return row["consensus"]
    return "well-formed" if row.get("verdict_walker_rr") == "ok" else "disputed"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: corpus.py DATA > corpus.tsv")
    folder = pathlib.Path(sys.argv[1])
    manifest = folder / "manifest.jsonl"
    if not manifest.is_file():
        sys.exit(f"{manifest}: not there")
    with open(manifest, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    for row in rows:
        path = folder / row["file"]
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if row.get("sha256", found) != found:
            sys.exit(f"{path}: not the file that the manifest speaks of")
        print(path, row["format"], verdict(row), row.get("id", row["file"]), sep="\t")


if __name__ == "__main__":
    main()

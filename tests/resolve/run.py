#!/usr/bin/env python3
"""
The resolver against real servers, hostile ones, and a forger; under sanitizers.

    run.py [--long] [--only real|dot|hostile|attack]... [--row PATTERN] [-v] [-j N] [--matrix FILE]

Runs in a network namespace of its own where that is allowed; where it is not, on loopback, and the
forger is skipped.  --matrix writes the fault matrix, if no row failed.  `make resolve-build` builds
what it runs.
Ends with 'N passed, N failed, N skipped'; exit code 0 only if none failed.

SPDX-License-Identifier: MIT
"""

import argparse
import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import rows  # noqa: E402  (finds world.py)
import attack  # noqa: E402
import dot  # noqa: E402
import hostile  # noqa: E402
import real  # noqa: E402
from world import Problem, end_on_signals, find_program  # noqa: E402

MARK = "VD_IN_NAMESPACE"
PROGRAMS = ("ask", "ask-quick", "ask-gullible", "forger")


def enter_namespace():
    """Start again in a namespace with a loopback of its own; returns if that cannot be."""
    try:
        words = [find_program("unshare"), "--map-root-user", "--mount", "--net"]
        ip = find_program("ip")
    except Problem:
        return
    if subprocess.run([*words, ip, "link", "set", "lo", "up"], capture_output=True,
                      check=False).returncode != 0:
        return
    os.environ[MARK] = "1"
    sys.stdout.flush()
    os.execv(words[0], [*words, "sh", "-c", f'{ip} link set lo up && exec "$@"', "sh",
                        sys.executable, os.path.abspath(__file__), *sys.argv[1:]])


def main():
    parser = argparse.ArgumentParser(description="the resolver against real and hostile servers")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", action="append", choices=("real", "dot", "hostile", "attack"))
    parser.add_argument("--row")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("-j", "--jobs", type=int, default=2 * (os.cpu_count() or 2))
    parser.add_argument("--matrix")
    args = parser.parse_args()
    if MARK not in os.environ:
        enter_namespace()
    sys.stdout.reconfigure(line_buffering=True)
    end_on_signals()

    table = rows.Table(args.verbose)
    missing = [name for name in PROGRAMS if not os.path.exists(os.path.join(rows.BIN, name))]
    parts = {"real": lambda: real.run(table, args.jobs), "dot": lambda: dot.run(table),
             "hostile": lambda: hostile.run(table, args.jobs, args.row),
             "attack": lambda: attack.run(table, args.long, MARK in os.environ)}
    for name, run in parts.items():
        if args.only and name not in args.only:
            continue
        began = time.monotonic()
        try:
            if missing:
                raise Problem(f"not built: {', '.join(missing)}; 'make resolve-build'")
            run()
        except Problem as problem:
            table.add(name, "the whole part", "runs", str(problem), False)
        print(f"  {name}: {time.monotonic() - began:.0f} s")
    if args.matrix and not table.count("failed"):
        order = [one.title for one in hostile.rows]
        with open(args.matrix, "w", encoding="utf-8") as file:
            file.write(table.markdown(hostile.PART, order) + "\n" + table.markdown(dot.PART))
    print(f"{table.count('passed')} passed, {table.count('failed')} failed, "
          f"{table.count('skipped')} skipped")
    return 1 if table.count("failed") or not table.count("passed") else 0


if __name__ == "__main__":
    sys.exit(main())

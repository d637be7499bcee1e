"""
The QEMU tests: one board, real servers, and what can go wrong between them.

    scenarios.py --board mps2-an385 [--only NAME]... [-v] [-j N]

Each scenario is a function of a scenarios_*.py and runs in a process and a world of its own.
Prints a line for each and 'N passed, N failed, N skipped' at the end; exit code 0 only if none
failed.

SPDX-License-Identifier: MIT
"""

import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from board import image_of
from scenario import Skip, move_to_own_network, scenarios
from world import Problem, Process, World, end_on_signals, has_ip6

import scenarios_alert  # noqa: F401  each fills the table of scenarios
import scenarios_dns  # noqa: F401
import scenarios_sources  # noqa: F401
import scenarios_ways  # noqa: F401
import scenarios_start  # noqa: F401
import scenarios_guess  # noqa: F401
import scenarios_watch  # noqa: F401

SCENARIO_MAX_S = 150

# ---- running them ---------------------------------------------------------------------------

PASSED, FAILED, SKIPPED = 0, 1, 77


def run_here(name, board, is_verbose):
    """Run one scenario in this process.  Returns PASSED, FAILED or SKIPPED."""
    on_line = (lambda line: print("    board | " + line, flush=True)) if is_verbose else None
    try:
        with World() as world:
            if not has_ip6():
                move_to_own_network(world)  # there is ::1 in it
            scenarios[name](world, board, on_line)
        return PASSED
    except Skip as reason:
        print(reason)
        return SKIPPED
    except Problem as problem:
        print(problem)
        return FAILED


def run_apart(world, name, args):
    """Run one scenario in a process of its own.  Returns (result, seconds, its output)."""
    began = time.monotonic()
    log = os.path.join(world.path, name)
    child = Process(name, [sys.executable, os.path.abspath(__file__), "--board", args.board,
                           "--alone", name] + (["-v"] if args.verbose else []), world.path, log)
    child.patience_s = 15  # it has a world of its own to take down
    world.own(child)
    try:
        code = child.popen.wait(SCENARIO_MAX_S)
    except subprocess.TimeoutExpired:
        child.stop()
        code = FAILED
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"expected the scenario to take at most {SCENARIO_MAX_S} s\n")
    with open(log, encoding="utf-8", errors="replace") as file:
        return code, time.monotonic() - began, file.read().rstrip()


def run_all(names, args):
    """Run scenarios, so many at a time; a line for each.  Returns the number that failed."""
    counts = {PASSED: 0, FAILED: 0, SKIPPED: 0}
    words = {PASSED: "ok  ", FAILED: "FAIL", SKIPPED: "skip"}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool, World() as world:
        running = {pool.submit(run_apart, world, name, args): name for name in names}
        try:
            for done in concurrent.futures.as_completed(running):
                code, seconds, output = done.result()
                result = code if code in counts else FAILED
                counts[result] += 1
                print(f"{words[result]}  qemu/{running[done]:<36} {seconds:5.1f} s", flush=True)
                if output and (result != PASSED or args.verbose):
                    print("\n".join("      " + line for line in output.split("\n")), flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # then the world stops what runs
            raise
    print(f"{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped",
          flush=True)
    return counts[FAILED]


def main():
    parser = argparse.ArgumentParser(description="vedette's QEMU tests")
    parser.add_argument("--board", required=True, help="a folder of boards/ with a qemu.args")
    parser.add_argument("--only", action="append", metavar="NAME", choices=sorted(scenarios))
    parser.add_argument("-v", "--verbose", action="store_true", help="show the console too")
    parser.add_argument("-j", "--jobs", type=int, default=3, help="boards at a time (3)")
    parser.add_argument("--alone", choices=sorted(scenarios), help=argparse.SUPPRESS)
    args = parser.parse_args()
    end_on_signals()
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if args.alone:
            return run_here(args.alone, args.board, args.verbose)
        with tempfile.TemporaryDirectory(prefix="vedette-image-") as folder:
            if os.path.exists(image_of(args.board)):
                os.environ["VD_IMAGE"] = shutil.copy(image_of(args.board), folder)
            return 1 if run_all(args.only or list(scenarios), args) else 0
    except KeyboardInterrupt:
        print("stopped", flush=True)
        return 130


if __name__ == "__main__":
    sys.exit(main())

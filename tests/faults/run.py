#!/usr/bin/env python3
"""
The fault matrix: the whole agent, as a Linux process under sanitizers, before each fault.

    run.py [--check] [--row PATTERN] [-j N] [-v]

Each row plays in a network of its own.  Without --row, docs/faults.md is written from what was
seen; with --check it is compared instead.  `make faults-build` builds what it runs.  Ends with
'N passed, N failed, N skipped'; exit code 0 only if none failed.

SPDX-License-Identifier: MIT
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import stage  # noqa: E402  (finds world.py)
import page  # noqa: E402
from all_rows import ROWS  # noqa: E402
from world import (ROOT, NoNetwork, Pki, Problem, World, end_on_signals,  # noqa: E402
                   own_network)

PAGE = os.path.join(ROOT, "docs", "faults.md")
ROW_MAX_S = 180


def make_kit(world):
    """Keys and certificates, the same for all rows; the file that says where they are."""
    ours, dns, other = (Pki(world, name) for name in ("Report CA", "DNS CA", "Other CA"))
    kit = {
        "dkim": Pki.dkim_key(), "ca": ours.ca, "dns-ca": dns.ca,
        "collector": ours.server(stage.COLLECTOR),
        "right": dns.server(stage.DNS_NAME),
        "wrong-name": dns.server("other." + stage.DOMAIN),
        "expired": dns.server(stage.DNS_NAME, -20, -10),
        "stranger": other.server(stage.DNS_NAME),
    }
    kit["pin"], kit["stranger-pin"] = Pki.pin(kit["right"]), Pki.pin(kit["stranger"])
    path = os.path.join(world.path, "kit.json")
    with open(path, "w", encoding="ascii") as file:
        json.dump(kit, file)
    return path


# ---- one row, in a process of its own ------------------------------------------------------------


def play(key, kit_path):
    """Play a row; its result is the last line on stdout, as JSON."""
    end_on_signals()
    with open(kit_path, encoding="ascii") as file:
        kit = json.load(file)
    result = {"result": "failed"}
    try:
        with World() as world:
            own_network(world)
            scene = stage.Stage(world, kit)
            try:
                ROWS[key].play(scene)
                scene.finish()
                result = {"result": "passed", "reported": [one.words for one in scene.reported],
                          "facts": scene.facts}
            except Problem as problem:
                result["why"] = f"{problem}\n{scene.seen()}"
    except NoNetwork as reason:
        result = {"result": "skipped", "why": f"no network of its own: {reason}"}
    except Problem as problem:
        result["why"] = str(problem)
    print(json.dumps(result))


def run_row(key, kit_path):
    began = time.monotonic()
    try:
        done = subprocess.run([sys.executable, os.path.abspath(__file__), "--play", key, kit_path],
                              capture_output=True, text=True, errors="replace", check=False,
                              stdin=subprocess.DEVNULL, timeout=ROW_MAX_S)
        result = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        result = {"result": "failed", "why": f"not done after {ROW_MAX_S} s"}
    except (IndexError, ValueError):
        result = {"result": "failed", "why": (done.stdout + done.stderr)[-4000:]}
    result["seconds"] = time.monotonic() - began
    return result


# ---- all of them ---------------------------------------------------------------------------------


def run_rows(keys, jobs, is_verbose):
    """{key: result}"""
    results = {}
    with World() as world, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        kit_path = make_kit(world)
        waiting = {pool.submit(run_row, key, kit_path): key for key in keys}
        for done in concurrent.futures.as_completed(waiting):
            key = waiting[done]
            result = results[key] = done.result()
            if result["result"] != "passed" or is_verbose:
                print(f"  {result['result']:7} {key} ({result['seconds']:.0f} s)")
            if "why" in result:
                print("    " + result["why"].replace("\n", "\n    "))
            if is_verbose:
                for one in result.get("reported", []):
                    print("    " + page.event_text(one))
    return results


def write_or_compare(results, is_check):
    """True if docs/faults.md is what these results make of it."""
    text = page.text(ROWS, results)
    try:
        with open(PAGE, encoding="utf-8") as file:
            before = file.read()
    except FileNotFoundError:
        before = ""
    if text == before:
        return True
    if is_check:
        print("  docs/faults.md is STALE: run tests/faults/run.py and look at what changed")
        show_difference(before, text)
        return False
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)
    print("  docs/faults.md is written")
    return True


def show_difference(before, after):
    old, new = before.splitlines(), after.splitlines()
    for line in [one for one in old if one not in new]:
        print("    - " + line)
    for line in [one for one in new if one not in old]:
        print("    + " + line)


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--play":
        return play(sys.argv[2], sys.argv[3])
    parser = argparse.ArgumentParser(description="what the agent reports, fault by fault")
    parser.add_argument("--check", action="store_true", help="compare docs/faults.md")
    parser.add_argument("--row", help="only rows whose name matches")
    parser.add_argument("-j", "--jobs", type=int, default=16)
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    end_on_signals()
    if not os.path.exists(stage.AGENT):
        print("  build/faults/vedette is not there: make faults-build")
        print("0 passed, 1 failed, 0 skipped")
        return 1
    keys = [key for key in ROWS if not args.row or re.search(args.row, key)]
    results = run_rows(keys, args.jobs, args.verbose)
    count = {word: sum(one["result"] == word for one in results.values())
             for word in ("passed", "failed", "skipped")}
    if not args.row and count["passed"] == len(ROWS):
        is_right = write_or_compare(results, args.check)
        count["passed" if is_right else "failed"] += 1
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return 1 if count["failed"] or not keys else 0


if __name__ == "__main__":
    sys.exit(main())

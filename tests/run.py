#!/usr/bin/env python3
"""Run the tests; the closing line is `N passed, N failed, N skipped`.

    tests/run.py [--board NAME] [--only STAGE] [--long]

Stages: style, tools, unit, port, conformance, corpus, resolve, faults, qemu.  --long runs those
that have a long version, in it.

SPDX-License-Identifier: MIT
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"
JOBS = os.cpu_count() or 2
CLOSING = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")
UNIT_TIMEOUT_S = 300
QEMU_TIMEOUT_S = 1800
LONG_TIMEOUT_S = 1800


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed, failed, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped


def make(target, *words):
    command = ["make", "--no-print-directory", f"-j{JOBS}", target, *words]
    return subprocess.run(command, cwd=ROOT).returncode == 0


def run_cmocka(program):
    """(passed, failed, skipped, text to show) of one cmocka program, read from its TAP."""
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", VD_CERTS=str(ROOT / "build" / "certs"))
    try:
        run = subprocess.run(
            [str(program)], cwd=ROOT, env=env, capture_output=True, text=True, errors="replace",
            timeout=UNIT_TIMEOUT_S,
        )
        out, code = run.stdout + run.stderr, run.returncode
    except subprocess.TimeoutExpired:
        return 0, 1, 0, f"{program.name}: not done after {UNIT_TIMEOUT_S} s"
    planned = re.search(r"^1\.\.(\d+)", out, re.M)
    skipped = len(re.findall(r"^(?:not )?ok .*# SKIP", out, re.M))
    passed = len(re.findall(r"^ok ", out, re.M)) - len(re.findall(r"^ok .*# SKIP", out, re.M))
    failed = len(re.findall(r"^not ok ", out, re.M)) - len(
        re.findall(r"^not ok .*# SKIP", out, re.M)
    )
    missing = (int(planned.group(1)) if planned else 1) - passed - failed - skipped
    failed += max(missing, 0)  # it stopped in the middle: a sanitizer, a signal
    if code != 0 and failed == 0:
        failed = 1
    return passed, failed, skipped, out if failed else ""


def run_programs(tally, programs):
    if not programs:
        print("  no test programs were built")
        tally.add(0, 1)
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for program, result in zip(programs, pool.map(run_cmocka, programs)):
            passed, failed, skipped, text = result
            tally.add(passed, failed, skipped)
            print(f"  {program.name}: {passed} passed" + (f", {failed} FAILED" if failed else ""))
            if text:
                print(text)


def stage_style(tally, _args):
    ok = make("format-check")
    tally.add(int(ok), int(not ok))
    pages = [ROOT / "docs" / name for name in ("config.md", "providers.md", "alerts.md")]
    before = [page.read_text() for page in pages]
    built = make("docs-build")
    for page, text in zip(pages, before):
        ok = built and page.read_text() == text
        print(f"  docs/{page.name} is "
              + ("what its table says" if ok else "STALE: run `make docs`"))
        tally.add(int(ok), int(not ok))


def stage_unit(tally, _args):
    if not make("unit-build"):
        return tally.add(0, 1)
    run_programs(tally, sorted(p for p in (ROOT / "build" / "unit").glob("test_*") if p.is_file()))


def stage_port(tally, _args):
    if not make("port-build", "real-tcp-build", "lwip-build", "posix-build"):
        return tally.add(0, 1)
    for folder in ("port", "real-tcp", "lwip", "host"):
        programs = (ROOT / "build" / folder).glob("test_*")
        run_programs(tally, sorted(p for p in programs if p.is_file()))


def stage_script(tally, command, timeout_s):
    """A script that ends with the closing line."""
    try:
        run = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=timeout_s,
        )
    except subprocess.TimeoutExpired as late:
        print((late.stdout or b"").decode(errors="replace"))
        print(f"  not done after {timeout_s} s")
        return tally.add(0, 1)
    lines = run.stdout.rstrip().splitlines()
    closing = CLOSING.match(lines[-1]) if lines else None
    print("\n".join(lines[:-1] if closing else lines))
    if not closing:
        return tally.add(0, 1)
    passed, failed, skipped = (int(n or 0) for n in closing.groups())
    if run.returncode != 0 and failed == 0:
        failed = 1
    return tally.add(passed, failed, skipped)


def stage_tools(tally, _args):
    for script in sorted((ROOT / "tests" / "tools").glob("test_*.py")):
        stage_script(tally, [PYTHON, str(script)], UNIT_TIMEOUT_S)


def stage_conformance(tally, _args):
    data = ROOT.parent / "shared" / "conformance"
    if not data.is_dir():
        print("  the folder of other projects' cases is not here: skipped")
        return tally.add(0, 0, 1)
    if not make("conformance-build"):
        return tally.add(0, 1)
    return stage_script(
        tally, ["make", "--no-print-directory", "conformance", f"DATA={data}"], UNIT_TIMEOUT_S
    )


def stage_lattice(tally, _args):
    """Each row in front of a real server, and straight into the survey."""
    if not make("lattice-build"):
        return tally.add(0, 1)
    script = ROOT / "tests" / "lattice" / "lattice.py"
    return stage_script(tally, [PYTHON, str(script)], LONG_TIMEOUT_S)


def stage_corpus(tally, _args):
    data = ROOT.parent / "shared" / "conformance" / "dns-corpus"
    folders = [ROOT / "tests" / "data" / "dns"]
    if data.is_dir():
        folders.append(data)
    else:
        print("  the folder of other projects' DNS messages is not here: skipped")
        tally.add(0, 0, 1)
    for folder in folders:
        stage_script(
            tally, ["make", "--no-print-directory", "corpus", f"DATA={folder}"], UNIT_TIMEOUT_S
        )


def stage_resolve(tally, args):
    if not make("resolve-build"):
        return tally.add(0, 1)
    script = ROOT / "tests" / "resolve" / "run.py"
    long_ = ["--only", "attack", "--long"] if args.long else []
    stage_script(tally, [PYTHON, str(script), *long_], LONG_TIMEOUT_S)


def stage_faults(tally, _args):
    if not make("faults-build"):
        return tally.add(0, 1)
    script = ROOT / "tests" / "faults" / "run.py"
    stage_script(tally, [PYTHON, str(script), "--check"], LONG_TIMEOUT_S)


def stage_qemu(tally, args):
    if not make("firmware-build", f"BOARD={args.board}"):
        return tally.add(0, 1)
    script = ROOT / "tests" / "qemu" / "scenarios.py"
    stage_script(tally, [PYTHON, str(script), "--board", args.board], QEMU_TIMEOUT_S)


STAGES = {
    "style": stage_style,
    "tools": stage_tools,
    "unit": stage_unit,
    "port": stage_port,
    "conformance": stage_conformance,
    "lattice": stage_lattice,
    "corpus": stage_corpus,
    "resolve": stage_resolve,
    "faults": stage_faults,
    "qemu": stage_qemu,
}


LONG = ("resolve",)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--board", default="mps2-an385")
    parser.add_argument("--only", choices=STAGES)
    parser.add_argument("--long", action="store_true", help="only the long versions of stages")
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    tally = Tally()
    for name, stage in STAGES.items():
        if args.only not in (None, name) or (args.long and name not in LONG):
            continue
        print(f"== {name}")
        started = time.monotonic()
        stage(tally, args)
        print(f"== {name}: {time.monotonic() - started:.0f} s")
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())

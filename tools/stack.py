#!/usr/bin/env python3
"""The worst stack below a function, read off the machine code of an ARM image.

    tools/stack.py --elf FILE --cross PREFIX --from FUNCTION [--chain] [--max BYTES]

Each function's frame is what its prologue takes (push, sub sp); a path's stack is the sum of its
frames; the worst path is the answer, an upper bound: no run can use more.  Calls through pointers
cannot be read off: those that the image makes below FUNCTION are named in INDIRECT with the
functions that they can reach.  Unnamed ones, and recursion, are an error.

SPDX-License-Identifier: MIT
"""
import argparse
import re
import subprocess
import sys

# Who calls through a pointer, and whom: regular expressions of names.
INDIRECT = {
    r"vd_reading_find": [],  # vd_reading.want: NULL while judging
    r"look": [r"find_for_check"],  # vd_spf_answers.find
    r"read_text_kind|read_texts": [r"read_(mta_sts|tls_rpt|bimi)"],
    r"_?(sv?f?i?printf_r|printf_i|printf_common|vfi?printf_r)": [r"__ss(puts|printf)_r"],
}

FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
PUSH = re.compile(r"\t(?:push|stmdb\tsp!,|push\.w|vpush)\s*\{([^}]*)\}")
SUB = re.compile(r"\tsub(?:\.w|w)?\tsp,(?: sp,)? #(\d+)")
STORE = re.compile(r"\tstr(?:\.w)?\t\w+, \[sp, #-(\d+)\]!")
CALL = re.compile(r"\tb(l|lx|\.w|\.n|[a-z]{2}\.w|[a-z]{2}\.n)?\t[0-9a-f]+ <([^>+]+)>")
BY_POINTER = re.compile(r"\tblx\t(r\d+|ip|lr)|\tbx\t(r\d+|ip)\b")


def registers(words):
    count = 0
    for word in words.split(","):
        first, _, last = word.strip().partition("-")
        count += 1 if not last else int(last[1:]) - int(first[1:]) + 1
        if word.strip().startswith("d"):
            count += 1
    return 4 * count


def read(elf, cross):
    """{function: [frame, callees, calls by pointer]}"""
    text = subprocess.run([cross + "objdump", "-d", "--no-show-raw-insn", elf], check=True,
                          capture_output=True, text=True).stdout
    functions, at = {}, None
    for line in text.splitlines():
        head = FUNCTION.match(line)
        if head:
            at = functions.setdefault(head[1], [0, set(), 0])
            name = head[1]
            continue
        if at is None:
            continue
        for pattern, size in ((PUSH, registers), (SUB, int), (STORE, int)):
            match = pattern.search(line)
            at[0] += size(match[1]) if match else 0
        call = CALL.search(line)
        if call and call[2] != name:
            at[1].add(call[2])
        at[2] += 1 if BY_POINTER.search(line) else 0
    return functions


def worst(functions, name, seen, memo):
    """(bytes, path) of the deepest path from a function on."""
    if name in memo:
        return memo[name]
    if name in seen:
        sys.exit("stack: recursion: " + " > ".join(seen[seen.index(name):] + [name]))
    frame, callees, pointers = functions.get(name, [0, set(), 0])
    targets = set(callees)
    if pointers:
        rules = [rule for rule in INDIRECT if re.fullmatch(rule, name.split(".")[0])]
        if not rules:
            sys.exit(f"stack: {name} calls through a pointer: name its targets in tools/stack.py")
        for pattern in INDIRECT[rules[0]]:
            targets |= {one for one in functions if re.fullmatch(pattern, one.split(".")[0])}
    deepest = max((worst(functions, one, seen + [name], memo) for one in sorted(targets)),
                  default=(0, []), key=lambda found: found[0])
    memo[name] = (frame + deepest[0], [(name, frame)] + deepest[1])
    return memo[name]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elf", required=True)
    parser.add_argument("--cross", required=True)
    parser.add_argument("--from", dest="start", required=True)
    parser.add_argument("--chain", action="store_true", help="print the path")
    parser.add_argument("--max", type=int, help="fail over so many bytes")
    args = parser.parse_args()
    functions = read(args.elf, args.cross)
    if args.start not in functions:
        sys.exit(f"stack: no function {args.start} in {args.elf}")
    size, path = worst(functions, args.start, [], {})
    print(f"  worst stack of {args.start}: {size} B")
    if args.chain:
        for name, frame in path:
            print(f"    {frame:6} {name}")
    if args.max is not None and size > args.max:
        sys.exit(f"stack: over {args.max} B")


if __name__ == "__main__":
    main()

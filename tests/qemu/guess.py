"""
Could somebody who saw some of these numbers guess the next one?

A coarse net, for what stacks really do: counters, counters with jitter, clocks, several counters in
turns, numbers from a corner of their range.  Not a proof of randomness.

SPDX-License-Identifier: MIT
"""

import random

LEAST = 30  # values; below that nothing can be said

# Steps between values are looked at in windows of 1/64 of the range: by chance 1 in 64 falls into
# any of them, and 8 of 30 into none that will be met; of two counters in turns each takes half.
WINDOWS = 64
WINDOW_SHARE_MAX = 0.26
GAPS = (1, 2, 3)  # steps over so many values, for counters that take turns

SPREAD_PARTS = 8
SPREAD_LEAST = 6  # of the parts are met by 30 values, by chance, all but always
BIT_SHARE_MIN = 0.05


def _crowd(values, modulus):
    """The greatest share of values that lie together in one window, anywhere on the circle."""
    ordered = sorted(value % modulus for value in values)
    ordered += [value + modulus for value in ordered]
    most, last = 0, 0
    for first in range(len(ordered) // 2):
        last = max(last, first)
        while last < len(ordered) and ordered[last] - ordered[first] <= modulus // WINDOWS:
            last += 1
        most = max(most, last - first)
    return most / len(values)


def weaknesses(values, low, high):
    """
    What is suspicious about these values, which should be drawn from low ... high: [sentence].

    values  in the order in which they were used.
    """
    modulus = high - low + 1
    values = [value - low for value in values]
    found = []
    if len(values) < LEAST:
        return [f"{len(values)} values are too few to tell; {LEAST} are needed"]
    if min(values) < 0 or max(values) >= modulus:
        found.append(f"values outside of {low} to {high}")
    expected = len(values) ** 2 / modulus / 2
    repeats = len(values) - len(set(values))
    if repeats > 2 + 4 * expected:
        found.append(f"{repeats} values came again")
    for gap in GAPS:
        steps = [b - a for a, b in zip(values, values[gap:])]
        share = _crowd(steps, modulus)
        if share > WINDOW_SHARE_MAX:
            found.append(f"{share:.0%} of the steps over {gap} are nearly the same")
    parts = {value * SPREAD_PARTS // modulus for value in values}
    if len(parts) < SPREAD_LEAST:
        found.append(f"only {len(parts)} of {SPREAD_PARTS} parts of the range are used")
    for bit in range(modulus.bit_length() - 1):
        ones = sum(value >> bit & 1 for value in values) / len(values)
        if not BIT_SHARE_MIN < ones < 1 - BIT_SHARE_MIN:
            found.append(f"bit {bit} hardly ever changes")
    return found


def _counters(low, high, count):
    """(what, values) of numbers that must not pass."""
    modulus = high - low + 1
    draw = random.Random(1)
    start = draw.randrange(modulus)

    def wrapped(values):
        return [low + value % modulus for value in values]

    yield "a counter", wrapped(start + i for i in range(count))
    yield "a counter of large steps", wrapped(start + i * (modulus // 3 + 7) for i in range(count))
    jitter = max(2, modulus // 200)
    at, jittered = start, []
    for _ in range(count):
        at += draw.randrange(jitter)
        jittered.append(at)
    yield "a counter with jitter", wrapped(jittered)
    yield "a clock", wrapped(start + modulus // 150 * i + draw.randrange(1 + modulus // 300)
                             for i in range(count))
    yield "two counters in turns", wrapped(
        i // 2 + (start if i % 2 else start + modulus // 3) for i in range(count))
    yield "three counters in turns", wrapped(
        i // 3 + (start, start + modulus // 3, start + modulus // 5)[i % 3] for i in range(count))
    yield "a corner of the range", [low + draw.randrange(modulus // 2) for _ in range(count)]
    yield "even numbers", [low + draw.randrange(modulus // 2) * 2 for _ in range(count)]
    yield "few values", [low + modulus // 9 * draw.randrange(9) for _ in range(count)]


def misjudged(low, high, count):
    """
    Does weaknesses() tell counters from chance, for so many values?  [sentence] of what it misses.

    The draws of chance have fixed seeds: the answer is the same each time.
    """
    found = [f"{what} passes" for what, values in _counters(low, high, count)
             if not weaknesses(values, low, high)]
    for seed in range(200):
        draw = random.Random(seed)
        values = [draw.randint(low, high) for _ in range(count)]
        if weaknesses(values, low, high):
            found.append(f"chance {seed} does not pass: {weaknesses(values, low, high)}")
    return found

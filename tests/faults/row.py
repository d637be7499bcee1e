"""
A row of the fault matrix.

SPDX-License-Identifier: MIT
"""

from typing import Callable, NamedTuple

ROWS = {}

AGAIN = "The second one comes when it has lasted for `confirm-hold`."


class Row(NamedTuple):
    group: str
    fault: str  # as a person would say it
    never: str  # what must not be reported
    play: Callable


def row(group, fault, never):
    """Register a function of a Stage as a row."""
    def register(function):
        ROWS[function.__name__] = Row(group, fault, never, function)
        return function

    return register

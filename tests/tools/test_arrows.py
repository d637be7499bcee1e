#!/usr/bin/env python3
"""
Who may know whom: the includes of each folder point one way.

SPDX-License-Identifier: MIT
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^">]+)[">]', re.M)

# (folder, what its files may include, what of that they may not)
RULES = (
    ("dns", r"dns/|port/port_|firmware/limits\.h", r"port/port_console|port/port_files"),
    ("report", r"report/|port/port_|firmware/limits\.h", r"port/port_tcp\.h|port/port_datagram\.h"),
    ("firmware", r"firmware/|dns/|report/|port/port|ini\.h", r"port/port_tcp\.h"),
    ("port", r"port/|firmware/(limits|version)\.h|lwip/|netif/|mbedtls/|psa/|arch/", r"^$"),
)
SYSTEM = re.compile(r"[a-z_0-9]+\.h|(sys|net|netinet|arpa|linux)/[a-z_0-9]+\.h")
# C11's own headers: what dns/, report/ and firmware/ may use of the system.
C11 = {"limits.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "string.h"}


def wrong_includes(folder, allowed, forbidden):
    """[(file, header)] of those that point the wrong way."""
    found = []
    for path in sorted((ROOT / folder).rglob("*.[ch]")):
        for header in INCLUDE.findall(path.read_text(encoding="utf-8")):
            is_system = (SYSTEM.fullmatch(header) is not None if folder == "port"
                         else header in C11)
            is_allowed = is_system or header == "limits_board.h" or (
                re.match(allowed, header) and not re.match(forbidden, header))
            if not is_allowed:
                found.append((path.relative_to(ROOT), header))
    return found


def check_the_check():
    """A header that is not allowed is found: report/ has no business with clear text."""
    return all(re.match(RULES[1][1], header) is None or re.match(RULES[1][2], header)
               for header in ("port/port_tcp.h", "dns/message.h", "lwip/tcp.h"))


def main():
    passed = failed = 0
    for folder, allowed, forbidden in RULES:
        wrong = wrong_includes(folder, allowed, forbidden)
        for path, header in wrong:
            print(f"  {path} includes {header}")
        passed, failed = passed + (not wrong), failed + bool(wrong)
    ok = check_the_check()
    passed, failed = passed + ok, failed + (not ok)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

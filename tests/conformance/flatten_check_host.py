#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Flatten SPF scenarios to lines that run_check_host.c reads.

    flatten_check_host.py FILE > cases.tsv
    flatten_check_host.py --ids FILE

FILE is spf-check-host.json (zones, and cases of check_host()), spf-domain-cases.jsonl (what the
records of a domain come to) or spf-fuzz-inputs.jsonl (records that must not crash anybody).

Lines, fields parted by tabs; "hex" fields are octets in hexadecimal:

    zone                                        forget all records
    rr     name-hex TYPE preference value-hex   A, AAAA, TXT: octets; MX, PTR, CNAME: a name's octets
    fails  name-hex TYPE|* TIMEOUT|SERVFAIL     * : every type that the name has no record of
    host   id ip-hex domain-hex helo-hex sender-hex results reason    results parted by commas
    domain id domain-hex result
    any    id ip-hex domain-hex helo-hex sender-hex                    any result will do

With --ids: the ids, each with TAB disputed where it is.
"""
import ipaddress
import json
import sys

FAILURES = ("TIMEOUT", "SERVFAIL")
FUZZ_MAIL = ("2001:db8::25", "example.com", "mail.example.com", "a.b-c@example.com")


def octets(text):
    return text.encode("utf-8").hex()


def address(text):
    return ipaddress.ip_address(text).packed.hex()


def record_line(name, kind, value):
    if kind in FAILURES:
        return ("fails", octets(name), "*", kind)
    if value in FAILURES:
        return ("fails", octets(name), kind, value)
    preference = 0
    if kind == "MX":
        preference, value = value
    if kind in ("A", "AAAA"):
        data = address(value)
    elif kind == "TXT":
        data = octets(value if isinstance(value, str) else "".join(value))
    else:
        data = octets(value)
    return ("rr", octets(name), kind, str(preference), data)


def zone_lines(zone):
    """The records of a zone; type 99 is nobody's any more (RFC 7208, section 3.1)."""
    yield ("zone",)
    for name, records in zone.items():
        for record in records:
            if record["type"] != "SPF":
                yield record_line(name, record["type"], record.get("value"))


def mail_fields(ip, domain, helo, sender):
    return (address(ip), octets(domain), octets(helo), octets(sender))


def rows_of(path):
    """Yields (case, its zone or None for that of the case before)."""
    with open(path, encoding="utf-8") as text:
        if not path.endswith(".json"):
            for line in text:
                case = json.loads(line)
                yield case, case.get("zone", {})
            return
        data = json.load(text)
    last = None
    for case in data["cases"]:
        yield case, None if case["zone"] == last else data["zones"][case["zone"]]
        last = case["zone"]


def case_line(case):
    kind = case.get("kind", "check-host")
    expect = case["expect"]
    if kind == "spf-fuzz":
        return ("any", case["id"], *mail_fields(*FUZZ_MAIL))
    if kind == "spf-domain":
        return ("domain", case["id"], octets(case["domain"]), expect["result"])
    mail = case["input"]
    return ("host", case["id"],
            *mail_fields(mail["ip"], mail["domain"], mail["helo"], mail["mailfrom"]),
            ",".join(expect["results"]), expect.get("reason", ""))


def lines_of(path):
    for case, zone in rows_of(path):
        if case.get("kind") == "spf-fuzz":
            yield ("zone",)
            yield ("rr", octets(FUZZ_MAIL[1]), "TXT", "0", case["record_hex"])
        elif zone is not None:
            yield from zone_lines(zone)
        yield case_line(case)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--ids":
        for case, _ in rows_of(sys.argv[2]):
            print(case["id"] + ("\tdisputed" if case.get("disputed") else ""))
    elif len(sys.argv) == 2:
        for fields in lines_of(sys.argv[1]):
            print("\t".join(fields))
    else:
        sys.exit("usage: flatten_check_host.py [--ids] FILE")


if __name__ == "__main__":
    main()

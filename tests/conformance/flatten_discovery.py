#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Flatten cases of DMARC policy discovery to lines that run_discovery.c reads.

    flatten_discovery.py FILE > cases.tsv
    flatten_discovery.py --ids FILE

FILE is dmarc-discovery.jsonl.  Lines, fields parted by tabs; "hex" fields are octets in hexadecimal:

    zone                                 forget all records
    txt    name-hex value-hex            one record, its strings joined
    other  name-hex                      the name has records of other types
    fails  name-hex TIMEOUT|SERVFAIL|NODATA|NXDOMAIN
    found  id domain-hex KEY=value ...   what is expected of the search, see KEYS
    report id domain-hex host-hex result may the host get reports?

With --ids: the ids, each with TAB disputed where it is.
"""
import json
import sys

KEYS = {
    "result": "result",
    "reason": "reason",
    "location": "location",
    "org_domain": "org",
    "policy": "policy",
    "declared_policy": "policy",
    "effective_policy": "effective",
    "applies": "applies",
    "queries": "queries",
    "query_order": "queries",
    "dns_queries": "queries",
}


def octets(text):
    return text.encode("utf-8", "surrogatepass").hex()


def name_of(text):
    return octets(text.rstrip(".").lower())


def joined(value):
    return "".join(value) if isinstance(value, list) else value


def world_lines(row):
    yield ("zone",)
    for name, values in (row.get("txt") or {}).items():
        for value in values:
            yield ("txt", name_of(name), octets(joined(value)))
    for name in row.get("other_records") or {}:
        yield ("other", name_of(name))
    for name, how in (row.get("fail") or {}).items():
        yield ("fails", name_of(name), how)


def expected(expect):
    for key, value in expect.items():
        word = KEYS.get(key)
        if word is None or value is None:
            continue
        if isinstance(value, list):
            value = ",".join(str(item).rstrip(".").lower() for item in value)
        yield f"{word}={str(value).lower()}"


def case_line(row):
    expect = row["expect"]
    if "external" in expect:
        host = name_of(expect["external"])
        return ("report", row["id"], name_of(row["domain"]), host, expect["result"])
    return ("found", row["id"], name_of(row["domain"]), *expected(expect))


def main():
    words = sys.argv[1:]
    is_ids = words[:1] == ["--ids"]
    if len(words) != 1 + is_ids:
        sys.exit("usage: flatten_discovery.py [--ids] FILE")
    with open(words[-1], encoding="utf-8") as lines:
        for line in filter(str.strip, lines):
            row = json.loads(line)
            if row.get("kind") != "dmarc-discovery":
                sys.exit(f"{row.get('id')}: {row.get('kind')} is no kind of this file")
            if is_ids:
                print(row["id"] + ("\tdisputed" if row.get("disputed") else ""))
                continue
            for fields in (*world_lines(row), case_line(row)):
                print("\t".join(fields))


if __name__ == "__main__":
    main()

"""
docs/faults.md: rows and what was seen in them, for a person.

SPDX-License-Identifier: MIT
"""

HEAD = """\
<!-- Made by tests/faults/run.py from what the agent reported before each fault: not by hand. -->
# What the agent reports, fault by fault

Each row is a test: the agent runs as a process in a network of its own, before real name servers,
resolvers and a collector; the fault is made; and what arrives at the collector stands here, as it
arrived. Nothing else arrived. A row that no longer holds fails `make test`.

You have an event, and wonder what is behind it: [By event](#by-event). You wonder what the agent
would say: look for the fault, under [the record](#the-record),
[the name servers](#the-zones-own-name-servers) that hold it, [the resolvers](#the-resolvers), or
[the way to them](#the-way-to-them).

- Each event: its code, class and severity, its sentence, and behind the dash what it adds.
- RESOLVER and NAME-SERVER stand for addresses. The agent had two resolvers from its config, and two
  name servers of the zone unless a row says otherwise.
- `RESTORED` tells that what the event named before is over.
- Left out: times, which are those of your config ([config.md](config.md)) and shorter in the test;
  and who was asked first, which differs each time. What several records or resolvers say alike
  stands once.
"""

GROUPS = {
    "record": ("The record", "What the watch is for: a record that is gone, or weaker."),
    "servers": ("The zone's own name servers",
                "They hold the record. What they say counts more than what a resolver has kept."),
    "resolvers": ("The resolvers", "Faults of one, or of all that the agent may ask."),
    "ways": ("The way to them", "Transport: long answers, TCP, TLS, and strangers in between."),
}


def cell(text):
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def by_event(rows, results):
    """Which faults a code stands for."""
    faults = {}
    for key, row in rows.items():
        for words in results[key]["reported"]:
            if words["class"] != "RESTORED" and not words["aside"]:
                faults.setdefault(words["code"], {}).setdefault(row.fault)
    yield from ("## By event", "", "| event | faults that lead to it |", "| --- | --- |")
    yield from (f"| `{code}` | {cell('<br>'.join(faults[code]))} |" for code in sorted(faults))
    yield ""


def event_text(words):
    """`dmarc.record.missing` (CRITICAL, critical): example.test: ..."""
    about = words["class"] if words["class"] == "RESTORED" else (
        f"{words['class']}, {words['severity']}")
    more = "".join(f" — {text}" for text in words["more"] if text)
    return f"`{words['code']}` ({about}): {words['sentence']}{more}"


def reports(result):
    parts = []
    for words in result["reported"]:
        part = event_text(words)
        if parts and parts[-1] == part:
            parts[-1] += " (of each)"
        else:
            parts.append(part)
    return "<br>".join((parts or ["nothing"]) + result["facts"])


def text(rows, results):
    lines = [HEAD]
    for group, (title, words) in GROUPS.items():
        lines += [f"## {title}", "", words, "", "| fault | what the agent reports | never |",
                  "| --- | --- | --- |"]
        lines += [f"| {cell(row.fault)} | {cell(reports(results[key]))} | {cell(row.never)} |"
                  for key, row in rows.items() if row.group == group]
        lines.append("")
    lines += by_event(rows, results)
    return "\n".join(lines).rstrip() + "\n"

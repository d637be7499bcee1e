#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Grade our readers by a folder of other projects' cases: see README.md beside this file.

    run.py DATA [--programs build/suites]

Prints what fails, a line for each file, then `N passed, N failed, N skipped`.
"""
import argparse
import collections
import itertools
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("spf", "dkim", "dmarc", "mtasts", "tlsrpt", "bimi")
SCENARIOS = {
    "spf-check-host.json": "check_host",
    "spf-domain-cases.jsonl": "check_host",
    "dmarc-discovery.jsonl": "discovery",
}
FUZZ = "spf-fuzz-inputs.jsonl"
WILD = "wild-records.jsonl"
SETS = "txt-set-cases.jsonl"
RECORDS = "-records.jsonl"
KNOWN = tuple(kind + RECORDS for kind in KINDS) + (SETS, FUZZ, WILD, *SCENARIOS)
EXCEPTIONS_MAX = 10
ALIASES_MAX = 8  # of one name: more of them are no answer (dns/answer.h)
RUN_TIMEOUT_S = 240
STOPS_MAX = 20  # then the rest of a file counts as failed

Answer = collections.namedtuple("Answer", "verdict why tags")
Case = collections.namedtuple("Case", "id is_good is_graded words")


class Unusable(Exception):
    """The folder, or a row of it, is not of the shape that is documented."""


# ---- what our readers say -------------------------------------------------------------------


def run_program(words):
    """(lines of its stdout, how it ended)."""
    try:
        run = subprocess.run(
            [str(word) for word in words], stdout=subprocess.PIPE, text=True, errors="replace",
            timeout=RUN_TIMEOUT_S,
        )
    except OSError as fault:
        return [], str(fault)
    except subprocess.TimeoutExpired:
        return [], f"nothing after {RUN_TIMEOUT_S} s"
    return run.stdout.split("\n")[:-1], run.returncode


def octets(text):
    return text.encode("utf-8", "surrogatepass")


def read_answer(line):
    verdict, why, *words = line.split("\t")
    tags = collections.defaultdict(list)
    for word in words:
        name, _, value = word.partition("=")
        tags[name].append(bytes.fromhex(value).decode("utf-8", "replace"))
    return Answer(verdict, why, tags)


def ask(programs, work, questions):
    """Answers to (kind, octets), in order; None for one that stopped the program."""
    answers = []
    stops = 0
    while len(answers) < len(questions) and stops < STOPS_MAX:
        rest = questions[len(answers) :]
        path = work / "records.tsv"
        path.write_text("".join(f"{kind}\t{record.hex()}\n" for kind, record in rest))
        lines, code = run_program([programs / "run_records", path])
        for (kind, _), line in zip(rest, lines):
            answers.append(line if kind == "any" else read_answer(line))
        if code != 0 or len(answers) < len(questions):
            print(f"run_records ended with {code}")
            answers = answers[: len(questions) - 1] + [None]  # the next one, or the end, is at fault
            stops += STOPS_MAX if isinstance(code, str) else 1
    return answers + [None] * (len(questions) - len(answers))


# ---- one record -----------------------------------------------------------------------------

SEPARATORS = {"rua": ",", "ruf": ",", "lps": ","}
DEFAULT_SEPARATOR = ":"
CASELESS = {"p", "sp", "np", "adkim", "aspf", "t", "psd", "avp", "rf"}


def flat(values):
    for value in values:
        if isinstance(value, list):
            yield from flat(value)
        else:
            yield str(value)


def same_size(uri):
    """The size behind an address ("!10M") means the same in any case."""
    address, bang, size = uri.partition("!")
    return address + bang + size.lower()


def tag_words(kind, name, want, tags):
    """(expected, got) for a tag that a row asserts; None for one that no reader of ours gives."""
    if name == "mechanisms":
        return ["".join(pair[:2]) for pair in want], tags.get("mechanism", [])
    if kind == "spf" and name not in ("all", "dns_lookups", "redirect", "exp"):
        return None
    got = tags.get(name, [])
    if isinstance(want, bool):
        return want, bool(got)
    if kind != "tlsrpt":  # there, rua= may be written several times
        got = got[-1:]
    if isinstance(want, list):
        separator = SEPARATORS.get(name, DEFAULT_SEPARATOR)
        parts = [same_size(part.strip()) for value in got for part in value.split(separator)]
        return [same_size(part) for part in flat(want)], parts
    got = got[-1] if got else ""
    if kind == "dkim" and name == "p":
        got = "".join(got.split())
    want = "" if want is None else str(want)
    return (want.lower(), got.lower()) if name in CASELESS else (want, got)


def wrong_tag(kind, row, answer):
    for name, want in (row["expect"].get("tags") or {}).items():
        pair = tag_words(kind, name, want, answer.tags)
        if pair is not None and pair[0] != pair[1]:
            return f"{name}: expected {pair[0]!r}, got {pair[1]!r}"
    return None


def wrong_result(kind, result, verdict):
    """A result that says more than valid or not."""
    if result == "none" or str(result).startswith("not-"):
        return verdict != "other"
    if result == "permerror" and kind == "spf":
        return verdict != "invalid"
    return result == "revoked" and verdict != "revoked"


def grade_record(row, answer):
    """What is wrong with our answer, or None."""
    if answer is None:
        return "the reader stopped"
    expect = row["expect"]
    got = f"{answer.verdict} ({answer.why})"
    if answer.verdict == "full":
        return f"got {got}"
    if (answer.verdict in ("valid", "revoked")) != expect["valid"]:
        return f"expected {expect['valid'] and 'valid' or 'invalid'}, got {got}"
    if wrong_result(row["kind"], expect.get("result"), answer.verdict):
        return f"expected {expect['result']}, got {got}"
    return wrong_tag(row["kind"], row, answer) if expect["valid"] else None


def has_verdict(row):
    return isinstance((row.get("expect") or {}).get("valid"), bool)


def record_of(row):
    """Its octets: character-strings are joined with nothing in between (RFC 7208, section 3.3)."""
    return octets("".join(row.get("strings") or [row["record"]]))


def check_kind(row, kinds):
    if row.get("kind") not in kinds:
        raise Unusable(f"{row.get('id')}: {row.get('kind')!r} is a kind that is not known")


def run_records(rows, programs, work):
    for row in rows:
        check_kind(row, KINDS)
    answers = ask(programs, work, [(row["kind"], record_of(row)) for row in rows])
    for row, answer in zip(rows, answers):
        fault = grade_record(row, answer) if has_verdict(row) else "no verdict"
        is_graded = has_verdict(row) and not row.get("disputed")
        yield Case(row["id"], fault is None, is_graded, f"{row['record']!r}: {fault}")


# ---- all TXT records of a name --------------------------------------------------------------

BAD = ("syntax-error", "multiple-records")


def is_same_result(kind, want, got):
    """SPF has one word for all that is wrong; elsewhere several records and a bad one differ."""
    if want in ("permerror", "error") or (kind == "spf-set" and want in BAD):
        return got in BAD
    return want == got or (want == "ok-with-warning" and got == "ok")


def set_outcome(row, answers):
    """(result, the record that counts): what RFC 7208, 4.5, and its likes make of the set."""
    aliases = row.get("cname") or []
    names = [row["name"], *aliases]
    if row.get("fail") or len(set(names)) < len(names) or len(aliases) > ALIASES_MAX:
        return "temperror", None  # not known: never "none"
    found = [(text, answer) for text, answer in answers if answer.verdict != "other"]
    if not found:
        return "none", None
    if len(found) > 1:
        return "multiple-records", None
    text, answer = found[0]
    return ("ok" if answer.verdict in ("valid", "revoked") else "syntax-error"), text


def grade_set(row, answers):
    if any(answer is None for _, answer in answers):
        return "the reader stopped"
    expect = row["expect"]
    result, record = set_outcome(row, answers)
    want = expect["result"]
    if not is_same_result(row["kind"], want, result):
        return f"expected {want}, got {result}"
    if expect.get("record") is not None and expect["record"] != record:
        return f"expected the record {expect['record']!r}, got {record!r}"
    return None


def run_sets(rows, programs, work):
    questions = []
    for row in rows:
        check_kind(row, [f"{kind}-set" for kind in KINDS])
        kind = row["kind"][: -len("-set")]
        texts = ["".join(text) for text in row.get("txt") or []]
        questions += [(row["id"], text, kind) for text in texts]
    answers = ask(programs, work, [(kind, octets(text)) for _, text, kind in questions])
    of_row = collections.defaultdict(list)
    for (name, text, _), answer in zip(questions, answers):
        of_row[name].append((text, answer))
    for row in rows:
        fault = grade_set(row, of_row[row["id"]])
        is_graded = not row.get("disputed")
        yield Case(row["id"], fault is None, is_graded, f"{row.get('txt')}: {fault}")


# ---- no verdict -----------------------------------------------------------------------------


def run_fuzz(path, rows, programs, work):
    """Through all parsers, and as the record of a domain through check_host()."""
    for row in rows:
        check_kind(row, [f"{kind}-fuzz" for kind in KINDS])
    records = [
        bytes.fromhex(row["record_hex"]) if "record_hex" in row else octets(row["record"])
        for row in rows
    ]
    answers = ask(programs, work, [("any", record) for record in records])
    cases = run_scenarios("check_host", path, rows, programs, work)
    for case, answer in itertools.zip_longest(cases, answers, fillvalue=""):
        yield case if answer is not None else case._replace(is_good=False, words="parsers stopped")


def run_wild(rows, programs, work):
    for row in rows:
        check_kind(row, KINDS)
    answers = ask(programs, work, [(row["kind"], record_of(row)) for row in rows])
    for row, answer in zip(rows, answers):
        if answer is not None:
            why = f": {answer.why}" if answer.why else ""
            oddity = f"  [{row['oddity']}]" if row.get("oddity") else ""
            print(f"  {row['kind']:6} {row.get('name', '')}: {answer.verdict}{why}{oddity}")
        yield Case(row["id"], answer is not None, True, "the reader stopped")


# ---- scenarios ------------------------------------------------------------------------------


def run_scenarios(name, path, rows, programs, work):
    lines = collections.defaultdict(list)
    tsv = work / f"{path.name}.tsv"
    with open(tsv, "w", encoding="utf-8") as out:
        flatten = [sys.executable, str(HERE / f"flatten_{name}.py"), str(path)]
        is_flat = subprocess.run(flatten, stdout=out).returncode == 0
    program = [programs / f"run_{name}", tsv]
    output, code = run_program(program) if is_flat else ([], f"flatten_{name}.py failed")
    for line in output:
        verdict, _, rest = line.partition("\t")
        if verdict in ("ok", "not ok"):
            id_, _, words = rest.partition("\t")
            lines[id_].append((verdict == "ok", words))
        else:
            print(line)
    for row in rows:
        answers = lines[row["id"]]
        is_good, words = answers.pop(0) if answers else (False, "no answer")
        yield Case(row["id"], is_good, not row.get("disputed"), words)
    left = [id_ for id_, answers in lines.items() if answers]
    if code not in (0, 1) or left:
        yield Case(f"run_{name}", False, True, f"ended with {code}, left: {left[:3]}")


# ---- files ----------------------------------------------------------------------------------


def load(path):
    try:
        with open(path, encoding="utf-8") as lines:
            if path.suffix == ".json":
                rows = json.load(lines)["cases"]
            else:
                rows = [json.loads(line) for line in lines if line.strip()]
    except (ValueError, KeyError) as fault:
        raise Unusable(f"{path.name}: {fault}") from fault
    for row in rows:
        if "id" not in row:
            raise Unusable(f"{path.name}: a row without an id")
    return rows


def run_file(path, programs, work):
    rows = load(path)
    if path.name in SCENARIOS:
        return run_scenarios(SCENARIOS[path.name], path, rows, programs, work)
    if path.name == FUZZ:
        return run_fuzz(path, rows, programs, work)
    runs = {SETS: run_sets, WILD: run_wild}
    return runs.get(path.name, run_records)(rows, programs, work)


def load_exceptions():
    exceptions = {}
    for line in (HERE / "exceptions.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            id_, _, reason = line.strip().partition(" ")
            if not reason.strip():
                raise Unusable(f"exceptions.txt: {id_} has no reason")
            exceptions[id_] = reason.strip()
    if len(exceptions) > EXCEPTIONS_MAX:
        raise Unusable(f"exceptions.txt: {len(exceptions)}, at most {EXCEPTIONS_MAX} are allowed")
    return exceptions


def case_of(id_):
    """The case that a row is derived from: a collection names it so."""
    for derived in ("/record", "/domain"):
        if id_.endswith(derived):
            return id_[: -len(derived)]
    return id_


def count(name, cases, exceptions):
    """(passed, failed, skipped) of one file; prints what fails and the line of the file."""
    passed = failed = disputed = agreed = excepted = 0
    for case in cases:
        reason = exceptions.get(case.id) or exceptions.get(case_of(case.id))
        if not case.is_graded:
            disputed += 1
            agreed += case.is_good
        elif case.is_good:
            passed += 1
        elif reason:
            excepted += 1
            print(f"excepted {case.id}: {reason}")
        else:
            failed += 1
            print(f"FAILED {case.id}: {case.words}")
    more = f" (we agree with {agreed})" if disputed else ""
    more += f", {excepted} excepted" if excepted else ""
    print(f"{name}: {passed} passed, {failed} failed, {disputed} disputed{more}")
    return passed, failed, disputed + excepted


def grade(folder, programs):
    exceptions = load_exceptions()
    names = sorted(path.name for path in folder.glob("*" + RECORDS)) if folder.is_dir() else []
    paths = [folder / name for name in dict.fromkeys([*KNOWN, *names])]
    totals = [0, 0, 0]
    for path in paths:
        if not path.is_file():
            print(f"{path.name}: not in this folder, left out")
            continue
        results = count(path.name, list(run_file(path, programs, programs)), exceptions)
        totals = [total + result for total, result in zip(totals, results)]
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 0 if totals[1] == 0 and totals[0] > 0 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--programs", type=pathlib.Path, default=pathlib.Path("build/suites"))
    args = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    try:
        return grade(args.data, args.programs.resolve())
    except Unusable as fault:
        print(fault)
        return 2


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""tests/conformance/run.py with readers that say what a record's own text tells them to.

SPDX-License-Identifier: MIT
"""
import contextlib
import importlib.util
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC = importlib.util.spec_from_file_location("run", ROOT / "tests" / "conformance" / "run.py")
run = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(run)

# "valid fo=1": that verdict, that tag.  "crash": ends there.
READERS = """#!/usr/bin/python3
import sys
for line in open(sys.argv[1]):
    text = bytes.fromhex(line.split("\\t")[1].strip()).decode()
    if text == "crash":
        sys.exit(77)
    verdict, *tags = text.split(" ")
    pairs = [tag.partition("=") for tag in tags]
    print(verdict, "why", *[name + "=" + value.encode().hex() for name, _, value in pairs], sep="\\t",
          flush=True)
"""
SCENARIOS = """#!/usr/bin/python3
print("a word")
print("ok\\tone")
print("not ok\\ttwo\\texpected pass, got fail")
"""


class ConformanceTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.dir = Path(self.scratch.name)
        self.data = self.dir / "data"
        self.data.mkdir()
        self.program("run_records", READERS)
        (self.dir / "exceptions.txt").write_text("# none\n")
        run.HERE = self.dir

    def tearDown(self):
        self.scratch.cleanup()

    def program(self, name, text):
        (self.dir / name).write_text(text)
        (self.dir / name).chmod(0o755)

    def rows(self, name, *rows):
        (self.data / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def record(self, id_, record, valid=True, kind="dmarc", **more):
        expect = {"valid": valid, "result": more.pop("result", "ok")}
        if "tags" in more:
            expect["tags"] = more.pop("tags")
        return {"id": id_, "kind": kind, "record": record, "expect": expect, **more}

    def grade(self):
        """(how it ends, lines without those of files that are not there)."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = run.grade(self.data, self.dir)
        return code, [line for line in out.getvalue().splitlines() if "left out" not in line]

    def test_good_and_bad_rows_are_counted_and_a_failure_ends_with_1(self):
        self.rows("x-records.jsonl", self.record("a", "valid"), self.record("b", "invalid"),
                  self.record("c", "other", False), self.record("d", "valid", False))
        code, lines = self.grade()
        self.assertEqual(code, 1)
        self.assertEqual(lines[-2:], ["x-records.jsonl: 2 passed, 2 failed, 0 disputed",
                                      "2 passed, 2 failed, 0 skipped"])
        self.assertIn("FAILED b: 'invalid': expected valid, got invalid (why)", lines)

    def test_disputed_rows_are_reported_and_not_graded(self):
        self.rows("x-records.jsonl", self.record("a", "valid"),
                  self.record("b", "valid", disputed=True),
                  self.record("c", "valid", False, disputed=True),
                  self.record("d", "valid", None))
        code, lines = self.grade()
        self.assertEqual(code, 0)
        self.assertEqual(lines[-2:], [
            "x-records.jsonl: 1 passed, 0 failed, 3 disputed (we agree with 1)",
            "1 passed, 0 failed, 3 skipped"])

    def test_asserted_tags_and_results_are_compared(self):
        self.rows("x-records.jsonl",
                  self.record("a", "valid fo=1", tags={"fo": "1"}),
                  self.record("b", "valid fo=1:d", tags={"fo": ["1", "d"]}),
                  self.record("c", "valid fo=1:s", tags={"fo": ["1", "d"]}),
                  self.record("d", "valid", tags={"fo": "1"}),
                  self.record("e", "revoked", kind="dkim", result="revoked"),
                  self.record("f", "valid", kind="dkim", result="revoked"),
                  self.record("g", "invalid", False, kind="spf", result="none"),
                  self.record("h", "valid mechanism=+a mechanism=-all dns_lookups=1", kind="spf",
                              tags={"mechanisms": [["+", "a"], ["-", "all"]], "dns_lookups": 1,
                                    "redirect": False}),
                  self.record("i", "valid redirect=x", kind="spf", tags={"redirect": False}))
        _, lines = self.grade()
        self.assertEqual([line.split(":")[0] for line in lines if line.startswith("FAILED")],
                         ["FAILED c", "FAILED d", "FAILED f", "FAILED g", "FAILED i"])

    def test_reader_that_stops_fails_that_row_alone(self):
        self.rows("x-records.jsonl", self.record("a", "valid"), self.record("b", "crash"),
                  self.record("c", "valid"))
        code, lines = self.grade()
        self.assertEqual(code, 1)
        self.assertIn("FAILED b: 'crash': the reader stopped", lines)
        self.assertEqual(lines[-1], "2 passed, 1 failed, 0 skipped")

    def test_strings_are_joined_without_blanks(self):
        self.rows("x-records.jsonl", self.record("a", "invalid", strings=["in", "valid"]))
        self.assertEqual(self.grade()[0], 1)

    def test_unknown_kind_and_bad_json_are_errors(self):
        self.rows("x-records.jsonl", self.record("a", "valid", kind="mx"))
        with self.assertRaises(run.Unusable):
            self.grade()
        (self.data / "x-records.jsonl").write_text("{")
        with self.assertRaises(run.Unusable):
            self.grade()

    def test_empty_folder_does_not_pass(self):
        self.assertEqual(self.grade(), (1, ["0 passed, 0 failed, 0 skipped"]))

    def test_exception_needs_a_reason_and_there_are_ten_at_most(self):
        self.rows("x-records.jsonl", self.record("a", "valid"), self.record("b", "invalid"),
                  self.record("b/record", "invalid"), self.record("a/record", "valid"))
        (self.dir / "exceptions.txt").write_text("b  our sheet says so\na  needless\n")
        code, lines = self.grade()
        self.assertEqual((code, lines[-1]), (0, "2 passed, 0 failed, 2 skipped"))
        self.assertIn("excepted b: our sheet says so", lines)
        self.assertIn("excepted b/record: our sheet says so", lines)
        (self.dir / "exceptions.txt").write_text("b\n")
        with self.assertRaises(run.Unusable):
            self.grade()
        (self.dir / "exceptions.txt").write_text("".join(f"x{i} why\n" for i in range(11)))
        with self.assertRaises(run.Unusable):
            self.grade()

    def test_sets_are_none_one_or_several_records(self):
        def row(id_, txt, result, **more):
            kind = more.pop("kind", "mtasts-set")
            return {"id": id_, "kind": kind, "name": "n", "txt": txt,
                    "expect": {"result": result, **more.pop("expect", {})}, **more}

        self.rows("txt-set-cases.jsonl",
                  row("a", None, "none"), row("b", ["other"], "none"), row("c", ["valid"], "ok"),
                  row("d", ["valid", "other"], "ok", expect={"record": "valid"}),
                  row("e", ["valid", "valid"], "multiple-records"),
                  row("f", ["invalid"], "syntax-error"),
                  row("g", ["invalid"], "permerror", kind="spf-set"),
                  row("h", None, "temperror", fail="SERVFAIL"),
                  row("i", None, "temperror", cname=["m", "n"]),
                  row("j", ["valid", "valid"], "syntax-error"),
                  row("k", None, "none", fail="SERVFAIL"),
                  row("l", ["valid"], "ok", expect={"record": "x"}))
        _, lines = self.grade()
        self.assertEqual([line.split(":")[0] for line in lines if line.startswith("FAILED")],
                         ["FAILED j", "FAILED k", "FAILED l"])

    def test_scenarios_without_an_answer_fail(self):
        (self.dir / "flatten_check_host.py").write_text("")
        self.program("run_check_host", SCENARIOS)
        self.rows("spf-domain-cases.jsonl", {"id": "one"}, {"id": "two"}, {"id": "three"},
                  {"id": "four", "disputed": True})
        code, lines = self.grade()
        self.assertEqual(code, 1)
        self.assertEqual(lines[0], "a word")
        self.assertIn("FAILED two: expected pass, got fail", lines)
        self.assertIn("FAILED three: no answer", lines)
        self.assertEqual(lines[-1], "1 passed, 2 failed, 1 skipped")

    def test_scenarios_whose_program_is_missing_fail(self):
        (self.dir / "flatten_check_host.py").write_text("")
        self.rows("spf-domain-cases.jsonl", {"id": "one", "disputed": True})
        self.assertEqual(self.grade()[0], 1)

    def test_program_that_ends_badly_fails_even_if_it_answered_all(self):
        (self.dir / "flatten_check_host.py").write_text("")
        self.program("run_check_host", SCENARIOS.replace("one", "a") + "raise SystemExit(77)\n")
        self.rows("spf-fuzz-inputs.jsonl", {"id": "a", "kind": "spf-fuzz", "record_hex": "76"})
        code, lines = self.grade()
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_fuzz_and_wild_rows_fail_only_by_a_crash(self):
        (self.dir / "flatten_check_host.py").write_text("")
        self.program("run_check_host", SCENARIOS.replace("one", "a").replace("not ok", "ok")
                     .replace("two", "b"))
        self.rows("spf-fuzz-inputs.jsonl",
                  {"id": "a", "kind": "spf-fuzz", "record_hex": "6372617368", "record": "x"},
                  {"id": "b", "kind": "spf-fuzz", "record_hex": "76", "record": "crash"})
        self.rows("wild-records.jsonl",
                  {"id": "c", "kind": "spf", "name": "n", "record": "invalid", "expect": None,
                   "oddity": "odd"})
        code, lines = self.grade()
        self.assertEqual(code, 1)
        self.assertIn("FAILED a: parsers stopped", lines)
        self.assertIn("  spf    n: invalid: why  [odd]", lines)
        self.assertEqual(lines[-1], "2 passed, 1 failed, 0 skipped")


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(1 if bad else 0)

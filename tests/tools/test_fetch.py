#!/usr/bin/env python3
"""tools/fetch.py against archives made here: hashes, places, rules, the cache.

SPDX-License-Identifier: MIT
"""
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = {"src/a.c": b"int a;\nint b;\n", "src/a.h": b"extern int a;\n", "doc/x.txt": b"no code\n"}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tree_hash():
    lines = [f"{sha256(FILES[n])}  {n}\n" for n in sorted(FILES) if n.startswith("src/")]
    return sha256("".join(lines).encode())


def make_tar(folder):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as archive:
        for name, content in FILES.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def make_crlf_zip(folder):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(f"{folder}/{name}", content.replace(b"\n", b"\r\n"))
    return out.getvalue()


class FetchTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.dir = Path(self.scratch.name)
        (self.dir / "one.tar.xz").write_bytes(make_tar("lib-1"))
        (self.dir / "two.zip").write_bytes(make_crlf_zip("lib-1"))

    def tearDown(self):
        self.scratch.cleanup()

    def place(self, name, rules="", sha=None):
        path = self.dir / name
        digest = sha or (sha256(path.read_bytes()) if path.exists() else "0" * 64)
        return f"place = file://{path} sha256:{digest} {rules}\n"

    def fetch(self, places, tree=None):
        lock = self.dir / "lock"
        lock.write_text(
            "[lib]\nversion = 1\nlicence = MIT\ncompiled = src\n"
            f"tree = {tree or tree_hash()}\n{places}"
        )
        command = [sys.executable, str(ROOT / "tools" / "fetch.py"), "--lock", str(lock)]
        command += ["--out", str(self.dir / "out")]
        env = dict(os.environ, VD_CACHE=str(self.dir / "cache"))
        return subprocess.run(command, env=env, capture_output=True, text=True)

    def assert_unpacked(self):
        out = self.dir / "out" / "lib"
        self.assertEqual((out / "src" / "a.c").read_bytes(), FILES["src/a.c"])
        self.assertFalse((out / "doc").exists())

    def test_first_place_is_used(self):
        run = self.fetch(self.place("one.tar.xz", "strip:1"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assert_unpacked()

    def test_next_place_is_used_when_the_first_is_gone_and_gives_the_same_tree(self):
        run = self.fetch(self.place("gone.tar.xz") + self.place("two.zip", "strip:1 crlf"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assert_unpacked()

    def test_wrong_archive_hash_stops_with_one_line(self):
        run = self.fetch(self.place("one.tar.xz", "strip:1", "1" * 64) + self.place("two.zip"))
        self.assertEqual(run.returncode, 1)
        self.assertIn("third_party.lock says " + "1" * 64, run.stderr)
        self.assertEqual(len(run.stderr.splitlines()), 1)
        self.assertFalse((self.dir / "out").exists())

    def test_wrong_tree_hash_stops(self):
        run = self.fetch(self.place("two.zip", "strip:1"))  # without the crlf rule
        self.assertEqual(run.returncode, 1)
        self.assertIn("the files that we compile hash to", run.stderr)
        self.assertFalse((self.dir / "out").exists())

    def test_full_cache_needs_no_place(self):
        places = self.place("one.tar.xz", "strip:1")
        self.assertEqual(self.fetch(places).returncode, 0)
        (self.dir / "one.tar.xz").unlink()
        subprocess.run(["rm", "-r", str(self.dir / "out")], check=True)
        run = self.fetch(places)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assert_unpacked()

    def test_damaged_cache_is_not_used(self):
        places = self.place("one.tar.xz", "strip:1")
        self.assertEqual(self.fetch(places).returncode, 0)
        subprocess.run(["rm", "-r", str(self.dir / "out")], check=True)
        cached = next((self.dir / "cache").iterdir())
        cached.write_bytes(cached.read_bytes()[:-1])
        run = self.fetch(places)
        self.assertEqual(run.returncode, 1)
        self.assertIn("delete", run.stderr)

    def test_nowhere_to_be_had_names_the_places(self):
        run = self.fetch(self.place("gone.tar.xz"))
        self.assertEqual(run.returncode, 1)
        self.assertIn("gone.tar.xz", run.stderr)

    def test_archive_cannot_write_outside(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("lib-1/src/../../../evil", b"x")
            for name, content in FILES.items():
                archive.writestr(f"lib-1/{name}", content)
        (self.dir / "evil.zip").write_bytes(out.getvalue())
        run = self.fetch(self.place("evil.zip", "strip:1"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertFalse((self.dir / "evil").exists())


class LockTest(unittest.TestCase):
    def test_lock_names_two_places_for_each_source_and_no_mirror(self):
        text = (ROOT / "third_party.lock").read_text()
        sections = text.split("\n[")[1:]
        self.assertGreaterEqual(len(sections), 3)
        for section in sections:
            self.assertIn("place = debian:pool/", section)
            self.assertEqual(section.count("place = "), 2)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(1 if bad else 0)

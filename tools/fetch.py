#!/usr/bin/env python3
"""Fetch third-party source as third_party.lock says, and unpack what is compiled.

    tools/fetch.py                     everything, into build/third_party/<name>
    tools/fetch.py --only lwip         one of them
    tools/fetch.py --print-tree        compute the tree hashes instead of checking them

Archives are kept in the cache (VD_CACHE, default build/cache): with a full cache no network is
used.  A hash that differs stops with one clear line.

SPDX-License-Identifier: MIT
"""
import argparse
import configparser
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APT_HELPER = "/usr/lib/apt/apt-helper"


class Stop(Exception):
    """The build must stop; the text is the line to show."""


class MultiDict(dict):
    """Keeps the lines of a repeated key."""

    def __setitem__(self, key, value):
        if key in self and isinstance(value, list) and isinstance(self[key], list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def read_lock(path):
    parser = configparser.ConfigParser(
        dict_type=MultiDict, strict=False, interpolation=None, delimiters=("=",)
    )
    parser.read_string(path.read_text())
    parts = {}
    for name in parser.sections():
        section = parser[name]
        parts[name] = {
            "version": section["version"],
            "tree": section["tree"],
            "compiled": section["compiled"].split(),
            "places": [read_place(line) for line in section["place"].splitlines() if line.strip()],
        }
    return parts


def read_place(line):
    url, *rules = line.split()
    place = {"url": url, "sha256": None, "strip": 0, "crlf": False}
    for rule in rules:
        key, _, value = rule.partition(":")
        if key == "sha256":
            place["sha256"] = value
        elif key == "strip":
            place["strip"] = int(value)
        elif key == "crlf":
            place["crlf"] = True
        else:
            raise Stop(f"third_party.lock: unknown rule '{rule}' of {url}")
    if place["sha256"] is None:
        raise Stop(f"third_party.lock: no sha256 for {url}")
    return place


def mirror_sites():
    """The Debian mirrors that this machine's apt is configured with."""
    command = ["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"]
    try:
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    sites = []
    for site in out.split():
        if site not in sites:
            sites.append(site)
    # The security archive has no pool of whole sources to offer; it is asked last.
    return sorted(sites, key=lambda site: "security" in site)


def urls_of(place):
    scheme, _, path = place["url"].partition(":")
    if scheme != "debian":
        return [place["url"]]
    return [f"{site.rstrip('/')}/{path}" for site in mirror_sites()]


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def download(url, target):
    """True when it arrived.  apt's own downloader: it knows the machine's proxies and mirrors."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    if url.startswith("file://"):
        source = Path(url[len("file://"):])
        if not source.is_file():
            return False
        shutil.copyfile(source, part)
    else:
        command = [APT_HELPER, "download-file", url, str(part)]
        if os.geteuid() == 0:
            command[1:1] = ["-o", "APT::Sandbox::User=root"]
        run = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if run.returncode != 0 or not part.is_file():
            part.unlink(missing_ok=True)
            return False
    part.rename(target)
    return True


def check_archive(path, place, where):
    seen = sha256_of(path)
    if seen != place["sha256"]:
        raise Stop(
            f"{where}: sha256 is {seen}, third_party.lock says {place['sha256']}: "
            f"not used; delete {path} to try again"
        )


def get_archive(name, part, cache):
    """The archive of the first place that has it, checked.  Returns (path, place)."""
    targets = []
    for number, place in enumerate(part["places"]):
        file_name = f"{name}-{part['version']}-{number}-{place['url'].rsplit('/', 1)[1]}"
        targets.append((cache / file_name, place))
    for target, place in targets:
        if target.is_file():
            check_archive(target, place, target.name)
            return target, place
    cache.mkdir(parents=True, exist_ok=True)
    tried = []
    for target, place in targets:
        for url in urls_of(place):
            tried.append(url)
            print(f"  FETCH   {name} {part['version']}", flush=True)
            if download(url, target):
                check_archive(target, place, url)
                return target, place
    raise Stop(f"{name}: could not be fetched; tried:\n    " + "\n    ".join(tried))


def members_of(path):
    """(name, bytes) of each regular file in an archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield info.filename, archive.read(info)
        return
    with tarfile.open(path) as archive:
        for info in archive:
            if info.isfile():
                yield info.name, archive.extractfile(info).read()


def is_compiled(path, compiled):
    return any(path == entry or path.startswith(entry + "/") for entry in compiled)


def compiled_files(path, place, compiled):
    """Our names and contents of the files that take part in the build."""
    files = {}
    for name, content in members_of(path):
        parts = name.split("/")[place["strip"]:]
        if not parts or ".." in parts or name.startswith("/"):
            continue
        ours = "/".join(parts)
        if is_compiled(ours, compiled):
            files[ours] = content.replace(b"\r\n", b"\n") if place["crlf"] else content
    return files


def tree_hash(files):
    """sha256 over the sorted lines "sha256-of-file  name"."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n".encode())
    return digest.hexdigest()


def patches_of(name):
    return sorted((ROOT / "port" / name / "patches").glob("*.patch"))


def stamp_of(name, part):
    patches = "".join(sha256_of(patch) for patch in patches_of(name))
    return f"{part['version']} {part['tree']} {patches}\n"


def unpack(name, part, files, target):
    if target.exists():
        shutil.rmtree(target)
    for file_name, content in files.items():
        path = target / file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for patch in patches_of(name):
        run = subprocess.run(
            ["git", "apply", "--directory", str(target.relative_to(ROOT)), str(patch)], cwd=ROOT
        )
        if run.returncode != 0:
            raise Stop(f"{patch}: does not apply to {name} {part['version']}")
    (target / ".stamp").write_text(stamp_of(name, part))


def provide(name, part, cache, out, is_printing):
    target = out / name
    stamp = target / ".stamp"
    if not is_printing and stamp.is_file() and stamp.read_text() == stamp_of(name, part):
        return
    archive, place = get_archive(name, part, cache)
    files = compiled_files(archive, place, part["compiled"])
    seen = tree_hash(files)
    if is_printing:
        print(f"{name} {part['version']} tree = {seen}")
        return
    if seen != part["tree"]:
        raise Stop(
            f"{name} {part['version']} from {place['url']}: the files that we compile hash to "
            f"{seen}, third_party.lock says {part['tree']}: stopped"
        )
    unpack(name, part, files, target)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lock", type=Path, default=ROOT / "third_party.lock")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "third_party")
    parser.add_argument("--only")
    parser.add_argument("--print-tree", action="store_true")
    args = parser.parse_args()
    cache = Path(os.environ.get("VD_CACHE") or ROOT / "build" / "cache").resolve()
    try:
        for name, part in read_lock(args.lock).items():
            if args.only in (None, name):
                provide(name, part, cache, args.out.resolve(), args.print_tree)
    except Stop as stop:
        print(f"fetch: {stop}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

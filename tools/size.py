#!/usr/bin/env python3
"""Flash and RAM of an image, per part and per symbol.

    tools/size.py --board mps2-an385 [--symbols N]

Link-time optimisation moves code between files, so the map alone does not tell whose a byte is.
Each symbol has a section of its own (-ffunction-sections, -fdata-sections), and the objects are
"fat": the name of the section leads to the object that the symbol came from.  Inlined code
counts where it landed.  A name that several parts have is settled by the debug information
(addr2line); string constants of tables, which have no name, by their text.  Every byte of the
output sections is counted exactly once: the parts add up.

Writes build/<board>/size.json.

SPDX-License-Identifier: MIT
"""
import argparse
import json
import re
import struct
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FLASH_SECTIONS = (".text", ".ARM.exidx", ".data")
RAM_SECTIONS = (".data", ".bss", ".stack")
PARTS = ("own", "lwip", "mbedtls", "inih", "libc", "unattributed")
UNATTRIBUTED_MAX = 0.03

# Ours by name, but nobody else's in use: mbedTLS allocates from nothing but the arena.
USERS = {"arena": "mbedtls"}

ENTRY = re.compile(r"^ (\S+)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)(?:\s+(.*))?$")
OUTPUT = re.compile(r"^(\.\S+)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)")


def part_of_path(path):
    match = re.search(r"third_party/([a-z0-9]+)/", path)
    if match:
        return match.group(1)
    if re.search(r"newlib|libgcc|lib/gcc|libc_nano|libg_nano|crt[0-9in]", path):
        return "libc"
    return "own"


def base_name(name):
    """The symbol as its source names it: foo.constprop.0, foo.part.0, foo.5 are foo."""
    return name.split(".")[0] if not name.startswith(".") else name


def symbol_of_section(section):
    """.text.foo, .rodata.foo.str1.4, .text.startup.main: foo, foo, main."""
    for prefix in (".text.startup.", ".text.unlikely.", ".text.exit.", ".text.hot.", ".text.",
                   ".rodata.", ".data.rel.ro.local.", ".data.rel.ro.", ".data.rel.local.",
                   ".data.rel.", ".data.", ".bss."):
        if section.startswith(prefix):
            return base_name(section[len(prefix):])
    return None


def parse_map(path):
    """{output section: (address, size, [(address, input section, file), …])}."""
    lines = path.read_text().split("Linker script and memory map", 1)[1].splitlines()
    outputs = {}
    current = None
    pending = None
    for line in lines:
        output = OUTPUT.match(line)
        if output:
            name, address, size = output.group(1), int(output.group(2), 16), int(output.group(3), 16)
            current = outputs[name] = (address, size, [])
            pending = None
            continue
        if line and not line.startswith(" "):
            # A long name of an output section stands alone on its line; its numbers follow.
            current, pending = None, None
            continue
        if current is None:
            continue
        alone = re.match(r"^ (\.\S+|COMMON)$", line)
        if alone:
            pending = alone.group(1)
            continue
        entry = ENTRY.match(line)
        if not entry:
            continue
        name = entry.group(1) or pending
        address, size, file = int(entry.group(2), 16), int(entry.group(3), 16), entry.group(4) or ""
        pending = None
        if name is None or (size == 0 and name != "*fill*") or "size before relaxing" in file:
            continue
        if name != "*fill*" and not file:
            continue
        if current[0] <= address < current[0] + current[1]:
            current[2].append((address, name, file))
    return outputs


SHT_SYMTAB = 2
SHT_NOBITS = 8
SHF_STRINGS = 0x20
STT_FILE = 4


class Elf32:
    """Sections and symbols of a little-endian 32-bit ELF file."""

    def __init__(self, path):
        self.data = path.read_bytes()
        offset, = struct.unpack_from("<I", self.data, 32)
        entry, count, names = struct.unpack_from("<HHH", self.data, 46)
        headers = [struct.unpack_from("<10I", self.data, offset + i * entry) for i in range(count)]
        strings = headers[names][4]
        self.sections = [(self.text(strings + h[0]), *h[1:]) for h in headers]

    def text(self, offset):
        return self.data[offset:self.data.index(b"\0", offset)].decode("ascii", "replace")

    def bytes_of(self, section):
        _, _, _, _, offset, size, *_ = section
        return self.data[offset:offset + size]

    def symbols(self):
        for section in self.sections:
            if section[1] != SHT_SYMTAB:
                continue
            strings = self.sections[section[6]][4]
            for at in range(section[4], section[4] + section[5], 16):
                name, _, _, info, _, index = struct.unpack_from("<IIIBBH", self.data, at)
                if index != 0 and info & 0xf != STT_FILE and name != 0:
                    yield self.text(strings + name)

    def strings(self):
        for section in self.sections:
            if section[2] & SHF_STRINGS and section[1] != SHT_NOBITS and section[2] & 2:
                yield from self.bytes_of(section).split(b"\0")

    def read(self, address, size):
        """Bytes of the image at an address."""
        for section in self.sections:
            _, kind, flags, start, offset, length, *_ = section
            if flags & 2 and kind != SHT_NOBITS and start <= address < start + length:
                return self.data[offset + address - start:offset + address - start + size]
        return b""


def index_objects(folder):
    """({symbol: {parts}}, {string constant: {parts}}) of the objects as they were compiled."""
    symbols, strings = defaultdict(set), defaultdict(set)
    for path in sorted(folder.rglob("*.o")):
        part, elf = part_of_path(str(path)), Elf32(path)
        for name in elf.symbols():
            symbols[base_name(name)].add(part)
        for text in elf.strings():
            strings[text].add(part)
    return symbols, strings


class Attribution:
    def __init__(self, elf, folder, addr2line):
        self.elf, self.addr2line = elf, addr2line
        self.image = Elf32(elf)
        self.symbols, self.strings = index_objects(folder)

    def by_debug_information(self, address):
        """The part of the function that holds an address: the outermost of the inlined ones."""
        out = subprocess.run(
            [self.addr2line, "-i", "-e", str(self.elf), hex(address)], capture_output=True, text=True
        ).stdout.split("\n")
        last = [line for line in out if line][-1:]
        return part_of_path(last[0]) if last and not last[0].startswith("?") else None

    def by_text(self, address, size):
        """{part: bytes} of a run of string constants."""
        counts = defaultdict(int)
        left = size
        for text in self.image.read(address, size).split(b"\0"):
            length = min(len(text) + 1, left)
            parts = self.strings.get(text, set())
            counts[next(iter(parts)) if len(parts) == 1 else
                   "own" if "own" in parts else "unattributed"] += length
            left -= length
        counts["unattributed"] += left
        return counts

    def parts(self, address, size, section, file):
        """({part: bytes}, symbol) of one run of an output section."""
        if section == "*fill*":
            return {"unattributed": size}, "(padding)"
        symbol = symbol_of_section(section)
        if "ltrans" not in file:
            return {part_of_path(file): size}, symbol or section
        if re.match(r"\.rodata\.(str|cst)\d", section):
            return self.by_text(address, size), "(strings of tables)"
        if symbol is None:
            return {"own" if section == ".vectors" else "unattributed": size}, section
        if symbol in USERS:
            return {USERS[symbol]: size}, symbol
        parts = self.symbols.get(symbol, set())
        if len(parts) == 1:
            return {next(iter(parts)): size}, symbol
        return {self.by_debug_information(address) or "unattributed": size}, symbol


def account(outputs, wanted, attribution):
    """({part: bytes}, {(part, symbol): bytes}) of the wanted output sections."""
    parts = dict.fromkeys(PARTS, 0)
    symbols = defaultdict(int)
    for name in wanted:
        if name not in outputs:
            continue
        start, size, entries = outputs[name]
        if name == ".stack":
            parts["own"] += size
            symbols[("own", "(stack)")] += size
            continue
        entries = sorted(entries)
        at = start
        for number, (address, section, file) in enumerate(entries):
            end = entries[number + 1][0] if number + 1 < len(entries) else start + size
            if address > at:
                parts["unattributed"] += address - at
            size_here = end - max(address, at)
            shares, symbol = attribution.parts(max(address, at), size_here, section, file)
            for part, share in shares.items():
                parts[part] += share
                symbols[(part, symbol)] += share
            at = max(at, end)
        parts["unattributed"] += start + size - at
    return parts, symbols


def show(flash, ram, top, flash_symbols, ram_symbols):
    print(f"{'part':<14}{'flash':>10}{'RAM':>10}")
    for part in sorted(set(flash) | set(ram), key=lambda p: -flash.get(p, 0)):
        print(f"{part:<14}{flash.get(part, 0):>10}{ram.get(part, 0):>10}")
    print(f"{'total':<14}{sum(flash.values()):>10}{sum(ram.values()):>10}")
    if top:
        for title, symbols in (("flash", flash_symbols), ("RAM", ram_symbols)):
            print(f"\nlargest in {title}")
            for (part, symbol), size in sorted(symbols.items(), key=lambda item: -item[1])[:top]:
                print(f"  {size:>8}  {part:<12} {symbol}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--board", required=True)
    parser.add_argument("--cross", default="arm-none-eabi-")
    parser.add_argument("--symbols", type=int, default=0, metavar="N", help="show the N largest")
    args = parser.parse_args()

    folder = ROOT / "build" / args.board
    elf = folder / "vedette.elf"
    outputs = parse_map(folder / "vedette.map")
    attribution = Attribution(elf, folder / "obj", args.cross + "addr2line")
    flash, flash_symbols = account(outputs, FLASH_SECTIONS, attribution)
    ram, ram_symbols = account(outputs, RAM_SECTIONS, attribution)
    show(flash, ram, args.symbols, flash_symbols, ram_symbols)

    total = sum(flash.values()) + sum(ram.values())
    unattributed = flash["unattributed"] + ram["unattributed"]
    result = {
        "board": args.board,
        "flash": sum(flash.values()),
        "ram": sum(ram.values()),
        "own_flash": flash["own"],
        "unattributed": unattributed,
        "flash_parts": flash,
        "ram_parts": ram,
    }
    (folder / "size.json").write_text(json.dumps(result, indent=2) + "\n")

    expected = sum(outputs[n][1] for n in FLASH_SECTIONS if n in outputs)
    if result["flash"] != expected:
        print(f"size: the parts add up to {result['flash']}, the image has {expected}", file=sys.stderr)
        return 1
    if flash["unattributed"] > UNATTRIBUTED_MAX * result["flash"] or unattributed > UNATTRIBUTED_MAX * total:
        print("size: more than 3 % could not be attributed", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

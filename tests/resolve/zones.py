"""
The zones that the real servers serve.

SPDX-License-Identifier: MIT
"""

import os
import subprocess
import time

from world import Problem, find_program

SERIAL, MINIMUM = 2026010101, 60
BINARY = "\\001\\255\\\"\\\\end"  # as written in a zone file
PLAIN = ("mail.test", "other.test", "test", "2.0.192.in-addr.arpa")
SIGNED = ("signed.test", "expired.test", "forged.test")
UNLOADED = "broken.test"  # configured, but there is no file: SERVFAIL
ALL = PLAIN + SIGNED


def text_of(length, seed="x"):
    """A text of so many characters that tells where a piece of it belongs."""
    words = (f"{seed}{n:06d}-" for n in range(length))
    out = []
    for word in words:
        out.append(word)
        if 8 * len(out) >= length:
            break
    return "".join(out)[:length]


def strings(text, size=255):
    return " ".join(f'"{text[i:i + size]}"' for i in range(0, len(text), size))


def dkim_key(bits):
    """p= of a fresh RSA key."""
    openssl = find_program("openssl")
    private = subprocess.run([openssl, "genrsa", str(bits)], capture_output=True, check=True).stdout
    public = subprocess.run([openssl, "rsa", "-pubout"], input=private, capture_output=True,
                            check=True).stdout.decode()
    return "".join(line for line in public.splitlines() if not line.startswith("-"))


class Zones:
    """Zone files in a folder; the contents that tests compare with are attributes."""

    def __init__(self, world):
        self.path = world.folder("zones")
        self.dkim = "v=DKIM1; k=rsa; p=" + dkim_key(4096)
        self.texts = {"big2k": text_of(2000), "big4k": text_of(4000), "big12k": text_of(12000)}
        self.many = [text_of(100, f"{n:02d}") for n in range(40)]
        self.anchors = {}
        for zone in PLAIN:
            self._write(zone, getattr(self, "_" + zone.split(".")[0].replace("2", "two"))())
        now = int(time.time())
        for zone in SIGNED:
            start, end = ((now - 30 * 86400, now - 10 * 86400) if zone.startswith("expired")
                          else (now - 86400, now + 30 * 86400))
            self._sign(zone, start, end)
        self._forge("forged.test")

    def file(self, zone):
        return os.path.join(self.path, zone + ".zone")

    def _write(self, zone, lines):
        head = [f"$ORIGIN {zone}.", "$TTL 300",
                f"@ SOA ns.{zone}. admin.{zone}. {SERIAL} 3600 600 86400 {MINIMUM}",
                "@ NS ns.mail.test." if zone.endswith("arpa") else f"@ NS ns.{zone}."]
        if not zone.endswith("arpa"):
            head += ["ns A 127.0.0.1", "ns AAAA ::1"]
        with open(self.file(zone), "w", encoding="ascii") as file:
            file.write("\n".join(head + lines) + "\n")

    def _mail(self):
        chain = [f"c{n} CNAME c{n + 1}" for n in range(1, 12)] + ['c12 TXT "end of twelve"']
        return ["@ A 192.0.2.1", "@ AAAA 2001:db8::1", "@ MX 10 mx1", "@ MX 20 mx2.other.test.",
                '@ TXT "v=spf1 include:_spf.other.test -all"', '_dmarc TXT "v=DMARC1; p=reject"',
                "mx1 A 192.0.2.2", f"k4096._domainkey TXT {strings(self.dkim, 200)}",
                *[f"{name} TXT {strings(text)}" for name, text in self.texts.items()],
                *[f'many TXT "{text}"' for text in self.many],
                f'binary TXT "{BINARY}"', 'empty TXT ""', 'three TXT "one" "two" "three"',
                "alias1 CNAME alias2", "alias2 CNAME alias3", "alias3 CNAME end",
                'end TXT "end of the chain"', "end A 192.0.2.3",
                "cross CNAME landing.other.test.", "crossback CNAME back.other.test.",
                "dangling CNAME nothing.other.test.", "danglein CNAME nothing", *chain,
                "danglenodata CNAME mx1", "loop1 CNAME loop2", "loop2 CNAME loop1",
                '*.wild TXT "from a wildcard"', 'a.ent TXT "below"',
                "sub NS ns.sub", "ns.sub A 127.0.0.1",
                "sub DS 12345 13 2 " + "0123456789abcdef" * 4]

    def _other(self):
        return ['landing TXT "landed elsewhere"', "back CNAME end.mail.test.",
                "mx2 A 192.0.2.4", '_spf TXT "v=spf1 ip4:192.0.2.0/24 -all"']

    def _test(self):
        return [line for zone in ("mail", "other", "signed", "expired", "forged")
                for line in (f"{zone} NS ns.{zone}", f"ns.{zone} A 127.0.0.1")]

    def _two(self):
        return ["1 PTR mail.test."]

    def _sign(self, zone, start, end):
        """Sign with fresh keys; the DS goes to self.anchors."""
        self._write(zone, ['@ TXT "v=spf1 -all"', '_dmarc TXT "v=DMARC1; p=reject"',
                           "alias CNAME _dmarc", f"big TXT {strings(text_of(3000))}",
                           "out CNAME landing.other.test."])
        for flags in ([], ["-f", "KSK"]):
            self._run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", *flags, zone)
        self._run("dnssec-signzone", "-S", "-P", "-o", zone, "-s", self._date(start), "-e",
                  self._date(end), "-f", self.file(zone) + ".signed", self.file(zone))
        os.replace(self.file(zone) + ".signed", self.file(zone))
        with open(os.path.join(self.path, f"dsset-{zone}."), encoding="ascii") as file:
            self.anchors[zone] = file.read().split("DS", 1)[1].split()

    def _forge(self, zone):
        """Alter a record behind the signer's back."""
        with open(self.file(zone), encoding="ascii") as file:
            text = file.read()
        if "p=reject" not in text:
            raise Problem("expected p=reject in the signed zone", text[:400])
        with open(self.file(zone), "w", encoding="ascii") as file:
            file.write(text.replace("p=reject", "p=none"))

    @staticmethod
    def _date(unix_s):
        return time.strftime("%Y%m%d%H%M%S", time.gmtime(unix_s))

    def _run(self, *args):
        done = subprocess.run([find_program(args[0]), *args[1:]], cwd=self.path, text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise Problem(f"{args[0]} failed with {done.returncode}", done.stderr.strip())

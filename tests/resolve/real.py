"""
Real servers: knot, nsd and BIND as authorities; unbound and BIND as validating resolvers, over UDP,
TCP and TLS; dnsmasq as the forwarder of home routers.  Over IPv4 and IPv6.

SPDX-License-Identifier: MIT
"""

import concurrent.futures
import re

import servers
import zones
from rows import ask
from world import Pki, Problem, World

PART = "real"
WHO = "dns.test"
OVER_A_LIMIT = r"unknown\(limit VD_(TXT_LEN|TCP_MESSAGE|SURVEY_BYTES)_MAX\)"


class Want:
    """One question and what must come back."""

    def __init__(self, name, rrtype, state="present", values=None, **fields):
        self.name, self.type, self.state = name, rrtype, state
        self.values = values
        self.fields = fields

    def wrong(self, answer, raised):
        """What is wrong, or "".  The SOA may have come with the end of the aliases."""
        end = next((one for one in raised if answer.detail == "dangling" and answer.serial == "-"
                    and one.name == answer.records[-1][1]), answer)
        if not re.fullmatch(self.state, answer.state):
            return f"expected {self.state}"
        if answer.presence == "present" and self.values is not None:
            seen = sorted(answer.values(self.type))
            if seen != sorted(self.values):
                return f"expected {[v[:60] for v in self.values]}"
        for key, value in self.fields.items():
            if getattr(end, key) != value and answer.presence != "unknown":
                return f"expected {key} {value}, not {getattr(answer, key)}"
        return ""


def gone(name, rrtype, state):
    """Proved absence: with the serial and the minimum of the zone's SOA."""
    return Want(name, rrtype, state, serial=str(zones.SERIAL), minimum=str(zones.MINIMUM))


def of_every_type(aa=None):
    fields = {} if aa is None else {"aa": aa}
    return [
        Want("mail.test", "TXT", values=["v=spf1 include:_spf.other.test -all"], **fields),
        Want("mail.test", "MX", values=["10 mx1.mail.test", "20 mx2.other.test"], **fields),
        Want("mail.test", "NS", values=["ns.mail.test"], **fields),
        Want("mail.test", "SOA", values=["ns.mail.test"], serial=str(zones.SERIAL), **fields),
        Want("mail.test", "A", values=["c0000201"], **fields),
        Want("mail.test", "AAAA", values=["20010db8000000000000000000000001"], **fields),
        Want("1.2.0.192.in-addr.arpa", "PTR", values=["mail.test"], **fields),
        Want("sub.mail.test", "DS", values=["30390d02" + "0123456789abcdef" * 4], **fields),
        Want("alias1.mail.test", "CNAME", values=["alias2.mail.test"], **fields),
    ]


def of_texts(made):
    return [
        Want("_dmarc.mail.test", "TXT", values=["v=DMARC1; p=reject"]),
        Want("k4096._domainkey.mail.test", "TXT", values=[made.dkim]),
        Want("binary.mail.test", "TXT", values=["\x01\xff\"\\end"]),
        Want("empty.mail.test", "TXT", values=[""]),
        Want("three.mail.test", "TXT", values=["onetwothree"]),
        Want("any.wild.mail.test", "TXT", values=["from a wildcard"]),
        Want("alias1.mail.test", "TXT", values=["end of the chain"]),
        Want("cross.mail.test", "TXT", values=["landed elsewhere"]),
        Want("crossback.mail.test", "TXT", values=["end of the chain"]),
        Want("c4.mail.test", "TXT", values=["end of twelve"]),
        Want("c3.mail.test", "TXT", r"unknown\(chain VD_CHAIN_MAX\)"),
        gone("nope.mail.test", "TXT", r"absent\(nxdomain\)"),
        gone("mx1.mail.test", "TXT", r"absent\(nodata\)"),
        gone("ent.mail.test", "TXT", r"absent\(nodata\)"),
        gone("end.mail.test", "CNAME", r"absent\(nodata\)"),
        gone("dangling.mail.test", "TXT", r"absent\(dangling\)"),
        gone("danglein.mail.test", "TXT", r"absent\(dangling\)"),
        gone("danglenodata.mail.test", "TXT", r"absent\(dangling\)"),
    ]


def of_sizes(made):
    """What does not fit in a datagram comes over TCP."""
    return [
        Want("big2k.mail.test", "TXT", values=[made.texts["big2k"]]),
        Want("big4k.mail.test", "TXT", values=[made.texts["big4k"]]),
        Want("big12k.mail.test", "TXT", f"(present|{OVER_A_LIMIT})",
             values=[made.texts["big12k"]]),
    ]


def of_many(made):
    return [Want("many.mail.test", "TXT", values=made.many)]


def failing(role):
    """A zone that the server cannot serve, one that it does not know, a delegation."""
    if role == "authority":
        # nsd explains itself (EDE 14), BIND gives up on an endless alias (EDE 0).
        return [Want("broken.test", "TXT", r"unknown\((servfail|upstream)\)"),
                Want("example.org", "TXT", r"unknown\((refused|filtered)\)"),
                Want("x.sub.mail.test", "TXT", r"unknown\(lame\)"),
                Want("loop1.mail.test", "TXT", r"unknown\((chain|servfail)\)")]
    wants = [Want("broken.test", "TXT", r"unknown\((servfail|upstream)\)"),
             Want("loop1.mail.test", "TXT", r"unknown\((servfail|chain|upstream)\)")]
    return wants


def of_dnssec(sees_ad):
    """What a validating resolver says of a signed zone, an expired one and a forged one."""
    return [
        Want("_dmarc.signed.test", "TXT", values=["v=DMARC1; p=reject"], ad=sees_ad),
        Want("alias.signed.test", "TXT", values=["v=DMARC1; p=reject"], ad=sees_ad),
        Want("big.signed.test", "TXT", values=[zones.text_of(3000)], ad=sees_ad),
        Want("out.signed.test", "TXT", values=["landed elsewhere"], ad=False),
        Want("nope.signed.test", "TXT", r"absent\(nxdomain\)", ad=sees_ad),
        Want("ns.signed.test", "TXT", r"absent\(nodata\)", ad=sees_ad),
        Want("_dmarc.mail.test", "TXT", values=["v=DMARC1; p=reject"], ad=False),
        Want("_dmarc.expired.test", "TXT", r"unknown\(dnssec\)"),
        Want("nope.expired.test", "TXT", r"unknown\(dnssec\)"),
        Want("_dmarc.forged.test", "TXT", r"unknown\(dnssec\)"),
    ]


class Player:
    def __init__(self, table, world):
        self.table, self.world = table, world
        self.jobs = []

    def later(self, *args, **words):
        self.jobs.append((args, words))

    def play_all(self, jobs):
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            done = [pool.submit(self.play, *args, **words) for args, words in self.jobs]
            for one in done:
                one.result()

    def play(self, title, url, wants, *options, transport=None, rounds=1):
        """One run of ask; one row for each question."""
        questions = [(want.name, want.type) for want in wants]
        try:
            said = ask([url], questions, *options, "--repeat", str(rounds))
        except Problem as problem:
            self.table.add(PART, title, "answers", str(problem), False)
            return
        if said.trouble() or len(said.answers) != rounds * len(wants):
            self.table.add(PART, title, "an answer for each question",
                           said.trouble() or f"{len(said.answers)} answers", False, str(said))
            return
        for n, answer in enumerate(said.answers):
            want = wants[n % len(wants)]
            wrong = want.wrong(answer, said.raised)
            if not wrong and transport and answer.presence != "unknown" and \
                    answer.transport != transport:
                wrong = f"expected over {transport}"
            turn = f", time {1 + n // len(wants)}" if rounds > 1 else ""
            self.table.add(PART, f"{title}: {want.name} {want.type}{turn}",
                           want.state.replace("\\", ""),
                           f"{answer}" + (f": {wrong}" if wrong else ""), not wrong,
                           str(said.paths) if wrong else "")


def families(server):
    return (4, 6) if server.ip6 else (4,)


def authority(player, server, made):
    for family in families(server):
        for scheme, transport in (("udp", None), ("tcp", "TCP")):
            title = f"{server.name} over {scheme}, IPv{family}"
            url = server.url(scheme, family)
            player.later(title, url, of_every_type(True) + of_texts(made), transport=transport)
            player.later(title, url, of_sizes(made), transport="TCP")
            player.later(title, url, of_many(made), transport="TCP")
        player.later(f"{server.name} as authority, IPv{family}", server.url("udp", family),
                     of_every_type(True) + of_texts(made), "--authority", "--zone", ".")
    player.later(f"{server.name}", server.url(), failing("authority"))
    player.later(f"{server.name} as authority", server.url(), failing("authority"), "--authority",
                 "--zone", ".")


def resolver(player, title, url, made, *options, transport=None, sees_ad=True):
    player.later(title, url, of_every_type() + of_texts(made), *options, transport=transport)
    player.later(title, url, of_sizes(made), *options, transport=transport or "TCP")
    player.later(title, url, of_many(made), *options, transport=transport or "TCP")
    player.later(title, url, failing("resolver"), *options)
    player.later(title, url, of_dnssec(sees_ad), *options)


def not_through(wants, *names):
    return [want for want in wants if not want.name.startswith(names)]


def home_routers(player, world, made, unbound, knot):
    """dnsmasq as it is set up in home routers, and with settings that hurt."""
    suspect = r"(absent\((nxdomain|nodata|dangling)\)|unknown\(suspect\))"
    plain = servers.Dnsmasq(world, "dnsmasq", upstream=unbound,
                            extra=("cache-size=1000", "domain-needed", "localise-queries"))
    texts = of_texts(made)
    for want in texts:
        if want.state.startswith("absent"):
            want.state, want.fields = suspect, {}  # what its cache says has no SOA
    for family in families(plain):
        title = f"dnsmasq, IPv{family}"
        url = plain.url("udp", family)
        player.later(title, url, of_every_type() + texts, rounds=2)
        player.later(title, url, of_sizes(made), transport="TCP")
        player.later(title, url, of_many(made), transport="TCP")
        player.later(title, plain.url("tcp", family), texts, transport="TCP", rounds=2)
    player.later("dnsmasq", plain.url(), of_dnssec(False), rounds=2)

    small = servers.Dnsmasq(world, "dnsmasq-512", upstream=unbound, extra=(
        "edns-packet-max=512",))
    player.later("dnsmasq with edns-packet-max=512", small.url(), of_texts(made))
    player.later("dnsmasq with edns-packet-max=512", small.url(), of_sizes(made), transport="TCP")

    # Right before an authority that speaks cookies: they pass through, what is cached has none.
    direct = servers.Dnsmasq(world, "dnsmasq-knot", upstream=knot, extra=("cache-size=1000",))
    again = [Want(name, rrtype) for name, rrtype in (
        ("mail.test", "A"), ("mail.test", "AAAA"), ("mx1.mail.test", "A"), ("mail.test", "TXT"),
        ("alias1.mail.test", "CNAME"), ("ns.mail.test", "A"))]
    player.later("dnsmasq before an authority with cookies", direct.url(), again, rounds=3)
    player.later("dnsmasq before an authority with cookies", direct.url(), texts, rounds=3)

    guard = servers.Dnsmasq(world, "dnsmasq-guard", upstream=unbound, extra=(
        "cache-size=1000", "domain-needed", "bogus-priv", "stop-dns-rebind",
        "rebind-localhost-ok", "filterwin2k"))
    player.later("dnsmasq with rebind protection, bogus-priv and filterwin2k", guard.url(), [
        Want("mail.test", "A", r"unknown\(filtered\)"),
        Want("1.2.0.192.in-addr.arpa", "PTR", r"unknown\(suspect\)"),
        Want("mail.test", "SOA", r"(present|unknown\(.*\))"),
        Want("mail.test", "TXT"), Want("mail.test", "MX"), Want("mail.test", "NS"),
        Want("mail.test", "AAAA", r"(present|unknown\(filtered\))")], rounds=2)

    dead = servers.Unbound(world, "unbound-late", zones=made, upstream=knot)
    behind = servers.Dnsmasq(world, "dnsmasq-orphan", upstream=dead)
    dead.stop()
    player.later("dnsmasq whose resolver is gone", behind.url(), [
        Want("mail.test", "TXT", r"unknown\((refused|timeout|servfail|upstream|network)\)")])


def run(table, jobs):
    with World() as world:
        made = zones.Zones(world)
        player = Player(table, world)
        for kind, name in ((servers.Knot, "knot"), (servers.Nsd, "nsd"), (servers.Bind, "BIND")):
            server = kind(world, name, zones=made)
            authority(player, server, made)
            if name == "knot":
                knot = server
        pki = Pki(world, "DNS CA")
        unbound = servers.Unbound(world, "unbound", zones=made, upstream=knot,
                                  certificate=pki.server(WHO))
        quiet = servers.Unbound(world, "unbound-quiet", zones=made, upstream=knot, has_ede=False)
        bind = servers.Bind(world, "BIND-resolver", zones=made, upstream=knot)
        for server in (unbound, bind):
            for family in families(server):
                for scheme, transport in (("udp", None), ("tcp", "TCP")):
                    resolver(player, f"{server.name} over {scheme}, IPv{family}",
                             server.url(scheme, family), made, transport=transport)
        for family in families(unbound):
            resolver(player, f"unbound over tls, IPv{family}", unbound.tls_url(WHO, family), made,
                     "--ca", pki.ca, transport="TLS")
        player.later("unbound", unbound.url(), [Want("refused.invalid", "TXT",
                                                     r"unknown\(refused\)")])
        player.later("unbound without EDE", quiet.url(), of_dnssec(True))
        home_routers(player, world, made, unbound, knot)
        player.play_all(jobs)

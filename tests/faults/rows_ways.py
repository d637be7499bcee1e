"""
Rows about the way to the resolvers: size, TCP, TLS, and strangers in between.

SPDX-License-Identifier: MIT
"""

import rules
from fakes import reset
from row import row
from stage import DNS_NAME, DOMAIN, RESOLVERS, Resetting, frame

GROUP = "ways"
FIRST, SECOND = RESOLVERS


@row(GROUP, "long answers are truncated, and TCP port 53 is closed, on the way to one resolver",
     "that any record is gone")
def one_without_tcp(s):
    s.serve(front=[SECOND], no_tcp=[SECOND])
    s.boot()
    s.rule(rules.truncating)
    s.expect("resolver.degraded", SECOND)
    s.rule(None)
    s.expect("resolver.degraded", SECOND, restored=True)


@row(GROUP, "long answers are truncated, and TCP port 53 is closed, on the way to all resolvers",
     "that any record is gone")
def all_without_tcp(s):
    s.serve(front=RESOLVERS, no_tcp=RESOLVERS)
    s.boot()
    s.rule(rules.truncating)
    s.expect("watch.blind", DOMAIN, show=["new"])
    for address in RESOLVERS:
        s.expect("resolver.degraded", address)


@row(GROUP, "TCP connections are reset in the middle of an answer, on the way to all resolvers",
     "that any record is gone")
def all_tcp_reset(s):
    s.serve(front=RESOLVERS)
    s.boot()
    for front in s.fronts.values():
        front.on_tcp = reset_in_the_middle
    s.rule(rules.truncating)
    s.expect("watch.blind", DOMAIN, show=["new"])
    for address in RESOLVERS:
        s.expect("resolver.degraded", address)


def reset_in_the_middle(connection, front):
    query = front.read(connection)
    if query is not None:
        connection.sendall(frame(rules.weak(query))[:30])
        reset(connection)


@row(GROUP, "a middlebox strips EDNS on the way to one resolver", "that any record is gone")
def edns_stripped(s):
    s.serve(front=[SECOND])
    s.boot()
    s.rule(rules.without_edns)
    s.expect("resolver.degraded", SECOND)
    s.rule(None)
    s.expect("resolver.degraded", SECOND, restored=True)


@row(GROUP, "one resolver says FORMERR to EDNS", "that any record is gone")
def edns_refused(s):
    s.serve(front=[SECOND])
    s.boot()
    s.rule(rules.formerr_to_edns)
    s.expect("resolver.degraded", SECOND)


@row(GROUP, "answers arrive with a wrong id, over UDP", "that any record is gone")
def wrong_id(s):
    s.serve(front=RESOLVERS)
    s.boot()
    s.rule(rules.over_udp_only(rules.wrong_id))
    s.settle()
    s.settle()


@row(GROUP, "answers arrive from another port than was asked, and tell a weaker policy",
     "that the policy is weaker: nobody takes such an answer")
def another_port(s):
    s.serve(front=[FIRST, SECOND])
    s.boot()
    for address in RESOLVERS:
        s.rule(rules.from_another_port(address), address)
    s.expect("agent.blind", show=["new"])
    s.hold()


@row(GROUP, "a forger floods: 40 responses in the resolver's name before each right one, each with "
     "a weaker policy", "that the policy is weaker")
def flood(s):
    s.serve(front=[SECOND])
    s.boot()
    s.rule(rules.flood)
    s.expect("resolver.attack", SECOND, show=["new"])
    s.rule(None)
    s.expect("resolver.attack", SECOND, restored=True)


# ---- TLS ----------------------------------------------------------------------------------------


def ways(proof=DNS_NAME):
    return [f"tls://{address}#{proof}" for address in RESOLVERS]


def no_clear_text(s):
    for address, witness in s.witnesses.items():
        s.require(not witness.seen(), f"not a byte in clear to port 53 of {address}")
    s.fact("Not a byte went to port 53.")


@row(GROUP, "`tls://`, the certificate is right", "anything")
def tls_right(s):
    s.serve(tls=dict.fromkeys(RESOLVERS, "right"))
    s.boot(ways(), ca="dns-ca")
    s.settle()
    no_clear_text(s)


@row(GROUP, "`tls://`, the pin is right", "anything")
def tls_pin_right(s):
    s.serve(tls=dict.fromkeys(RESOLVERS, "stranger"))
    s.boot(ways("sha256/" + s.kit["stranger-pin"]))
    s.settle()
    no_clear_text(s)


def tls_goes_wrong(s, certificate, proof=DNS_NAME, ca="dns-ca"):
    s.serve(tls=dict.fromkeys(RESOLVERS, "right"))
    s.boot(ways(proof), ca=ca)
    for number in range(2):
        s.replace_resolver(number, certificate)
    s.expect("agent.blind", show=["new"])
    no_clear_text(s)
    for number in range(2):
        s.replace_resolver(number, "right")
    s.may("resolver.blind")
    s.may("resolver.blind", restored=True)
    s.may("watch.blind")
    s.may("watch.blind", restored=True)
    s.expect("agent.blind", restored=True)
    no_clear_text(s)
    s.facts.pop()


@row(GROUP, "`tls://`, the certificates bear another name", "that any record is gone")
def tls_wrong_name(s):
    tls_goes_wrong(s, "wrong-name")


@row(GROUP, "`tls://`, the certificates are expired", "that any record is gone")
def tls_expired(s):
    tls_goes_wrong(s, "expired")


@row(GROUP, "`tls://`, the certificates come from a CA that is not in `ca =`",
     "that any record is gone")
def tls_unknown_ca(s):
    tls_goes_wrong(s, "stranger")


@row(GROUP, "`tls://` with a pin, the resolvers have another key", "that any record is gone")
def tls_wrong_pin(s):
    tls_goes_wrong(s, "stranger", "sha256/" + s.kit["pin"], None)


@row(GROUP, "`tls://`, port 853 is closed", "that any record is gone")
def tls_closed(s):
    s.serve(tls=dict.fromkeys(RESOLVERS, "right"))
    s.boot(ways(), ca="dns-ca")
    for resolver in s.resolvers:
        resolver.stop()
    s.expect("agent.blind", show=["new"])
    s.hold()
    no_clear_text(s)


@row(GROUP, "`tls://`, connections are reset before the handshake is done",
     "that any record is gone")
def tls_reset(s):
    s.serve(tls=dict.fromkeys(RESOLVERS, "right"))
    s.boot(ways(), ca="dns-ca")
    for resolver in s.resolvers:
        resolver.stop()
    rude = [Resetting(s.world, address) for address in RESOLVERS]
    s.expect("agent.blind", show=["new"])
    s.require(all(one.peers for one in rude), "each of them to be asked")
    s.hold()
    no_clear_text(s)


@row(GROUP, "`tls://` for one of two resolvers, and its certificate bears another name",
     "that the agent is blind")
def tls_one_wrong(s):
    s.serve(tls={SECOND: "right"})
    s.boot([FIRST, ways()[1]], ca="dns-ca")
    s.replace_resolver(1, "wrong-name")
    s.expect("resolver.blind", text=SECOND)
    no_clear_text(s)
    s.replace_resolver(1, "right")
    s.expect("resolver.blind", restored=True)

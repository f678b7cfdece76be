"""Clusters in trouble → captures: many attempts at once, and node names that somebody made up to do harm.

Each is a real capture file, told with :mod:`samples.conversation`; what reports look like is tried on them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from dissectors.cookie import digest
from dissectors.epmd_messages import Port2Refusal, Port2Req, Port2Resp
from dissectors.handshake_messages import Challenge, ChallengeAck, ChallengeReply, SendName, Status
from samples.conversation import Network, framed

OTP_25, OTP_26 = 0xD_07DF_7FBD, 0xD_07DF_7FBD
PORT = 25672
CHALLENGE, REPLY = 341833188, 2543125257

HOSTILE = (
    "<script>alert(1)</script>",
    "](javascript:alert(1))",
    "\x1b[31mred\x1b[0m",
    "\u202egnitseretni\u200f",
    "=cmd|'/c calc'!A1",
    "'\"><img src=x onerror=alert(1)>",
    "{{7*7}}{%raw%}${jndi:ldap://x}",
    "`rm -rf /`|| $(id)\r\nX-Header: 1",
    "\u05d0\u05d1\u05d2\u05d3 \u0645\u0631\u062d\u0628\u0627",
    "\u6f22\u5b57" * 40,
)
"""Left parts of node names: markup, links, escapes, direction marks, formulas, templates, foreign and wide letters."""
LATIN_1 = "\u00ff" * 251
"""With ``@hub`` it is a name of 255 bytes that are no UTF-8."""
REGULAR_SEND = bytes((131, 112, 97, 6))
"""The beginning of a message to a registered name, which is all that the capture has of it."""


def looks_up(net: Network, initiator: str, acceptor: str, called: str) -> None:
    """EPMD says where a node listens."""
    name = called.partition("@")[0].encode("latin-1").decode("utf-8", "surrogateescape")
    answer = Port2Resp(result=0, port=PORT, type=77, protocol=0, highest=6, lowest=5, name=name)
    net.looks_up(initiator, acceptor, Port2Req(name=name), answer)


def connects(
    net: Network, ends: tuple[str, str], names: tuple[str, str], *, same_cookie: bool = True, leaves: bool = True
) -> None:
    """A handshake; without the same cookie the acceptor closes after the reply."""
    looks_up(net, *ends, names[1])
    link = net.connect(*ends, PORT)
    link.initiator.sends(framed(SendName(flags=OTP_26, creation=1790000002, name=names[0])))
    link.acceptor.sends(framed(Status(text="ok")))
    link.acceptor.sends(framed(Challenge(flags=OTP_25, challenge=CHALLENGE, creation=1790000001, name=names[1])))
    cookie = b"right" if same_cookie else b"wrong"
    link.initiator.sends(framed(ChallengeReply(challenge=REPLY, digest=digest(cookie, CHALLENGE))))
    if same_cookie:
        link.acceptor.sends(framed(ChallengeAck(digest=digest(cookie, REPLY))))
        for end in (link.initiator, link.acceptor):
            end.sends(len(REGULAR_SEND).to_bytes(4, "big") + REGULAR_SEND)
        if not leaves:
            return
        net.wait(0.2)
    link.acceptor.closes()
    link.initiator.closes()
    link.acceptor.raw(0x10)


def is_refused(net: Network, ends: tuple[str, str], names: tuple[str, str], status: str = "not_allowed") -> None:
    """The acceptor's list of nodes lacks the initiator."""
    looks_up(net, *ends, names[1])
    link = net.connect(*ends, PORT)
    link.initiator.sends(framed(SendName(flags=OTP_26, creation=1790000002, name=names[0])))
    link.acceptor.sends(framed(Status(text=status)))
    link.acceptor.closes()
    link.initiator.closes()


def is_dropped(net: Network, ends: tuple[str, str], names: tuple[str, str]) -> None:
    """A firewall swallows the distribution port."""
    looks_up(net, *ends, names[1])
    net.dial(*ends, PORT).unanswered()
    net.wait(4)


def is_unknown(net: Network, ends: tuple[str, str], names: tuple[str, str]) -> None:
    """EPMD does not know the node."""
    net.looks_up(*ends, Port2Req(name=names[1].partition("@")[0]), Port2Refusal(result=1))


def hears_nothing(net: Network, ends: tuple[str, str], names: tuple[str, str]) -> None:
    """TCP takes the name, the node never answers, and the initiator gives up after 7 s."""
    looks_up(net, *ends, names[1])
    link = net.connect(*ends, PORT)
    link.initiator.sends(framed(SendName(flags=OTP_26, creation=1790000002, name=names[0])))
    net.wait(7)
    link.initiator.closes()
    link.acceptor.raw(0x10)


Happening = Callable[[Network, tuple[str, str], tuple[str, str]], None]


def _node(number: int) -> tuple[str, str]:
    """Address and name."""
    return f"10.20.0.{number}", f"rabbit@mq{number}.example.net"


def five_nodes() -> bytes:
    """A RabbitMQ cluster of which the fourth node has another cookie and the fifth is behind a firewall."""
    net = Network()
    for one, other in itertools.permutations(range(1, 6), 2):
        (first, caller), (second, callee) = _node(one), _node(other)
        ends, names = (first, second), (caller, callee)
        if other == 5 and one in (1, 2, 3):
            is_dropped(net, ends, names)
        elif 4 in (one, other) and 5 not in (one, other):
            connects(net, ends, names, same_cookie=False)
        elif (one, other) == (3, 2):
            hears_nothing(net, ends, names)
        elif one < other or 5 in (one, other):
            connects(net, ends, names, leaves=False)
        net.wait(1.5)
    return net.pcapng()


def many_attempts(count: int = 200, nodes: int = 8) -> bytes:
    """Half an hour in which a cluster tries again and again: four things are wrong at once, most goes well."""
    net = Network()
    pairs = itertools.cycle(itertools.permutations(range(1, nodes + 1), 2))
    for number, (one, other) in zip(range(count), pairs, strict=False):
        (first, caller), (second, callee) = _node(one), _node(other)
        ends, names = (first, second), (caller, callee)
        if other == 3:
            connects(net, ends, names, same_cookie=False)
        elif (one, other) in ((1, 7), (2, 7)):
            is_dropped(net, ends, names)
        elif other == 8 and number > count // 2:
            is_unknown(net, ends, names)
        elif (one, other) == (5, 6):
            hears_nothing(net, ends, names)
        else:
            connects(net, ends, names)
        net.wait(3 + number % 7)
    return net.pcapng()


def hostile() -> bytes:
    """Each evil name connects to the one before it, with one of four failures or none."""
    net = Network()
    # EPMD keeps names in UTF-8, the handshake in Latin-1: evil bytes mean something else in each.
    names = [f"{name}@hub".encode().decode("latin-1") for name in HOSTILE]
    names.append(f"{LATIN_1}@hub")
    happenings: tuple[Happening, ...] = (_other_cookie, is_refused, hears_nothing, connects)
    for number, (name, callee) in enumerate(zip(names, [*names[1:], names[0]], strict=True)):
        happenings[number % len(happenings)](net, (f"10.0.9.{number + 1}", "10.0.9.99"), (name, callee))
        net.wait(2)
    return net.pcapng()


def _other_cookie(net: Network, ends: tuple[str, str], names: tuple[str, str]) -> None:
    connects(net, ends, names, same_cookie=False)

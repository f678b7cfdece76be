"""Verdicts → the stories that deserve them, for benchmarks: what each pair of nodes of a cast lives through."""

from __future__ import annotations

from collections.abc import Callable

import dpkt

from dissectors.epmd_messages import Alive2Req, Alive2XResp, NamesReq, NamesResp
from dissectors.handshake_messages import Status
from samples.conversation import EPMD, framed
from tests.benchmarks.burst import ACCEPTOR, INITIATOR, RST
from tests.benchmarks.cast import (
    GIVES_UP,
    HIGHEST,
    LOWEST,
    MOMENT,
    NODE_TYPE,
    OTHER_COOKIE,
    Cast,
    Scene,
    asks_epmd,
    calls,
    challenge,
    connects,
    dials,
    looks_up,
    unanswered,
)
from tests.benchmarks.cohort import ip_of
from tests.benchmarks.hello import client_hello
from tests.benchmarks.tape import SECOND

Story = Callable[[Cast], Scene]
STORIES: dict[str, Story] = {}
"""Verdict → story."""
HTTP_ANSWER = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_ALERT = b"\x15\x03\x03\x00\x02\x02"
"""A fatal one; its description comes next (RFC 8446 section 6)."""
_UNEXPECTED_MESSAGE, _HANDSHAKE_FAILURE = b"\x0a", b"\x28"
_ADMINISTRATIVELY_PROHIBITED = 13
"""A code of ICMP's destination unreachable (RFC 1812 section 5.2.7.1)."""


def story(verdict: str) -> Callable[[Story], Story]:
    """Declares the verdict of a story."""

    def declare(tell: Story) -> Story:
        STORIES[verdict] = tell
        return tell

    return declare


def plant(verdict: str, cast: Cast) -> Scene:
    """The story of a verdict, and its entry in the list of what there is to be found."""
    cast.tape.planted[verdict] += len(cast.pairs)
    return STORIES[verdict](cast)


@story("epmd-refused")
def epmd_refused(cast: Cast) -> Scene:
    """No EPMD runs there."""
    cast.connection(EPMD).refused()
    yield MOMENT


@story("epmd-unreachable")
def epmd_unreachable(cast: Cast) -> Scene:
    """A firewall drops what goes to EPMD."""
    yield from unanswered(cast.connection(EPMD))


@story("epmd-no-reply")
def epmd_no_reply(cast: Cast) -> Scene:
    """EPMD hangs."""
    epmd = yield from asks_epmd(cast)
    yield GIVES_UP
    epmd.closes(INITIATOR)


@story("epmd-name-unknown")
def epmd_name_unknown(cast: Cast) -> Scene:
    """The called node does not run."""
    yield from looks_up(cast, known=False)


@story("registered")
def registered(cast: Cast) -> Scene:
    """A node starts, and stops again."""
    epmd = cast.connection(EPMD)
    epmd.opens()
    yield MOMENT
    requests = [
        Alive2Req(
            port=pair.port,
            type=NODE_TYPE,
            protocol=0,
            highest=HIGHEST,
            lowest=LOWEST,
            name=pair.initiator.partition("@")[0],
        )
        for pair in cast.pairs
    ]
    epmd.says(INITIATOR, [framed(request) for request in requests])
    epmd.says(ACCEPTOR, Alive2XResp(result=0, creation=1_790_000_000).write())
    yield 3 * SECOND
    epmd.closes(INITIATOR)


@story("answered")
def answered(cast: Cast) -> Scene:
    """Somebody asks EPMD for all names."""
    epmd = cast.connection(EPMD)
    epmd.opens()
    yield MOMENT
    epmd.says(INITIATOR, framed(NamesReq()))
    lines = [f"name {pair.called} at port {pair.port:05d}\n" for pair in cast.pairs]
    epmd.says(ACCEPTOR, [NamesResp(epmd_port=EPMD, text=line).write() for line in lines])
    epmd.closes(ACCEPTOR)


@story("dist-port-refused")
def dist_port_refused(cast: Cast) -> Scene:
    """EPMD knows a node that listens no more."""
    yield from looks_up(cast)
    cast.connection().refused()


@story("dist-port-unreachable")
def dist_port_unreachable(cast: Cast) -> Scene:
    """The firewall lets EPMD through and nothing else."""
    yield from looks_up(cast)
    yield from unanswered(cast.connection())


@story("dist-port-prohibited")
def dist_port_prohibited(cast: Cast) -> Scene:
    """The firewall says so."""
    yield from looks_up(cast)
    records = cast.connection().dials()
    for pair, record in zip(cast.pairs, records, strict=True):
        initiator, acceptor = (address.to_bytes(4, "big") for address in pair.addresses)
        quoted = dpkt.icmp.ICMP.Unreach(data=dpkt.ip.IP(ip_of(record)))
        refusal = dpkt.icmp.ICMP(type=dpkt.icmp.ICMP_UNREACH, code=_ADMINISTRATIVELY_PROHIBITED, data=quoted)
        packet = dpkt.ip.IP(src=acceptor, dst=initiator, p=dpkt.ip.IP_PROTO_ICMP, ttl=64, data=refusal)
        packet.len = len(packet)
        frame = dpkt.ethernet.Ethernet(src=b"\2\0" + acceptor, dst=b"\2\0" + initiator, data=packet)
        cast.tape.frame(bytes(frame))
    yield MOMENT


@story("closed-before-handshake")
def closed_before_handshake(cast: Cast) -> Scene:
    """A proxy without a backend."""
    link = cast.connection()
    yield from calls(cast, link)
    link.closes(ACCEPTOR)


@story("not-erlang-peer")
def not_erlang_peer(cast: Cast) -> Scene:
    """A web server has the port."""
    link = cast.connection()
    yield from calls(cast, link)
    link.says(ACCEPTOR, HTTP_ANSWER)
    link.closes(ACCEPTOR)


@story("not-allowed")
def not_allowed(cast: Cast) -> Scene:
    """The acceptor has a list of names, and the initiator's is not on it."""
    link = cast.connection()
    yield from calls(cast, link)
    link.says(ACCEPTOR, framed(Status(text="not_allowed")))
    link.closes(ACCEPTOR)


@story("name-mismatch")
def name_mismatch(cast: Cast) -> Scene:
    """The node that answers has another name than the one that was called."""
    link = cast.connection()
    yield from calls(cast, link)
    yield from challenge(cast, link, answering="rob")
    link.closes(INITIATOR)


@story("cookie-mismatch")
def cookie_mismatch(cast: Cast) -> Scene:
    """The cookies differ."""
    link = cast.connection()
    yield from calls(cast, link)
    yield from challenge(cast, link, cookie=OTHER_COOKIE)
    link.closes(ACCEPTOR)


@story("plain-to-tls-listener")
def plain_to_tls_listener(cast: Cast) -> Scene:
    """Only the acceptor is configured for TLS."""
    link = cast.connection()
    yield from calls(cast, link)
    link.says(ACCEPTOR, _ALERT + _UNEXPECTED_MESSAGE)
    link.closes(ACCEPTOR)


@story("tls-to-plain-listener")
def tls_to_plain_listener(cast: Cast) -> Scene:
    """Only the initiator is."""
    link = cast.connection()
    yield from dials(cast, link)
    link.says(INITIATOR, [client_hello(cast.dice) for _ in cast.pairs])
    yield GIVES_UP
    link.closes(INITIATOR)


@story("tls-listener-misconfigured")
def tls_listener_misconfigured(cast: Cast) -> Scene:
    """The acceptor has no certificate."""
    link = cast.connection()
    yield from dials(cast, link)
    link.says(INITIATOR, [client_hello(cast.dice) for _ in cast.pairs])
    yield MOMENT
    link.says(ACCEPTOR, _ALERT + _HANDSHAKE_FAILURE)
    link.closes(ACCEPTOR)


@story("closed-normally")
def closed_normally(cast: Cast) -> Scene:
    """A tool connects, does its work and leaves."""
    link = cast.connection()
    yield from connects(cast, link)
    yield 2 * SECOND
    link.closes(INITIATOR)


@story("connection-reset")
def connection_reset(cast: Cast) -> Scene:
    """The nodes are connected until something resets them."""
    link = cast.connection()
    yield from connects(cast, link)
    yield 2 * SECOND
    link.raw(ACCEPTOR, RST)

"""Attempts of Erlang nodes, one story for each verdict → packets, with the messages that the dissectors write.

A story is told by as many pairs of nodes at once as its :class:`Cast` has.  All names have the same length, so that a
message has the same length on all connections of a cohort.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import dpkt
import numpy as np

from dissectors.cookie import digest
from dissectors.epmd_messages import Alive2Req, Alive2XResp, NamesReq, NamesResp, Port2Refusal, Port2Req, Port2Resp
from dissectors.handshake_messages import Challenge, ChallengeAck, ChallengeReply, SendName, Status
from samples.conversation import EPMD, framed
from tests.benchmarks.cohort import ACCEPTOR, INITIATOR, RST, Cohort, Column, ip_of
from tests.benchmarks.tape import MILLISECOND, SECOND, Tape

OTP_26 = 0xD_07DF_7FBD
"""Distribution flags as they are on the wire (docs/protocol.md 3.1)."""
TICK = bytes(4)
COOKIE, OTHER_COOKIE = b"KWJTHXQMZBVNRLPSGFDC", b"ZMXNCBVLAKSJDHFGQPWO"
NODE_TYPE, HIGHEST, LOWEST = 77, 6, 5
GIVES_UP = 7 * SECOND
"""net_setuptime: how long an initiator waits for one step, in nanoseconds."""
SYN_RETRIES = (1, 2)
"""Seconds that Linux waits before it sends a SYN again, within :data:`GIVES_UP`."""
HTTP_ANSWER = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_NETWORK = 10 << 24
_ADMINISTRATIVELY_PROHIBITED = 13


@dataclass(frozen=True, slots=True)
class Pair:
    """Two nodes of which the first connects to the second: what is the same in each of their attempts."""

    index: int

    @property
    def initiator(self) -> str:
        return f"ann{self.index:06d}@host{self.index:06d}"

    @property
    def acceptor(self) -> str:
        return f"{self.called}@peer{self.index:06d}"

    @property
    def called(self) -> str:
        return f"bob{self.index:06d}"

    @property
    def addresses(self) -> tuple[int, int]:
        return _NETWORK | 2 * self.index, _NETWORK | 2 * self.index + 1

    @property
    def port(self) -> int:
        """On which the acceptor listens."""
        return 9100 + self.index % 900


class Cast:
    """Pairs of nodes that live through the same story at the same time, and the capture that sees it."""

    def __init__(self, tape: Tape, pairs: Sequence[Pair], seed: int) -> None:
        self.tape = tape
        self.pairs = pairs
        self.dice = random.Random(seed)

    def connection(self, port: int | None = None) -> Cohort:
        """From each initiator to its acceptor; to the distribution ports if none is given."""
        number = len(self.pairs)
        sides = np.array([pair.addresses for pair in self.pairs], np.int64).T
        target: Column = np.array([pair.port if port is None else port for pair in self.pairs], np.int64)
        # A port from a range in which nothing listens, the same for all: it is the addresses that differ.
        source: Column = np.full(number, 32_768 + self.dice.randrange(28_000), np.int64)
        seed = self.dice.getrandbits(32)
        return Cohort(self.tape, (sides[0], sides[1]), (source, target), seed=seed, erlang=True)

    def challenges(self) -> list[int]:
        """A random number for each pair."""
        return [self.dice.getrandbits(32) for _ in self.pairs]


Scene = Iterator[int]
"""Part of a story; what it yields are pauses, in nanoseconds, in which others may send."""
Story = Callable[[Cast], Scene]
STORIES: dict[str, Story] = {}
"""Verdict → the story that deserves it."""
_MOMENT = MILLISECOND // 5


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


# --- Scenes that stories share ---------------------------------------------------------------------------------------


def _asks(cast: Cast) -> Generator[int, None, Cohort]:
    epmd = cast.connection(EPMD)
    epmd.opens()
    yield _MOMENT
    epmd.says(INITIATOR, [framed(Port2Req(name=pair.called)) for pair in cast.pairs])
    yield _MOMENT
    return epmd


def looks_up(cast: Cast, *, known: bool = True) -> Scene:
    """A lookup in EPMD, from its first packet to its last."""
    epmd = yield from _asks(cast)
    epmd.says(ACCEPTOR, [_registered(pair) if known else Port2Refusal(result=1).write() for pair in cast.pairs])
    epmd.closes(ACCEPTOR)
    yield _MOMENT


def _registered(pair: Pair) -> bytes:
    answer = Port2Resp(
        result=0, port=pair.port, type=NODE_TYPE, protocol=0, highest=HIGHEST, lowest=LOWEST, name=pair.called
    )
    return answer.write()


def calls(cast: Cast, link: Cohort, *, asks: bool = True) -> Scene:
    """A lookup (an initiator that ``asks`` not knows the port), and a connection on which the names are said."""
    if asks:
        yield from looks_up(cast)
    link.opens()
    yield _MOMENT
    link.says(INITIATOR, [framed(SendName(flags=OTP_26, creation=77, name=pair.initiator)) for pair in cast.pairs])
    yield _MOMENT


def challenge(cast: Cast, link: Cohort, *, answering: str = "bob", cookie: bytes = COOKIE) -> Scene:
    """Status, challenge and, where the name is right, the reply to it."""
    link.says(ACCEPTOR, framed(Status(text="ok")))
    yield _MOMENT
    theirs = cast.challenges()
    link.says(
        ACCEPTOR,
        [
            framed(Challenge(flags=OTP_26, challenge=number, creation=78, name=answering + pair.acceptor[3:]))
            for pair, number in zip(cast.pairs, theirs, strict=True)
        ],
    )
    yield _MOMENT
    if answering == "bob":
        replies = zip(cast.challenges(), theirs, strict=True)
        replied = [ChallengeReply(challenge=mine, digest=digest(cookie, number)) for mine, number in replies]
        link.says(INITIATOR, [framed(reply) for reply in replied])
        yield _MOMENT
        if cookie == COOKIE:
            acks = [framed(ChallengeAck(digest=digest(cookie, reply.challenge))) for reply in replied]
            link.says(ACCEPTOR, acks)
            yield _MOMENT


def connects(cast: Cast, link: Cohort, *, asks: bool = True) -> Scene:
    """All of it: the nodes are connected, and each has sent a tick."""
    yield from calls(cast, link, asks=asks)
    yield from challenge(cast, link)
    for side in (INITIATOR, ACCEPTOR):
        link.says(side, TICK)
        yield _MOMENT


def unanswered(connection: Cohort) -> Scene:
    """SYNs, until the initiator gives up."""
    connection.dials()
    for seconds in SYN_RETRIES:
        yield seconds * SECOND
        connection.dials()
    yield GIVES_UP


# --- Stories ---------------------------------------------------------------------------------------------------------


@story("epmd-refused")
def epmd_refused(cast: Cast) -> Scene:
    """No EPMD runs there."""
    cast.connection(EPMD).refused()
    yield _MOMENT


@story("epmd-unreachable")
def epmd_unreachable(cast: Cast) -> Scene:
    """A firewall drops what goes to EPMD."""
    yield from unanswered(cast.connection(EPMD))


@story("epmd-no-reply")
def epmd_no_reply(cast: Cast) -> Scene:
    """EPMD hangs."""
    epmd = yield from _asks(cast)
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
    yield _MOMENT
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
    yield _MOMENT
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
    yield _MOMENT


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

"""Pairs of nodes → the parts of a conversation that many stories share, with the messages that the dissectors write.

A story is told by as many pairs at once as its :class:`Cast` has.  All names have the same length, and so has each
message of a story: the connections of a cohort stay in step.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dissectors.cookie import digest
from dissectors.epmd_messages import Port2Refusal, Port2Req, Port2Resp
from dissectors.handshake_messages import Challenge, ChallengeAck, ChallengeReply, SendName, Status
from samples.conversation import EPMD, framed
from tests.benchmarks.burst import ACCEPTOR, INITIATOR, Column
from tests.benchmarks.cohort import Cohort
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
MOMENT = MILLISECOND // 5
"""Until the other side answers."""
_NETWORK = 10 << 24

Scene = Iterator[int]
"""Part of a story; what it yields are pauses, in nanoseconds, in which others may send."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two nodes of which the first connects to the second: what is the same in each of their attempts."""

    index: int
    to: int | None = None
    """Index of the pair whose acceptor is called instead of its own."""

    @property
    def initiator(self) -> str:
        return f"ann{self.index:06d}@host{self.index:06d}"

    @property
    def acceptor(self) -> str:
        return f"{self.called}@peer{self._to:06d}"

    @property
    def called(self) -> str:
        return f"bob{self._to:06d}"

    @property
    def addresses(self) -> tuple[int, int]:
        return _NETWORK | 2 * self.index, _NETWORK | 2 * self._to + 1

    @property
    def port(self) -> int:
        """On which the acceptor listens."""
        return 9100 + self._to % 900

    @property
    def _to(self) -> int:
        return self.index if self.to is None else self.to


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


# --- Scenes --------------------------------------------------------------------------------------------------------


def asks_epmd(cast: Cast) -> Generator[int, None, Cohort]:
    epmd = cast.connection(EPMD)
    epmd.opens()
    yield MOMENT
    epmd.says(INITIATOR, [framed(Port2Req(name=pair.called)) for pair in cast.pairs])
    yield MOMENT
    return epmd


def looks_up(cast: Cast, *, known: bool = True) -> Scene:
    """A lookup in EPMD, from its first packet to its last."""
    epmd = yield from asks_epmd(cast)
    epmd.says(ACCEPTOR, [_registered(pair) if known else Port2Refusal(result=1).write() for pair in cast.pairs])
    epmd.closes(ACCEPTOR)
    yield MOMENT


def _registered(pair: Pair) -> bytes:
    answer = Port2Resp(
        result=0, port=pair.port, type=NODE_TYPE, protocol=0, highest=HIGHEST, lowest=LOWEST, name=pair.called
    )
    return answer.write()


def dials(cast: Cast, link: Cohort) -> Scene:
    """A lookup, and an open connection."""
    yield from looks_up(cast)
    link.opens()
    yield MOMENT


def calls(cast: Cast, link: Cohort, *, asks: bool = True) -> Scene:
    """A lookup (an initiator that ``asks`` not knows the port), and a connection on which the names are said."""
    if asks:
        yield from looks_up(cast)
    link.opens()
    yield MOMENT
    link.says(INITIATOR, [framed(SendName(flags=OTP_26, creation=77, name=pair.initiator)) for pair in cast.pairs])
    yield MOMENT


def challenge(cast: Cast, link: Cohort, *, answering: str = "bob", cookie: bytes = COOKIE) -> Scene:
    """Status, challenge and, where the name is right, the reply to it."""
    link.says(ACCEPTOR, framed(Status(text="ok")))
    yield MOMENT
    theirs = cast.challenges()
    link.says(
        ACCEPTOR,
        [
            framed(Challenge(flags=OTP_26, challenge=number, creation=78, name=answering + pair.acceptor[3:]))
            for pair, number in zip(cast.pairs, theirs, strict=True)
        ],
    )
    yield MOMENT
    if answering == "bob":
        replies = zip(cast.challenges(), theirs, strict=True)
        replied = [ChallengeReply(challenge=mine, digest=digest(cookie, number)) for mine, number in replies]
        link.says(INITIATOR, [framed(reply) for reply in replied])
        yield MOMENT
        if cookie == COOKIE:
            acks = [framed(ChallengeAck(digest=digest(cookie, reply.challenge))) for reply in replied]
            link.says(ACCEPTOR, acks)
            yield MOMENT


def connects(cast: Cast, link: Cohort, *, asks: bool = True) -> Scene:
    """All of it: the nodes are connected, and each has sent a tick."""
    yield from calls(cast, link, asks=asks)
    yield from challenge(cast, link)
    for side in (INITIATOR, ACCEPTOR):
        link.says(side, TICK)
        yield MOMENT


def unanswered(connection: Cohort) -> Scene:
    """SYNs, until the initiator gives up."""
    connection.dials()
    for seconds in SYN_RETRIES:
        yield seconds * SECOND
        connection.dials()
    yield GIVES_UP

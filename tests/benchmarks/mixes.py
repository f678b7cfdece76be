"""The kinds of captures that are measured → who sends what on a tape, until it has the wanted size."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle

import numpy as np

from tests.benchmarks import distribution
from tests.benchmarks.applications import applications, flows
from tests.benchmarks.burst import ACCEPTOR, ACK, FIN, INITIATOR, PUSH, Burst, Packet, burst, mass
from tests.benchmarks.cast import TICK, Cast, Pair, connects
from tests.benchmarks.cohort import Cohort
from tests.benchmarks.stories import STORIES, plant
from tests.benchmarks.tape import MILLISECOND, SECOND, Actor, Tape

Mix = Callable[[Tape, int, int], None]
"""Fills a tape up to a size, from a seed."""

BYTES_PER_SECOND = 4_000_000
"""Of a busy server: a larger capture is a longer one."""
_RATE = BYTES_PER_SECOND / SECOND
_FLOWS = 40
"""Groups of connections of other applications at the same time."""
_ERLANG_SHARE = 0.01
"""Of the packets of ``unrelated``."""
_LINKS_BETWEEN = 12
_ATTEMPTS_AT_ONCE = 50
_COHORTS_OF_A_STORY = 4
"""Enough that a pair has given up on one attempt before it begins the next."""
_BETWEEN_COHORTS = SECOND // 4
_CALLERS = 25
"""Nodes that call the same one in ``storm``."""
_SCANNED = 8
_SCAN = 10 * SECOND
"""How long the flood lasts."""
_LINGERING = 100
"""Links of ``longlived``."""
TICK_INTERVAL = 15 * SECOND


@dataclass(frozen=True, slots=True)
class Kind:
    """A mix, and what its size counts."""

    fill: Mix
    unit: str
    usual: int
    """Size, if none is asked for."""
    says: str


def unrelated(tape: Tape, size: int, seed: int) -> None:
    """Connections of other applications; a hundredth of the packets is of Erlang nodes: some fail, some stay."""
    dice = random.Random(seed)
    room = applications(dice)

    def done() -> bool:
        return tape.size >= size

    for _ in range(_FLOWS):
        actor = flows(tape, room, dice.getrandbits(32), _RATE / _FLOWS, done)
        tape.enter(actor, dice.randrange(100 * MILLISECOND))
    tape.enter(_now_and_then(tape, dice, done), 50 * MILLISECOND)


def _now_and_then(tape: Tape, dice: random.Random, done: Callable[[], bool]) -> Actor:
    """One attempt after the other while less than the share of the packets is Erlang's."""
    stories = cycle((*STORIES, "connected"))
    pairs = map(Pair, count(1))
    while not done():
        if tape.erlang < _ERLANG_SHARE * tape.packets:
            verdict = next(stories)
            cast = Cast(tape, [next(pairs)], dice.getrandbits(32))
            tape.enter(plant(verdict, cast) if verdict in STORIES else _stays(tape, cast, done))
        yield 5 * MILLISECOND


def _stays(tape: Tape, cast: Cast, done: Callable[[], bool]) -> Actor:
    """Connected nodes that have little to say, up to the end of the capture."""
    tape.planted["connected"] += len(cast.pairs)
    link = cast.connection()
    yield from connects(cast, link, asks=cast.dice.random() < 0.5)
    for side in cycle((INITIATOR, ACCEPTOR)):
        if done():
            break
        link.says(side, TICK)
        yield TICK_INTERVAL // 2


def bulk(tape: Tape, size: int, seed: int) -> None:
    """Nodes connect and then send each other as much as they can; in between they are idle and tick."""
    dice = random.Random(seed)
    blocks = [mass(side, block) for block in distribution.blocks(dice) for side in (INITIATOR, ACCEPTOR)]

    def done() -> bool:
        return tape.size >= size

    for index in range(1, _LINKS_BETWEEN + 1):
        cast = Cast(tape, [Pair(index)], dice.getrandbits(32))
        tape.enter(_busy(tape, cast, blocks, done, closes=index % 4 == 0), index * 50 * MILLISECOND)
    for index, verdict in enumerate(STORIES, _LINKS_BETWEEN + 1):
        cast = Cast(tape, [Pair(index)], dice.getrandbits(32))
        tape.enter(plant(verdict, cast), index * 200 * MILLISECOND)


def _busy(tape: Tape, cast: Cast, blocks: list[Burst], done: Callable[[], bool], *, closes: bool) -> Actor:
    link = cast.connection()
    tape.planted["closed-normally" if closes else "connected"] += len(cast.pairs)
    yield from connects(cast, link, asks=cast.dice.random() < 0.5)
    while not done():
        before = tape.size
        link.sends(cast.dice.choice(blocks))
        yield round((tape.size - before) * _LINKS_BETWEEN / _RATE * cast.dice.uniform(0.5, 1.5))
        if cast.dice.random() < 0.002:
            yield TICK_INTERVAL
            link.says(INITIATOR, TICK)
            link.says(ACCEPTOR, TICK)
    yield TICK_INTERVAL
    link.says(INITIATOR, TICK)
    link.says(ACCEPTOR, TICK)
    if closes:
        link.closes(INITIATOR)


def attempts(tape: Tape, size: int, seed: int) -> None:
    """One attempt after the other, of every story; the nodes of each pair try again and again."""
    tape.enter(_one_after_the_other(tape, random.Random(seed), size))


def _one_after_the_other(tape: Tape, dice: random.Random, size: int) -> Actor:
    pairs = map(Pair, count(1))
    casts: Iterator[tuple[str, list[Pair]]] = cycle(
        [
            (verdict, [next(pairs) for _ in range(_ATTEMPTS_AT_ONCE)])
            for _ in range(_COHORTS_OF_A_STORY)
            for verdict in STORIES
        ]
    )
    left = size
    while left > 0:
        verdict, group = next(casts)
        tape.enter(plant(verdict, Cast(tape, group[:left], dice.getrandbits(32))))
        left -= len(group)
        yield _BETWEEN_COHORTS


def storm(tape: Tape, size: int, seed: int) -> None:
    """A node has been started with another cookie, and all of its cluster try to reach it, again and again."""
    tape.enter(_retries(tape, random.Random(seed), size))


def _retries(tape: Tape, dice: random.Random, size: int) -> Actor:
    pairs = [Pair(index, to=1) for index in range(1, _CALLERS + 1)]
    for left in range(size, 0, -_CALLERS):
        tape.enter(plant("cookie-mismatch", Cast(tape, pairs[:left], dice.getrandbits(32))))
        yield _BETWEEN_COHORTS


def flood(tape: Tape, size: int, seed: int) -> None:
    """Half-open connections to random ports of the hosts on which nodes connect at the same time, well or not."""
    dice = random.Random(seed)
    pairs = [Pair(index) for index in range(1, len(STORIES) + 1)]
    for (verdict, pair), number in zip(zip(STORIES, pairs, strict=True), count(1), strict=False):
        tape.enter(plant(verdict, Cast(tape, [pair], dice.getrandbits(32))), number * 300 * MILLISECOND)
    targets = [pair.addresses[1] for pair in pairs[:_SCANNED]]
    tape.enter(_scan(tape, dice, targets, size))


def _scan(tape: Tape, dice: random.Random, targets: list[int], size: int) -> Actor:
    number = 512
    steps = -(-size // number)
    for _ in range(steps):
        clients, to = (np.array([dice.getrandbits(32) for _ in range(number)], np.int64) for _ in range(2))
        servers = np.array(targets, np.int64)[to % len(targets)]
        source_ports = 1024 + clients % 64_000
        # Above the ports on which nodes listen: those would be attempts.
        ports = 10_240 + (to >> 8) % 55_000
        cohort = Cohort(tape, (clients, servers), (source_ports, ports), seed=dice.getrandbits(32), erlang=False)
        if dice.random() < 0.5:
            cohort.half_opens()
        else:
            cohort.dials()
        yield _SCAN // steps


def longlived(tape: Tape, size: int, seed: int) -> None:
    """Links that tick for days; at the end one in ten is closed, one in ten has fallen silent."""
    dice = random.Random(seed)
    for start in range(1, _LINGERING + 1, _LINGERING // 10):
        cast = Cast(tape, [Pair(start + index) for index in range(_LINGERING // 10)], dice.getrandbits(32))
        tape.enter(_lingers(tape, cast, size, end=start // 10), start * SECOND // 10)


def _lingers(tape: Tape, cast: Cast, size: int, *, end: int) -> Actor:
    """``end`` 0: the initiators close; 1: the acceptors fall silent, and the initiators close after net_ticktime."""
    tape.planted[{0: "closed-normally", 1: "tick-timeout"}.get(end, "connected")] += len(cast.pairs)
    link = cast.connection()
    yield from connects(cast, link)
    both = burst(
        [
            Packet(side, flags, data)
            for sender in (INITIATOR, ACCEPTOR)
            for side, flags, data in ((sender, PUSH | ACK, TICK), (1 - sender, ACK, b""))
        ]
    )
    while tape.packets < size:
        yield TICK_INTERVAL
        link.sends(both)
    if end == 0:
        link.closes(INITIATOR)
    elif end == 1:
        for _ in range(4):
            yield TICK_INTERVAL
            link.says(INITIATOR, TICK)
        yield SECOND
        link.raw(INITIATOR, FIN | ACK)
        link.raw(ACCEPTOR, ACK)


KINDS: dict[str, Kind] = {
    "unrelated": Kind(unrelated, "bytes", 1_000_000_000, "other applications, and 1 % Erlang"),
    "bulk": Kind(bulk, "bytes", 1_000_000_000, "bulk data between connected nodes"),
    "attempts": Kind(attempts, "attempts", 100_000, "attempts of nodes, most of which fail"),
    "storm": Kind(storm, "attempts", 5_000, "a cluster that tries to reach one node, again and again"),
    "flood": Kind(flood, "half-open connections", 1_000_000, "a SYN flood"),
    "longlived": Kind(longlived, "packets", 5_000_000, "days of ticks on many links"),
}

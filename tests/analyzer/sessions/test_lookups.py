"""Which lookup a dial follows."""

from __future__ import annotations

import pytest

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import Endpoint
from analyzer.sessions import events
from analyzer.sessions.attempt import Attempt, Kind, Party
from analyzer.sessions.connection import Connection
from analyzer.sessions.events import Leg
from analyzer.sessions.lookups import CLAIM_WINDOW, TOGETHER, Lookups
from dissectors import epmd
from dissectors.dialogue import Side

MILLISECOND = 10**6
TARGET = Endpoint("10.0.0.2", 41000)
ANSWER = epmd.Port2Resp(result=0, port=41000, type=77, protocol=0, highest=6, lowest=5, name="bob", extra=b"")


def connection(leg: Leg, at: int, port: int = 40000) -> Connection:
    packet = PacketRef(0, 1, at)
    listener = TARGET if leg is Leg.LINK else Endpoint(TARGET.address, 4369)
    return Connection(
        leg=leg, vantage=0, opener=Endpoint("10.0.0.1", port), listener=listener, first=packet, last=packet
    )


def lookup(answered_at: int, closed_at: int | None) -> Attempt:
    """A lookup that EPMD answered, and perhaps closed."""
    attempt = Attempt(Kind.CONNECT, Party(), Party(), epmd=connection(Leg.EPMD, closed_at or answered_at))
    packet = PacketRef(0, 1, answered_at)
    attempt.add(events.EpmdAnswered(packet=packet, side=Side.ACCEPTOR, leg=Leg.EPMD, message=ANSWER))
    if closed_at is not None and attempt.epmd is not None:
        fin = events.Closed(packet=PacketRef(0, 2, closed_at), side=Side.ACCEPTOR, leg=Leg.EPMD)
        attempt.epmd.closings.append(fin)
        attempt.add(fin)
    return attempt


def waiting(*lookups: Attempt) -> Lookups:
    known = Lookups()
    for attempt in lookups:
        known.wait(attempt, TARGET)
    return known


def test_a_dial_follows_its_lookup_once() -> None:
    """The second dial after one lookup has none."""
    asked = lookup(0, MILLISECOND)
    known = waiting(asked)
    assert known.claim(connection(Leg.LINK, 2 * MILLISECOND)) is asked
    assert known.claim(connection(Leg.LINK, 3 * MILLISECOND)) is None


def test_the_one_that_epmd_just_closed_is_meant() -> None:
    """A tool that asked earlier and never dialled does not take the dial of a node."""
    tool, node = lookup(0, MILLISECOND), lookup(2000 * MILLISECOND, 2001 * MILLISECOND)
    assert waiting(tool, node).claim(connection(Leg.LINK, 2002 * MILLISECOND)) is node


def test_lookups_that_closed_together_are_served_in_order() -> None:
    """Two nodes of one host ask at once: the packets can't tell more than their order."""
    first, second = lookup(0, MILLISECOND), lookup(0, MILLISECOND + TOGETHER // 2)
    known = waiting(first, second)
    dial = MILLISECOND + TOGETHER
    assert [known.claim(connection(Leg.LINK, dial)), known.claim(connection(Leg.LINK, dial))] == [first, second]


@pytest.mark.parametrize("at", [-MILLISECOND, MILLISECOND + CLAIM_WINDOW + 1], ids=["before the answer", "too late"])
def test_a_dial_at_another_time_is_not_its(at: int) -> None:
    """What was dialled before the answer, or long after it, has nothing to do with the lookup."""
    assert waiting(lookup(0, MILLISECOND)).claim(connection(Leg.LINK, at)) is None


def test_what_nobody_follows_is_forgotten() -> None:
    """A health check that only asks does not fill the memory."""
    known = Lookups()
    for number in range(1000):
        at = number * CLAIM_WINDOW // 10
        known.wait(lookup(at, at + MILLISECOND), TARGET)
        assert len(known) <= 22

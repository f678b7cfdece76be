"""What is known of one TCP connection."""

from __future__ import annotations

from analyzer.sessions import events
from analyzer.sessions.connection import Connection, Flow
from dissectors.dialogue import Side
from tests.analyzer.sessions.talking import BACK, MILLISECOND, OUT, SECOND, Clock, Talk, converse


def connection_of(talk: Talk) -> Connection:
    return converse(talk)[0].connection


def test_unanswered_is_not_open() -> None:
    """A SYN alone opens nothing."""
    connection = connection_of(Talk(Clock()).syn())
    assert not connection.is_open
    assert connection.end is None
    assert connection.round_trip is None


def test_bytes_prove_that_it_is_open() -> None:
    """The opening may be missing from the capture."""
    clock = Clock()
    assert connection_of(Talk(clock).send(OUT, b"x")).is_open


def test_the_first_close_is_the_end() -> None:
    """Who gave up, by the packets' time: a FIN behind a hole is told late."""
    clock = Clock()
    talk = Talk(clock).dial().greet()
    talk.fin(OUT)
    late = clock.told.pop()
    talk.fin(BACK, after=50)
    clock.told.append(late)
    connection = connection_of(talk)
    assert [closing.side for closing in connection.closings] == [Side.ACCEPTOR, Side.INITIATOR]
    assert connection.end is not None and connection.end.side is Side.INITIATOR


def test_closing_of_a_side() -> None:
    """Its first FIN or RST."""
    connection = connection_of(Talk(Clock()).dial().fin(OUT).rst(OUT))
    assert isinstance(connection.closing_of(Side.INITIATOR), events.Closed)
    assert connection.closing_of(Side.ACCEPTOR) is None


def test_round_trip() -> None:
    """From the SYN to the ACK that completes the opening."""
    assert connection_of(Talk(Clock()).dial(round_trip=250)).round_trip == 250 * MILLISECOND + 10_000


def test_round_trip_of_repeated_dials() -> None:
    """With many SYNs nobody knows which one was answered."""
    talk = Talk(Clock()).syn().syn(retry=1, after=1000).syn(retry=2, after=2000).syn_ack().open()
    assert connection_of(talk).round_trip is None


def test_when_it_was_open() -> None:
    """The ACK of the opening; where that is missing, the SYN-ACK; and never a proof that comes after the end."""
    clock = Clock()
    talk = Talk(clock).dial()
    assert connection_of(talk).opened_at == clock.told[2].packet.at
    clock = Clock()
    talk = Talk(clock).syn().syn_ack()
    assert connection_of(talk).opened_at == clock.told[1].packet.at
    clock = Clock()
    talk = Talk(clock).syn().syn_ack().fin(BACK, after=7000).open(after=200)
    assert connection_of(talk).opened_at == clock.told[1].packet.at


def test_acknowledgments_only_grow() -> None:
    """A late ACK takes nothing back, and is not when the bytes arrived."""
    flow = Flow(sent=30)
    flow.acknowledge(20, at=5)
    flow.acknowledge(20, at=6)
    flow.acknowledge(10, at=7)
    assert (flow.acknowledged, flow.acknowledged_at, flow.unacknowledged) == (20, 5, 10)
    flow.acknowledge(31, at=8)
    assert flow.unacknowledged == 0, "the ACK of a FIN counts one more than the bytes"


def test_counting_ticks() -> None:
    """Frames break no interval, and the list of intervals is bounded."""
    flow = Flow()
    flow.count(0, tick=True)
    flow.count(5 * SECOND, tick=False)
    for number in range(1, 21):
        flow.count(15 * SECOND * number, tick=True)
    assert (flow.ticks, flow.frames) == (21, 1)
    assert flow.intervals == [15 * SECOND] * 8


def test_initial_sequence_numbers() -> None:
    """Of both sides, as soon as they are seen: they tell two views of one connection."""
    clock = Clock()
    talk = Talk(clock, isn=(5, 6)).syn()
    assert connection_of(talk).initial_sequence == (5, None)
    assert connection_of(talk.syn_ack().open()).initial_sequence == (5, 6)

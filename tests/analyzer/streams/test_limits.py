"""The bounds fit together, and what waits is given up when they say so."""

from __future__ import annotations

from analyzer.decode.segment import Endpoint
from analyzer.streams.limits import MILLISECOND, SECOND, Limits
from analyzer.streams.stream import Data, ForgetReason
from analyzer.streams.table import HOUSEKEEPING, StreamTable
from dissectors.dataclass import fields_of
from tests.analyzer.streams.wire import ACK, FIN, RST, START, Wire, only, words


def test_the_defaults_fit_together() -> None:
    """All are positive, one direction cannot fill the whole, and patience is ordered."""
    limits = Limits()
    assert all(getattr(limits, field.name) > 0 for field in fields_of(type(limits)))
    assert limits.held_bytes < limits.held_bytes_overall
    assert limits.copy_span < limits.acknowledged_wait < limits.hole_wait < limits.linger


def test_ticks_do_not_look_like_an_end() -> None:
    """A dial that takes net_setuptime's 120 s (docs/protocol.md 6) is still tracked."""
    assert Limits().unanswered >= 120 * SECOND


def test_data_wait_ten_seconds_for_a_hole() -> None:
    """Unacknowledged bytes may still come; after that they are given up."""
    wire = Wire()
    table = StreamTable()
    for segment in wire.handshake():
        table.feed(segment)
    late = wire.out(b"late", 10)
    assert only(table.feed(late), Data) == []
    assert table.advance(late.packet.at + 9 * SECOND) == []
    assert words(table.advance(late.packet.at + 10 * SECOND + HOUSEKEEPING)) == [
        "out Hole offset=0 length=10 cause=NEVER_SEEN",
        "out Data offset=10 data=b'late'",
    ]
    assert table.advance(late.packet.at + 30 * SECOND) == []


def test_acknowledged_bytes_wait_a_moment_only() -> None:
    """50 ms of capture time after the acknowledgment they are lost to the capture."""
    wire = Wire(tick=MILLISECOND)
    table = StreamTable()
    for segment in wire.handshake():
        table.feed(segment)
    ack = wire.back(ack=10)
    assert words(table.feed(ack)) == ["back Acknowledged offset=10"]
    assert table.advance(ack.packet.at + 49 * MILLISECOND) == []
    (hole,) = table.advance(ack.packet.at + 80 * MILLISECOND)
    assert words([hole]) == ["out Hole offset=0 length=10 cause=NOT_CAPTURED"]
    assert hole.packet == ack.packet


def test_closed_streams_linger_a_minute() -> None:
    """A late retransmission still finds its stream; a minute after that the stream is forgotten."""
    wire = Wire()
    table = StreamTable()
    for segment in [*wire.handshake(), wire.out(flags=FIN | ACK), wire.back(ack=1, flags=FIN | ACK)]:
        table.feed(segment)
    wire.at += 50 * SECOND
    assert words(table.feed(wire.back(ack=1, flags=FIN | ACK))) == ["back Fin retry=1"]
    assert table.advance(wire.at + 60 * SECOND) == []
    assert words(table.advance(wire.at + 61 * SECOND)) == ["out Forgotten reason=CLOSED"]
    assert len(table) == 0
    assert table.forgotten == {ForgetReason.CLOSED: 1}


def test_unanswered_dials_are_forgotten_after_two_minutes() -> None:
    """Counted from the last SYN."""
    wire = Wire()
    table = StreamTable()
    table.feed(wire.syn())
    wire.at += 100 * SECOND
    table.feed(wire.syn())
    assert table.advance(wire.at + 119 * SECOND) == []
    assert words(table.advance(wire.at + 121 * SECOND)) == ["out Forgotten reason=UNANSWERED"]


def test_nothing_is_forgotten_before_it_says() -> None:
    """A minute is the least; what is older is due earlier, what is established never is."""
    wire, other = Wire(), Wire(opener=Endpoint("10.0.0.7", 50_000))
    table = StreamTable()
    minute = table.forgets_none_before(START)
    assert 0 < minute - (START + 60 * SECOND) <= HOUSEKEEPING
    assert minute % HOUSEKEEPING == 0
    for segment in other.handshake():
        table.feed(segment)
    table.feed(wire.syn())
    due = table.forgets_none_before(wire.at + 100 * SECOND)
    assert 0 < due - (wire.at + 120 * SECOND) <= HOUSEKEEPING
    assert table.advance(due - 1) == []
    assert words(table.advance(due)) == ["out Forgotten reason=UNANSWERED"]
    assert len(table) == 1
    assert table.forgets_none_before(due) > due + 59 * SECOND


def test_too_many_closed_streams_are_due_at_once() -> None:
    """At the next look around."""
    table = StreamTable(Limits(closed=0))
    wire = Wire()
    (dialled,) = table.feed(wire.syn())
    dialled.stream.matters = True
    table.feed(wire.out(flags=RST | ACK))
    due = table.forgets_none_before(wire.at)
    assert due == HOUSEKEEPING
    assert words(table.advance(due)) == ["out Forgotten reason=CLOSED"]


def test_established_streams_are_never_too_old() -> None:
    """Ticks may be a quarter of an hour apart, and an idle registration in EPMD lasts for months."""
    wire = Wire()
    table = StreamTable()
    for segment in wire.handshake():
        table.feed(segment)
    assert table.advance(wire.at + 10**6 * SECOND) == []
    assert len(table) == 1

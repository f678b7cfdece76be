"""Each way in which the numbers of a RST can fit, by the situation that makes it."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Segment
from analyzer.streams.stream import Reset, ResetFit
from analyzer.streams.table import StreamTable
from tests.analyzer.streams.wire import ACK, BACK, FIN, OUT, RST, Transcript, Wire, established, only


def fits(segments: list[Segment]) -> list[ResetFit]:
    """The fit of each reset among these segments."""
    table = StreamTable()
    events = [event for segment in segments for event in table.feed(segment)]
    return [event.fit for event in only(events, Reset) if isinstance(event, Reset)]


def test_refused() -> None:
    """RST and ACK to a SYN: no listener there."""
    wire = Wire()
    refusal = wire.send(BACK, offset=-wire.back_isn - 1, flags=RST | ACK)
    assert refusal.sequence == 0
    assert fits([wire.syn(), refusal]) == [ResetFit.ANSWERS_SYN]


def test_refused_with_data_on_the_syn() -> None:
    """The answer acknowledges the bytes too."""
    wire = Wire()
    dial = wire.syn()._replace(payload=b"early", length=5)
    assert fits([dial, wire.back(ack=5, flags=RST | ACK)]) == [ResetFit.ANSWERS_SYN]


def test_an_answered_dial_cannot_be_refused() -> None:
    """After a SYN-ACK the same RST is something else."""
    wire = Wire()
    assert fits([wire.syn(), wire.syn_ack(), wire.back(flags=RST | ACK)]) == [ResetFit.EXACT]


@pytest.mark.parametrize("half_closed", [False, True])
def test_aborted(half_closed: bool) -> None:
    """A process that ends with unread data: RST and ACK with the next number; a FIN before it took one."""
    wire = Wire()
    segments = [*wire.handshake(), wire.back(b"0123456789"), wire.out(ack=10)]
    if half_closed:
        segments.append(wire.back(offset=10, flags=FIN | ACK))
    assert fits([*segments, wire.back(offset=10 + half_closed, flags=RST | ACK)]) == [ResetFit.EXACT]


def test_aborted_after_bytes_that_were_not_captured() -> None:
    """The acknowledgments tell how far the sender is."""
    wire = Wire()
    segments = [*wire.handshake(), wire.out(ack=500), wire.back(offset=500, flags=RST | ACK)]
    assert fits(segments) == [ResetFit.EXACT]


def test_a_bare_segment_tells_the_next_number() -> None:
    """Bytes that neither were captured nor acknowledged, but the sender counts on from behind them."""
    wire = Wire()
    segments = [*wire.handshake(), wire.back(offset=40), wire.back(offset=40, flags=RST | ACK)]
    assert fits(segments) == [ResetFit.EXACT]


def test_a_host_without_that_connection() -> None:
    """It takes its number from the segment that it answers, and sets no ACK."""
    wire = Wire()
    segments = [*wire.handshake(), wire.back(b"0123456789"), wire.out(b"name", ack=4), wire.back(offset=4, flags=RST)]
    assert fits(segments) == [ResetFit.ANSWERS_SEGMENT]


def test_it_answers_one_segment_late() -> None:
    """Its answer was under way when the other side acknowledged more."""
    wire = Wire()
    segments = [*wire.handshake(), wire.back(b"0123456789"), wire.out(ack=4), wire.out(ack=10)]
    assert fits([*segments, wire.back(offset=4, flags=RST)]) == [ResetFit.ANSWERS_SEGMENT]


def test_a_number_somewhere_in_the_window() -> None:
    """Somebody who guesses, or who saw older segments than the sender sent."""
    wire = Wire()
    segments = [*wire.handshake(), wire.out(b"name"), wire.back(b"0123456789", ack=4), wire.out(offset=4, ack=3)]
    for offset, flags in ((5, RST), (5, RST | ACK), (3, RST | ACK), (70_000, RST)):
        assert fits([*segments, wire.back(offset=offset, flags=flags)]) == [ResetFit.IN_WINDOW]


def test_a_number_outside_the_window() -> None:
    """Already acknowledged, or far ahead."""
    wire = Wire()
    segments = [*wire.handshake(), wire.back(b"0123456789"), wire.out(ack=10)]
    for offset in (9, -1, -500, 5_000_000, 2**31):
        assert fits([*segments, wire.back(offset=offset, flags=RST | ACK)]) == [ResetFit.OUT_OF_WINDOW]


def test_one_direction_only() -> None:
    """Without the other side's acknowledgments the window reaches back as well."""
    wire = Wire()
    name = wire.send(OUT, b"0123456789", 700)
    for offset, fit in ((710, ResetFit.EXACT), (705, ResetFit.IN_WINDOW), (-5_000_000, ResetFit.OUT_OF_WINDOW)):
        assert fits([name, wire.out(offset=offset, flags=RST | ACK)]) == [fit]


def test_the_other_direction_only() -> None:
    """What was acknowledged is what the sender sent."""
    wire = Wire()
    segments = [wire.out(ack=5), wire.out(ack=44)]
    assert fits([*segments, wire.back(offset=44, flags=RST | ACK)]) == [ResetFit.EXACT]
    assert fits([*segments, wire.back(offset=44, flags=RST)]) == [ResetFit.ANSWERS_SEGMENT]


def test_nothing_is_known() -> None:
    """The first segment of the capture."""
    wire = Wire()
    assert fits([wire.back(flags=RST | ACK)]) == [ResetFit.UNKNOWN]


def test_every_fit_is_a_sentence() -> None:
    """Reports print the values."""
    assert all(" " in fit.value for fit in ResetFit)


def test_a_reset_tells_first_what_waits() -> None:
    """No more will come: bytes behind a hole are told, then the reset."""
    wire = Wire()
    transcript = established(wire)
    transcript.feed(wire.back(b"held", 6))
    assert transcript.feed(wire.back(offset=10, flags=RST | ACK)) == [
        "back Hole offset=0 length=6 cause=NEVER_SEEN",
        "back Data offset=6 data=b'held'",
        "back Reset fit=EXACT acknowledges=True",
    ]


def test_a_reset_outside_the_window_ends_nothing() -> None:
    """A correct TCP ignores it, so the hole may still be filled."""
    wire = Wire()
    transcript = established(wire)
    transcript.feed(wire.back(b"held", 6))
    blind = wire.back(offset=2**31, flags=RST | ACK)
    assert transcript.feed(blind) == ["back Reset fit=OUT_OF_WINDOW acknowledges=True"]
    assert transcript.feed(wire.back(b"filler")) == [
        "back Data offset=0 data=b'filler'",
        "back Data offset=6 data=b'held'",
    ]


def test_a_reset_acknowledges_what_was_not_captured() -> None:
    """With the right numbers its acknowledgment counts."""
    wire = Wire()
    transcript = established(wire)
    assert transcript.feed(wire.out(ack=39, flags=RST | ACK)) == [
        "out Acknowledged offset=39",
        "back Hole offset=0 length=39 cause=NOT_CAPTURED",
        "out Reset fit=EXACT acknowledges=True",
    ]


def test_a_reset_of_an_unknown_connection() -> None:
    """The first segment of a capture: there is nothing to judge it by."""
    wire = Wire()
    transcript = Transcript()
    assert transcript.feed(wire.back(flags=RST)) == ["back Reset fit=UNKNOWN"]
    (reset,) = only(transcript.events, Reset)
    assert isinstance(reset, Reset)
    assert reset.usual_ttl is None
    assert reset.usual_ip_id is None

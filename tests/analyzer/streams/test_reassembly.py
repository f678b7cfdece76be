"""Sequence numbers of 32 bits become offsets that never wrap around."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.run_parts import Half
from analyzer.decode.segment import Segment
from analyzer.streams.held import Backlog
from analyzer.streams.limits import SECOND, Limits
from analyzer.streams.order import WINDOW
from analyzer.streams.reassembly import BEHIND, MODULUS, Flow
from analyzer.streams.stream import Direction, OpenerKnownBy, Stream, StreamEvent
from tests.analyzer.streams.wire import ACK, BACK, CLIENT, FIN, OUT, SERVER, Wire, told, words


def flow(limits: Limits | None = None) -> Flow:
    """The opener's direction of a new stream."""
    stream = Stream(0, CLIENT, SERVER, OpenerKnownBy.SYN)
    backlog = Backlog()
    out, back = (Flow(stream, direction, limits or Limits(), backlog) for direction in Direction)
    out.peer, back.peer = back, out
    return out


def received(one: Flow, *segments: Segment) -> list[str]:
    """What the payloads of these segments are told as."""
    events: list[StreamEvent] = []
    for segment in segments:
        one.receive(segment, events)
    return words(events)


@given(st.integers(0, MODULUS - 1), st.integers(0, 2**40), st.integers(-BEHIND, MODULUS - BEHIND - 1))
def test_an_offset_is_the_one_near_what_was_told(initial: int, position: int, distance: int) -> None:
    """Up to 1 GiB back it is old, all else is ahead; exact over any number of turns."""
    one = flow()
    one.begin(initial)
    one._move_to(position)
    sequence = (initial + 1 + position + distance) % MODULUS
    assert one.offset_of(sequence) == position + distance


@given(st.integers(0, MODULUS - 1), st.integers(1, 2**29), st.integers(2, 40))
def test_many_turns(initial: int, size: int, count: int) -> None:
    """Segments with more bytes than fit into the sequence numbers together."""
    wire = Wire(out_isn=initial)
    one = flow()
    one.begin(initial)
    events: list[StreamEvent] = []
    for number in range(count):
        one.receive(wire.send(OUT, b"x", number * size, length=size), events)
    assert sum(len(piece) if isinstance(piece, bytes) else piece for _, piece in told(events, OUT)) == size * count


@pytest.mark.parametrize("initial", [0, 100, MODULUS - 8, MODULUS - 2, MODULUS - 1])
def test_the_wrap_around_inside_and_between_segments(initial: int) -> None:
    """In order, out of order, and repeated."""
    wire = Wire(out_isn=initial)
    one = flow()
    one.begin(initial)
    segments = [wire.out(b"0123"), wire.out(b"89", 8), wire.out(b"23456", 2), wire.out(b"6789", 6)]
    assert received(one, *segments) == [
        "out Data offset=0 data=b'0123'",
        "out Retransmission offset=2 length=2",
        "out Data offset=4 data=b'456'",
        "out Retransmission offset=6 length=1",
        "out Retransmission offset=8 length=2",
        "out Data offset=7 data=b'7'",
        "out Data offset=8 data=b'89'",
    ]


def test_what_the_snap_length_cut_is_a_hole_at_once() -> None:
    """The captured head is told, and what follows goes on."""
    wire = Wire()
    one = flow()
    one.begin(wire.out_isn)
    segments = [wire.send(OUT, b"head", length=1400), wire.send(OUT, b"", 1400, length=600), wire.out(b"tail", 2000)]
    assert received(one, *segments) == [
        "out Data offset=0 data=b'head'",
        "out Hole offset=4 length=1396 cause=SNAPPED",
        "out Hole offset=1400 length=600 cause=SNAPPED",
        "out Data offset=2000 data=b'tail'",
    ]


def test_what_the_snap_length_cut_out_of_order() -> None:
    """The same for a segment that had to wait."""
    wire = Wire()
    one = flow()
    one.begin(wire.out_isn)
    assert received(one, wire.send(OUT, b"late", 4, length=8), wire.out(b"name")) == [
        "out Data offset=0 data=b'name'",
        "out Data offset=4 data=b'late'",
        "out Hole offset=8 length=4 cause=SNAPPED",
    ]


def test_a_stray_segment_far_ahead_does_not_mislead() -> None:
    """The stream went on where it was, so after the wait the stray is dropped, not the stream's own bytes."""
    wire = Wire()
    one = flow()
    one.begin(wire.out_isn)
    stray = wire.out(b"evil", 2 * WINDOW)
    assert received(one, stray, wire.out(b"name")) == ["out Data offset=0 data=b'name'"]
    events: list[StreamEvent] = []
    assert one.overdue(stray.packet.at + 10 * SECOND)
    one.give_up(events)
    assert events == []
    assert received(one, wire.out(b"more", 4)) == ["out Data offset=4 data=b'more'"]


def test_a_real_gap_far_ahead_is_believed() -> None:
    """If nothing came where it was, the stream went on there: the capture missed a lot."""
    wire = Wire()
    one = flow()
    one.begin(wire.out_isn)
    assert received(one, wire.out(b"name"), wire.out(b"later", 3 * 2**30)) == ["out Data offset=0 data=b'name'"]
    events: list[StreamEvent] = []
    one.give_up(events)
    assert words(events) == [
        "out Hole offset=4 length=3221225468 cause=NEVER_SEEN",
        "out Data offset=3221225472 data=b'later'",
    ]


@pytest.mark.parametrize(("segments", "size"), [(3, 10**6), (10**6, 3 * (256 + 4))])
def test_what_one_direction_holds_is_bounded(segments: int, size: int) -> None:
    """By count and by memory: the first hole is given up."""
    wire = Wire()
    one = flow(Limits(held_segments=segments, held_bytes=size))
    one.begin(wire.out_isn)
    assert received(one, *(wire.out(b"held", offset) for offset in (10, 30, 20))) == []
    assert received(one, wire.out(b"last", 14)) == [
        "out Hole offset=0 length=10 cause=NEVER_SEEN",
        "out Data offset=10 data=b'held'",
        "out Data offset=14 data=b'last'",
    ]


@pytest.mark.parametrize(
    ("beyond", "missing"),
    [
        (0, []),
        (1, []),  # a FIN takes a number, too
        (2, ["out Hole offset=4 length=2 cause=NEVER_SEEN"]),
        (17, ["out Hole offset=4 length=17 cause=NEVER_SEEN"]),
        (WINDOW + 5, []),
    ],
)
def test_a_bare_number_tells_of_bytes_before_it(beyond: int, missing: list[str]) -> None:
    """At the end of the stream, if nothing else did."""
    wire = Wire()
    one = flow()
    one.begin(wire.out().sequence - 1)
    assert received(one, wire.out(b"ping")) == ["out Data offset=0 data=b'ping'"]
    events: list[StreamEvent] = []
    one.receive_nothing(wire.out(offset=4 + beyond), events)
    one.give_up(events)
    assert words(events) == []
    one.tell_unseen_end(events)
    assert words(events) == missing


class TestWithoutSyn:
    """The first sign of life sets the origin, and the first byte corrects it."""

    def acked(self, offset: int) -> tuple[Wire, Flow]:
        """A flow of which only an acknowledgment was seen."""
        wire = Wire()
        one = flow()
        one.stream.segments[BACK] += 1
        one.acknowledged_by(wire.back(ack=offset), [])
        return wire, one

    @pytest.mark.parametrize("offset", [500, 400, 500 + WINDOW, 501])
    def test_the_first_byte_is_offset_0(self, offset: int) -> None:
        """Before the acknowledged number: repeated.  Behind it: on its way when the capture began."""
        wire, one = self.acked(500)
        assert received(one, wire.out(b"tick", offset)) == ["out Data offset=0 data=b'tick'"]

    def test_an_acknowledgment_of_more_settles_it(self) -> None:
        """Then bytes went by unseen after the capture began: a hole, not a start."""
        wire, one = self.acked(500)
        one.stream.segments[OUT] += 1
        events: list[StreamEvent] = []
        one.acknowledged_by(wire.back(ack=539), events)
        one.receive(wire.out(b"tick", 539), events)
        one.give_up(events)
        assert words(events) == [
            "back Acknowledged offset=39",
            "out Hole offset=0 length=39 cause=NOT_CAPTURED",
            "out Data offset=39 data=b'tick'",
        ]

    def test_its_own_bare_segment_settles_it(self) -> None:
        """The sender's own number is the next byte's, so what is beyond was missed."""
        wire, one = self.acked(500)
        one.receive_nothing(wire.out(offset=600), [])
        assert received(one, wire.out(b"tick", 620)) == []
        events: list[StreamEvent] = []
        one.give_up(events)
        assert words(events)[0] == "out Hole offset=0 length=20 cause=NEVER_SEEN"

    def test_a_fin_may_be_the_first(self) -> None:
        """A FIN after nothing is at offset 0."""
        wire, one = self.acked(500)
        events: list[StreamEvent] = []
        one.receive_fin(wire.out(offset=500, flags=FIN | ACK), events)
        assert words(events) == ["out Fin"]
        assert one.sent == 1


@pytest.mark.parametrize(("heard", "then", "continues"), [((0,), 4, True), ((0, 4), 4, False), ((0, 4, 2), 2, False)])
@pytest.mark.parametrize("unsure", [False, True])
def test_a_run_that_may_begin_with_a_copy(heard: tuple[int, ...], then: int, continues: bool, unsure: bool) -> None:
    """Of an acknowledgment before it: not if nothing has acknowledged so much yet."""
    wire = Wire()
    one = flow()
    one.begin(wire.out_isn)
    one.peer.begin(wire.back_isn)
    received(one, wire.out(b"name"))
    one.peer.acknowledged_by(wire.out(), [])
    for acknowledged in heard:
        one.acknowledged_by(wire.back(ack=acknowledged), [])
    first, ref = wire.back(ack=then), wire.ref()
    half = Half(1, ref, first.sequence, first.sequence, first.acknowledgment, (first.acknowledgment,), ref, 64, 1)
    assert one.peer.continued_by(half._replace(unsure=unsure), None) == (continues or not unsure)

"""Segments in any order, repeated, cut differently and partly missing give each byte once, and holes for the rest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import Endpoint, Segment, TcpFlags
from analyzer.streams.limits import MILLISECOND, SECOND, Limits
from analyzer.streams.stream import (
    Direction,
    Established,
    Fin,
    ForgetReason,
    Forgotten,
    Hole,
    HoleCause,
    Stream,
    StreamEvent,
    Syn,
    SynAck,
)
from analyzer.streams.table import StreamTable
from tests.analyzer.streams.wire import (
    ACK,
    BACK,
    CLIENT,
    FIN,
    OUT,
    RST,
    SERVER,
    START,
    SYN,
    Wire,
    again,
    only,
    spread,
    told,
    words,
)

PATIENT = Limits(acknowledged_packets=10**6, acknowledged_wait=10**18, hole_wait=10**18, held_segments=10**6)
"""Nothing is given up before the end."""


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Wire, dict[Direction, bytes], list[Segment], list[Segment]]:
    """A connection near the wrap-around, what each side sent, and the segments that the capture has and has not."""
    wire = Wire(
        out_isn=draw(st.integers(2**32 - 60, 2**32 + 60)) % 2**32,
        back_isn=draw(st.integers(2**32 - 60, 2**32 + 60)) % 2**32,
    )
    sent = {direction: draw(st.binary(max_size=60)) for direction in Direction}
    segments = []
    for direction, content in sent.items():
        cuts = draw(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=8))
        whole = range(0, len(content), draw(st.integers(1, 20)))
        step = whole.step
        spans = [(start, start + step) for start in whole] + [(start, start + size) for start, size in cuts]
        segments += [wire.send(direction, content[a:b], a) for a, b in spans if content[a:b]]
    kept = [segment for segment in segments if draw(st.integers(0, 4))]
    lost = [segment for segment in segments if segment not in kept]
    return wire, sent, draw(st.permutations(kept)), lost


def run(table: StreamTable, segments: list[Segment]) -> list[StreamEvent]:
    """All events to the end of the input, with the table's housekeeping before every segment."""
    events = []
    for segment in segments:
        events += table.advance(segment.packet.at)
        events += table.feed(segment)
    return events + table.finish()


def seen(segments: list[Segment], wire: Wire, direction: Direction, size: int) -> list[bool]:
    """Which bytes of a direction any of the segments carries."""
    isn = wire.out_isn if direction is OUT else wire.back_isn
    source = wire.opener if direction is OUT else wire.listener
    shown = [False] * size
    for segment in segments:
        if segment.source == source:
            start = (segment.sequence - isn - 1) % 2**32
            shown[start : start + segment.length] = [True] * segment.length
    return shown


@given(conversations(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_byte_once_in_order_and_holes_exactly_where_bytes_are_missing(
    drawn: tuple[Wire, dict[Direction, bytes], list[Segment], list[Segment]], acknowledged: bool
) -> None:
    """Whatever the order, the cuts and the losses: what was captured comes out, and holes of the right cause."""
    wire, sent, kept, _ = drawn
    ends = [
        wire.out(offset=len(sent[OUT]), ack=len(sent[BACK]) if acknowledged else 0, flags=FIN | ACK),
        wire.back(offset=len(sent[BACK]), ack=len(sent[OUT]) if acknowledged else 0, flags=FIN | ACK),
    ]
    events = run(StreamTable(PATIENT), [*wire.handshake(), *kept, *ends])
    for direction, content in sent.items():
        shown = seen(kept, wire, direction, len(content))
        assert spread(events, direction) == [byte if yes else None for byte, yes in zip(content, shown, strict=True)]
        fins = [event for event in only(events, Fin) if event.direction is direction]
        assert [(fin.offset, fin.retry) for fin in fins if isinstance(fin, Fin)] == [(len(content), 0)]
    causes = {hole.cause for hole in only(events, Hole) if isinstance(hole, Hole)}
    assert causes <= {HoleCause.NOT_CAPTURED if acknowledged else HoleCause.NEVER_SEEN}


@given(conversations(), st.integers(1, 4), st.integers(0, 1500), st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_impatience_costs_bytes_but_never_gives_wrong_ones(
    drawn: tuple[Wire, dict[Direction, bytes], list[Segment], list[Segment]], segments: int, size: int, grace: int
) -> None:
    """With tight limits holes grow, but what is told is right, in order and without overlap."""
    wire, sent, kept, _ = drawn
    limits = Limits(held_segments=segments, held_bytes=size, acknowledged_packets=grace, hole_wait=50 * MILLISECOND)
    events = run(StreamTable(limits), [*wire.handshake(), *kept])
    for direction, content in sent.items():
        for byte, want in zip(spread(events, direction), content, strict=False):
            assert byte is None or byte == want


@given(conversations(), st.integers(0, 200))
@settings(max_examples=100, deadline=None)
def test_copies_change_nothing(
    drawn: tuple[Wire, dict[Direction, bytes], list[Segment], list[Segment]], spacing: int
) -> None:
    """Every packet twice, as a capture on several interfaces shows it: the same events."""
    wire, _, kept, _ = drawn
    segments = [*wire.handshake(), *kept]
    twice = [
        copy
        for segment in segments
        for copy in (segment, again(segment, spacing * 10_000, ttl=63, carrier=("vlan 10",)))
    ]
    assert words(run(StreamTable(PATIENT), twice)) == words(run(StreamTable(PATIENT), segments))


ENDPOINTS = [Endpoint("10.0.0.1", 4369), Endpoint("10.0.0.2", 40_000), Endpoint("fe80::1", 40_001)]
NUMBERS = st.one_of(
    st.integers(0, 12), st.integers(2**32 - 12, 2**32 - 1), st.sampled_from([2**30, 2**31, 3 * 2**30, 10**7])
)


@st.composite
def noise(draw: st.DrawFn) -> list[Segment]:
    """Segments that make no sense together."""
    segments = []
    at = START
    for number in range(draw(st.integers(1, 40))):
        at += draw(st.sampled_from([0, 1, 10 * MILLISECOND, SECOND, 70 * SECOND, -SECOND]))
        source, destination = draw(st.permutations(ENDPOINTS))[:2]
        payload = draw(st.binary(max_size=8))
        length = len(payload) + draw(st.sampled_from([0, 0, 0, 1, 1400]))
        flags = TcpFlags(draw(st.sampled_from([16, 16, 16, 24, 17, 2, 18, 4, 20, 0, 1, 41, 255, 6, 3])))
        ref = PacketRef(draw(st.integers(0, 1)), number, at)
        ip_id = draw(st.sampled_from([None, 0, number]))
        segments.append(
            Segment(ref, 0, source, destination, draw(NUMBERS), draw(NUMBERS), flags, 0, payload, length, 64, ip_id)
        )
    return segments


@given(noise(), st.integers(1, 3), st.sampled_from([10**9, 1000]))
@settings(max_examples=150, deadline=None)
def test_no_input_breaks_it(segments: list[Segment], streams: int, overall: int) -> None:
    """For any segments: no exception, bounds kept, offsets without gap or overlap, nothing left behind at the end."""
    table = StreamTable(Limits(streams=streams, held_bytes_overall=overall))
    events: list[StreamEvent] = []
    for segment in segments:
        events += table.advance(segment.packet.at)
        events += table.feed(segment)
        assert len(table) <= streams
        assert table._backlog.cost <= overall
        assert table._backlog.cost == sum(order.held.cost for order in table._backlog.waiting)
        assert sum(len(queue) for queue in table._queues.values()) == len(table)
    events += table.finish()
    assert not table._backlog.waiting
    assert not table._backlog.cost
    assert len(table) == 0
    for stream in {id(event.stream): event.stream for event in events}.values():
        mine = [event for event in events if event.stream is stream]
        for direction in Direction:
            told(mine, direction)
        assert not only(mine[:-1], Forgotten)
        openings = [type(event) for event in mine if not isinstance(event, Syn | SynAck)]
        assert openings.count(Established) <= 1
    assert sum(table.forgotten.values()) == len(only(events, Forgotten))


def test_another_vantage_is_another_stream() -> None:
    """The same addresses seen by two hosts' captures are two streams."""
    here, there = Wire(), Wire(vantage=1)
    table = StreamTable()
    streams = {id(event.stream) for wire in (here, there) for event in table.feed(wire.syn())}
    assert len(streams) == len(table) == 2


def test_another_carrier_is_the_same_stream() -> None:
    """A VLAN interface and its parent show one connection."""
    wire = Wire()
    table = StreamTable()
    streams = {id(event.stream) for part in wire.handshake() for event in table.feed(part._replace(carrier=("v",)))}
    assert len(streams) == len(table) == 1


def test_a_segment_that_no_tcp_answers_is_nothing() -> None:
    """Without SYN, RST and ACK a segment is dropped, and so is one from a socket to itself."""
    wire = Wire()
    table = StreamTable()
    assert table.feed(wire.out(b"x", flags=TcpFlags(0))) == []
    assert table.feed(wire.out(flags=FIN | TcpFlags.PSH | TcpFlags.URG)) == []
    assert table.feed(wire.syn()._replace(destination=CLIENT)) == []
    assert len(table) == 0


def test_errors_find_their_stream_either_way() -> None:
    """An ICMP error belongs to the stream of the segment that it quotes; without one it is nothing."""
    wire = Wire()
    table = StreamTable()
    syn = wire.syn()
    assert table.unreachable(wire.error(syn)) == []
    table.feed(syn)
    assert words(table.unreachable(wire.error(syn))) == ["back IcmpError reporter=10.0.0.9 version=4 type=3 code=13"]
    answer = wire.syn_ack()
    table.feed(answer)
    assert [event.direction for event in table.unreachable(wire.error(answer))] == [OUT]


def test_pressure_takes_the_closed_then_the_unanswered_then_the_idlest() -> None:
    """With room for four, each newcomer pushes out the one that matters least."""
    table = StreamTable(Limits(streams=4))
    wires = [Wire(opener=Endpoint("10.0.0.1", 50_000 + number), at=START + number) for number in range(7)]
    quiet, busy, closed, dialling = wires[:4]
    for wire in (quiet, busy, closed):
        for segment in wire.handshake():
            table.feed(segment)
    table.feed(closed.out(flags=RST))
    table.feed(dialling.syn())
    table.feed(busy.out(b"tick"))
    gone: list[Stream] = []
    for wire in wires[4:]:
        newcomer = wire.handshake()
        gone += [event.stream for segment in newcomer for event in only(table.feed(segment), Forgotten)]
    assert [stream.opener for stream in gone] == [closed.opener, dialling.opener, quiet.opener]
    assert table.forgotten == {ForgetReason.PRESSURE: 3}


def test_what_matters_to_the_reader_stays() -> None:
    """A dial that matters is not pushed out by any number of others, and the reader may say so late."""
    table = StreamTable(Limits(streams=10))
    wire = Wire()
    (dialled,) = table.feed(wire.syn())
    dialled.stream.matters = True
    for number in range(100):
        other = Wire(opener=Endpoint("10.0.0.9", 1024 + number), at=wire.at)
        assert dialled.stream not in [event.stream for event in only(table.feed(other.syn()), Forgotten)]
    wire.at += SECOND
    assert words(table.feed(wire.syn())) == ["out Syn retry=1"]


def test_few_of_the_closed_linger_where_there_are_many() -> None:
    """Of those that matter and are closed only the latest ones are kept."""
    table = StreamTable(Limits(closed=3))
    wires = [Wire(opener=Endpoint("10.0.0.1", 50_000 + number), at=START + number) for number in range(5)]
    for wire in wires:
        segments = [*wire.handshake(), wire.out(flags=RST)]
        for segment in segments:
            for event in table.feed(segment):
                event.stream.matters = True
    gone = only(table.advance(START + SECOND), Forgotten)
    assert [event.stream.opener for event in gone] == [wires[0].opener, wires[1].opener]
    assert table.forgotten == {ForgetReason.CLOSED: 2}


def test_what_waits_is_told_before_a_stream_is_forgotten() -> None:
    """Pressure loses no captured byte."""
    table = StreamTable(Limits(streams=1))
    wire = Wire()
    for segment in [*wire.handshake(), wire.out(b"held", 5)]:
        table.feed(segment)
    other = Wire(opener=Endpoint("10.0.0.3", 40_003))
    assert words(table.feed(other.syn())) == [
        "out Hole offset=0 length=5 cause=NEVER_SEEN",
        "out Data offset=5 data=b'held'",
        "out Forgotten reason=PRESSURE",
        "out Syn",
    ]


def test_a_flood_stays_within_the_limits() -> None:
    """Thirty thousand dials: no more streams are kept than allowed, and the established one stays."""
    limits = Limits(streams=500)
    table = StreamTable(limits)
    wire = Wire()
    for segment in wire.handshake():
        table.feed(segment)
    for number in range(30_000):
        ref = PacketRef(0, number, START + number)
        dialler = Endpoint(f"192.0.{number >> 8 & 255}.{number & 255}", 1024 + (number >> 16))
        table.feed(Segment(ref, 0, dialler, SERVER, number, 0, SYN, 0, b"", 0, 64, 0))
    assert len(table) == limits.streams
    assert table.forgotten.total() == 30_001 - limits.streams
    (data,) = table.feed(wire.out(b"tick"))
    assert words([data]) == ["out Data offset=0 data=b'tick'"]
    assert data.stream.initial_sequence == {OUT: wire.out_isn, BACK: wire.back_isn}


@pytest.mark.parametrize("overall", [4_000, 100_000])
def test_held_bytes_are_bounded_over_all_streams(overall: int) -> None:
    """Thousands of streams that each hold a little: the oldest give up first."""
    table = StreamTable(Limits(held_bytes_overall=overall))
    events: list[StreamEvent] = []
    for number in range(2_000):
        wire = Wire(opener=Endpoint("10.0.0.1", number + 1), at=START + number)
        for segment in [*wire.handshake(), wire.out(bytes(500), 1)]:
            events += table.feed(segment)
        assert table._backlog.cost <= overall
    holes = only(events, Hole)
    assert len(holes) == 2_000 - overall // 756
    assert holes[0].stream.opener.port == 1


def test_the_end_of_the_input_invents_nothing() -> None:
    """Streams that are open at the end get no FIN, no reset and no Forgotten."""
    wire = Wire()
    table = StreamTable()
    for segment in [*wire.handshake(), wire.out(b"name"), wire.back(ack=4)]:
        table.feed(segment)
    assert table.finish() == []
    assert table.finish() == []
    assert len(table) == 0

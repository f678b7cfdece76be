"""Bytes, acknowledgments and the FIN of one direction, by offset: what is told when."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.packet import PacketRef
from analyzer.streams.held import Backlog, Chunk
from analyzer.streams.limits import MILLISECOND, SECOND, Limits
from analyzer.streams.order import Order
from analyzer.streams.stream import Data, Direction, Hole, OpenerKnownBy, Stream, StreamEvent
from tests.analyzer.streams.wire import BACK, CLIENT, OUT, SERVER, only, told, words


class Side:
    """The opener's direction of a stream of which both directions are captured, and what it told."""

    def __init__(self, *, captured: bool = True) -> None:
        stream = Stream(0, CLIENT, SERVER, OpenerKnownBy.SYN)
        self.backlog = Backlog()
        self.order, other = (Order(stream, direction, Limits(), self.backlog) for direction in Direction)
        self.order.peer, other.peer = other, self.order
        self.segments = stream.segments
        self.segments[OUT] = captured
        self.events: list[StreamEvent] = []
        self.at = 0

    def ref(self) -> PacketRef:
        """The next packet, a millisecond later."""
        self.at += MILLISECOND
        return PacketRef(0, self.at, self.at)

    def chunk(self, start: int, payload: bytes) -> Chunk:
        """A segment of this direction."""
        self.segments[OUT] += 1
        return Chunk(start, len(payload), payload, self.ref(), 64, None, self.order.next)

    def place(self, start: int, payload: bytes) -> None:
        """Its payload."""
        self.order.place(self.chunk(start, payload), self.events)

    def fin(self, start: int) -> None:
        """Its FIN."""
        self.order.place_fin(self.chunk(start, b""), self.events)

    def peer_fin(self) -> None:
        """The other side's FIN."""
        self.segments[BACK] += 1
        self.order.peer.place_fin(Chunk(0, 0, b"", self.ref(), 64, None, 0), [])

    def ack(self, offset: int) -> None:
        """An acknowledgment by the other side."""
        self.segments[BACK] += 1
        self.order.acknowledge(offset, self.ref(), 64, None, self.events)

    def told(self) -> list[str]:
        """What was told since the last time."""
        lines = words(self.events)
        self.events.clear()
        return lines


def test_the_short_way_is_open_only_if_nothing_waits() -> None:
    """``plain`` lets the next bytes through without a further look."""
    side = Side()
    assert side.order.plain
    side.place(4, b"late")
    assert not side.order.plain
    side.place(0, b"name")
    assert side.order.plain
    side.ack(20)
    assert not side.order.plain
    side.place(8, b"twelve bytes")
    assert side.order.plain
    side.fin(20)
    assert not side.order.plain


def test_the_backlog_knows_who_waits() -> None:
    """For bytes, for the proof that they are missing, or with a FIN."""
    disturb: tuple[Callable[[Side], None], ...] = (
        lambda side: side.place(4, b"late"),
        lambda side: side.ack(4),
        lambda side: side.fin(4),
    )
    resolve: tuple[Callable[[Side], None], ...] = (
        lambda side: side.place(0, b"name"),
        lambda side: side.order.give_up(side.events),
    )
    for begin, end in product(disturb, resolve):
        side = Side()
        begin(side)
        assert list(side.backlog.waiting) == [side.order]
        end(side)
        assert not side.backlog.waiting


def test_each_acknowledgment_of_an_uncaptured_direction_is_a_hole() -> None:
    """They show where messages end."""
    side = Side(captured=False)
    side.ack(5)
    side.ack(39)
    assert side.told() == [
        "out Hole offset=0 length=5 cause=NOT_CAPTURED",
        "back Acknowledged offset=5",
        "out Hole offset=5 length=34 cause=NOT_CAPTURED",
        "back Acknowledged offset=39",
    ]


def test_acknowledgments_of_unseen_bytes_come_due_one_by_one() -> None:
    """Each after three further segments or 50 ms."""
    side = Side()
    side.ack(5)
    side.ack(10)
    side.order.settle_due(side.at, side.events)
    assert side.told() == ["back Acknowledged offset=5", "back Acknowledged offset=10"]
    side.ack(10)
    side.ack(10)
    side.order.settle_due(side.at, side.events)
    assert side.told() == ["out Hole offset=0 length=5 cause=NOT_CAPTURED"]
    side.order.settle_due(side.at + 60 * MILLISECOND, side.events)
    assert side.told() == ["out Hole offset=5 length=5 cause=NOT_CAPTURED"]


def test_the_hole_ends_where_held_bytes_begin() -> None:
    """An acknowledgment over a hole, held bytes and another hole."""
    side = Side()
    side.place(4, b"held")
    side.ack(12)
    side.order.give_up(side.events)
    assert side.told() == [
        "back Acknowledged offset=12",
        "out Hole offset=0 length=4 cause=NOT_CAPTURED",
        "out Data offset=4 data=b'held'",
        "out Hole offset=8 length=4 cause=NOT_CAPTURED",
    ]


def test_only_the_acknowledged_part_of_a_hole_is_the_captures_fault() -> None:
    """The rest was never seen by anybody."""
    side = Side()
    side.place(10, b"held")
    side.ack(4)
    side.order.give_up(side.events)
    assert side.told()[1:] == [
        "out Hole offset=0 length=4 cause=NOT_CAPTURED",
        "out Hole offset=4 length=6 cause=NEVER_SEEN",
        "out Data offset=10 data=b'held'",
    ]


def test_a_fin_behind_a_hole_is_told_at_the_end() -> None:
    """With the hole in place of the bytes before it."""
    side = Side()
    side.fin(7)
    assert side.told() == []
    assert not side.order.overdue(side.at + 9 * SECOND)
    assert side.order.overdue(side.at + 10 * SECOND)
    side.order.give_up(side.events)
    assert side.told() == ["out Hole offset=0 length=7 cause=NEVER_SEEN", "out Fin offset=7"]


def test_the_wait_begins_anew_with_each_hole() -> None:
    """What waits for a later hole has waited since it came."""
    side = Side()
    side.place(4, b"four")
    side.at = 8 * SECOND
    side.place(12, b"more")
    side.place(0, b"name")
    assert side.order.waits_since == 8 * SECOND + MILLISECOND
    assert not side.order.overdue(11 * SECOND)
    assert side.order.overdue(19 * SECOND)


def test_one_number_more_is_a_byte_if_the_fin_comes_behind_it() -> None:
    """The FIN's place tells."""
    side = Side()
    side.ack(1)
    assert side.told() == []
    side.fin(1)
    side.order.give_up(side.events)
    assert side.told() == [
        "back Acknowledged offset=1",
        "out Hole offset=0 length=1 cause=NOT_CAPTURED",
        "out Fin offset=1",
    ]


def test_one_number_more_is_the_fin_if_that_comes_there() -> None:
    """The acknowledgment was captured before the FIN."""
    side = Side()
    side.ack(1)
    side.fin(0)
    side.order.give_up(side.events)
    side.order.imply_fin(side.events)
    assert side.told() == ["out Fin"]


def test_one_number_more_is_a_byte_if_more_is_acknowledged() -> None:
    """Two acknowledgments, two steps."""
    side = Side(captured=False)
    side.ack(1)
    side.ack(9)
    assert side.told() == [
        "back Acknowledged offset=1",
        "out Hole offset=0 length=1 cause=NOT_CAPTURED",
        "out Hole offset=1 length=8 cause=NOT_CAPTURED",
        "back Acknowledged offset=9",
    ]


def test_one_number_more_is_a_byte_if_that_byte_comes() -> None:
    """It was only late."""
    side = Side()
    side.ack(1)
    side.place(0, b"x")
    assert side.told() == ["out Data offset=0 data=b'x'", "back Acknowledged offset=1"]


def test_one_number_more_is_a_fin_if_both_sides_close() -> None:
    """The other side's FIN, and then nothing in time."""
    side = Side()
    side.place(0, b"sok")
    side.ack(4)
    side.peer_fin()
    side.order.settle_due(side.at, side.events)
    assert side.told() == ["out Data offset=0 data=b'sok'"]
    side.order.settle_due(side.at + 60 * MILLISECOND, side.events)
    assert side.told() == ["out FinImplied offset=3"]
    side.fin(3)
    assert side.told() == ["out Fin offset=3"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["place", "ack", "fin", "settle", "give up"]), st.integers(0, 40), st.integers(1, 12)),
    max_size=25,
)


@given(STEPS, st.booleans())
def test_any_sequence_tells_each_offset_once(steps: list[tuple[str, int, int]], captured: bool) -> None:
    """Whatever comes, offsets are told without gap or overlap, right, and completely at the end."""
    content = bytes(range(60))
    side = Side(captured=captured)
    shown = 0
    for action, start, size in steps:
        if action == "place":
            side.place(start, content[start : start + size])
            shown = max(shown, start + size)
        elif action == "ack":
            side.ack(start)
        elif action == "fin":
            side.fin(start)
        elif action == "settle":
            side.order.settle_due(side.at + size * 10 * MILLISECOND, side.events)
        else:
            side.order.give_up(side.events)
    side.order.give_up(side.events)
    side.order.imply_fin(side.events)
    for offset, piece in told(side.events, OUT):
        assert not isinstance(piece, bytes) or piece == content[offset : offset + len(piece)]
    assert side.order.next >= shown
    assert side.order.next == sum(
        len(event.data) if isinstance(event, Data) else event.length
        for event in only(side.events, Data, Hole)
        if isinstance(event, Data | Hole)
    )
    assert not side.backlog.waiting
    assert side.backlog.cost == 0

"""The vocabulary that the sessions layer goes by."""

from __future__ import annotations

import pytest

from analyzer.capture.packet import PacketRef
from analyzer.streams.stream import Direction, ForgetReason, Forgotten, HoleCause, OpenerKnownBy, Stream
from dissectors.dataclass import FrozenInstanceError
from tests.analyzer.streams.wire import BACK, CLIENT, OUT, SERVER


def test_directions_have_each_other() -> None:
    """And stay dictionary keys with their own hash."""
    assert OUT.other is BACK
    assert BACK.other is OUT
    assert {Direction("out"): 1, Direction("back"): 2}[OUT] == 1


def test_streams_are_told_apart_by_identity() -> None:
    """Two connections of the same ports are two streams, even if all their fields are equal."""
    one, other = (Stream(0, CLIENT, SERVER, OpenerKnownBy.SYN) for _ in range(2))
    assert one != other
    assert len({one, other}) == 2
    assert one.segments == other.segments == {OUT: 0, BACK: 0}
    assert one.segments is not other.segments
    assert one.watched


def test_events_cannot_be_changed() -> None:
    """They are evidence."""
    stream = Stream(0, CLIENT, SERVER, OpenerKnownBy.SYN)
    event = Forgotten(stream=stream, packet=PacketRef(0, 1, 2), direction=OUT, reason=ForgetReason.CLOSED)
    with pytest.raises(FrozenInstanceError):
        event.reason = ForgetReason.PRESSURE  # type: ignore[misc]


def test_reasons_are_sentences() -> None:
    """Reports print the values."""
    assert all(" " in member.value for member in (*HoleCause, *OpenerKnownBy, *ForgetReason))

"""The cursor: never past the captured bytes, and it knows who cut them."""

from __future__ import annotations

from struct import Struct

import pytest

from analyzer.decode import SkipReason
from analyzer.decode.fragments import FragmentTable
from analyzer.decode.segment import Stop
from analyzer.decode.walk import Walk
from tests.analyzer.decode.building import captured

TWO = Struct("!H")


def walk(captured_bytes: int = 4, wire_bytes: int = 8) -> Walk:
    data = bytes(range(captured_bytes))
    return Walk(captured(data), FragmentTable(), data, 0, captured_bytes, wire_bytes)


def test_take() -> None:
    """Fields come out in order, and the cursor moves past them."""
    place = walk()
    assert place.take(TWO) == (0x0001,)
    assert place.take(TWO) == (0x0203,)
    assert (place.at, place.remaining) == (4, 4)


@pytest.mark.parametrize(
    ("size", "reason"),
    [(5, SkipReason.CUT), (8, SkipReason.CUT), (9, SkipReason.MALFORMED), (1000, SkipReason.MALFORMED)],
)
def test_need(size: int, reason: SkipReason) -> None:
    """What the wire had was cut, what it never had is a contradiction; the cursor stays."""
    place = walk()
    place.need(4)
    for ask in (place.need, place.skip):
        with pytest.raises(Stop) as stop:
            ask(size)
        assert stop.value.reason is reason
    assert place.at == 0


def test_take_beyond_the_end() -> None:
    """A header that is half there is not taken."""
    place = walk(captured_bytes=3)
    place.skip(2)
    with pytest.raises(Stop):
        place.take(TWO)
    assert place.at == 2


@pytest.mark.parametrize(("length", "end", "wire_end"), [(0, 1, 1), (2, 3, 3), (3, 4, 4), (7, 4, 8), (20, 4, 21)])
def test_narrow(length: int, end: int, wire_end: int) -> None:
    """A layer's own length cuts off what stands behind it, and tells what is missing."""
    place = walk()
    place.skip(1)
    place.narrow(length)
    assert (place.end, place.wire_end, place.remaining) == (end, wire_end, length)

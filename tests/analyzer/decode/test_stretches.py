"""Parts of what several packets make up."""

from __future__ import annotations

from analyzer.capture.packet import PacketRef
from analyzer.decode.stretches import Stretch, part

ONE, TWO = PacketRef(0, 1, 10), PacketRef(0, 2, 20)
ORIGIN = (Stretch(ONE, 34, 8), Stretch(TWO, 40, 4))


def test_a_part_within_one_stretch() -> None:
    """Its place in the packet, not in the buffer."""
    assert list(part(ORIGIN, 2, 5)) == [Stretch(ONE, 36, 3)]
    assert list(part(ORIGIN, 9, 12)) == [Stretch(TWO, 41, 3)]


def test_a_part_across_a_border() -> None:
    """One stretch for each packet; no empty ones."""
    assert list(part(ORIGIN, 6, 10)) == [Stretch(ONE, 40, 2), Stretch(TWO, 40, 2)]
    assert list(part(ORIGIN, 8, 12)) == [Stretch(TWO, 40, 4)]


def test_what_is_not_there_is_left_out() -> None:
    """Bytes beyond the end, or none at all."""
    assert list(part(ORIGIN, -5, 99)) == list(ORIGIN)
    assert list(part(ORIGIN, 12, 20)) == []
    assert list(part(ORIGIN, 5, 5)) == []

"""Bytes that were put together from several packets → the stretches of packets that they are.

A datagram that came in fragments is decoded as one; who wants to point at its bytes, or change them, has to know where
each of them stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analyzer.capture.packet import PacketRef


class Stretch(NamedTuple):
    """``length`` bytes of one packet, from ``at`` on."""

    packet: PacketRef
    at: int
    length: int


Origin = tuple[Stretch, ...]
"""Stretches that follow one another make up a buffer."""


def part(origin: Origin, start: int, end: int) -> Iterator[Stretch]:
    """The stretches of the bytes ``start:end`` of the buffer that ``origin`` makes up."""
    position = 0
    for stretch in origin:
        low, high = max(start, position), min(end, position + stretch.length)
        if low < high:
            yield Stretch(stretch.packet, stretch.at + low - position, high - low)
        position += stretch.length

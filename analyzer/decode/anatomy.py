"""What a decoder walked through, as places: where each header of a packet stands, and what it heads."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.capture.packet import PacketRef
from analyzer.decode.segment import DecodeResult
from analyzer.decode.stretches import Origin, part
from analyzer.decode.walk import Layer
from dissectors.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Header:
    """One header, and what it heads."""

    layer: Layer
    origin: Origin
    """The buffer that it stands in: the packet, or a datagram put together from fragments."""
    at: int
    """Where it starts in that buffer."""
    end: int
    """Where the captured bytes of its layer end."""
    wire_end: int
    """Where they ended on the wire."""
    after: int
    """Where the reader stopped: what follows the header; behind the ports and number that an ICMP error quotes."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    result: DecodeResult
    headers: tuple[Header, ...]
    """Outermost first; as far as they could be read."""


Originals = Mapping[PacketRef, bytes]
Buffers = Mapping[PacketRef, bytearray]
"""The bytes of packets, to read and to change."""


def read(header: Header, start: int, end: int, buffers: Originals | Buffers) -> bytes:
    """Bytes ``start:end`` of the header and what it heads, as far as they are there."""
    stretches = part(header.origin, header.at + start, header.at + end)
    return b"".join(bytes(buffers[each.packet][each.at : each.at + each.length]) for each in stretches)


def write(header: Header, start: int, data: bytes, buffers: Buffers) -> None:
    """Replace as many bytes of the header and what it heads, as far as they are there."""
    for stretch in part(header.origin, header.at + start, header.at + start + len(data)):
        buffers[stretch.packet][stretch.at : stretch.at + stretch.length] = data[: stretch.length]
        data = data[stretch.length :]

"""What a decoder walked through, as places: where each header of a packet stands, and what it heads."""

from __future__ import annotations

from analyzer.decode.segment import DecodeResult
from analyzer.decode.stretches import Origin
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

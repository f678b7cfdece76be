"""Turns what a pcapng file says about an interface into its link type, its clock and what was lost on it."""

from __future__ import annotations

from analyzer.capture.origin import Origin
from dissectors.dataclass import dataclass

_SECOND = 1_000_000_000


class LinkTypeOf(int):
    """The link type of a packet, which also tells its interface.

    A number, for most readers want no more, and a record of its own for every packet would cost."""

    interface: Interface


@dataclass(slots=True, eq=False)
class Interface:
    """A time stamp t of this interface is ``t * multiplier // divisor + offset`` nanoseconds since 1970-01-01 UTC."""

    link_type: int
    snap_length: int
    """0: no limit."""
    multiplier: int = 1000
    """Without an option that says otherwise, the clock counts microseconds."""
    divisor: int = 1
    offset: int = 0
    drops_beside_packets: int = 0
    drops_in_statistics: int = 0
    number: int = 0
    """Among all of the file, sections before its own included."""
    name: str = ""
    origin: Origin | None = None
    """Of the packets of an evidence capture."""
    vantage: int | None = None
    """Where it has an origin and packets: their vantage."""
    started_at: int | None = None
    ended_at: int | None = None
    """How long was captured on it, where its statistics say so: nanoseconds since 1970-01-01 UTC."""

    def __post_init__(self) -> None:
        self.link_type = LinkTypeOf(self.link_type)
        self.link_type.interface = self

    def time(self, stamp: int) -> int:
        """Nanoseconds since 1970-01-01 UTC of a time stamp."""
        return stamp * self.multiplier // self.divisor + self.offset

    def set_resolution(self, resolution: int) -> None:
        """``if_tsresol``: the clock counts units of 10**-n seconds, or of 2**-n if the highest bit is set."""
        exponent = resolution & 0x7F
        if resolution & 0x80:
            self.multiplier, self.divisor = _SECOND, 1 << exponent
        elif exponent <= 9:
            self.multiplier, self.divisor = 10 ** (9 - exponent), 1
        else:
            self.multiplier, self.divisor = 1, 10 ** (exponent - 9)

    def lost(self, *, beside_packet: int = 0, in_statistics: int = 0) -> int:
        """Takes in a report of lost packets; returns how many of them are news.

        Reports beside packets count since the packet before, statistics since the start of the capture.  They are two
        views of one thing and don't add up.
        """
        before = max(self.drops_beside_packets, self.drops_in_statistics)
        self.drops_beside_packets += beside_packet
        self.drops_in_statistics = max(self.drops_in_statistics, in_statistics)
        return max(self.drops_beside_packets, self.drops_in_statistics) - before

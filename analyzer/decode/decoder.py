"""Packets become segments: the plainest ones in one step, the others header by header."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.capture.packet import Packet, PacketRef
from analyzer.decode.segment import DecodeResult, Endpoint, Segment, Skipped, SkipReason, Stop
from analyzer.decode.shortcut import plain

if TYPE_CHECKING:
    from analyzer.decode.anatomy import Anatomy, Header
    from analyzer.decode.fragments import FragmentTable

KNOWN = 32 * 1024
"""Results that are kept for the packets' turn: as many as a batch has packets."""


class Decoder:
    """Decodes the packets of any number of captures, in order.  It remembers fragments, few of them, and what somebody
    glanced at."""

    def __init__(self, fragments: FragmentTable | None = None) -> None:
        self._fragments = fragments
        self._scout: Decoder | None = None
        """Has fragments of its own: the packets that it sees early come again in their turn."""
        self._known: dict[PacketRef, DecodeResult] = {}
        """What it found, where that does not depend on other packets."""

    def decode(self, packet: Packet) -> DecodeResult:
        """Total: answers for any bytes, and never raises."""
        if self._known and (known := self._known.pop(packet.ref, None)) is not None:
            return known
        try:
            return plain(packet) or self._follow(packet)
        except Stop as stop:
            return Skipped(packet.ref, stop.reason)

    def glance(self, packet: Packet) -> tuple[Endpoint, Endpoint, int] | None:
        """Sender, receiver and TCP's flags of a packet whose turn is yet to come; of an ICMP error those of what it
        quotes, and no flags.  None: neither."""
        if self._scout is None:
            self._scout = Decoder()
        found = self._scout.decode(packet)
        fragment = found.reason is SkipReason.FRAGMENT if isinstance(found, Skipped) else False
        if not fragment and not (isinstance(found, Segment) and found.pieces):
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[packet.ref] = found
        if isinstance(found, Skipped):
            return None
        return found.source, found.destination, int(found.flags) if isinstance(found, Segment) else 0

    def anatomy(self, packet: Packet) -> Anatomy:
        """The same, with every header that was read on the way.  Total, too."""
        from analyzer.decode.anatomy import Anatomy

        headers: list[Header] = []
        try:
            result = self._follow(packet, headers)
        except Stop as stop:
            result = Skipped(packet.ref, stop.reason)
        return Anatomy(result, tuple(headers))

    def _follow(self, packet: Packet, headers: list[Header] | None = None) -> DecodeResult:
        # Most small captures have plain packets only, and the readers of all others take longer to load than they do.
        from analyzer.decode.fragments import FragmentTable
        from analyzer.decode.long_way import follow

        if self._fragments is None:
            self._fragments = FragmentTable()
        return follow(packet, self._fragments, headers)

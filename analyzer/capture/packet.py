"""A packet as the capture holds it, and the reference by which everything later names it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from mmap import mmap

    from analyzer.capture.run_parts import Half, Piece, Recent


class PacketRef(NamedTuple):
    """Names one packet for good: what a finding cites."""

    capture: int
    """Index of the capture file in the order of the report."""
    number: int
    """1-based, as Wireshark shows it."""
    at: int
    """Nanoseconds since 1970-01-01 UTC."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One captured packet."""

    ref: PacketRef
    vantage: int
    """The point of observation: files of one rotated set share it, captures of two hosts do not."""
    link_type: int
    """LINKTYPE_… value of the interface that it was captured on (tcpdump.org/linktypes.html)."""
    data: bytes
    wire_length: int
    """Length on the wire; more than ``len(data)`` where the snap length cut it."""


@dataclass(frozen=True, slots=True)
class Elapsed:
    """Packets that go no further were read, up to this time: the clock of the capture goes on without them."""

    capture: int
    vantage: int
    at: int
    """Nanoseconds since 1970-01-01 UTC."""


class Stretch(Protocol):
    """The payload of one direction of a :class:`Run`, where it lies: only until the next item is asked for."""

    @property
    def ends(self) -> Sequence[int]:
        """Bytes up to the end of each packet that has any, from the beginning of the run on."""

    @property
    def memory(self) -> bytes | mmap:
        """Where they lie."""

    @property
    def shifts(self) -> Sequence[int]:
        """How far in memory a byte of each packet lies behind its place in the stretch."""

    @property
    def ttl(self) -> int:
        """Of the last of these packets."""

    def packet(self, index: int) -> PacketRef:
        """One of these packets."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Packets of one connection of which each continues the ones before: nothing lost, repeated or out of order."""

    capture: int
    vantage: int
    at: int
    """Of the first packet, nanoseconds since 1970-01-01 UTC."""
    ends: tuple[tuple[str, int], tuple[str, int]]
    forth: Half | None
    back: Half | None
    pieces: Iterable[Piece]
    """The payload, packet by packet; no longer than :attr:`packets`."""
    packets: Callable[[], list[Packet]]
    """One by one; only until the next item is asked for."""
    stretches: tuple[Stretch | None, Stretch | None]
    """The payload once more, of each direction."""
    recent: Callable[[], Recent]
    """The packets at its end, of which copies may follow; at any time."""

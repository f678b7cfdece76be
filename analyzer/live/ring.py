"""Packets of which it turns out that they matter → pcapng files, a ring of them if they grow too large.

Every packet of a connection that becomes part of an attempt is kept, from its first one on: what comes before anybody
knows whose it is, is held back.  Packets are written as they were captured, with whatever secrets they carry, so the
files are for their owner only.
"""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from analyzer import __version__
from analyzer.capture.packet import Packet, PacketRef, Run
from analyzer.capture.pcapng_writer import PcapngWriter
from analyzer.errors import printable
from analyzer.live.outputs import opened
from analyzer.live.privileges import Account
from analyzer.sessions.attempt import Attempt
from analyzer.sessions.events import Event
from analyzer.sessions.surroundings import Extent
from analyzer.streams.stream import Direction, Stream
from analyzer.streams.table import Place
from dissectors.dataclass import dataclass

HELD = 8 * 1024 * 1024
"""Bytes of packets of which nobody knows yet whose they are; beyond it the oldest connection's are let go."""
HELD_OF_ONE = 64
"""Packets of one connection, likewise: its first bytes decide long before."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface that packets come from."""

    name: str
    link_type: int


class _Slot:
    """One file of the ring."""

    def __init__(self, path: Path, owner: Account | None) -> None:
        self.path = path
        self.file = opened(path, owner, private=True)
        self.size = 0
        """Bytes that are safely in it."""


class Ring:
    """A witness of the pipeline; call :meth:`flush` now and then, and :meth:`close` at the end."""

    def __init__(
        self,
        path: str,
        interfaces: Sequence[Interface],
        *,
        size: int | None = None,
        files: int = 1,
        owner: Account | None = None,
        on_trouble: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Begins a new file after ``size`` bytes, and keeps the last ``files``.  All are opened now, while that is
        allowed.  Raises :class:`NotWritable`."""
        self._interfaces = interfaces
        self._size = size
        self._on_trouble = on_trouble
        self._slots = [_Slot(each, owner) for each in ring_paths(path, files)]
        self._current = 0
        self._pending: list[bytes] = []
        """Blocks."""
        self._ours: set[Stream] = set()
        self._held: OrderedDict[Stream, list[Packet]] = OrderedDict()
        self._held_bytes = 0
        self.written = 0
        """Packets."""
        self.unwritten = 0
        """Packets for which there was no room."""
        self._trouble = ""
        self._block = io.BytesIO()
        self._writer = PcapngWriter(self._block, application=f"distscope {__version__}")
        for interface in interfaces:
            self._writer.interface(interface.link_type, name=interface.name)
        self._head = self._taken()
        for self._current in reversed(range(files)):
            self._begin()

    # --- Witness ---------------------------------------------------------------------------------------------------

    def saw(self, packet: Packet, pieces: tuple[PacketRef, ...], place: Place | None) -> None:
        """Written, or held until it is known whose it is; a fragment may be anybody's."""
        if place is None or place.stream in self._ours:
            self._put(packet)
        else:
            self._hold(place.stream, packet)

    def saw_run(self, run: Run, stream: Stream) -> None:
        """The same, many at once."""
        for packet in run.packets():
            self.saw(packet, (), Place(stream, Direction.OUT, 0))

    def joined(self, stream: Stream, attempt: Attempt) -> None:
        """What was held is written."""
        self._ours.add(stream)
        for packet in self._release(stream):
            self._put(packet)

    def cited(self, stream: Stream, event: Event) -> None:
        """All packets of an attempt are kept, cited or not."""

    def ended(self, stream: Stream) -> None:
        """What was held is nobody's."""
        self._ours.discard(stream)
        self._release(stream)

    def finished(self, extents: dict[int, Extent]) -> None:
        """Whoever knows what was dropped calls :meth:`close`."""

    # --- Writing ---------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Writes what is due.  A full disk is told once; packets that find no room are counted, and it goes on."""
        pending, self._pending = self._pending, []
        data = bytearray()
        count = 0
        for block in pending:
            if self._size is not None and self._slots[self._current].size + len(data) + len(block) > self._size:
                self._write(bytes(data), count)
                data, count = bytearray(), 0
                self._rotate()
            data += block
            count += 1
        self._write(bytes(data), count)

    def close(self, dropped: Sequence[int], at: int) -> None:
        """Writes the rest, and how many packets each interface lost."""
        self.flush()
        for number, count in enumerate(dropped):
            self._writer.statistics(number, at, dropped=count)
        self._write(self._taken(), 0)
        for slot in self._slots:
            os.close(slot.file)

    @property
    def notes(self) -> list[str]:
        """What the report has to say of it."""
        if not self.unwritten:
            return []
        path = printable(str(self._slots[0].path))
        return [f"{self.unwritten:,} packets of attempts could not be written to {path}: {self._trouble}"]

    def _put(self, packet: Packet) -> None:
        self._writer.packet(packet.ref.capture, packet.ref.at, packet.data, wire_length=packet.wire_length)
        self._pending.append(self._taken())

    def _taken(self) -> bytes:
        """The blocks that were made since."""
        block = self._block.getvalue()
        self._block.seek(0)
        self._block.truncate()
        return block

    def _write(self, data: bytes, packets: int) -> None:
        slot = self._slots[self._current]
        at = slot.size
        if not at:
            data = self._head + data
        try:
            view = memoryview(data)
            while view:
                count = os.pwrite(slot.file, view, at)
                view, at = view[count:], at + count
        except OSError as error:
            # Half a block would make the file look damaged.
            os.ftruncate(slot.file, slot.size)
            self.unwritten += packets
            if not self._trouble:
                self._trouble = error.strerror or str(error)
                self._on_trouble(
                    f"{printable(str(slot.path))}: {self._trouble}; packets without room are left out, verdicts go on"
                )
            return
        slot.size = at
        self.written += packets

    def _rotate(self) -> None:
        self._current = (self._current + 1) % len(self._slots)
        self._begin()

    def _begin(self) -> None:
        """Anew, with a header: a file without packets is a capture, too."""
        slot = self._slots[self._current]
        os.ftruncate(slot.file, 0)
        slot.size = 0
        self._write(b"", 0)

    # --- Holding back ----------------------------------------------------------------------------------------------

    def _hold(self, stream: Stream, packet: Packet) -> None:
        held = self._held.setdefault(stream, [])
        if len(held) < HELD_OF_ONE:
            held.append(packet)
            self._held_bytes += len(packet.data)
        while self._held_bytes > HELD:
            self._release(next(iter(self._held)))

    def _release(self, stream: Stream) -> list[Packet]:
        held = self._held.pop(stream, [])
        self._held_bytes -= sum(len(packet.data) for packet in held)
        return held


def ring_paths(path: str, files: int) -> list[Path]:
    """``evidence.pcapng``; of several files ``evidence.1.pcapng``, ``evidence.2.pcapng``, …"""
    target = Path(path)
    if files == 1:
        return [target]
    return [target.with_name(f"{target.stem}.{number}{target.suffix}") for number in range(1, files + 1)]

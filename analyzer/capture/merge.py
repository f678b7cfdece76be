"""Turns captures into one sequence of packets in the order of time, reading each capture once.

A file is opened when its time has come and closed at its end: of a rotated set of a thousand files one is open.
Within a file packets keep the order of the file, which is not always that of their times.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import chain, islice
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Protocol

from analyzer.capture.container import read_capture
from analyzer.capture.interface import LinkTypeOf
from analyzer.capture.packet import Elapsed, Packet, PacketRef, Run
from analyzer.capture.pcap import is_current
from analyzer.capture.sources import STANDARD_INPUT, Input
from analyzer.capture.state import NOT_A_PACKET, CaptureState, RawRecord
from analyzer.capture.vantage import Vantages, set_name
from analyzer.errors import UnusableInput, printable

if TYPE_CHECKING:
    from analyzer.capture.batch import Batch

_FIRST_READ = 64 * 1024
_READ = 1024 * 1024
_NEVER = 1 << 127
BATCHED = frozenset({"pcap", "pcap-ns"})
"""Formats that can be read in batches, where they are not compressed."""
_STRAGGLERS = 16
_STRAGGLE = 1_000_000
"""Where one file of a set ends and the next begins, packets that two processors took at the same moment may be in the
wrong file: a few, and not by more than a millisecond."""


class Sifter(Protocol):
    """Says which packets of a batch go on."""

    def sift(self, batch: Batch, vantage: int, capture: int) -> Iterator[int | Run]:
        """Their indices, in order; asked for as late as can be, for every packet that goes on may change its mind."""


class Track:
    """One capture on its way through the merge."""

    __slots__ = (
        "_input",
        "_items",
        "_next",
        "_records",
        "_stdin",
        "_stream",
        "_tail",
        "first",
        "head",
        "index",
        "name",
        "origins",
        "state",
        "vantage",
        "vantages",
    )

    def __init__(self, source: Input, stdin: BinaryIO) -> None:
        self._input = source
        self._stdin = stdin
        self._stream: BinaryIO | None = None
        self._records: Iterator[RawRecord] = iter(())
        self._items: Iterator[Packet | Run | Elapsed] | None = None
        """What a sifter leaves of it."""
        self._next: Packet | Run | Elapsed | None = None
        self._tail: Batch | None = None
        """The last batch of it, once it is there."""
        self.state = CaptureState(printable(source.path))
        self.name = set_name(source.path)
        self.index = 0
        """Among the captures of the report."""
        self.vantage = 0
        self.vantages: Vantages | None = None
        """Where further ones are to be had."""
        self.origins: dict[int, int] = {}
        """Vantages of an evidence capture: as it numbers them, and as they are numbered here."""
        self.first: RawRecord | None = None
        """Its first packet; stays."""
        self.head: RawRecord | None = None
        """The next packet to deliver; None before :meth:`start` and after the end."""

    @property
    def size(self) -> int | None:
        """Bytes of a regular file; None for a stream."""
        return self._input.size

    def peek(self, *, keep_open: bool) -> None:
        """Learns the first packet.  Raises :class:`UnusableInput`.

        What can be read only once stays open anyway.
        """
        unread = self.state
        self.state = CaptureState(unread.path)
        try:
            self.first = self._open()
        except BaseException:
            self.close()
            raise
        if self.first is not None and self.size is not None and not keep_open:
            self.close()
            self.state = unread

    def start(self, sifter: Sifter | None = None, sifted_from: int = 0) -> None:
        """Stands before the first packet.  Raises :class:`UnusableInput` if the file has gone since :meth:`peek`.

        With a ``sifter``, captures of ``sifted_from`` bytes and more are read in batches if they can be."""
        self.head = self.first if self._stream is not None else self._open()
        if sifter is None or self.head is None or self.size is None or self._stream is None:
            return
        if self.state.format in BATCHED and self.size >= sifted_from and is_current(self._stream):
            self._items = self._sifted(self._stream, sifter)

    def _sifted(self, stream: BinaryIO, sifter: Sifter) -> Iterator[Packet | Run | Elapsed]:
        """The packets that ``sifter`` lets pass, and the time of the others."""
        from analyzer.capture.batch import read_batches

        state, index, vantage = self.state, self.index, self.vantage
        stream.seek(0)
        for batch in read_batches(stream, state):
            at = batch.at
            first, last = int(at.min()), int(at.max())
            state.first_at = first if state.first_at is None else min(first, state.first_at)
            state.last_at = last if state.last_at is None else max(last, state.last_at)
            if batch.link_type not in state.link_types:
                state.link_types.append(batch.link_type)
            state.packets += len(batch)
            state.truncated_packets += int((batch.wire > batch.captured).sum())
            self._tail = batch if batch.is_last else None
            yield Elapsed(index, vantage, int(at[0]))
            for number in sifter.sift(batch, vantage, index):
                if isinstance(number, Run):
                    yield number
                    continue
                ref = PacketRef(index, batch.first_number + number, int(at[number]))
                yield Packet(ref, vantage, batch.link_type, batch.data(number), int(batch.wire[number]))
            yield Elapsed(index, vantage, last)

    def _open(self) -> RawRecord | None:
        """Opens the file and reads its first packet."""
        self._stream = self._input.open(self._stdin)
        self.state.bytes = self.size or 0
        self._records = read_capture(self._chunks(self._stream), self.state)
        for record in self._records:
            if record[1] != NOT_A_PACKET:
                return record
            self.state.packets += 1
        return None

    def _chunks(self, stream: BinaryIO) -> Iterator[bytes]:
        """Whatever is there, up to a MiB, without waiting for more."""
        read = getattr(stream, "read1", stream.read)
        state = self.state
        size = _FIRST_READ
        while True:
            try:
                chunk = read(size)
            except OSError as error:
                state.breaks_off(f"reading failed after {state.consumed} bytes: {error.strerror or error}")
                return
            if not chunk:
                return
            state.consumed += len(chunk)
            state.bytes = max(state.bytes, state.consumed)
            yield chunk
            size = _READ

    def _run_sifted(self, items: Iterator[Packet | Run | Elapsed], until: int) -> Iterator[Packet | Run | Elapsed]:
        item, self._next = self._next or next(items, None), None
        while item is not None:
            at = item.ref.at if isinstance(item, Packet) else item.at
            if at >= until:
                self._next = item
                self.head = (at, self.state.link_types[0], b"", 0)
                return
            yield item
            item = next(items, None)
        self.head = None

    def run(self, until: int) -> Iterator[Packet | Run | Elapsed]:
        """Delivers the packets up to the first one whose time is not before ``until``."""
        if self.head is None:
            return
        if self._items is not None:
            yield from self._run_sifted(self._items, until)
            return
        state, index, vantage = self.state, self.index, self.vantage
        number = state.packets
        first_at, last_at = (self.head[0], 0) if state.first_at is None else (state.first_at, state.last_at or 0)
        known_link_type = None
        for record in chain((self.head,), self._records):
            at, link_type, data, wire_length = record
            if at >= until:
                self.head = record
                return
            number += 1
            state.packets = number
            if link_type is not known_link_type:
                if link_type == NOT_A_PACKET:
                    continue
                known_link_type = link_type
                vantage = self._vantage_of(link_type)
                if link_type not in state.link_types:
                    state.link_types.append(link_type)
            if at <= first_at:
                state.first_at = first_at = at
            if at >= last_at:
                state.last_at = last_at = at
            if wire_length > len(data):
                state.truncated_packets += 1
            yield Packet(PacketRef(index, number, at), vantage, link_type, data, wire_length)
        self.head = None

    def _vantage_of(self, link_type: int) -> int:
        """An evidence capture may hold packets of several points of observation."""
        interface = link_type.interface if isinstance(link_type, LinkTypeOf) else None
        if interface is None or interface.origin is None or self.vantages is None:
            return self.vantage
        if interface.vantage is None:
            vantage = self.origins.get(interface.origin.vantage)
            if vantage is None:
                vantage = self.vantages.separate(self.name) if self.origins else self.vantage
                self.origins[interface.origin.vantage] = vantage
            interface.vantage = vantage
            self.state.views.append(interface)
        return interface.vantage

    def ends_by(self, at: int) -> bool:
        """True if only a few packets are left, none of them after ``at``."""
        if self.head is None or self.size is None:
            return self.head is None
        if self._items is not None:
            left = [] if self._tail is None else self._tail.left(at - _STRAGGLE)
            return 0 < len(left) <= _STRAGGLERS and max(left) <= at
        ahead = [self.head, *islice(self._records, _STRAGGLERS)]
        self._records = chain(ahead[1:], self._records)
        return len(ahead) <= _STRAGGLERS and all(record[0] <= at for record in ahead)

    def close(self) -> None:
        """Gives the file back."""
        stream, self._stream = self._stream, None
        self._records = iter(())
        if stream is not None and self._input.path != STANDARD_INPUT:
            stream.close()

    def finish(self) -> None:
        """The end: nothing more will be read of it."""
        self.close()
        self.state.consumed = self.state.bytes


class Source:
    """The packets of all captures in the order of time; can be iterated once.

    A context manager, as files are open while it is iterated.
    """

    def __init__(self, tracks: list[Track], errors: list[UnusableInput], notes: list[str]) -> None:
        for index, track in enumerate(tracks):
            track.index = index
        self._tracks = tracks
        self.captures = [track.state for track in tracks]
        """In the order of the report; ``PacketRef.capture`` is an index into it.  Complete after the last packet."""
        self.errors = errors
        """Inputs that could not be used."""
        self.notes = notes
        """About the choice of inputs: files that were passed over, or named twice."""
        sizes = [track.size for track in tracks]
        self.total_bytes = None if None in sizes else sum(size or 0 for size in sizes)
        """Size of all inputs as stored; None if one of them is a stream."""
        self._sifter: Sifter | None = None
        self._sifted_from = 0
        self._packets = self._merge()

    @property
    def bytes_read(self) -> int:
        """Progress: bytes consumed so far, of ``total_bytes``."""
        return sum(capture.consumed for capture in self.captures)

    def __iter__(self) -> Iterator[Packet]:
        return (item for item in self._packets if isinstance(item, Packet))

    @property
    def largest(self) -> int:
        """Bytes of the largest capture of which that is known."""
        return max(track.size or 0 for track in self._tracks)

    def sifted(self, sifter: Sifter, sifted_from: int) -> Iterator[Packet | Run | Elapsed]:
        """The same, but of captures of ``sifted_from`` bytes and more only the packets that ``sifter`` lets pass, and
        the times up to which the others were read."""
        self._sifter, self._sifted_from = sifter, sifted_from
        return self._packets

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes all files."""
        for track in self._tracks:
            track.close()

    def _merge(self) -> Iterator[Packet | Run | Elapsed]:
        vantages = Vantages()
        waiting: list[tuple[int, int, Track]] = []
        """Not opened yet: time of the first packet, index, track; the next one last."""
        for track in self._tracks:
            if track.first is None:
                track.finish()
            else:
                waiting.append((-track.first[0], -track.index, track))
        waiting.sort(key=lambda entry: entry[:2])
        running: list[tuple[int, int, Track]] = []
        """A heap: time of the next packet, index, track."""
        try:
            while waiting or running:
                if waiting and (not running or -waiting[-1][0] < running[0][0]):
                    track = waiting.pop()[2]
                    if self._start(track, running, vantages) and track.head is not None:
                        heappush(running, (track.head[0], track.index, track))
                    continue
                _, index, track = heappop(running)
                # Of packets of one time, those of the file that was named first come first; and a file that is open
                # goes on before another is opened, which may be its continuation.
                until = running[0][0] + (index < running[0][1]) if running else _NEVER
                if waiting:
                    until = min(until, -waiting[-1][0] + 1)
                yield from track.run(until)
                if track.head is None:
                    vantages.close(track.vantage, track.state.last_at or 0, track.state.link_types)
                    track.finish()
                else:
                    heappush(running, (track.head[0], index, track))
        finally:
            self.close()

    def _start(self, track: Track, running: list[tuple[int, int, Track]], vantages: Vantages) -> bool:
        try:
            track.start(self._sifter, self._sifted_from)
        except UnusableInput as error:
            self.errors.append(error)
            track.state.breaks_off("it was there at the start, and could not be read when its turn came")
            track.finish()
            return False
        if track.head is None:
            track.finish()
            return False
        at, link_type, _, _ = track.head
        ending = (
            other.vantage
            for _, _, other in running
            if other.name == track.name and link_type in other.state.link_types and other.ends_by(at + _STRAGGLE)
        )
        track.vantage = vantages.open(track.name, link_type, continues=next(ending, None))
        track.vantages = vantages
        return True

"""Turns one capture into its packets: one by one, or in batches of which a sifter says what goes on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from analyzer.capture.compression import COMPRESSIONS, decompress
from analyzer.capture.container import read_capture
from analyzer.capture.interface import LinkTypeOf
from analyzer.capture.packet import Elapsed, Packet, PacketRef, Run
from analyzer.capture.sifted import items_of
from analyzer.capture.sources import STANDARD_INPUT, Input
from analyzer.capture.state import NOT_A_PACKET, CaptureState, RawRecord
from analyzer.capture.vantage import Vantages, set_name
from analyzer.errors import printable
from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from analyzer.capture.batch import Batch
    from analyzer.capture.bulk import PassedOver
    from analyzer.capture.supply import Supply

_FIRST_READ = 64 * 1024
_READ = 1024 * 1024
WORTH = 64 * 1024 * 1024
"""Bytes of packets from which on a capture is worth a process."""
COMPRESSED = 32
"""How many times as long as its compressed form a capture is, at most as a rule."""
_STRAGGLERS = 16
STRAGGLE = 1_000_000
"""Where one file of a set ends and the next begins, packets that two processors took at the same moment may be in the
wrong file: a few, and not by more than a millisecond."""


class Sifter(Protocol):
    """Says which packets of a batch go on."""

    def prepare(self, batch: Batch, vantage: int) -> Any:
        """What the batch alone tells; may be asked for early, in another process, and comes back to :meth:`sift`."""

    def advice(self) -> Any:
        """What is worth preparing now."""

    def heed(self, advice: Any) -> None:
        """Prepare what is worth it there, in the process that sifts: it came from :meth:`advice`."""

    def sift(self, batch: Batch, prepared: Any, vantage: int, capture: int) -> Iterator[int | Run]:
        """Their indices, in order; asked for as late as can be, for every packet that goes on may change its mind."""


@dataclass(frozen=True, slots=True)
class Sifting:
    """How captures are to be sifted."""

    sifter: Sifter
    since: int | None = None
    until: int | None = None
    """Nanoseconds since 1970-01-01 UTC: packets outside are left to nobody."""
    tell_passed_over: Callable[[PassedOver], None] = lambda heard: None
    """``heard`` hears which packets of each batch are TCP of connections that nobody looks at any more."""


class Track:
    """One capture on its way through the merge."""

    __slots__ = (
        "_again",
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
        "reads_ahead",
        "state",
        "vantage",
        "vantages",
    )

    def __init__(self, source: Input, stdin: BinaryIO) -> None:
        self._input = source
        self._stdin = stdin
        self._stream: BinaryIO | None = None
        self._again: list[bytes] | None = None
        """What was read of a stream so far, as long as it may be read once more."""
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
        self.reads_ahead = False
        """A process of its own reads it."""
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

    @property
    def unpacked(self) -> int | None:
        """Bytes of its packets, at most as a rule; None for a stream."""
        return self.size and self.size * (COMPRESSED if "+" in self.state.format else 1)

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

    def start(self) -> None:
        """Stands before the first packet.  Raises :class:`UnusableInput` if the file has gone since :meth:`peek`."""
        self.head = self.first if self._stream is not None else self._open()

    def sift(self, sifting: Sifting, *, ahead: bool = False) -> None:
        """From the first packet on, only those that go on are delivered; :attr:`vantage` is known by now.

        ``ahead``: a process of its own may read the capture, if it is large."""
        batches = self._batches(sifting, ahead=ahead)
        if batches is not None:
            self._items = self._sifted(batches, sifting.sifter)

    def _batches(self, sifting: Sifting, *, ahead: bool) -> Iterator[tuple[Batch, Any]] | None:
        """The capture from its beginning, and what is prepared of it; None if it can only be read packet by packet."""
        from analyzer.capture.batch import Buffer, batches_of
        from analyzer.capture.pcap_batches import read_pcap_loads
        from analyzer.capture.pcapng_batches import read_pcapng_loads
        from analyzer.capture.supply import ChunkSupply, FileSupply, readiness_of

        stream, state = self._stream, self.state
        if stream is None or self.first is None or not state.lengths_in_order:
            return None
        if isinstance(self.first[1], LinkTypeOf) and self.first[1].interface.origin is not None:
            # Little, and of several points of observation.
            return None
        format_, _, compression = state.format.partition("+")
        state.restart(keep_count=self.size is None)
        if self.size is not None:
            stream.seek(0)
        supply: Supply
        if self.size is not None and not compression:
            supply = FileSupply(stream, state)
        else:
            waits = readiness_of(stream) if self.size is None else None
            again, self._again = self._again or [], None
            chunks: Iterator[bytes] = chain(again, self._chunks(stream))
            if compression:
                known = next(each for each in COMPRESSIONS if each.name == compression)
                chunks = decompress(chunks, known, state)
            supply = ChunkSupply(chunks, waits)
        read = read_pcapng_loads if format_ == "pcapng" else read_pcap_loads

        sifter = sifting.sifter

        def prepare(batch: Batch) -> Any:
            return sifter.prepare(batch, self.vantage)

        wanted = sifting.since, sifting.until
        self.reads_ahead = ahead and self.size is not None and (self.unpacked or 0) >= WORTH
        if self.reads_ahead:
            from analyzer.capture.ahead import Preparing, read_ahead

            return read_ahead(read, supply, state, Preparing(prepare, sifter.advice, sifter.heed), *wanted)
        return ((batch, prepare(batch)) for batch in batches_of(read(Buffer(supply), state), *wanted))

    def _sifted(self, batches: Iterator[tuple[Batch, Any]], sifter: Sifter) -> Iterator[Packet | Run | Elapsed]:
        """The packets that the sifter lets pass, and the time of the others."""
        state, index, vantage = self.state, self.index, self.vantage
        for batch, prepared in batches:
            at = batch.at
            first, last = int(at.min()), int(at.max())
            state.first_at = first if state.first_at is None else min(first, state.first_at)
            state.last_at = last if state.last_at is None else max(last, state.last_at)
            for link_type, _ in batch.link_types():
                if link_type not in state.link_types:
                    state.link_types.append(link_type)
            state.packets = int(batch.numbers[-1])
            state.truncated_packets += int((batch.wire > batch.captured).sum())
            self._tail = batch if batch.is_last else None
            yield from items_of(batch, sifter.sift(batch, prepared, vantage, index), capture=index, vantage=vantage)

    def _open(self) -> RawRecord | None:
        """Opens the file and reads its first packet."""
        self._stream = self._input.open(self._stdin)
        self._again = [] if self.size is None else None
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
            if self._again is not None:
                self._again.append(chunk)
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
        self._again = None
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
            left = [] if self._tail is None else self._tail.left(at - STRAGGLE)
            return 0 < len(left) <= _STRAGGLERS and max(left) <= at
        ahead = [self.head, *islice(self._records, _STRAGGLERS)]
        self._records = chain(ahead[1:], self._records)
        return len(ahead) <= _STRAGGLERS and all(record[0] <= at for record in ahead)

    def close(self) -> None:
        """Gives the file back."""
        stream, self._stream = self._stream, None
        self._records = iter(())
        if isinstance(self._items, Generator):
            self._items.close()
        if stream is not None and self._input.path != STANDARD_INPUT:
            stream.close()

    def finish(self) -> None:
        """The end: nothing more will be read of it."""
        self.close()
        self.state.consumed = self.state.bytes

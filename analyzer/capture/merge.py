"""Turns captures into one sequence of packets in the order of time, reading each capture once.

A file is opened when its time has come and closed at its end: of a rotated set of a thousand files one is open.
Within a file packets keep the order of the file, which is not always that of their times.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from types import TracebackType

from analyzer.capture.packet import Elapsed, Packet, Run
from analyzer.capture.track import STRAGGLE, Sifting, Track
from analyzer.capture.vantage import Vantages
from analyzer.errors import UnusableInput

_NEVER = 1 << 127


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
        self._sifting: Sifting | None = None
        self._readers = 0
        """Captures that may be read by processes of their own at the same time."""
        self._packets = self._merge()

    @property
    def bytes_read(self) -> int:
        """Progress: bytes consumed so far, of ``total_bytes``."""
        return sum(capture.consumed for capture in self.captures)

    def __iter__(self) -> Iterator[Packet]:
        return (item for item in self._packets if isinstance(item, Packet))

    @property
    def worth_sifting(self) -> int | None:
        """Bytes of packets that the largest capture may hold; None if that is not known: it may be any number."""
        sizes = [track.unpacked for track in self._tracks]
        return None if None in sizes else max((size or 0 for size in sizes), default=0)

    def sifted(self, sifting: Sifting) -> Iterator[Packet | Run | Elapsed]:
        """The same, but only the packets that a sifter lets pass, and the times up to which the others were read.

        All captures are sifted or none is: what a sifter left out of one may go on in the next."""
        from analyzer.capture.ahead import most_readers

        self._sifting, self._readers = sifting, most_readers()
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
            track.start()
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
            if other.name == track.name and link_type in other.state.link_types and other.ends_by(at + STRAGGLE)
        )
        track.vantage = vantages.open(track.name, link_type, continues=next(ending, None))
        track.vantages = vantages
        if self._sifting is not None:
            readers = sum(other.reads_ahead for _, _, other in running)
            track.sift(self._sifting, ahead=readers < self._readers)
        return True

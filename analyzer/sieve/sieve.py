"""Batches become the packets of them that pass; see the package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np

from analyzer.sieve.chains import chained
from analyzer.sieve.clock import EVER, Clock
from analyzer.sieve.keys import UNCOVERED, Table, among, key_of, marked
from analyzer.sieve.prepared import Prepared, prepared_of
from analyzer.sieve.runs import SHORTEST, find_runs
from analyzer.sieve.strangers import Strangers
from analyzer.sieve.wrapped import Glance, Wrapped, wrapped_in

if TYPE_CHECKING:
    from analyzer.capture.batch import Batch
    from analyzer.capture.bulk import PassedOver
    from analyzer.capture.packet import Packet, Run
    from analyzer.sieve.keys import Keys, Mask, Places


class Named(Protocol):
    """What a stream is known by."""

    @property
    def vantage(self) -> int: ...
    @property
    def opener(self) -> tuple[str, int]: ...
    @property
    def listener(self) -> tuple[str, int]: ...


class Sieve:
    """Keeps and drops as it is told; see the module."""

    def __init__(
        self,
        ports: Iterable[int] = (),
        listens: Callable[[bytes, int], None] = lambda address, port: None,
        forgets_none_before: Callable[[int], int] = lambda now: now + EVER,
        glance: Callable[[Packet], Glance | None] = lambda packet: None,
    ) -> None:
        """``ports``: on which connections matter, whatever they say.  ``listens`` hears of the packed address and port
        of every listener of a connection that is not passed on: who listens tells who opened other connections.
        ``forgets_none_before``: :meth:`analyzer.streams.table.StreamTable.forgets_none_before`.  ``glance`` tells
        which connection a packet is of that no column covers."""
        self._forgets_none_before = forgets_none_before
        self._glance = glance
        self._ours = marked(1 << 16, ports)
        self._strangers = Strangers(self._ours, listens)
        self._unwatched: set[int] = set()
        """Keys of streams of which nothing matters but their openings and ends."""
        self._dropped = Table()
        """The same keys."""
        self._passed: set[int] = set()
        """Keys of streams that there are."""
        self._forgotten: list[int] = []
        """Keys of streams that were unwatched and are no more, in the order in which they were forgotten."""
        self._learned: list[int] = []
        """Ports, likewise."""
        self._busy: dict[int, tuple[tuple[str, int], tuple[str, int]]] = {}
        """Key → opener and listener of streams that are looked at in runs."""
        self._heeded: list[int] | None = None
        """The keys of those, as another process told them."""
        self._sifting = 0
        """Batches that are being sifted now: of several captures at once."""
        self._fragments = False
        """Datagrams came in fragments: what a connection said first may be in them."""
        self._heard: PassedOver | None = None

    @property
    def unseen(self) -> dict[int, int]:
        """How many connections were not passed on, by point of observation."""
        return self._strangers.counts

    def pass_over(self, stream: Named) -> None:
        """Nothing of this stream matters."""
        key = key_of(stream.vantage, stream.opener, stream.listener)
        if key not in self._unwatched:
            self._unwatched.add(key)
            self._dropped.add_one(key)

    def forget(self, stream: Named) -> None:
        """The stream is no more: what comes with its addresses and ports is another one."""
        key = key_of(stream.vantage, stream.opener, stream.listener)
        self._passed.discard(key)
        self._busy.pop(key, None)
        if key in self._unwatched:
            self._unwatched.remove(key)
            self._dropped.remove(key)
            self._forgotten.append(key)

    def learn(self, port: int) -> None:
        """From now on connections to that port matter, whatever they say."""
        if not self._ours[port]:
            self._ours[port] = True
            self._learned.append(port)

    def tell_passed_over(self, heard: PassedOver) -> None:
        """``heard`` hears which packets of each batch are TCP of connections that nobody looks at any more."""
        self._heard = heard

    def prepare(self, batch: Batch, vantage: int) -> Prepared:
        """See :class:`~analyzer.capture.track.Sifter`."""
        return prepared_of(batch, vantage, self._busy if self._heeded is None else self._heeded)

    def advice(self) -> list[int]:
        """See :class:`~analyzer.capture.track.Sifter`: keys of the connections that are busy now."""
        return [key for key in self._busy if key not in self._unwatched]

    def heed(self, advice: list[int]) -> None:
        """See :class:`~analyzer.capture.track.Sifter`."""
        self._heeded = advice

    def sift(self, batch: Batch, prepared: Prepared, vantage: int, capture: int) -> Iterator[int | Run]:
        """Indices of the packets that pass, in order, and runs in the place of their first packet.

        Only where a port is learned while a connection to it opens, the packets of its opening come late."""
        self._sifting += 1
        try:
            yield from self._sift(batch, prepared, vantage, capture)
        finally:
            self._sifting -= 1
            if not self._sifting:
                self._forgotten.clear()
                self._learned.clear()

    def _sift(self, batch: Batch, prepared: Prepared, vantage: int, capture: int) -> Iterator[int | Run]:
        columns, openings, _ = prepared
        keys, marks = columns.keys, columns.marks
        dropped = self._dropped.has(keys)
        unimportant = dropped & ~marks
        out = columns.foreign | unimportant
        self._fragments |= columns.fragments
        wrapped: dict[int, Wrapped] = {}
        if self.unseen or self._busy or (openings is not None and not self._fragments):
            wrapped = wrapped_in(batch, columns, self._glance, vantage=vantage, capture=capture)
        known = dropped | self._is_busy(keys) if self._busy else dropped
        strange, left_out = self._strangers.leave_out(
            batch, prepared, known, self._passed, wrapped, vantage, sure=not self._fragments
        )
        out |= strange
        rest = np.flatnonzero(~out)
        if self._heard is not None:
            over = (keys != UNCOVERED) & ~marks
            over[rest] = False
            self._heard(batch, columns, np.flatnonzero(over))
        runs: dict[int, Run] = {}
        if self._busy and rest.size and not columns.fragments:
            runs, rest = self._runs(batch, prepared, rest, {each.key for each in wrapped.values()}, vantage, capture)
        unwatched, passed = self._unwatched, self._passed
        forgotten, learned = len(self._forgotten), len(self._learned)
        clock = Clock(batch, unimportant, self._forgets_none_before)
        while rest.size or clock.next < len(batch):
            again = np.zeros(0, np.int64)
            waiting = zip(rest.tolist(), keys[rest].tolist(), marks[rest].tolist(), strict=True)
            first = next(waiting, None)
            while first is not None or clock.next < len(batch):
                if first is not None and first[0] < clock.next:
                    index, key, mark = first
                    first = next(waiting, None)
                else:
                    index, key, mark = clock.next, int(keys[clock.next]), False
                late = clock.may_forget(index)
                if index in runs:
                    yield runs[index]
                elif key in unwatched and not (mark or late):
                    continue
                else:
                    yield index
                    # Only now: the stream that there was before may have ended with it.
                    passed.add(wrapped[index].key if index in wrapped else key)
                if len(self._forgotten) > forgotten:
                    again = _missed(index, keys, unimportant, self._forgotten[forgotten:])
                    forgotten = len(self._forgotten)
                if len(self._learned) > learned and openings is not None and left_out.any():
                    again = np.concatenate((again, *self._strangers.reopened(index, openings, left_out, vantage)))
                    learned = len(self._learned)
                if late or again.size:
                    clock.go_on(index + 1, unimportant)
                if again.size:
                    break
            rest = np.sort(np.concatenate((again, rest[rest > index])))

    def _runs(
        self, batch: Batch, prepared: Prepared, rest: Places, wrapped: set[int], vantage: int, capture: int
    ) -> tuple[dict[int, Run], Places]:
        """By the first packet of each; and what is left, of each run the first packet.

        ``wrapped``: connections of which other packets come in between."""
        columns = prepared.columns
        left = np.zeros(len(batch), np.bool_)
        left[rest] = True
        alone = left.copy()
        chains = []
        if prepared.chains is not None:
            alone[prepared.chains.rows] = False
            chains.append(prepared.chains)
        others = np.flatnonzero(alone)
        others = others[self._is_busy(columns.keys[others])]
        if len(others) >= SHORTEST:
            chains.append(chained(batch, columns, others))
        busy = {key: ends for key, ends in self._busy.items() if not (key in wrapped or key in self._unwatched)}
        found: dict[int, Run] = {}
        for chain in chains:
            for run, members in find_runs(batch, columns.keys, chain, busy, vantage, capture):
                found[int(members[0])] = run
                left[members[1:]] = False
        return found, np.flatnonzero(left)

    def _is_busy(self, keys: Keys) -> Mask:
        """Of streams that are looked at in runs."""
        return among(keys, np.fromiter(self._busy, np.uint64, len(self._busy)))

    def busy(self, stream: Named) -> None:
        """This stream is ours, and much is said in it."""
        self._busy[key_of(stream.vantage, stream.opener, stream.listener)] = (stream.opener, stream.listener)


def _missed(index: int, keys: Keys, unimportant: Mask, forgotten: list[int]) -> Places:
    """The packets behind ``index`` of connections that were unwatched and are no more: they matter again."""
    missed = unimportant & among(keys, np.array(forgotten, np.uint64))
    missed[: index + 1] = False
    unimportant &= ~missed
    return np.flatnonzero(missed)

"""Batches become the packets of them that pass; see the package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np

from analyzer.sieve.columns import Columns, columns_of
from analyzer.sieve.first_words import SYN, SYN_ACK, FirstWords
from analyzer.sieve.keys import UNCOVERED, Table, key_of
from analyzer.sieve.runs import SHORTEST, find_runs
from analyzer.sieve.segments import segments_of
from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from analyzer.capture.batch import Batch
    from analyzer.capture.bulk import PassedOver
    from analyzer.capture.packet import Run
    from analyzer.sieve.keys import Keys, Mask, Places


class Named(Protocol):
    """What a stream is known by."""

    @property
    def vantage(self) -> int: ...
    @property
    def opener(self) -> tuple[str, int]: ...
    @property
    def listener(self) -> tuple[str, int]: ...


@dataclass(slots=True, eq=False)
class _Opening:
    """A connection that opens in a batch and says at once that it is none of ours."""

    rows: Places
    """Its packets from the SYN on."""
    said_at: int
    """Which packet says so."""
    port: int
    """That it goes to."""


class Sieve:
    """Keeps and drops as it is told; see the module."""

    def __init__(
        self, ports: Iterable[int] = (), listens: Callable[[bytes, int], None] = lambda address, port: None
    ) -> None:
        """``ports``: on which connections matter, whatever they say.  ``listens`` hears of the packed address and port
        of every listener of a connection that is not passed on: who listens tells who opened other connections."""
        self._listens = listens
        self._ours = np.zeros(1 << 16, np.bool_)
        self._ours[list(ports)] = True
        self._unwatched: set[int] = set()
        """Keys of streams of which nothing matters but their openings and ends."""
        self._dropped = Table()
        """The same keys."""
        self._unseen = Table()
        """Keys of connections that no stream was made for: nothing of them matters until a SYN."""
        self._passed: set[int] = set()
        """Keys of streams that there are."""
        self._forgotten: list[int] = []
        """Keys of streams that were unwatched and are no more, in the order in which they were forgotten."""
        self._learned: list[int] = []
        """Ports, likewise."""
        self._busy: dict[int, tuple[tuple[str, int], tuple[str, int]]] = {}
        """Key → opener and listener of streams that are looked at in runs."""
        self._sifting = 0
        """Batches that are being sifted now: of several captures at once."""
        self._fragments = False
        """Datagrams came in fragments: what a connection said first may be in them."""
        self.unseen: dict[int, int] = {}
        """How many connections were not passed on, by point of observation."""
        self._heard: PassedOver | None = None

    def pass_over(self, stream: Named) -> None:
        """Nothing of this stream matters."""
        key = key_of(stream.vantage, stream.opener, stream.listener)
        if key not in self._unwatched:
            self._unwatched.add(key)
            self._dropped.add(np.array([key], np.uint64))

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

    def sift(self, batch: Batch, vantage: int, capture: int) -> Iterator[int | Run]:
        """Indices of the packets that pass, in order, and runs in the place of their first packet.

        Only where a port is learned while a connection to it opens, the packets of its opening come late."""
        self._sifting += 1
        try:
            yield from self._sift(batch, vantage, capture)
        finally:
            self._sifting -= 1
            if not self._sifting:
                self._forgotten.clear()
                self._learned.clear()

    def _sift(self, batch: Batch, vantage: int, capture: int) -> Iterator[int | Run]:
        columns = columns_of(batch, vantage)
        keys, marks = columns.keys, columns.marks
        unimportant = self._dropped.has(keys) & ~marks
        openings: list[_Opening] = []
        rest = np.flatnonzero(~(columns.foreign | unimportant))
        self._fragments |= columns.fragments
        if rest.size and not self._fragments:
            rest, openings = self._without_openings(batch, columns, rest, vantage)
        if self._heard is not None:
            over = (keys != UNCOVERED) & ~marks
            over[rest] = False
            self._heard(batch, columns, np.flatnonzero(over))
        runs: dict[int, Run] = {}
        if self._busy and rest.size:
            runs, rest = self._runs(batch, columns, rest, vantage, capture)
        unwatched, passed = self._unwatched, self._passed
        forgotten, learned = len(self._forgotten), len(self._learned)
        while rest.size:
            again = np.zeros(0, np.int64)
            for index, key, mark in zip(rest.tolist(), keys[rest].tolist(), marks[rest].tolist(), strict=True):
                if index in runs:
                    yield runs[index]
                elif key in unwatched and not mark:
                    continue
                else:
                    passed.add(key)
                    yield index
                if len(self._forgotten) > forgotten:
                    again = _missed(index, keys, unimportant, self._forgotten[forgotten:])
                    forgotten = len(self._forgotten)
                if len(self._learned) > learned and openings:
                    reopened = self._reopened(index, keys, openings, self._learned[learned:])
                    again = np.concatenate((again, *reopened))
                    learned = len(self._learned)
                if again.size:
                    rest = np.concatenate((np.sort(again), rest[rest > index]))
                    before = int(np.searchsorted(np.sort(again), index))
                    rest[before:].sort()
                    break
            else:
                return

    def _runs(
        self, batch: Batch, columns: Columns, rest: Places, vantage: int, capture: int
    ) -> tuple[dict[int, Run], Places]:
        """By the first packet of each; and what is left, of each run the first packet."""
        rows = rest[self._is_busy(columns.keys[rest])]
        rows = rows[np.argsort(columns.keys[rows], kind="stable")]
        borders = np.flatnonzero(np.diff(columns.keys[rows])) + 1
        found: dict[int, Run] = {}
        left = np.zeros(len(batch), np.bool_)
        left[rest] = True
        for group in np.split(rows, borders):
            if len(group) < SHORTEST:
                continue
            ends = self._busy[int(columns.keys[group[0]])]
            for run, members in find_runs(batch, columns, group, vantage, capture, ends):
                found[int(members[0])] = run
                left[members[1:]] = False
        return found, np.flatnonzero(left)

    def _is_busy(self, keys: Keys) -> Mask:
        """Of streams that are looked at in runs."""
        return np.isin(keys, np.fromiter(self._busy, np.uint64, len(self._busy)))

    def busy(self, stream: Named) -> None:
        """This stream is ours, and much is said in it."""
        self._busy[key_of(stream.vantage, stream.opener, stream.listener)] = (stream.opener, stream.listener)

    def _reopened(self, index: int, keys: Keys, openings: list[_Opening], ports: list[int]) -> list[Places]:
        """The packets of connections to newly learned ports that did not speak before packet ``index``."""
        found: list[Places] = []
        for opening in tuple(openings):
            if opening.port in ports and opening.said_at > index:
                openings.remove(opening)
                self._unseen.remove(int(keys[opening.rows[0]]))
                found.append(opening.rows)
        return found

    def _without_openings(
        self, batch: Batch, columns: Columns, rest: Places, vantage: int
    ) -> tuple[Places, list[_Opening]]:
        """Leaves out connections that open and say in their first bytes that they are none of ours."""
        keys = columns.keys[rest]
        candidate = (keys != UNCOVERED) & ~self._dropped.has(keys)
        if self._busy:
            candidate &= ~self._is_busy(keys)
        unseen = np.flatnonzero(self._unseen.has(keys) & candidate)
        if unseen.size:
            # Nothing matters of a connection that was left out before, unless it opens anew.
            anew = np.zeros(0, np.uint64)
            marked = unseen[columns.marks[rest[unseen]]]
            if marked.size:
                anew = keys[marked[segments_of(batch, columns, rest[marked]).flags & SYN_ACK == SYN]]
            over = unseen[~np.isin(keys[unseen], anew)]
            left = np.ones(len(rest), np.bool_)
            left[over] = False
            rest, candidate = rest[left], candidate[left]
        rows = rest[candidate]
        if not rows.size:
            return rest, []
        order = np.argsort(columns.keys[rows], kind="stable")
        rows = rows[order]
        segments = segments_of(batch, columns, rows)
        sorted_keys = columns.keys[rows]
        firsts = np.flatnonzero(np.append(True, sorted_keys[1:] != sorted_keys[:-1]))
        lasts = np.append(firsts[1:], len(rows))
        syn = segments.flags & SYN_ACK == SYN
        heads = syn[firsts] | self._unseen.has(sorted_keys[firsts])
        told = FirstWords(segments, syn)
        drop: list[Places] = []
        openings: list[_Opening] = []
        added: list[int] = []
        for first, last in zip(firsts[heads].tolist(), lasts[heads].tolist(), strict=True):
            key = int(sorted_keys[first])
            if not syn[first]:
                # Of a connection that was left out before: what comes before another SYN is its rest.
                syns = np.flatnonzero(syn[first:last])
                begin = first + int(syns[0]) if syns.size else last
                drop.append(rows[first:begin])
                if begin == last:
                    continue
                self._unseen.remove(key)
                first = begin
            if key in self._passed:
                continue
            port = told.listener[first]
            said = None if self._ours[port] else told.says_no(first, last)
            if said is None:
                self._unseen.remove(key)
                continue
            drop.append(rows[first:last])
            openings.append(_Opening(rows[first:last], int(rows[said]), port))
            added.append(key)
            self._tell_listener(batch, columns, int(rows[first]), port)
        if added:
            self._unseen.add(np.array(added, np.uint64))
            self.unseen[vantage] = self.unseen.get(vantage, 0) + len(added)
        if drop:
            rest = np.setdiff1d(rest, np.concatenate(drop), assume_unique=True)
        return rest, openings

    def _tell_listener(self, batch: Batch, columns: Columns, row: int, port: int) -> None:
        version, link = int(columns.version[row]), int(columns.link[row])
        begin, end = (link + 16, link + 20) if version == 4 else (link + 24, link + 40)
        self._listens(batch.data(row)[begin:end], port)


def _missed(index: int, keys: Keys, unimportant: Mask, forgotten: list[int]) -> Places:
    """The packets behind ``index`` of connections that were unwatched and are no more: they matter again."""
    missed = unimportant & np.isin(keys, np.array(forgotten, np.uint64))
    missed[: index + 1] = False
    unimportant &= ~missed
    return np.flatnonzero(missed)

"""Connections that say in their first bytes that they are none of ours are left out whole, from their SYN on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import TYPE_CHECKING

import numpy as np

from analyzer.sieve.keys import Table

if TYPE_CHECKING:
    from analyzer.capture.batch import Batch
    from analyzer.sieve.columns import Columns
    from analyzer.sieve.keys import Keys, Mask, Places
    from analyzer.sieve.openings import Openings
    from analyzer.sieve.prepared import Prepared
    from analyzer.sieve.wrapped import Wrapped


class Strangers:
    """All that were left out, and did not open anew since."""

    def __init__(self, ours: Mask, listens: Callable[[bytes, int], None]) -> None:
        """``ours``: ports on which connections matter, whatever they say.  ``listens`` hears of the packed address and
        port of every listener of one."""
        self.counts: dict[int, int] = {}
        """How many they were, by point of observation."""
        self._ours = ours
        self._listens = listens
        self._keys = Table()

    def leave_out(
        self,
        batch: Batch,
        prepared: Prepared,
        known: Mask,
        followed: Set[int],
        wrapped: Mapping[int, Wrapped],
        vantage: int,
        *,
        sure: bool,
    ) -> tuple[Mask, Mask]:
        """Their packets in a batch, and which of its openings are theirs: none where it is not ``sure`` that first
        bytes are the first.

        ``known``: packets of connections of which more is known; ``followed``: keys of those that are followed.
        Where some packets of a connection are ``wrapped``, the others do not tell."""
        columns, openings, _ = prepared
        # Nothing matters of a connection that was left out before, unless it opens anew.
        out = self._keys.has(columns.keys) & ~known
        if openings is None:
            self._leave_out_wrapped(columns.keys, out, wrapped)
            return out, np.zeros(0, np.bool_)
        first_rows = openings.rows[openings.firsts]
        left_out_before = out[first_rows]
        out[openings.rows] = False
        # What opens again while it is followed is the affair of those who follow it.
        ours = known[first_rows] | (openings.reopen & ~left_out_before) | self._ours[openings.ports]
        if wrapped:
            followed = followed | {each.key for each in wrapped.values()}
        ours |= np.fromiter((key in followed for key in openings.keys.tolist()), np.bool_, len(ours))
        no = (openings.said >= 0) & ~ours & sure
        for key in openings.keys[left_out_before & ~no].tolist():
            self._keys.remove(key)
        if no.any():
            self._keys.add(openings.keys[no])
            self.counts[vantage] = self.counts.get(vantage, 0) + int(no.sum())
            out[openings.packets(no)] = True
            self._tell_listeners(batch, columns, first_rows[no], openings.ports[no].tolist())
        self._leave_out_wrapped(columns.keys, out, wrapped)
        return out, no

    def reopened(self, index: int, openings: Openings, left_out: Mask, vantage: int) -> list[Places]:
        """The packets of connections to newly learned ports that did not speak before packet ``index``."""
        found: list[Places] = []
        again = left_out & (openings.said > index) & self._ours[openings.ports]
        for number in np.flatnonzero(again).tolist():
            self._keys.remove(int(openings.keys[number]))
            found.append(openings.packets_of(number))
        self.counts[vantage] -= len(found)
        left_out &= ~again
        return found

    def _leave_out_wrapped(self, keys: Keys, out: Mask, wrapped: Mapping[int, Wrapped]) -> None:
        """Their wrapped packets, unless they open anew with one."""
        for row, (key, opens) in wrapped.items():
            if self._keys.has_one(key):
                if opens:
                    self._keys.remove(key)
                    out[row:] &= keys[row:] != np.uint64(key)
                else:
                    out[row] = True

    def _tell_listeners(self, batch: Batch, columns: Columns, rows: Places, ports: list[int]) -> None:
        """Each listener that the SYNs ``rows`` go to, once."""
        versions, links = columns.version[rows].tolist(), columns.link[rows].tolist()
        told: dict[tuple[bytes, int], None] = {}
        for row, version, link, port in zip(rows.tolist(), versions, links, ports, strict=True):
            begin, end = (link + 16, link + 20) if version == 4 else (link + 24, link + 40)
            at = int(batch.offsets[row])
            told[bytes(batch.buffer[at + begin : at + end]), port] = None
        for address, port in told:
            self._listens(address, port)

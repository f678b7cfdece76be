"""Packets that nobody looks at → the connections that make the most of them: worth keeping out in the kernel already.

Connections are told apart by a number of 32 bits that the kernel can work out, too: of both addresses and both ports,
whoever sends.  Two connections share one by chance in one of four thousand million cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch

MOST = 700
"""Connections that are kept out at a time: as many as a program for the kernel can tell apart."""
WORTH_IT = 100
"""Packets in one period, from which on it is worth it."""
PERIOD = 10**9
"""Nanoseconds that packets are counted for."""
FORGOTTEN = 60 * 10**9
"""Nanoseconds after which it is looked at anew whether a connection still makes so many: the kernel does not tell."""

SUM_OF_ADDRESSES, PRODUCT_OF_ADDRESSES = 0x9E3779B1, 0x85EBCA77
SUM_OF_PORTS, PRODUCT_OF_PORTS = 0xC2B2AE3D, 0x27D4EB2F
"""Factors of the parts of a connection's number, modulo 2 to the 32nd."""
FOLD_OF_ADDRESS = 0x165667B1
"""By which a part of an IPv6 address is multiplied before the next 32 bits are added."""
_ADDRESSES_AT: dict[int, tuple[tuple[int, ...], tuple[int, ...], int]] = {
    4: ((12,), (16,), 20),
    6: ((8, 12, 16, 20), (24, 28, 32, 36), 40),
}
"""Version of IP → where each 32 bits of both addresses stand, and the ports of TCP behind a plain header."""


class Headers(Protocol):
    """What is known of the packets of a batch; see :class:`analyzer.sieve.columns.Columns`."""

    @property
    def marks(self) -> NDArray[np.bool_]: ...
    @property
    def version(self) -> NDArray[np.uint8]: ...
    @property
    def link(self) -> NDArray[np.uint8]: ...


PassedOver = Callable[["Batch", Headers, "NDArray[np.int64]"], None]
"""Hears of a batch, and which packets of it are TCP of connections that nobody looks at any more."""


class Bulk:
    """Tell it of packets; ask it now and then whom to keep out."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._counted_since = 0
        self._kept_out: dict[int, int] = {}
        """Number of a connection → until when."""
        self._changed = False

    def passed_over(self, batch: Batch, headers: Headers, rows: NDArray[np.int64]) -> None:
        """Nobody looks at the packets ``rows``, all of which are plain TCP."""
        for number, count in zip(*np.unique(_numbers(batch, headers, rows), return_counts=True), strict=True):
            self._counts[int(number)] += int(count)
        if self._kept_out:
            # A SYN begins another connection with the same ends: it is looked at from its first byte on.
            opened = _numbers(batch, headers, np.flatnonzero(headers.marks))
            for number in opened[np.isin(opened, np.fromiter(self._kept_out, np.uint32))].tolist():
                self._changed |= self._kept_out.pop(number, None) is not None

    def keep_out(self, now: int) -> list[int] | None:
        """The numbers of the connections to keep out from now on; None if nothing has changed."""
        if now - self._counted_since >= PERIOD:
            self._counted_since = now
            before = len(self._kept_out)
            self._kept_out = {number: until for number, until in self._kept_out.items() if until > now}
            self._changed |= len(self._kept_out) < before
            for number, count in self._counts.most_common(MOST - len(self._kept_out)):
                if count < WORTH_IT:
                    break
                self._kept_out[number] = now + FORGOTTEN
                self._changed = True
            self._counts.clear()
        if not self._changed:
            return None
        self._changed = False
        return sorted(self._kept_out)


def _numbers(batch: Batch, headers: Headers, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Of the connections of the packets ``rows``."""
    versions, links = headers.version[rows], headers.link[rows]
    parts = [np.zeros(0, np.uint32)]
    for version, (one, other, ports) in _ADDRESSES_AT.items():
        for link in np.unique(links[versions == version]).tolist():
            heads = batch.heads(rows[(versions == version) & (links == link)])
            source, destination = (_folded(heads, [link + at for at in places]) for places in (one, other))
            begin, end = (_field(heads, ">u2", link + ports + at) for at in (0, 2))
            parts.append(
                (source + destination) * np.uint32(SUM_OF_ADDRESSES)
                + source * destination * np.uint32(PRODUCT_OF_ADDRESSES)
                + (begin + end) * np.uint32(SUM_OF_PORTS)
                + begin * end * np.uint32(PRODUCT_OF_PORTS)
            )
    return np.concatenate(parts)


def _folded(heads: NDArray[np.void], places: list[int]) -> NDArray[np.uint32]:
    """An address, all of its bits in 32."""
    folded = np.zeros(len(heads), np.uint32)
    for at in places:
        folded = folded * np.uint32(FOLD_OF_ADDRESS) + _field(heads, ">u4", at)
    return folded


def _field(heads: NDArray[np.void], kind: str, at: int) -> NDArray[np.uint32]:
    layout = np.dtype({"names": ["field"], "formats": [kind], "offsets": [at], "itemsize": heads.itemsize})
    return heads.view(layout)["field"].astype(np.uint32)

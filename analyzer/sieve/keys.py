"""Addresses, ports and the point of observation become a 64-bit key of a connection; and sets of such keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Keys = NDArray[np.uint64]
    Mask = NDArray[np.bool_]

UNCOVERED = 0
"""In place of the key of a connection: the packet's headers are not plain."""
SLOTS = 1 << 20
"""Of a table of keys, 8 bytes each."""
MOST_CROWDED = 1 << 17
"""Keys without a slot of their own that a table remembers."""
_FEW = 1 << 16
_KEPT_BITS = 20
"""Lower bits of a key that do not choose its slot."""

_MASK = (1 << 64) - 1
_MIX_1, _MIX_2, _MIX_3 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def marked(size: int, numbers: Iterable[int]) -> Mask:
    """Which of the numbers below ``size`` are among these."""
    # np.isin would load the library for masked arrays: 20 ms.
    table = np.zeros(size, np.bool_)
    table[list(numbers)] = True
    return table


def mixed(values: Keys) -> Keys:
    values = values * np.uint64(_MIX_1)
    values ^= values >> np.uint64(32)
    values *= np.uint64(_MIX_2)
    values ^= values >> np.uint64(29)
    return values


def mixed_one(value: int) -> int:
    value = value * _MIX_1 & _MASK
    value ^= value >> 32
    value = value * _MIX_2 & _MASK
    return value ^ value >> 29


def salt(vantage: int) -> int:
    return (vantage + 1) * _MIX_3 & _MASK


def number_of(address: str, port: int) -> int:
    """One end of a connection; of IPv6 a hash."""
    if ":" not in address:
        one, two, three, four = map(int, address.split("."))
        return (one << 24 | two << 16 | three << 8 | four) << 16 | port
    from ipaddress import IPv6Address

    packed = IPv6Address(address).packed
    high, low = int.from_bytes(packed[:8], "big"), int.from_bytes(packed[8:], "big")
    return mixed_one(mixed_one(high) ^ low) ^ port


def key_of(vantage: int, *ends: tuple[str, int]) -> int:
    """The key of the packets between two addresses and ports."""
    key = salt(vantage)
    for address, port in ends:
        key += mixed_one(number_of(address, port))
    return key & _MASK | 1


def among(keys: Keys, some: Keys) -> Mask:
    """Which of the keys are among ``some``, of which there are few; the other ones need not be compared."""
    likely = np.zeros(_FEW, np.bool_)
    likely[some >> np.uint64(_KEPT_BITS) & np.uint64(_FEW - 1)] = True
    found: Mask = likely[keys >> np.uint64(_KEPT_BITS) & np.uint64(_FEW - 1)]
    places = np.flatnonzero(found)
    found[places] = _in_sorted(keys[places], np.sort(some))
    return found


def _in_sorted(keys: Keys, known: Keys) -> Mask:
    if not known.size:
        return np.zeros(len(keys), np.bool_)
    places = np.searchsorted(known, keys)
    places[places == len(known)] = 0
    found: Mask = known[places] == keys
    return found


class Table:
    """A set of keys in which a batch is looked up at once.  The ones put in longest ago may be forgotten."""

    def __init__(self) -> None:
        self._slots: Keys = np.zeros(SLOTS, np.uint64)
        self._crowd: set[int] = set()
        """Keys whose slot another one has."""
        self._sorted: Keys | None = None
        """The same, as a column."""

    def add(self, keys: Keys) -> None:
        """Put them in."""
        places = _slots_of(keys)
        free = (self._slots[places] == 0) | (self._slots[places] == keys)
        self._slots[places[free]] = keys[free]
        late = self._slots[places] != keys
        if late.any():
            self._crowd_in(keys[late].tolist())

    def add_one(self, key: int) -> None:
        """Put it in."""
        place = key >> _KEPT_BITS & SLOTS - 1
        if self._slots[place] == 0:
            self._slots[place] = key
        elif self._slots[place] != key:
            self._crowd_in([key])

    def remove(self, key: int) -> None:
        """Take it out, if it is in."""
        place = key >> _KEPT_BITS & SLOTS - 1
        if self._slots[place] == key:
            self._slots[place] = 0
        # Perhaps in both: put in anew when whoever had its slot was taken out.
        if key in self._crowd:
            self._crowd.remove(key)
            self._sorted = None

    def _crowd_in(self, keys: list[int]) -> None:
        if len(self._crowd) > MOST_CROWDED:
            self._crowd.clear()
        self._crowd.update(keys)
        self._sorted = None

    def has_one(self, key: int) -> bool:
        """Whether it is in."""
        return bool(self._slots[key >> _KEPT_BITS & SLOTS - 1] == key) or key in self._crowd

    def has(self, keys: Keys) -> Mask:
        """Which of them are in."""
        found: Mask = (self._slots[_slots_of(keys)] == keys) & (keys != UNCOVERED)
        if self._crowd:
            if self._sorted is None:
                self._sorted = np.fromiter(self._crowd, np.uint64, len(self._crowd))
                self._sorted.sort()
            found |= _in_sorted(keys, self._sorted)
        return found


def _slots_of(keys: Keys) -> Places:
    return ((keys >> np.uint64(_KEPT_BITS)) & np.uint64(SLOTS - 1)).astype(np.int64)

"""Turns a batch of packets into the indices of those that can matter: bulk traffic never becomes a Python object.

What passes is decided by what the stages behind have learned, never by guessing what a packet may be:

* A connection that nobody has judged yet passes whole, from its first packet on: its opening, its first bytes.
* Once its first bytes are none of ours, its stream is no longer watched, and only SYN, FIN and RST of it pass: what
  tells when its addresses and ports begin another connection.  The stream table looks at nothing else of such a
  stream either, so that the report is the same with and without the sieve.
* Whatever the columns do not cover passes and is judged one by one: link types without a column, tunnels, fragments,
  IP options and extension headers, headers that are cut or contradict themselves, ICMP.
* What is certainly no TCP (another protocol over plain IP, another ethertype) does not pass.

Connections that do not matter are known by a 64-bit hash of addresses, ports and point of observation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch
    from analyzer.streams.stream import Stream

    Places = NDArray[np.int64]
    Keys = NDArray[np.uint64]
    Mask = NDArray[np.bool_]

UNCOVERED = 0
"""In place of the key of a connection."""
MOST_SLOTS = 1 << 20
"""Of a table of keys, 8 bytes each."""
_KEPT_BITS = np.uint64(20)
"""Lower bits of a key that do not choose its slot."""

# Where the network layer begins, and where the ethertype stands (docs: tcpdump.org/linktypes.html).
_ETHERNET, _COOKED, _COOKED_2 = 1, 113, 276
_ETHERTYPE_AT = {_ETHERNET: 12, _COOKED: 14, _COOKED_2: 0}
_RAW = frozenset({12, 14, 101, 228, 229})
_NETWORK_AT = {_ETHERNET: 14, _COOKED: 16, _COOKED_2: 20, **dict.fromkeys(_RAW, 0)}
_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS = (0x8100, 0x88A8, 0x9100)
_FOLLOWED = (_IPV4, _IPV6, *_TAGS, 0x6558, 0x8847, 0x8848, 0x8864)
_LONGEST_LLC = 1500

_FIELDS_4 = {"version": ("u1", 0), "total": (">u2", 2), "fragment": (">u2", 6), "protocol": ("u1", 9)}
_FIELDS_4 |= {"source": (">u4", 12), "destination": (">u4", 16), "from": (">u2", 20), "to": (">u2", 22)}
_FIELDS_4 |= {"offset": ("u1", 32), "flags": ("u1", 33)}
_FIELDS_6 = {"version": ("u1", 0), "total": (">u2", 4), "protocol": ("u1", 6)}
_FIELDS_6 |= {"source": (">u8", 8), "source_low": (">u8", 16)}
_FIELDS_6 |= {"destination": (">u8", 24), "destination_low": (">u8", 32)}
_FIELDS_6 |= {"from": (">u2", 40), "to": (">u2", 42), "offset": ("u1", 52), "flags": ("u1", 53)}

_TCP, _UDP = 6, 17
_FOLLOWED_PROTOCOLS = (0, 1, 4, 6, 17, 41, 43, 44, 47, 51, 58, 60, 135, 137, 139, 140)
_IS_FOLLOWED = np.isin(np.arange(256), _FOLLOWED_PROTOCOLS)
_TUNNEL_PORTS = (4789, 6081, 8472)
_IS_FRAGMENT = 0x3FFF
_MAPPED = 0xFFFF
_SYN_FIN_RST = 0x07

_MASK = (1 << 64) - 1
_MIX_1, _MIX_2, _MIX_3 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def _layout(fields: dict[str, tuple[str, int]], skip: int, size: int) -> np.dtype[np.void]:
    names = list(fields)
    formats, offsets = [fields[name][0] for name in names], [fields[name][1] + skip for name in names]
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What the packets of a batch are, as far as the columns can tell."""

    keys: Keys
    """Of the connection, the same for both directions; :data:`UNCOVERED` where the headers are not plain."""
    marks: Mask
    """A SYN, FIN or RST."""
    foreign: Mask
    """Certainly no TCP."""


def _mixed(values: Keys) -> Keys:
    values = values * np.uint64(_MIX_1)
    values ^= values >> np.uint64(32)
    values *= np.uint64(_MIX_2)
    values ^= values >> np.uint64(29)
    return values


def _mixed_one(value: int) -> int:
    value = value * _MIX_1 & _MASK
    value ^= value >> 32
    value = value * _MIX_2 & _MASK
    return value ^ value >> 29


def _salt(vantage: int) -> int:
    return (vantage + 1) * _MIX_3 & _MASK


def key_of(stream: Stream) -> int:
    """The key of a stream's packets."""
    key = _salt(stream.vantage)
    for address, port in (stream.opener, stream.listener):
        if ":" in address:
            from ipaddress import IPv6Address

            packed = IPv6Address(address).packed
            high, low = int.from_bytes(packed[:8], "big"), int.from_bytes(packed[8:], "big")
            number = _mixed_one(high) ^ low
            number = _mixed_one(number) ^ port
        else:
            one, two, three, four = map(int, address.split("."))
            number = (one << 24 | two << 16 | three << 8 | four) << 16 | port
        key += _mixed_one(number)
    return key & _MASK | 1


def columns_of(batch: Batch, vantage: int) -> Columns:
    """The columns of a batch, whatever its link type."""
    count = len(batch)
    columns = Columns(np.zeros(count, np.uint64), np.zeros(count, np.bool_), np.zeros(count, np.bool_))
    for version, link, rows in _datagrams(batch, columns.foreign):
        if rows.size:
            _network(batch, version, link, None if len(rows) == count else rows, vantage, columns)
    return columns


def _datagrams(batch: Batch, foreign: Mask) -> Iterator[tuple[int, int, Places]]:
    """Version of IP, bytes before its header, and the packets of which that is true; tells which are no IP at all."""
    link = _NETWORK_AT.get(batch.link_type)
    if link is None:
        return
    if batch.link_type in _RAW:
        version = _field(batch, "u1", 0) >> 4
        yield 4, 0, np.flatnonzero(version == 4)
        yield 6, 0, np.flatnonzero(version == 6)
        return
    kind = _field(batch, ">u2", _ETHERTYPE_AT[batch.link_type])
    four = kind == _IPV4
    yield 4, link, np.flatnonzero(four)
    if four.all():
        return
    yield 6, link, np.flatnonzero(kind == _IPV6)
    foreign[:] = (kind > _LONGEST_LLC) & ~np.isin(kind, _FOLLOWED) & (batch.captured >= link)
    tagged = np.isin(kind, _TAGS)
    if tagged.any():
        inner = _field(batch, ">u2", link + 2)
        yield 4, link + 4, np.flatnonzero(tagged & (inner == _IPV4))
        yield 6, link + 4, np.flatnonzero(tagged & (inner == _IPV6))


def _field(batch: Batch, kind: str, at: int) -> NDArray[np.unsignedinteger]:
    """One field of every packet, ``at`` bytes from its beginning."""
    field: NDArray[np.unsignedinteger] = batch.heads.view(
        _layout({"field": (kind, at)}, batch.skip, batch.heads.itemsize)
    )["field"]
    return field


def _network(batch: Batch, version: int, link: int, rows: Places | None, vantage: int, columns: Columns) -> None:
    """Fill the columns of the packets ``rows`` (None: of all), whose IP header begins after ``link`` bytes."""
    fields, header = (_FIELDS_4, 20) if version == 4 else (_FIELDS_6, 40)
    heads, captured, wire = batch.heads, batch.captured, batch.wire
    if rows is not None:
        heads, captured, wire = heads[rows], captured[rows], wire[rows]
    heads = heads.view(_layout(fields, batch.skip + link, heads.itemsize))
    protocol = heads["protocol"]
    total = heads["total"].astype(np.int64)
    if version == 4:
        plain = (heads["version"] == 0x45) & (heads["fragment"] & _IS_FRAGMENT == 0) & (total >= header)
    else:
        plain = (heads["version"] >> 4 == 6) & (total > 0) & ~_is_mapped(heads)
        total += header
    captured = captured - link
    plain &= captured >= header
    end = np.minimum(captured, total)
    offset = (heads["offset"] >> 4).astype(np.int64) * 4
    # A frame that ends before its datagram does contradicts itself.
    fits = (offset >= 20) & (header + offset <= total) & (total <= wire - link)
    tcp = plain & (protocol == _TCP) & (end >= header + 20) & fits
    foreign = plain & ~_IS_FOLLOWED[protocol]
    udp = protocol == _UDP
    if udp.any():
        foreign |= plain & udp & (end >= header + 8) & ~np.isin(heads["to"], _TUNNEL_PORTS)
    keys = _mixed(_half(heads, "source", "from", version)) + _mixed(_half(heads, "destination", "to", version))
    keys = (keys + np.uint64(_salt(vantage))) | np.uint64(1)
    keys[~tcp] = UNCOVERED
    marks = tcp & (heads["flags"] & _SYN_FIN_RST != 0)
    into = slice(None) if rows is None else rows
    columns.keys[into], columns.marks[into], columns.foreign[into] = keys, marks, foreign


def _half(heads: NDArray[np.void], address: str, port: str, version: int) -> Keys:
    if version == 4:
        return heads[address].astype(np.uint64) << np.uint64(16) | heads[port]
    number = _mixed(heads[address].astype(np.uint64)) ^ heads[f"{address}_low"].astype(np.uint64)
    return _mixed(number) ^ heads[port].astype(np.uint64)


def _is_mapped(heads: NDArray[np.void]) -> Mask:
    """IPv4 addresses in IPv6 dress: the stages behind know them as IPv4."""
    mapped = np.zeros(len(heads), np.bool_)
    for side in ("source", "destination"):
        mapped |= (heads[side] == 0) & (heads[f"{side}_low"] >> np.uint64(32) == _MAPPED)
    return mapped


class _Table:
    """Keys: a set, and a column of it in which a batch is looked up at once."""

    def __init__(self) -> None:
        self.keys: set[int] = set()
        self._slots: Keys = np.zeros(1 << 12, np.uint64)
        self._crowded = False
        """Some keys share a slot, so that only the last one is in it."""
        self._sorted: Keys = np.zeros(0, np.uint64)

    def prepare(self) -> None:
        """The column of the keys as they are now."""
        self._sorted = np.fromiter(self.keys, np.uint64, len(self.keys))
        self._sorted.sort()
        size = len(self._slots)
        while size < MOST_SLOTS and size < 64 * len(self.keys):
            size *= 4
        self._slots = np.zeros(size, np.uint64)
        places = (self._sorted >> _KEPT_BITS) & np.uint64(size - 1)
        self._slots[places] = self._sorted
        self._crowded = bool((self._slots[places] != self._sorted).any())

    def has(self, keys: Keys) -> Mask:
        """Which of them it held when it was prepared."""
        found: Mask = self._slots[(keys >> _KEPT_BITS) & np.uint64(len(self._slots) - 1)] == keys
        if self._crowded:
            rest = np.flatnonzero(~found)
            places = np.searchsorted(self._sorted, keys[rest])
            places[places == len(self._sorted)] = 0
            found[rest] = self._sorted[places] == keys[rest]
        found &= keys != UNCOVERED
        return found


class Sieve:
    """Keeps and drops as it is told; see the module."""

    def __init__(self) -> None:
        self._dropped = _Table()
        """Connections that do not matter."""
        self._changed = False
        self._revived: list[int] = []

    def pass_over(self, stream: Stream) -> None:
        """Nothing of this stream matters."""
        self._dropped.keys.add(key_of(stream))
        self._changed = True

    def revive(self, stream: Stream) -> None:
        """The stream is forgotten: what comes with its addresses and ports is another one."""
        key = key_of(stream)
        if key in self._dropped.keys:
            self._dropped.keys.remove(key)
            self._revived.append(key)
            self._changed = True

    def sift(self, batch: Batch, vantage: int) -> Iterator[int]:
        """Indices of the packets that pass, in order."""
        columns = columns_of(batch, vantage)
        if self._changed:
            self._dropped.prepare()
            self._changed = False
            self._revived.clear()
        keys = columns.keys
        unimportant = self._dropped.has(keys) & ~columns.marks
        rest = np.flatnonzero(~(columns.foreign | unimportant))
        dropped = self._dropped.keys
        while rest.size:
            again: Places | None = None
            for index, key, mark in zip(
                rest.tolist(), keys[rest].tolist(), columns.marks[rest].tolist(), strict=True
            ):
                if key in dropped and not mark:
                    continue
                yield index
                if self._revived:
                    revived = np.array(self._revived, np.uint64)
                    self._revived.clear()
                    missed = unimportant & np.isin(keys, revived)
                    missed[: index + 1] = False
                    if missed.any():
                        unimportant &= ~missed
                        again = np.union1d(rest[rest > index], np.flatnonzero(missed))
                        break
            if again is None:
                return
            rest = again


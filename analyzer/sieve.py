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
FORGET = 1 << 19
"""Connections that do not matter are remembered in two generations of this many."""

# Where the network layer begins, and where the ethertype stands (docs: tcpdump.org/linktypes.html).
_ETHERNET, _COOKED, _COOKED_2 = 1, 113, 276
_ETHERTYPE_AT = {_ETHERNET: 12, _COOKED: 14, _COOKED_2: 0}
_NETWORK_AT = {_ETHERNET: 14, _COOKED: 16, _COOKED_2: 20}
_RAW = frozenset({12, 14, 101, 228, 229})
_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS = (0x8100, 0x88A8, 0x9100)
_FOLLOWED = (_IPV4, _IPV6, *_TAGS, 0x6558, 0x8847, 0x8848, 0x8864)
_LONGEST_LLC = 1500
_COOKED_LLC = 4

_HEAD = 60
"""Bytes of a packet's network layer that the columns are cut from: up to the TCP flags behind IPv6."""
_FIELDS_4 = {"version": ("u1", 0), "total": (">u2", 2), "fragment": (">u2", 6), "protocol": ("u1", 9)}
_FIELDS_4 |= {"source": (">u4", 12), "destination": (">u4", 16), "from": (">u2", 20), "to": (">u2", 22)}
_FIELDS_4 |= {"offset": ("u1", 32), "flags": ("u1", 33)}
_FIELDS_6 = {"version": ("u1", 0), "total": (">u2", 4), "protocol": ("u1", 6)}
_FIELDS_6 |= {"source": (">u8", 8), "source_low": (">u8", 16)}
_FIELDS_6 |= {"destination": (">u8", 24), "destination_low": (">u8", 32)}
_FIELDS_6 |= {"from": (">u2", 40), "to": (">u2", 42), "offset": ("u1", 52), "flags": ("u1", 53)}

_TCP, _UDP = 6, 17
_FOLLOWED_PROTOCOLS = (0, 1, 4, 6, 17, 41, 43, 44, 47, 51, 58, 60, 135, 137, 139, 140)
_TUNNEL_PORTS = (4789, 6081, 8472)
_IS_FRAGMENT = 0x3FFF
_MAPPED = 0xFFFF
_SYN_FIN_RST = 0x07

_MASK = (1 << 64) - 1
_MIX_1, _MIX_2, _MIX_3 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def _layout(fields: dict[str, tuple[str, int]]) -> np.dtype[np.void]:
    names = list(fields)
    formats, offsets = [fields[name][0] for name in names], [fields[name][1] for name in names]
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": _HEAD})


_HEADER_4, _HEADER_6 = _layout(_FIELDS_4), _layout(_FIELDS_6)


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
    link = batch.link_type
    buffer = batch.buffer
    if link in _ETHERTYPE_AT:
        words = np.ndarray((len(buffer) - 1,), ">u2", buffer, strides=(1,))
        network = batch.offsets + _NETWORK_AT[link]
        kind = words[batch.offsets + _ETHERTYPE_AT[link]]
        end = batch.offsets + batch.captured
        tagged = np.isin(kind, _TAGS)
        if tagged.any():
            fits = tagged & (network + 4 <= end)
            inner = words[network[fits] + 2]
            kind[fits] = np.where(np.isin(inner, (_IPV4, _IPV6)), inner, _TAGS[0])
            network[fits] += 4
        columns.foreign[:] = (kind > _LONGEST_LLC) & ~np.isin(kind, _FOLLOWED) & (network <= end)
        _network(batch, np.flatnonzero(kind == _IPV4), network, vantage, columns, _HEADER_4)
        six = np.flatnonzero(kind == _IPV6)
    elif link in _RAW:
        network = batch.offsets
        version = np.frombuffer(buffer, np.uint8)[network] >> 4
        _network(batch, np.flatnonzero(version == 4), network, vantage, columns, _HEADER_4)
        six = np.flatnonzero(version == 6)
    else:
        return columns
    if six.size:
        _network(batch, six, network, vantage, columns, _HEADER_6)
    return columns


def _network(
    batch: Batch, rows: Places, network: Places, vantage: int, columns: Columns, layout: np.dtype[np.void]
) -> None:
    """Fill the columns of the packets ``rows``, whose IP header begins at ``network``."""
    whole = len(rows) == len(batch)
    starts = network if whole else network[rows]
    heads = np.ndarray((len(batch.buffer) - _HEAD,), f"V{_HEAD}", batch.buffer, strides=(1,))[starts].view(layout)
    is_4 = layout is _HEADER_4
    header = 20 if is_4 else 40
    captured = (batch.captured if whole else batch.captured[rows]) - (
        starts - (batch.offsets if whole else batch.offsets[rows])
    )
    wire = captured + (batch.wire - batch.captured if whole else (batch.wire - batch.captured)[rows])
    total = heads["total"].astype(np.int64)
    protocol = heads["protocol"]
    if is_4:
        plain = (heads["version"] == 0x45) & (heads["fragment"] & _IS_FRAGMENT == 0) & (total >= 20)
    else:
        plain = (heads["version"] >> 4 == 6) & (total > 0) & ~_is_mapped(heads)
        total += 40
    plain &= captured >= header
    end = np.minimum(captured, total)
    offset = (heads["offset"] >> 4).astype(np.int64) * 4
    tcp = plain & (protocol == _TCP) & (end >= header + 20) & (offset >= 20)
    # A frame that ends before its datagram does was not captured as a whole, or contradicts itself.
    tcp &= (header + offset <= total) & (total <= np.maximum(wire, captured))
    udp = protocol == _UDP
    foreign = plain & ~np.isin(protocol, _FOLLOWED_PROTOCOLS)
    if udp.any():
        foreign |= plain & udp & (end >= header + 8) & ~np.isin(heads["to"] if is_4 else heads["to"], _TUNNEL_PORTS)
    keys = _mixed(_half(heads, "source", "from", is_4)) + _mixed(_half(heads, "destination", "to", is_4))
    keys = (keys + np.uint64(_salt(vantage))) | np.uint64(1)
    keys[~tcp] = UNCOVERED
    marks = tcp & (heads["flags"] & _SYN_FIN_RST != 0)
    if whole:
        columns.keys[:], columns.marks[:], columns.foreign[:] = keys, marks, foreign
    else:
        columns.keys[rows], columns.marks[rows], columns.foreign[rows] = keys, marks, foreign


def _half(heads: NDArray[np.void], address: str, port: str, is_4: bool) -> Keys:
    if is_4:
        return heads[address].astype(np.uint64) << np.uint64(16) | heads[port]
    number = _mixed(heads[address].astype(np.uint64)) ^ heads[f"{address}_low"].astype(np.uint64)
    return _mixed(number) ^ heads[port].astype(np.uint64)


def _is_mapped(heads: NDArray[np.void]) -> Mask:
    """IPv4 addresses in IPv6 dress: the stages behind know them as IPv4."""
    mapped = np.zeros(len(heads), np.bool_)
    for side in ("source", "destination"):
        mapped |= (heads[side] == 0) & (heads[f"{side}_low"] >> np.uint64(32) == _MAPPED)
    return mapped


class Sieve:
    """Keeps and drops as it is told; see the module."""

    def __init__(self) -> None:
        self._dropped: set[int] = set()
        """Keys of connections that do not matter."""
        self._known: Keys = np.zeros(0, np.uint64)
        """The same, sorted, as they were when the batch began."""
        self._revived: list[int] = []

    def pass_over(self, stream: Stream) -> None:
        """Nothing of this stream matters."""
        self._dropped.add(key_of(stream))

    def revive(self, stream: Stream) -> None:
        """The stream is forgotten: what comes with its addresses and ports is another one."""
        key = key_of(stream)
        if key in self._dropped:
            self._dropped.remove(key)
            self._revived.append(key)

    def sift(self, batch: Batch, vantage: int) -> Iterator[int]:
        """Indices of the packets that pass, in order."""
        columns = columns_of(batch, vantage)
        if len(self._known) != len(self._dropped) or self._revived:
            self._known = np.fromiter(self._dropped, np.uint64, len(self._dropped))
            self._known.sort()
            self._revived.clear()
        keys = columns.keys
        unimportant = _contains(self._known, keys) & ~columns.marks
        rest = np.flatnonzero(~(columns.foreign | unimportant))
        dropped = self._dropped
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


def _contains(known: Keys, keys: Keys) -> Mask:
    if not known.size:
        return np.zeros(len(keys), np.bool_)
    places = np.searchsorted(known, keys)
    places[places == len(known)] = 0
    found: Mask = known[places] == keys
    return found

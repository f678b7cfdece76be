"""A batch of packets becomes columns: which connection each is of, and what kind of packet it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analyzer.sieve.keys import UNCOVERED, marked, mixed, salt
from dissectors.dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch
    from analyzer.sieve.keys import Keys, Mask, Places

# Where the network layer begins, and where the ethertype stands (docs: tcpdump.org/linktypes.html).
_ETHERNET, _COOKED, _COOKED_2 = 1, 113, 276
_ETHERTYPE_AT = {_ETHERNET: 12, _COOKED: 14, _COOKED_2: 0}
_RAW = frozenset({12, 14, 101, 228, 229})
_NETWORK_AT = {_ETHERNET: 14, _COOKED: 16, _COOKED_2: 20, **dict.fromkeys(_RAW, 0)}
_LOOPBACKS = frozenset({0, 108})
_NETWORK_AT |= dict.fromkeys(_LOOPBACKS, 4)
_FAMILY_4, _FAMILIES_6, _LARGEST_FAMILY = 2, (10, 24, 28, 30), 0xFFFF
_IPV4, _IPV6 = 0x0800, 0x86DD
_TAGS = (0x8100, 0x88A8, 0x9100)
_IS_TAG = marked(1 << 16, _TAGS)
_IS_FOLLOWED_TYPE = marked(1 << 16, (_IPV4, _IPV6, *_TAGS, 0x6558, 0x8847, 0x8848, 0x8864))
_MOST_TAGS = 2
"""Of those in a row; what has more is looked at one by one."""
_LONGEST_LLC = 1500

FIELDS_4 = {"version": ("u1", 0), "total": (">u2", 2), "fragment": (">u2", 6), "protocol": ("u1", 9)}
FIELDS_4 |= {"source": (">u4", 12), "destination": (">u4", 16), "from": (">u2", 20), "to": (">u2", 22)}
FIELDS_4 |= {
    "ip_id": (">u2", 4),
    "ttl": ("u1", 8),
    "sequence": (">u4", 24),
    "acknowledgment": (">u4", 28),
    "offset": ("u1", 32),
    "flags": ("u1", 33),
    "window": (">u2", 34),
}
FIELDS_6 = {"version": ("u1", 0), "total": (">u2", 4), "protocol": ("u1", 6)}
FIELDS_6 |= {"source": (">u8", 8), "source_low": (">u8", 16)}
FIELDS_6 |= {"destination": (">u8", 24), "destination_low": (">u8", 32)}
FIELDS_6 |= {
    "from": (">u2", 40),
    "to": (">u2", 42),
    "ip_id": (">u2", 4),
    "ttl": ("u1", 7),
    "sequence": (">u4", 44),
    "acknowledgment": (">u4", 48),
    "offset": ("u1", 52),
    "flags": ("u1", 53),
    "window": (">u2", 54),
}

_TCP, _UDP = 6, 17
_FOLLOWED_PROTOCOLS = (0, 1, 4, 6, 17, 41, 43, 44, 47, 51, 58, 60, 135, 137, 139, 140)
_IS_FOLLOWED = marked(256, _FOLLOWED_PROTOCOLS)
_IS_TUNNEL_PORT = marked(1 << 16, (4789, 6081, 8472))
_IS_FRAGMENT = 0x3FFF
_FRAGMENT_HEADER = 44
_MAPPED = 0xFFFF
SYN, SYN_FIN_RST, SYN_ACK = 0x02, 0x07, 0x12


def layout_of(fields: dict[str, tuple[str, int]], skip: int, size: int) -> np.dtype[np.void]:
    names = list(fields)
    formats, offsets = [fields[name][0] for name in names], [fields[name][1] + skip for name in names]
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


@dataclass(slots=True, eq=False)
class Columns:
    """What the packets of a batch are, as far as the columns can tell."""

    keys: Keys
    """Of the connection, the same for both directions; :data:`UNCOVERED` where the headers are not plain."""
    marks: Mask
    """A SYN, FIN or RST."""
    opens: Mask
    """A SYN without ACK."""
    foreign: Mask
    """Certainly no TCP."""
    version: NDArray[np.uint8]
    """Of IP, for the packets that are covered."""
    link: NDArray[np.uint8]
    """Bytes before its header."""
    fragments: bool = False
    """Some packets are fragments: they may belong to any connection between their hosts."""


def columns_of(batch: Batch, vantage: int) -> Columns:
    """The columns of a batch, whatever its link types."""
    count, heads = len(batch), batch.heads()
    keys = np.zeros(count, np.uint64)
    marks, opens, foreign = np.zeros(count, np.bool_), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    columns = Columns(keys, marks, opens, foreign, np.zeros(count, np.uint8), np.zeros(count, np.uint8))
    for link_type, those in batch.link_types():
        for version, link, rows in _datagrams(batch, heads, link_type, those, foreign):
            if rows.size:
                _network(batch, heads, version, link, None if len(rows) == count else rows, vantage, columns)
    if batch.outside is not None:
        keys[batch.outside], foreign[batch.outside] = UNCOVERED, True
        marks[batch.outside] = opens[batch.outside] = False
    return columns


def _datagrams(
    batch: Batch, heads: NDArray[np.void], link_type: int, those: Places | None, foreign: Mask
) -> Iterator[tuple[int, int, Places]]:
    """Of the packets ``those`` (None: all), which have one link type: version of IP, bytes before its header, and the
    packets of which that is true; tells which are no IP at all."""
    link = _NETWORK_AT.get(link_type)
    if link is None:
        return
    heads = heads if those is None else heads[those]
    rows = np.arange(len(batch)) if those is None else those
    if link_type in _LOOPBACKS:
        # The family is written in the order of the machine that captured, or of the network.
        big = _field(heads, ">u4", 0)
        family = np.where(big > _LARGEST_FAMILY, _field(heads, "<u4", 0), big)
        yield 4, link, rows[family == _FAMILY_4]
        yield 6, link, rows[np.isin(family, _FAMILIES_6)]
        return
    if link_type in _RAW:
        version = _field(heads, "u1", 0) >> 4
        yield 4, 0, rows[version == 4]
        yield 6, 0, rows[version == 6]
        return
    kind = _field(heads, ">u2", _ETHERTYPE_AT[link_type])
    four = kind == _IPV4
    yield 4, link, rows[four]
    if four.all():
        return
    yield 6, link, rows[kind == _IPV6]
    captured = batch.captured[rows]
    foreign[rows] = (kind > _LONGEST_LLC) & ~_IS_FOLLOWED_TYPE[kind] & (captured >= link)
    for tags in range(1, _MOST_TAGS + 1):
        tagged = _IS_TAG[kind]
        if not tagged.any():
            return
        heads, rows = heads[tagged], rows[tagged]
        kind = _field(heads, ">u2", link + 4 * tags - 2)
        yield 4, link + 4 * tags, rows[kind == _IPV4]
        yield 6, link + 4 * tags, rows[kind == _IPV6]


def _field(heads: NDArray[np.void], kind: str, at: int) -> NDArray[np.unsignedinteger]:
    """One field of every packet, ``at`` bytes from its beginning."""
    field: NDArray[np.unsignedinteger] = heads.view(layout_of({"field": (kind, at)}, 0, heads.itemsize))["field"]
    return field


def _network(
    batch: Batch,
    heads: NDArray[np.void],
    version: int,
    link: int,
    rows: Places | None,
    vantage: int,
    columns: Columns,
) -> None:
    """Fill the columns of the packets ``rows`` (None: of all), whose IP header begins after ``link`` bytes."""
    fields, header = (FIELDS_4, 20) if version == 4 else (FIELDS_6, 40)
    captured, wire = batch.captured, batch.wire
    if rows is not None:
        heads, captured, wire = heads[rows], captured[rows], wire[rows]
    heads = heads.view(layout_of(fields, link, heads.itemsize))
    protocol = heads["protocol"]
    total = heads["total"].astype(np.int64)
    if version == 4:
        whole = heads["fragment"] & _IS_FRAGMENT == 0
        plain = (heads["version"] == 0x45) & whole & (total >= header)
        columns.fragments |= bool((~whole & (protocol != _UDP)).any())
    else:
        columns.fragments |= bool((protocol == _FRAGMENT_HEADER).any())
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
        foreign |= plain & udp & (end >= header + 8) & ~_IS_TUNNEL_PORT[heads["to"]]
    keys = mixed(half(heads, "source", "from", version)) + mixed(half(heads, "destination", "to", version))
    keys = (keys + np.uint64(salt(vantage))) | np.uint64(1)
    keys[~tcp] = UNCOVERED
    flags = heads["flags"]
    marks, opens = tcp & (flags & SYN_FIN_RST != 0), tcp & (flags & SYN_ACK == SYN)
    into = slice(None) if rows is None else rows
    columns.keys[into], columns.foreign[into] = keys, foreign
    columns.marks[into], columns.opens[into] = marks, opens
    columns.version[into], columns.link[into] = version, link


def half(heads: NDArray[np.void], address: str, port: str, version: int) -> Keys:
    if version == 4:
        number: Keys = heads[address].astype(np.uint64) << np.uint64(16) | heads[port]
        return number
    number = mixed(heads[address].astype(np.uint64)) ^ heads[f"{address}_low"].astype(np.uint64)
    return mixed(number) ^ heads[port].astype(np.uint64)


def _is_mapped(heads: NDArray[np.void]) -> Mask:
    """IPv4 addresses in IPv6 dress: the stages behind know them as IPv4."""
    mapped = np.zeros(len(heads), np.bool_)
    for side in ("source", "destination"):
        mapped |= (heads[side] == 0) & (heads[f"{side}_low"] >> np.uint64(32) == _MAPPED)
    return mapped

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

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dissectors.dialogue import Side
from dissectors.epmd import REQUEST_LIMIT
from dissectors.epmd_messages import REQUESTS
from dissectors.handshake_messages import MESSAGES
from dissectors.speaker import LENGTH_LIMIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.batch import Batch
    from analyzer.streams.stream import Stream

    Places = NDArray[np.int64]
    Keys = NDArray[np.uint64]
    Mask = NDArray[np.bool_]

UNCOVERED = 0
"""In place of the key of a connection."""
SLOTS = 1 << 20
"""Of a table of keys, 8 bytes each."""
MOST_CROWDED = 1 << 17
"""Keys without a slot of their own that a table remembers."""
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
_FIELDS_4 |= {"sequence": (">u4", 24), "offset": ("u1", 32), "flags": ("u1", 33)}
_FIELDS_6 = {"version": ("u1", 0), "total": (">u2", 4), "protocol": ("u1", 6)}
_FIELDS_6 |= {"source": (">u8", 8), "source_low": (">u8", 16)}
_FIELDS_6 |= {"destination": (">u8", 24), "destination_low": (">u8", 32)}
_FIELDS_6 |= {"from": (">u2", 40), "to": (">u2", 42), "sequence": (">u4", 44), "offset": ("u1", 52), "flags": ("u1", 53)}

_TCP, _UDP = 6, 17
_FOLLOWED_PROTOCOLS = (0, 1, 4, 6, 17, 41, 43, 44, 47, 51, 58, 60, 135, 137, 139, 140)
_IS_FOLLOWED = np.isin(np.arange(256), _FOLLOWED_PROTOCOLS)
_TUNNEL_PORTS = (4789, 6081, 8472)
_IS_FRAGMENT = 0x3FFF
_MAPPED = 0xFFFF
_SYN_FIN_RST = 0x07
_SYN, _SYN_ACK = 0x02, 0x12

_LONGEST_FIRST = max(REQUEST_LIMIT, LENGTH_LIMIT)
_IS_TAG = np.isin(np.arange(256), [tag[0] for tag in (*REQUESTS, *MESSAGES[Side.INITIATOR])])
"""Third byte of whatever a connection of ours can begin with: the tag behind a length of two bytes."""

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
    version: NDArray[np.uint8]
    """Of IP, for the packets that are covered."""
    link: NDArray[np.uint8]
    """Bytes before its header."""


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
    keys, marks, foreign = np.zeros(count, np.uint64), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    columns = Columns(keys, marks, foreign, np.zeros(count, np.uint8), np.zeros(count, np.uint8))
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
    columns.version[into], columns.link[into] = version, link


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


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """More of some packets, all of which are covered: what tells whether a connection's first bytes may be ours."""

    sender: Keys
    """A hash of the sending address and port."""
    listener: NDArray[np.uint16]
    """Port that it goes to."""
    sequence: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    length: Places
    """Bytes of payload."""
    cannot: Mask
    """Its payload is there, and is no first message of ours: neither a name nor a request of EPMD."""


def segments_of(batch: Batch, columns: Columns, rows: Places) -> Segments:
    """What the packets ``rows`` carry."""
    count = len(rows)
    sender, listener = np.zeros(count, np.uint64), np.zeros(count, np.uint16)
    sequence, flags = np.zeros(count, np.uint32), np.zeros(count, np.uint8)
    begin, length = np.zeros(count, np.int64), np.zeros(count, np.int64)
    kinds = columns.version[rows].astype(np.int64) * 256 + columns.link[rows]
    for kind in np.unique(kinds).tolist():
        version, link = divmod(kind, 256)
        into = np.flatnonzero(kinds == kind)
        fields, header = (_FIELDS_4, 20) if version == 4 else (_FIELDS_6, 40)
        heads = batch.heads[rows[into]]
        heads = heads.view(_layout(fields, batch.skip + link, heads.itemsize))
        total = heads["total"].astype(np.int64) + (0 if version == 4 else header)
        payload = header + (heads["offset"] >> 4).astype(np.int64) * 4
        sender[into] = _mixed(_half(heads, "source", "from", version))
        listener[into], sequence[into], flags[into] = heads["to"], heads["sequence"], heads["flags"]
        begin[into], length[into] = link + payload, total - payload
    buffer = np.frombuffer(batch.buffer, np.uint8)
    readable = (length >= 3) & (begin + 3 <= batch.captured[rows])
    at = batch.offsets[rows] + np.where(readable, begin, 0)
    announced = buffer[at].astype(np.int64) << 8 | buffer[at + 1]
    cannot = (announced == 0) | (announced > _LONGEST_FIRST) | ~_IS_TAG[buffer[at + 2]]
    return Segments(sender, listener, sequence, flags, length, readable & cannot)


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
            if len(self._crowd) > MOST_CROWDED:
                self._crowd.clear()
            self._crowd.update(keys[late].tolist())
            self._sorted = None

    def remove(self, key: int) -> None:
        """Take it out, if it is in."""
        place = _slots_of(np.array([key], np.uint64))[0]
        if self._slots[place] == key:
            self._slots[place] = 0
        elif key in self._crowd:
            self._crowd.remove(key)
            self._sorted = None

    def has(self, keys: Keys) -> Mask:
        """Which of them are in."""
        found: Mask = (self._slots[_slots_of(keys)] == keys) & (keys != UNCOVERED)
        if self._crowd:
            if self._sorted is None:
                self._sorted = np.fromiter(self._crowd, np.uint64, len(self._crowd))
                self._sorted.sort()
            places = np.searchsorted(self._sorted, keys)
            places[places == len(self._sorted)] = 0
            found |= self._sorted[places] == keys
        return found


def _slots_of(keys: Keys) -> Places:
    return ((keys >> _KEPT_BITS) & np.uint64(SLOTS - 1)).astype(np.int64)


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

    def __init__(self, ports: Iterable[int] = ()) -> None:
        """``ports``: on which connections matter, whatever they say."""
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
        self._news: list[int] = []
        """Keys that were taken out since the last packet."""
        self._learned: list[int] = []
        """Ports, likewise."""
        self.unseen: dict[int, int] = {}
        """How many connections were not passed on, by point of observation."""

    def pass_over(self, stream: Stream) -> None:
        """Nothing of this stream matters."""
        key = key_of(stream)
        if key not in self._unwatched:
            self._unwatched.add(key)
            self._dropped.add(np.array([key], np.uint64))

    def forget(self, stream: Stream) -> None:
        """The stream is no more: what comes with its addresses and ports is another one."""
        key = key_of(stream)
        self._passed.discard(key)
        if key in self._unwatched:
            self._unwatched.remove(key)
            self._dropped.remove(key)
            self._news.append(key)

    def learn(self, port: int) -> None:
        """From now on connections to that port matter, whatever they say."""
        if not self._ours[port]:
            self._ours[port] = True
            self._learned.append(port)

    def sift(self, batch: Batch, vantage: int) -> Iterator[int]:
        """Indices of the packets that pass, in order.

        Only where a port is learned while a connection to it opens, the packets of its opening come late."""
        columns = columns_of(batch, vantage)
        keys, marks = columns.keys, columns.marks
        unimportant = self._dropped.has(keys) & ~marks
        openings: list[_Opening] = []
        rest = np.flatnonzero(~(columns.foreign | unimportant))
        if rest.size:
            rest, openings = self._without_openings(batch, columns, rest, vantage)
        self._news.clear()
        self._learned.clear()
        unwatched, passed = self._unwatched, self._passed
        while rest.size:
            again: Places | None = None
            for index, key, mark in zip(rest.tolist(), keys[rest].tolist(), marks[rest].tolist(), strict=True):
                if key in unwatched and not mark:
                    continue
                passed.add(key)
                yield index
                if self._news or self._learned:
                    again = self._second_look(index, keys, unimportant, openings)
                    if again is not None:
                        again = np.concatenate((again[again <= index], np.union1d(again[again > index], rest[rest > index])))
                        break
            if again is None:
                return
            rest = again

    def _second_look(self, index: int, keys: Keys, unimportant: Mask, openings: list[_Opening]) -> Places | None:
        """Packets that matter after all, now that packet ``index`` was looked at."""
        found: list[Places] = []
        if self._news:
            missed = unimportant & np.isin(keys, np.array(self._news, np.uint64))
            self._news.clear()
            missed[: index + 1] = False
            unimportant &= ~missed
            found.append(np.flatnonzero(missed))
        for opening in tuple(openings) if self._learned else ():
            if opening.port in self._learned and opening.said_at > index:
                openings.remove(opening)
                self._unseen.remove(int(keys[opening.rows[0]]))
                found.append(opening.rows)
        self._learned.clear()
        rows = np.concatenate(found) if found else np.zeros(0, np.int64)
        return np.sort(rows) if rows.size else None

    def _without_openings(
        self, batch: Batch, columns: Columns, rest: Places, vantage: int
    ) -> tuple[Places, list[_Opening]]:
        """Leaves out connections that open and say in their first bytes that they are none of ours."""
        keys = columns.keys[rest]
        unseen = self._unseen.has(keys)
        candidate = (keys != UNCOVERED) & ~self._dropped.has(keys)
        rows = rest[candidate]
        if not rows.size:
            return rest, []
        order = np.argsort(columns.keys[rows], kind="stable")
        rows = rows[order]
        segments = segments_of(batch, columns, rows)
        sorted_keys = columns.keys[rows]
        firsts = np.flatnonzero(np.append(True, sorted_keys[1:] != sorted_keys[:-1]))
        lasts = np.append(firsts[1:], len(rows))
        syn = segments.flags & _SYN_ACK == _SYN
        heads = syn[firsts] | self._unseen.has(sorted_keys[firsts])
        drop: list[Places] = []
        openings: list[_Opening] = []
        added: list[int] = []
        del unseen
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
            said = self._says_no(segments, first, last)
            if said is None:
                self._unseen.remove(key)
                continue
            drop.append(rows[first:last])
            openings.append(_Opening(rows[first:last], int(rows[said]), int(segments.listener[first])))
            added.append(key)
        if added:
            self._unseen.add(np.array(added, np.uint64))
            self.unseen[vantage] = self.unseen.get(vantage, 0) + len(added)
        if drop:
            rest = np.setdiff1d(rest, np.concatenate(drop), assume_unique=True)
        return rest, openings

    def _says_no(self, segments: Segments, first: int, last: int) -> int | None:
        """The segment in ``first:last``, all of one connection from its SYN on, that shows that it is none of ours."""
        if self._ours[segments.listener[first]]:
            return None
        opener, expected = segments.sender[first], (int(segments.sequence[first]) + 1) & 0xFFFFFFFF
        for place in range(first, last):
            flags, length = int(segments.flags[place]), int(segments.length[place])
            mine = segments.sender[place] == opener
            if flags & _SYN_FIN_RST & ~_SYN:
                return None
            if flags & _SYN:
                if length or (mine and int(segments.sequence[place]) != expected - 1 & 0xFFFFFFFF):
                    return None
            elif length:
                if not mine or int(segments.sequence[place]) != expected or not segments.cannot[place]:
                    return None
                rest = slice(place + 1, last)
                again = (segments.flags[rest] & _SYN_ACK == _SYN).any()
                return None if again else place
        return None

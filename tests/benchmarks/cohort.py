"""TCP connections that do the same at the same time → finished capture records, some hundred thousand packets a second.

A :class:`Cohort` is a number of connections in lockstep.  What they send is computed for all of them at once, as
columns of :data:`HEADER`, so the interpreter is paid once for a burst and not once for a packet.  Sequence numbers,
lengths and both checksums are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tests.benchmarks.tape import MICROSECOND, SECOND, Tape

INITIATOR, ACCEPTOR = 0, 1
FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16
MSS = 1448
"""Payload of a full segment, in bytes: an MTU of 1500 less 20 for IP and 32 for TCP with its timestamps."""
GAP = 3 * MICROSECOND
"""Between two packets of a burst, in nanoseconds."""

Column = npt.NDArray[np.int64]
"""A number for each connection of a cohort."""
Octets = npt.NDArray[np.uint8]

HEADER = np.dtype(
    [
        ("seconds", "<u4"),
        ("micros", "<u4"),
        ("captured", "<u4"),
        ("length", "<u4"),
        ("to_mac_start", ">u2"),
        ("to_mac", ">u4"),
        ("from_mac_start", ">u2"),
        ("from_mac", ">u4"),
        ("ethertype", ">u2"),
        ("version_and_service", ">u2"),
        ("total", ">u2"),
        ("id", ">u2"),
        ("fragment", ">u2"),
        ("ttl_and_protocol", ">u2"),
        ("ip_checksum", ">u2"),
        ("source", ">u4"),
        ("target", ">u4"),
        ("source_port", ">u2"),
        ("target_port", ">u2"),
        ("sequence", ">u4"),
        ("acknowledged", ">u4"),
        ("offset_and_flags", ">u2"),
        ("window", ">u2"),
        ("tcp_checksum", ">u2"),
        ("urgent", ">u2"),
        ("option_0", ">u4"),
        ("option_1", ">u4"),
        ("option_2", ">u4"),
    ]
)
"""Of the pcap record, Ethernet, IPv4 and TCP with twelve bytes of options, one behind the other."""

_SIZE = HEADER.itemsize
_RECORD, _BEFORE_IP = 16, 30
_IP_AND_TCP, _TCP = 52, 32
_TIMESTAMPS, _MSS_OPTION, _SACK_AND_TIMESTAMPS = 0x0101_080A, 0x0204_05B4, 0x0402_080A
_REST_OF_SYN_OPTIONS = bytes.fromhex("0000000001030307")
_DONT_FRAGMENT, _TTL_AND_TCP = 0x4000, 0x4006
_WINDOW = 64_240


class Packet(NamedTuple):
    """One packet of a :class:`Burst`."""

    side: int
    flags: int
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Burst:
    """What each connection of a cohort sends without a pause: everything about it that can be computed beforehand."""

    headers: npt.NDArray[np.void]
    """Per packet."""
    octets: Octets
    """All of its records; the headers are stamped in later."""
    where: npt.NDArray[np.intp]
    """Of each byte of each header in ``octets``."""
    side: npt.NDArray[np.intp]
    opens: npt.NDArray[np.bool_]
    """Packets with SYN."""
    sent: Column
    """By the packet's side, before it."""
    heard: Column
    """From the packet's peer, before it."""
    fixed_ip: Column
    """Of the checksum: what is the same whatever the connection."""
    fixed_tcp: Column
    totals: tuple[int, int]
    """Sequence numbers used by each side."""


def burst(packets: Sequence[Packet]) -> Burst:
    """Compiles packets that follow one another."""
    number = len(packets)
    headers = np.zeros(number, HEADER)
    sent, heard, fixed_ip, fixed_tcp = (np.zeros(number, np.int64) for _ in range(4))
    totals = [0, 0]
    parts: list[bytes] = []
    starts: list[int] = []
    at = 0
    for index, (side, flags, payload) in enumerate(packets):
        body = _REST_OF_SYN_OPTIONS if flags & SYN else payload
        header = headers[index]
        size = _SIZE - _RECORD + len(body)
        header["captured"] = header["length"] = size
        header["to_mac_start"] = header["from_mac_start"] = 0x0200
        header["ethertype"], header["version_and_service"] = 0x0800, 0x4500
        header["total"] = total = _IP_AND_TCP + len(body)
        header["fragment"], header["ttl_and_protocol"] = _DONT_FRAGMENT, _TTL_AND_TCP
        header["offset_and_flags"] = offset = ((10 if flags & SYN else 8) << 12) | flags
        header["window"] = _WINDOW
        header["option_0"] = option = _MSS_OPTION if flags & SYN else _TIMESTAMPS
        fixed_ip[index] = 0x4500 + total + _DONT_FRAGMENT + _TTL_AND_TCP
        fixed_tcp[index] = 6 + _TCP + len(body) + offset + _WINDOW + (option >> 16) + (option & 0xFFFF)
        fixed_tcp[index] += int(_word_sums(np.frombuffer(body, np.uint8)[None, :])[0])
        sent[index], heard[index] = totals[side], totals[1 - side]
        totals[side] += len(payload) + bool(flags & (SYN | FIN))
        parts += (bytes(_SIZE), body)
        starts.append(at)
        at += _SIZE + len(body)
    return Burst(
        headers,
        np.frombuffer(b"".join(parts), np.uint8),
        (np.array(starts, np.intp)[:, None] + np.arange(_SIZE)).ravel(),
        np.array([packet.side for packet in packets], np.intp),
        np.array([bool(packet.flags & SYN) for packet in packets]),
        sent,
        heard,
        fixed_ip,
        fixed_tcp,
        (totals[0], totals[1]),
    )


def mass(side: int, content: bytes) -> Burst:
    """Data in full segments, and the peer's ACK for each two of them."""
    packets: list[Packet] = []
    for number, at in enumerate(range(0, len(content), MSS)):
        last = at + MSS >= len(content)
        packets.append(Packet(side, ACK | (PUSH if last or number % 8 == 7 else 0), content[at : at + MSS]))
        if number % 2 or last:
            packets.append(Packet(1 - side, ACK))
    return burst(packets)


def _word_sums(rows: Octets) -> Column:
    """Of the 16-bit words of each row, the last one filled up with a zero."""
    even = rows.shape[1] // 2 * 2
    sums: Column = np.ascontiguousarray(rows[:, :even]).view(">u2").sum(axis=1, dtype=np.int64)
    return sums if even == rows.shape[1] else sums + (rows[:, -1].astype(np.int64) << 8)


def _halves(numbers: Column) -> Column:
    """Both 16-bit halves of 32-bit numbers, added."""
    return (numbers >> 16) + (numbers & 0xFFFF)


def _checksum(sums: Column) -> Column:
    return ~_halves(_halves(sums)) & 0xFFFF


@lru_cache(1024)
def _single(packet: Packet) -> Burst:
    return burst([packet])


_OPENING = {flags: burst([Packet(side, flags)]) for side, flags in ((INITIATOR, SYN), (ACCEPTOR, SYN | ACK))}


class Cohort:
    """Connections between the hosts of two columns of addresses, none of which has sent a packet."""

    def __init__(
        self, tape: Tape, hosts: tuple[Column, Column], ports: tuple[Column, Column], *, seed: int, erlang: bool
    ) -> None:
        self.tape = tape
        self.number = len(hosts[0])
        self.hosts = hosts
        self.ports = ports
        self.erlang = erlang
        first = np.random.default_rng(seed).integers(0, 1 << 32, (2, self.number), np.int64)
        self.sequence: list[Column] = [first[0], first[1]]
        """Next of each side."""
        self._id = seed & 0xFFFF

    # --- Events ------------------------------------------------------------------------------------------------------

    def dials(self) -> Octets:
        """The first SYN, or the same one again; returns a row of bytes for each connection: its record."""
        sent = self.sends(_OPENING[SYN])
        self.sequence[INITIATOR] = self.sequence[INITIATOR] - 1
        return sent

    def opens(self) -> None:
        """The connections are established."""
        self.sends(_OPENING[SYN])
        self.sends(_OPENING[SYN | ACK])
        self.raw(INITIATOR, ACK)

    def half_opens(self) -> None:
        """SYN and SYN-ACK, and nothing more."""
        self.sends(_OPENING[SYN])
        self.sends(_OPENING[SYN | ACK])

    def refused(self) -> None:
        """A SYN, and the reset that says that nobody listens."""
        self.sequence[ACCEPTOR] = np.zeros(self.number, np.int64)
        self.sends(_OPENING[SYN])
        self.raw(ACCEPTOR, RST | ACK)

    def says(self, side: int, payloads: bytes | Sequence[bytes]) -> None:
        """Data, the same or of the same length on all connections, and the peer's acknowledgement."""
        self.raw(side, PUSH | ACK, payloads)
        self.raw(1 - side, ACK)

    def closes(self, side: int) -> None:
        """FIN of ``side``, then of its peer."""
        self.raw(side, FIN | ACK)
        self.raw(1 - side, FIN | ACK)
        self.raw(side, ACK)

    # --- Packets -----------------------------------------------------------------------------------------------------

    def raw(self, side: int, flags: int, payloads: bytes | Sequence[bytes] = b"") -> None:
        """One packet on each connection."""
        if isinstance(payloads, bytes):
            self.sends(_single(Packet(side, flags, payloads)))
        else:
            size = len(payloads[0])
            rows = np.frombuffer(b"".join(payloads), np.uint8).reshape(self.number, size)
            self.sends(_single(Packet(side, flags, bytes(size))), rows)

    def sends(self, what: Burst, payloads: Octets | None = None) -> Octets:
        """A burst on each connection, one connection after the other; ``payloads`` for those of a single packet."""
        packets = len(what.headers)
        times = self.tape.now + GAP * np.arange(self.number * packets, dtype=np.int64).reshape(self.number, packets)
        headers = np.broadcast_to(what.headers, times.shape).copy()
        variable = np.zeros(times.shape, np.int64) if payloads is None else _word_sums(payloads)[:, None]
        self._stamp(headers, what, times, variable)
        out = np.empty((self.number, len(what.octets)), np.uint8)
        out[:] = what.octets
        out[:, what.where] = headers.view(np.uint8).reshape(self.number, -1)
        if payloads is not None:
            out[:, _SIZE:] = payloads
        for side, used in enumerate(what.totals):
            self.sequence[side] = (self.sequence[side] + used) & 0xFFFF_FFFF
        self.tape.write(out, times.size, int(times[-1, -1]) + GAP, erlang=self.erlang)
        return out

    def _stamp(self, headers: npt.NDArray[np.void], what: Burst, times: Column, variable: Column) -> None:
        """Everything in the headers that differs between connections."""

        def of_sender(pair: Sequence[Column]) -> Column:
            return np.where(what.side, pair[1][:, None], pair[0][:, None])

        source, target = of_sender(self.hosts), of_sender(self.hosts[::-1])
        source_port, target_port = of_sender(self.ports), of_sender(self.ports[::-1])
        sequence = (of_sender(self.sequence) + what.sent) & 0xFFFF_FFFF
        acknowledged = (of_sender(self.sequence[::-1]) + what.heard) & 0xFFFF_FFFF
        acknowledged[:, what.opens & (what.side == INITIATOR)] = 0
        headers["seconds"], rest = np.divmod(times, SECOND)
        headers["micros"] = rest // MICROSECOND
        clock = (times // 1_000_000) & 0xFFFF_FFFF
        first_option = np.where(what.opens, _SACK_AND_TIMESTAMPS, clock)
        headers["option_1"], headers["option_2"] = first_option, clock
        headers["from_mac"] = headers["source"] = source
        headers["to_mac"] = headers["target"] = target
        headers["source_port"], headers["target_port"] = source_port, target_port
        headers["sequence"], headers["acknowledged"] = sequence, acknowledged
        headers["id"] = identity = (self._id + np.arange(len(what.headers))) & 0xFFFF
        self._id = (self._id + len(what.headers)) & 0xFFFF
        addresses = _halves(source) + _halves(target)
        headers["ip_checksum"] = _checksum(what.fixed_ip + identity + addresses)
        headers["tcp_checksum"] = _checksum(
            what.fixed_tcp
            + variable
            + addresses
            + (source_port + target_port)
            + _halves(sequence)
            + _halves(acknowledged)
            + _halves(first_option)
            + _halves(clock)
        )


def ip_of(record: Octets) -> bytes:
    """The IP packet in a row that :meth:`Cohort.dials` returned."""
    return record[_BEFORE_IP:].tobytes()

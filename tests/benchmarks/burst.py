"""Packets that one connection sends without a pause → capture records, but for what only the connection knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

INITIATOR, ACCEPTOR = 0, 1
FIN, SYN, RST, PUSH, ACK = 1, 2, 4, 8, 16
MSS = 1448
"""Payload of a full segment, in bytes: an MTU of 1500 less 20 for IP and 32 for TCP with its timestamps."""

Column = npt.NDArray[np.int64]
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

HEADER_SIZE = HEADER.itemsize
_RECORD = 16
_IP_AND_TCP, _TCP = 52, 32
_TIMESTAMPS, _MSS_OPTION, SACK_AND_TIMESTAMPS = 0x0101_080A, 0x0204_05B4, 0x0402_080A
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
        size = HEADER_SIZE - _RECORD + len(body)
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
        fixed_tcp[index] += int(word_sums(np.frombuffer(body, np.uint8)[None, :])[0])
        sent[index], heard[index] = totals[side], totals[1 - side]
        totals[side] += len(payload) + bool(flags & (SYN | FIN))
        parts += (bytes(HEADER_SIZE), body)
        starts.append(at)
        at += HEADER_SIZE + len(body)
    return Burst(
        headers,
        np.frombuffer(b"".join(parts), np.uint8),
        (np.array(starts, np.intp)[:, None] + np.arange(HEADER_SIZE)).ravel(),
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


@lru_cache(1024)
def single(packet: Packet) -> Burst:
    """One packet; kept, as most are sent again and again."""
    return burst([packet])


def word_sums(rows: Octets) -> Column:
    """Of the 16-bit words of each row, the last one filled up with a zero."""
    even = rows.shape[1] // 2 * 2
    sums: Column = np.ascontiguousarray(rows[:, :even]).view(">u2").sum(axis=1, dtype=np.int64)
    return sums if even == rows.shape[1] else sums + (rows[:, -1].astype(np.int64) << 8)

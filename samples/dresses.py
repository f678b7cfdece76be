"""The packets of one real capture → the same packets in other containers, compressions and encapsulations.

Whatever the dress, the diagnosis is that of :data:`BASE`; ``tests/test_samples.py`` holds the two side by side.
"""

from __future__ import annotations

import gzip
import io
import lzma
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import lz4.frame
import zstandard

from analyzer.capture.pcapng_writer import PcapngWriter

BASE = "handshake/cookie-mismatch.pcap"
ETHERNET, NULL, RAW, MODIFIED_MAGIC = 1, 0, 101, 0xA1B2CD34
_FILE, _RECORD, _MACS = 24, 16, 12
_TPID_VLAN, _TPID_SERVICE, _MPLS, _IPV4 = 0x8100, 0x88A8, 0x8847, 0x0800
_BSD_AF_INET = 2
_GENEVE_PORT = 6081

Dress = Callable[[], bytes]


def _base() -> bytes:
    return (Path(__file__).parent / BASE).read_bytes()


def _records(capture: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Seconds, microseconds and bytes of each packet of a little-endian classic file."""
    at = _FILE
    while at < len(capture):
        seconds, micros, captured, _ = struct.unpack_from("<IIII", capture, at)
        yield seconds, micros, capture[at + _RECORD : at + _RECORD + captured]
        at += _RECORD + captured


def _classic(link_type: int, change: Callable[[bytes], bytes], *, order: str = "<") -> bytes:
    """A classic file of the changed packets."""
    parts = [struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type)]
    for seconds, micros, frame in _records(_base()):
        data = change(frame)
        parts.append(struct.pack(order + "IIII", seconds, micros, len(data), len(data)) + data)
    return b"".join(parts)


def _behind_macs(*layers: bytes) -> Callable[[bytes], bytes]:
    """Puts layers between the addresses and the EtherType of a frame; they bring the EtherTypes themselves."""
    return lambda frame: frame[:_MACS] + b"".join(layers) + frame[_MACS:]


def _qinq() -> bytes:
    outer, inner = struct.pack(">HH", _TPID_SERVICE, 100), struct.pack(">HH", _TPID_VLAN, 200)
    return _classic(ETHERNET, _behind_macs(outer, inner))


def _mpls() -> bytes:
    labels = struct.pack(">II", 16 << 12 | 64, 17 << 12 | 1 << 8 | 64)
    return _classic(ETHERNET, lambda frame: frame[:_MACS] + struct.pack(">H", _MPLS) + labels + frame[_MACS + 2 :])


def _geneve() -> bytes:
    """Each frame as the payload of a UDP datagram between two hosts of an overlay."""

    def change(frame: bytes) -> bytes:
        geneve = struct.pack(">BBHI", 0, 0, 0x6558, 4096 << 8) + frame
        udp = struct.pack(">HHHH", 49152, _GENEVE_PORT, 8 + len(geneve), 0) + geneve
        addresses = bytes((192, 0, 2, 1, 192, 0, 2, 2))
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + addresses + udp
        return b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01" + struct.pack(">H", _IPV4) + ip

    return _classic(ETHERNET, change)


def _raw_ip() -> bytes:
    return _classic(RAW, lambda frame: frame[_MACS + 2 :])


def _bsd_loopback() -> bytes:
    """In the byte order of the host that captured: here a big-endian one."""
    return _classic(NULL, lambda frame: struct.pack(">I", _BSD_AF_INET) + frame[_MACS + 2 :], order=">")


def _big_endian() -> bytes:
    return _classic(ETHERNET, lambda frame: frame, order=">")


def _modified() -> bytes:
    """Kuznetzov's "modified" format: 8 more bytes in each record's header."""
    parts = [struct.pack("<IHHiIII", MODIFIED_MAGIC, 2, 4, 0, 0, 262144, ETHERNET)]
    for seconds, micros, frame in _records(_base()):
        head = struct.pack("<IIII", seconds, micros, len(frame), len(frame))
        parts.append(head + struct.pack("<IHBB", 2, 0x0800, 0, 0) + frame)
    return b"".join(parts)


def _two_interfaces() -> bytes:
    """pcapng with two sections; in each EPMD's packets are on an interface without Ethernet headers."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream, application="distscope samples", comments=["two sections, two link types"])
    for part in range(2):
        if part:
            writer.section()
        ethernet, raw = writer.interface(ETHERNET, name="eth0"), writer.interface(RAW, name="tun0")
        records = list(_records(_base()))
        half = len(records) // 2
        for number, (seconds, micros, frame) in enumerate(records):
            if (number < half) is bool(part):
                continue
            at = seconds * 1_000_000_000 + micros * 1_000
            mapper = struct.pack(">H", 4369) in (frame[34:36], frame[36:38])
            writer.packet(raw if mapper else ethernet, at, frame[_MACS + 2 :] if mapper else frame)
    return stream.getvalue()


def _doubled() -> bytes:
    """Every packet twice, as ``tcpdump -i any`` sees those that pass a bridge."""
    base = _base()
    records = [
        struct.pack("<IIII", seconds, micros + late, len(frame), len(frame)) + frame
        for seconds, micros, frame in _records(base)
        for late in range(2)
    ]
    return base[:_FILE] + b"".join(records)


def _swapped() -> bytes:
    """Not in the order of time, as in captures that were joined by hand or taken on several queues."""
    base = _base()
    records = [struct.pack("<IIII", s, m, len(frame), len(frame)) + frame for s, m, frame in _records(base)]
    for number in range(1, len(records) - 1, 3):
        records[number], records[number + 1] = records[number + 1], records[number]
    return base[:_FILE] + b"".join(records)


DRESSES: dict[str, Dress] = {
    "dress-zstd.pcap.zst": lambda: zstandard.ZstdCompressor(level=19).compress(_base()),
    "dress-xz.pcap.xz": lambda: lzma.compress(_base()),
    "dress-lz4.pcap.lz4": lambda: lz4.frame.compress(_base()),
    "dress-gzip.pcap.gz": lambda: gzip.compress(_base(), mtime=0),
    "dress-big-endian.pcap": _big_endian,
    "dress-modified.pcap": _modified,
    "dress-two-interfaces.pcapng": _two_interfaces,
    "dress-qinq.pcap": _qinq,
    "dress-mpls.pcap": _mpls,
    "dress-geneve.pcap": _geneve,
    "dress-raw-ip.pcap": _raw_ip,
    "dress-bsd-loopback.pcap": _bsd_loopback,
    "dress-doubled.pcap": _doubled,
    "dress-out-of-order.pcap": _swapped,
    "cut-off.pcap": lambda: _base()[:-30],
}
"""File name in ``shapes/`` → what makes it.  Those named ``dress-…`` change nothing of the diagnosis."""

COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    ".zst": lambda data: bytes(zstandard.ZstdDecompressor().decompress(data)),
    ".xz": lzma.decompress,
    ".lz4": lambda data: bytes(lz4.frame.decompress(data)),
    ".gz": gzip.decompress,
}
"""Suffix → what undoes the compression."""

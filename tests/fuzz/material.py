"""A capture ⇄ the packets that the mutations change, with the places in them that are worth lying about."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace
from functools import cache

from analyzer.capture import Packet, open_source
from analyzer.decode import Decoder
from analyzer.decode.segment import Segment
from samples import provenance
from samples.conversation import Network

NANOSECONDS = 0xA1B23C4D
SNAP_LENGTH = 262_144
LATEST = (1 << 32) - 1
"""Seconds that fit into a record header."""
MOST_PACKETS = 400
"""A longer sample is left out: each of its mutations would take as long as a hundred others."""

IPV4, IPV6 = 4, 6
ETHERNET, ETHERNET_HEADER = 1, 14


@dataclass(frozen=True, slots=True)
class Frame:
    """One captured packet."""

    at: int
    """Nanoseconds since 1970 UTC."""
    data: bytes
    wire_length: int


@dataclass(frozen=True, slots=True)
class Capture:
    """Frames of one interface, and what their analysis must be told beside them."""

    link_type: int
    frames: tuple[Frame, ...]
    dist_ports: frozenset[int] = frozenset()

    def with_frames(self, frames: list[Frame]) -> Capture:
        """Other frames of the same interface."""
        return replace(self, frames=tuple(frames))

    def file(self) -> bytes:
        """As a classic capture file with nanoseconds."""
        parts = [struct.pack("<IHHiIII", NANOSECONDS, 2, 4, 0, 0, SNAP_LENGTH, self.link_type)]
        for frame in self.frames:
            seconds, fraction = divmod(max(frame.at, 0), 10**9)
            parts.append(struct.pack("<IIII", min(seconds, LATEST), fraction, len(frame.data), frame.wire_length))
            parts.append(frame.data)
        return b"".join(parts)


def read(content: bytes, dist_ports: frozenset[int] = frozenset()) -> Capture:
    """The packets of a capture file, all taken for those of the first one's link type."""
    with open_source(["-"], stdin=io.BytesIO(content)) as source:
        packets: list[Packet] = list(source)
    link_type = packets[0].link_type if packets else ETHERNET
    frames = tuple(Frame(each.ref.at, each.data, each.wire_length) for each in packets if each.link_type == link_type)
    return Capture(link_type, frames, dist_ports)


@cache
def sample(name: str) -> Capture:
    """A sample of one file."""
    entry = next(each for each in provenance.load() if each.name == name)
    (file,) = entry.files
    return read((provenance.HERE / file).read_bytes(), frozenset(entry.dist_ports))


@cache
def samples() -> tuple[str, ...]:
    """Names of all samples of one file that are short enough to be analysed ten thousand times."""
    single = [each for each in provenance.load() if len(each.files) == 1]
    return tuple(each.name for each in single if 1 < len(sample(each.name).frames) <= MOST_PACKETS)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a frame over Ethernet its IP and TCP headers and its payload begin."""

    ip: int
    version: int
    tcp: int
    payload: int
    end: int
    """Of what IP says that the packet holds; the frame may be padded."""


def spot(capture: Capture, frame: Frame) -> Spot | None:
    """None for what is no TCP over plain Ethernet: there are enough of the others to lie about."""
    if capture.link_type != ETHERNET or len(frame.data) < ETHERNET_HEADER + 40:
        return None
    version = frame.data[ETHERNET_HEADER] >> 4
    if frame.data[12:14] == b"\x08\x00" and version == IPV4 and frame.data[ETHERNET_HEADER + 9] == 6:
        tcp = ETHERNET_HEADER + (frame.data[ETHERNET_HEADER] & 15) * 4
        length = int.from_bytes(frame.data[ETHERNET_HEADER + 2 : ETHERNET_HEADER + 4], "big")
    elif frame.data[12:14] == b"\x86\xdd" and version == IPV6 and frame.data[ETHERNET_HEADER + 6] == 6:
        tcp = ETHERNET_HEADER + 40
        length = 40 + int.from_bytes(frame.data[ETHERNET_HEADER + 4 : ETHERNET_HEADER + 6], "big")
    else:
        return None
    if len(frame.data) < tcp + 20:
        return None
    payload = tcp + (frame.data[tcp + 12] >> 4) * 4
    return Spot(ETHERNET_HEADER, version, tcp, payload, min(ETHERNET_HEADER + length, len(frame.data)))


Ends = frozenset[tuple[str, int]]


def connections(capture: Capture) -> list[Ends | None]:
    """For each frame the two ends of its connection; None for what is no TCP segment."""
    decoder = Decoder()
    found: list[Ends | None] = []
    for packet in packets(capture):
        decoded = decoder.decode(packet)
        if isinstance(decoded, Segment):
            ends = (decoded.source, decoded.destination)
            found.append(frozenset((end.address, end.port) for end in ends))
        else:
            found.append(None)
    return found


def packets(capture: Capture) -> list[Packet]:
    """As the analysis reads them from :meth:`Capture.file`."""
    with open_source(["-"], stdin=io.BytesIO(capture.file())) as source:
        return list(source)


@cache
def strangers() -> Capture:
    """Connections between hosts that no sample knows, opened, used and closed: HTTP-like, of no concern to Erlang."""
    net = Network()
    for number in range(1, 9):
        link = net.connect(f"203.0.113.{number}", f"203.0.113.{100 + number % 3}", 8000 + number % 2)
        link.initiator.sends(b"GET /health HTTP/1.1\r\nHost: example\r\n\r\n")
        link.acceptor.sends(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        link.initiator.closes()
        link.acceptor.closes()
    return read(net.pcapng())

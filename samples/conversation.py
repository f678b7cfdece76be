"""Who says what, and what the network does to it → packets, for failures that nobody could be made to show.

A story is told in the order of time on a :class:`Network`; its connections keep sequence numbers and checksums right::

    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", 9100)
    link.initiator.sends(framed(SendName(flags=…, creation=…, name="ann@10.0.0.1")))
    link.acceptor.sends(framed(Status(text="ok")))
    net.wait(seconds=7)
    link.initiator.closes()

Everything is fixed (addresses, ports, times, sequence numbers), so the same story gives the same bytes.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from ipaddress import IPv4Address

import dpkt

from analyzer.capture.pcapng_writer import PcapngWriter
from dissectors.wire import Message

ETHERNET = 1
EPMD = 4369
MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND
"""When every story begins: nanoseconds since 1970 UTC."""

FIN, SYN, RST, PUSH, ACK = dpkt.tcp.TH_FIN, dpkt.tcp.TH_SYN, dpkt.tcp.TH_RST, dpkt.tcp.TH_PUSH, dpkt.tcp.TH_ACK
SYN_RETRIES = (1, 3)
"""Seconds after the first SYN at which Linux (before 6.5) sends it again, within the 7 s that a node waits."""
HOST_UNREACHABLE = 1
NUMBERS = 1 << 32
"""Sequence numbers begin anew behind them."""


def framed(*messages: Message) -> bytes:
    """Handshake messages or EPMD requests as they go over plain TCP: each behind its 16-bit length."""
    return b"".join(len(body).to_bytes(2, "big") + body for body in (message.write() for message in messages))


@dataclass(slots=True)
class Network:
    """A clock, and every packet that passed the place of the capture."""

    delay: int = 50 * MICROSECOND
    """Between a packet and the one that answers it, in nanoseconds."""
    now: int = START
    packets: list[tuple[int, bytes]] = field(default_factory=list)
    _port: int = 40000

    def wait(self, seconds: float) -> None:
        """Nothing happens for some time."""
        self.now += round(seconds * SECOND)

    def dial(self, initiator: str, acceptor: str, port: int) -> Connection:
        """A connection of which no packet has been sent."""
        self._port += 1
        return Connection(self, initiator, acceptor, self._port, port)

    def connect(self, initiator: str, acceptor: str, port: int) -> Connection:
        """A connection that is open on both sides."""
        connection = self.dial(initiator, acceptor, port)
        connection.initiator.raw(SYN)
        connection.acceptor.raw(SYN | ACK)
        connection.initiator.raw(ACK)
        return connection

    def looks_up(self, initiator: str, acceptor: str, request: Message, reply: Message) -> None:
        """A conversation with EPMD from its first packet to its last."""
        link = self.connect(initiator, acceptor, EPMD)
        link.initiator.sends(framed(request))
        link.acceptor.sends(reply.write())
        link.acceptor.closes()
        link.initiator.closes()
        link.acceptor.raw(ACK)

    def passes(self, packet: dpkt.ip.IP) -> None:
        """The capture sees an IP packet."""
        frame = dpkt.ethernet.Ethernet(src=_mac(packet.src), dst=_mac(packet.dst), data=packet)
        self.packets.append((self.now, bytes(frame)))
        self.now += self.delay

    def pcapng(self) -> bytes:
        """The capture file."""
        stream = io.BytesIO()
        writer = PcapngWriter(stream, application="distscope samples")
        interface = writer.interface(ETHERNET)
        for at, data in self.packets:
            writer.packet(interface, at, data)
        return stream.getvalue()


class Connection:
    """One TCP connection, told from both of its ends."""

    def __init__(self, net: Network, initiator: str, acceptor: str, source_port: int, port: int) -> None:
        self.net = net
        # Initial sequence numbers that differ from connection to connection, as real ones do.
        self.initiator = End(self, initiator, source_port, first=source_port * 50_021)
        self.acceptor = End(self, acceptor, port, first=source_port * 90_001)

    def unanswered(self) -> None:
        """A SYN and its repetitions, and never an answer."""
        started = self.net.now
        for seconds in (0, *SYN_RETRIES):
            self.net.now = started + seconds * SECOND
            self.initiator.raw(SYN, sequence=self.initiator.first)

    def unreachable(self, router: str, code: int = HOST_UNREACHABLE) -> None:
        """A SYN that a router on the way answers with ICMP."""
        self.initiator.raw(SYN)
        quoted = dpkt.ethernet.Ethernet(self.net.packets[-1][1]).data
        icmp = dpkt.icmp.ICMP(type=dpkt.icmp.ICMP_UNREACH, code=code, data=dpkt.icmp.ICMP.Unreach(data=quoted))
        self.net.passes(_ip(router, self.initiator.address, dpkt.ip.IP_PROTO_ICMP, icmp))


class End:
    """One side of a connection: what it sends next, and what it has received."""

    def __init__(self, connection: Connection, address: str, port: int, *, first: int) -> None:
        self.connection = connection
        self.address = address
        self.port = port
        self.first = first
        """Initial sequence number."""
        self.sequence = first

    @property
    def peer(self) -> End:
        """The other end."""
        initiator, acceptor = self.connection.initiator, self.connection.acceptor
        return acceptor if self is initiator else initiator

    def sends(self, data: bytes) -> None:
        """Data that arrive, and the peer's acknowledgement."""
        self.raw(PUSH | ACK, data)
        self.peer.raw(ACK)

    def closes(self) -> None:
        """FIN; the peer acknowledges it when it sends next."""
        self.raw(FIN | ACK)

    def resets(self) -> None:
        """RST, as a kernel sends it for a connection that it has."""
        self.raw(RST | ACK)

    def raw(self, flags: int, data: bytes = b"", *, sequence: int | None = None) -> None:
        """One segment; ``sequence`` for one that was sent before."""
        segment = dpkt.tcp.TCP(
            sport=self.port,
            dport=self.peer.port,
            seq=(self.sequence if sequence is None else sequence) % NUMBERS,
            ack=self.peer.sequence % NUMBERS if flags & ACK else 0,
            flags=flags,
            win=64240,
            data=data,
        )
        if sequence is None:
            self.sequence += len(data) + bool(flags & (SYN | FIN))
        self.connection.net.passes(_ip(self.address, self.peer.address, dpkt.ip.IP_PROTO_TCP, segment))


def _ip(source: str, destination: str, protocol: int, data: dpkt.Packet) -> dpkt.ip.IP:
    packet = dpkt.ip.IP(
        src=IPv4Address(source).packed, dst=IPv4Address(destination).packed, p=protocol, ttl=64, data=data
    )
    packet.len = len(packet)
    return packet


def _mac(address: bytes) -> bytes:
    """A locally administered MAC address that belongs to an IP address."""
    return b"\x02\x00" + address

"""Packets become segments: follows each packet's headers from the link type to TCP or to where they end."""

from __future__ import annotations

from analyzer.capture.packet import Packet
from analyzer.decode import icmp, internet, link, tags, transport, tunnels
from analyzer.decode.anatomy import Anatomy, Header
from analyzer.decode.fragments import FragmentTable
from analyzer.decode.segment import DecodeResult, Skipped, SkipReason
from analyzer.decode.shortcut import plain
from analyzer.decode.stretches import Stretch
from analyzer.decode.walk import Layer, Reader, Step, Stop, Walk

MAX_HEADERS = 48
"""Headers of one packet that are followed: eight VXLANs within each other, each with its Ethernet, VLAN, IP and UDP."""

READERS: dict[Layer, Reader] = {
    Layer.ETHERNET: link.ethernet,
    Layer.LINUX_COOKED: link.linux_cooked,
    Layer.LINUX_COOKED_2: link.linux_cooked_2,
    Layer.LOOPBACK: link.loopback,
    Layer.PPP: link.ppp,
    Layer.CISCO_HDLC: link.cisco_hdlc,
    Layer.LLC: tags.llc,
    Layer.VLAN: tags.vlan,
    Layer.MPLS: tags.mpls,
    Layer.PPPOE: tags.pppoe,
    Layer.IP: internet.ip,
    Layer.IPV4: internet.ipv4,
    Layer.IPV6: internet.ipv6,
    Layer.IP_IN_IP: internet.ip_in_ip,
    Layer.EXTENSION: internet.extension,
    Layer.ROUTING: internet.routing,
    Layer.FRAGMENT: internet.fragment,
    Layer.AUTHENTICATION: internet.authentication,
    Layer.UDP: tunnels.udp,
    Layer.GRE: tunnels.gre,
    Layer.ERSPAN: tunnels.erspan,
    Layer.VXLAN: tunnels.vxlan,
    Layer.GENEVE: tunnels.geneve,
    Layer.TCP: transport.tcp,
    Layer.ICMP: icmp.icmp,
    Layer.ICMPV6: icmp.icmpv6,
}
"""Every layer's reader."""


class Decoder:
    """Decodes the packets of any number of captures, in order.  It remembers nothing but fragments, and few of them."""

    def __init__(self, fragments: FragmentTable | None = None) -> None:
        self._fragments = FragmentTable() if fragments is None else fragments

    def decode(self, packet: Packet) -> DecodeResult:
        """Total: answers for any bytes, and never raises."""
        try:
            return plain(packet) or self.walk(packet)
        except Stop as stop:
            return Skipped(packet.ref, stop.reason)

    def anatomy(self, packet: Packet) -> Anatomy:
        """The same, with every header that was read on the way.  Total, too."""
        headers: list[Header] = []
        try:
            result = self.walk(packet, headers)
        except Stop as stop:
            result = Skipped(packet.ref, stop.reason)
        return Anatomy(result, tuple(headers))

    def walk(self, packet: Packet, headers: list[Header] | None = None) -> DecodeResult:
        """The long way, header by header, which are put into ``headers``.

        Raises :class:`Stop` where one is missing or contradicts itself."""
        captured = len(packet.data)
        walk = Walk(packet, self._fragments, packet.data, 0, captured, max(captured, packet.wire_length))
        step: Step = link.LINK_TYPES.get(packet.link_type, SkipReason.LINK_TYPE)
        for _ in range(MAX_HEADERS):
            if not isinstance(step, Layer):
                break
            layer, data, origin, at = step, walk.data, walk.put_together, walk.at
            step = READERS[layer](walk)
            if headers is not None:
                same = walk.data is data
                end, wire_end, after = (walk.end, walk.wire_end, walk.at) if same else (len(data), len(data), len(data))
                headers.append(Header(layer, origin or (Stretch(packet.ref, 0, captured),), at, end, wire_end, after))
        if isinstance(step, Layer):
            step = SkipReason.MALFORMED
        return Skipped(packet.ref, step) if isinstance(step, SkipReason) else step

"""A packet of any kind becomes a segment header by header: :data:`READERS` has what takes each of them off."""

from __future__ import annotations

from analyzer.capture.packet import Packet
from analyzer.decode import icmp, internet, link, tags, transport, tunnels
from analyzer.decode.anatomy import Header
from analyzer.decode.fragments import FragmentTable
from analyzer.decode.segment import DecodeResult, Skipped, SkipReason
from analyzer.decode.stretches import Stretch
from analyzer.decode.walk import Layer, Reader, Step, Walk

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


def follow(packet: Packet, fragments: FragmentTable, headers: list[Header] | None = None) -> DecodeResult:
    """The long way, header by header, which are put into ``headers``.

    Raises :class:`Stop` where one is missing or contradicts itself."""
    captured = len(packet.data)
    walk = Walk(packet, fragments, packet.data, 0, captured, max(captured, packet.wire_length))
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

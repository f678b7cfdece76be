"""Tunnel headers (GRE, ERSPAN, VXLAN, GENEVE) become the layer that they carry."""

from __future__ import annotations

from struct import Struct

from analyzer.decode.segment import SkipReason
from analyzer.decode.tags import ETHERTYPES
from analyzer.decode.walk import Layer, Step, Walk

UDP_PORTS: dict[int, Layer] = {
    4789: Layer.VXLAN,
    6081: Layer.GENEVE,
    8472: Layer.VXLAN,  # what Linux used before the port was assigned, and flannel still does
}
"""Destination port to the tunnel that it stands for; the source port is a hash of the inner flow."""

_UDP = Struct("!2xHH2x")
_VXLAN = Struct("!B3xI")
_GENEVE = Struct("!BxHI")
_GRE = Struct("!HH")
_ERSPAN = Struct("!HH4x")
_ERSPAN_3 = Struct("!2xH")

_VXLAN_HAS_NETWORK = 0x08
_GENEVE_VERSION = 0xC0
_GENEVE_OPTION_WORDS = 0x3F

_GRE_CHECKSUM = 0x8000
_GRE_ROUTING = 0x4000
_GRE_KEY = 0x2000
_GRE_SEQUENCE = 0x1000
_GRE_VERSION = 0x0007
_GRE_PAYLOADS: dict[int, Layer] = {**ETHERTYPES, 0x88BE: Layer.ERSPAN, 0x22EB: Layer.ERSPAN}

_ERSPAN_SESSION = 0x03FF
_ERSPAN_PLATFORM = 0x0001
_ERSPAN_FRAMES: dict[int, Layer] = {0: Layer.ETHERNET, 2: Layer.IP}
"""Frame type field of type III."""


def udp(walk: Walk) -> Step:
    """RFC 768; of interest only where its port stands for a tunnel."""
    port, length = walk.take(_UDP)
    tunnel = UDP_PORTS.get(port)
    if tunnel is None:
        return SkipReason.NOT_TCP
    if length:  # 0 where segmentation offload left it
        if length < _UDP.size:
            return SkipReason.MALFORMED
        walk.narrow(length - _UDP.size)
    return tunnel


def vxlan(walk: Walk) -> Step:
    """RFC 7348: flags, 24 bits of network identifier, then Ethernet."""
    flags, network = walk.take(_VXLAN)
    if not flags & _VXLAN_HAS_NETWORK:
        return SkipReason.NOT_TCP
    walk.carrier.append(f"vxlan {network >> 8}")
    return Layer.ETHERNET


def geneve(walk: Walk) -> Step:
    """RFC 8926: version, length of the options in words, ethertype, 24 bits of network identifier."""
    first, ethertype, network = walk.take(_GENEVE)
    if first & _GENEVE_VERSION:
        return SkipReason.NOT_TCP
    walk.skip((first & _GENEVE_OPTION_WORDS) * 4)
    walk.carrier.append(f"geneve {network >> 8}")
    return ETHERTYPES.get(ethertype, SkipReason.NOT_IP)


def gre(walk: Walk) -> Step:
    """RFC 2784 and RFC 2890: flags, ethertype; then checksum, key and sequence number as the flags say."""
    flags, ethertype = walk.take(_GRE)
    if flags & (_GRE_ROUTING | _GRE_VERSION):
        return SkipReason.NOT_TCP  # source routes (RFC 1701) and PPTP (RFC 2637)
    walk.skip(4 * sum(bool(flags & present) for present in (_GRE_CHECKSUM, _GRE_KEY, _GRE_SEQUENCE)))
    following = _GRE_PAYLOADS.get(ethertype, SkipReason.NOT_IP)
    if following is not Layer.ERSPAN:
        walk.carrier.append("gre")
    elif not flags & _GRE_SEQUENCE:  # type I has no header of its own
        walk.carrier.append("erspan")
        return Layer.ETHERNET
    return following


def erspan(walk: Walk) -> Step:
    """draft-foschiano-erspan-03, types II (version 1, 8 bytes) and III (version 2, 12 or 20 bytes)."""
    version, session = walk.take(_ERSPAN)
    walk.carrier.append(f"erspan {session & _ERSPAN_SESSION}")
    if version >> 12 == 1:
        return Layer.ETHERNET
    if version >> 12 != 2:
        return SkipReason.NOT_IP
    (flags,) = walk.take(_ERSPAN_3)
    if flags & _ERSPAN_PLATFORM:
        walk.skip(8)
    return _ERSPAN_FRAMES.get(flags >> 10 & 0x1F, SkipReason.NOT_IP)

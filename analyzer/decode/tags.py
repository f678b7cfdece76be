"""What stands between link and network layer (ethertypes, VLAN tags, MPLS labels, PPPoE) becomes the layer below."""

from __future__ import annotations

from struct import Struct

from analyzer.decode.segment import SkipReason
from analyzer.decode.walk import Layer, Step, Walk

ETHERTYPES: dict[int, Layer] = {
    0x0800: Layer.IPV4,
    0x6558: Layer.ETHERNET,  # transparent bridging: RFC 1701
    0x8100: Layer.VLAN,
    0x86DD: Layer.IPV6,
    0x8847: Layer.MPLS,
    0x8848: Layer.MPLS,  # multicast, or upstream-assigned: RFC 5332
    0x8864: Layer.PPPOE,
    0x88A8: Layer.VLAN,  # 802.1ad service tag
    0x9100: Layer.VLAN,  # service tag before 802.1ad
}
"""https://www.iana.org/assignments/ieee-802-numbers"""

PPP_PROTOCOLS: dict[int, Layer] = {0x0021: Layer.IPV4, 0x0057: Layer.IPV6, 0x0281: Layer.MPLS, 0x0283: Layer.MPLS}
"""https://www.iana.org/assignments/ppp-numbers"""

_LARGEST_802_3_LENGTH = 1500

_VLAN = Struct("!HH")
_MPLS = Struct("!I")
_PPPOE = Struct("!BBHHH")
_LLC = Struct("!3s")
_SNAP = Struct("!3sH")
_ETHERTYPE = Struct("!H")
_CONTROL_WORD = 4
_LENGTH = Struct("!H")

_PPPOE_VERSION_AND_TYPE = 0x11
_SNAP_IN_LLC = b"\xaa\xaa\x03"
_IP_IN_LLC = b"\x06\x06\x03"
_ENCAPSULATED_ETHERNET = (b"\0\0\0", b"\0\0\xf8")
"""SNAP organisation codes after which an ethertype follows: RFC 1042, and 802.1H bridges."""


def after_ethertype(walk: Walk, ethertype: int) -> Step:
    """The layer that an ethertype announces; up to 1500 the field is the length of an 802.2 frame."""
    if ethertype > _LARGEST_802_3_LENGTH:
        return ETHERTYPES.get(ethertype, SkipReason.NOT_IP)
    walk.narrow(ethertype)
    return Layer.LLC


def llc(walk: Walk) -> Step:
    """802.2, with or without SNAP: RFC 1042."""
    (header,) = walk.take(_LLC)
    if header == _IP_IN_LLC:
        return Layer.IPV4
    if header != _SNAP_IN_LLC:
        return SkipReason.NOT_IP
    organisation, ethertype = walk.take(_SNAP)
    if organisation not in _ENCAPSULATED_ETHERNET:
        return SkipReason.NOT_IP
    return ETHERTYPES.get(ethertype, SkipReason.NOT_IP)


def vlan(walk: Walk) -> Step:
    """802.1Q: priority, drop eligible, 12 bits of VLAN.  VLAN 0 is none at all, only a priority."""
    control, ethertype = walk.take(_VLAN)
    if identifier := control & 0x0FFF:
        walk.carrier.append(f"vlan {identifier}")
    return after_ethertype(walk, ethertype)


def pppoe(walk: Walk) -> Step:
    """RFC 2516, session stage: version and type, code 0, session, length, PPP protocol."""
    version_and_type, code, session, length, protocol = walk.take(_PPPOE)
    if version_and_type != _PPPOE_VERSION_AND_TYPE or code != 0:
        return SkipReason.NOT_IP
    if length < 2:
        return SkipReason.MALFORMED
    walk.narrow(length - 2)
    walk.carrier.append(f"pppoe {session}")
    return PPP_PROTOCOLS.get(protocol, SkipReason.NOT_IP)


def mpls(walk: Walk) -> Step:
    """RFC 3032: 20 bits of label, 3 of traffic class, bottom of stack, time to live."""
    (entry,) = walk.take(_MPLS)
    walk.carrier.append(f"mpls {entry >> 12}")
    return _below_the_stack(walk) if entry & 0x100 else Layer.MPLS


def _below_the_stack(walk: Walk) -> Step:
    """MPLS does not say what it carries: the first four bits decide (RFC 4385, RFC 4928), as far as they can.

    An Ethernet pseudowire without a control word starts with a MAC address, which may start with 4, 6 or 0 as well.
    So IP must have a length that fits, and Ethernet a known ethertype.
    """
    walk.need(1)
    nibble = walk.data[walk.at] >> 4
    if nibble == 4 and _fits(walk, 2, 0):
        return Layer.IPV4
    if nibble == 6 and _fits(walk, 4, 40):
        return Layer.IPV6
    if nibble == 0 and _is_ethernet(walk, _CONTROL_WORD):
        walk.skip(_CONTROL_WORD)
        return Layer.ETHERNET
    return Layer.ETHERNET if _is_ethernet(walk, 0) else SkipReason.NOT_IP


def _fits(walk: Walk, offset: int, header: int) -> bool:
    """Whether the 16-bit length field at ``offset``, plus ``header``, stays within the layer."""
    at = walk.at + offset
    if at + _LENGTH.size > walk.end:
        return True  # cut: let the IP reader say so
    length: int = _LENGTH.unpack_from(walk.data, at)[0]
    return header + length <= walk.remaining


def _is_ethernet(walk: Walk, offset: int) -> bool:
    """Whether a known ethertype stands where that of an Ethernet header at ``offset`` would be."""
    walk.need(offset + 14)
    return _ETHERTYPE.unpack_from(walk.data, walk.at + offset + 12)[0] in ETHERTYPES

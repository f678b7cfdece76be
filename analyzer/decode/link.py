"""The link header that a capture's link type promises becomes the layer that it carries.

Link types: https://www.tcpdump.org/linktypes.html.
"""

from __future__ import annotations

from struct import Struct

from analyzer.decode.segment import SkipReason
from analyzer.decode.tags import PPP_PROTOCOLS, after_ethertype
from analyzer.decode.walk import Layer, Step, Walk

LINK_TYPES: dict[int, Layer] = {
    0: Layer.LOOPBACK,  # NULL: address family in the byte order of the capturing host
    1: Layer.ETHERNET,
    9: Layer.PPP,
    12: Layer.IP,  # RAW, as its DLT_ value on most systems
    14: Layer.IP,  # RAW, as its DLT_ value on OpenBSD
    50: Layer.PPP,  # PPP_HDLC
    101: Layer.IP,  # RAW
    104: Layer.CISCO_HDLC,
    108: Layer.LOOPBACK,  # LOOP: address family in network byte order
    113: Layer.LINUX_COOKED,
    228: Layer.IPV4,
    229: Layer.IPV6,
    276: Layer.LINUX_COOKED_2,
}
"""LINKTYPE_… value to the first layer of its packets."""

_ADDRESS_FAMILIES: dict[int, Layer] = {
    2: Layer.IPV4,
    10: Layer.IPV6,  # Linux
    24: Layer.IPV6,  # NetBSD, OpenBSD
    28: Layer.IPV6,  # FreeBSD
    30: Layer.IPV6,  # macOS
}

_ETHERNET = Struct("!12xH")
_LINUX_COOKED = Struct("!14xH")
_LINUX_COOKED_2 = Struct("!H18x")
_LOOPBACK = Struct("!I")
_CISCO_HDLC = Struct("!2xH")

_ADDRESS_AND_CONTROL = b"\xff\x03"
_COOKED_LLC = 0x0004
"""Pseudo-ethertype of LINKTYPE_LINUX_SLL: an 802.2 frame follows."""


def ethernet(walk: Walk) -> Step:
    """Destination, source, ethertype or length."""
    (ethertype,) = walk.take(_ETHERNET)
    return after_ethertype(walk, ethertype)


def linux_cooked(walk: Walk) -> Step:
    """``tcpdump -i any``: packet type, device type, address length, address, ethertype."""
    (ethertype,) = walk.take(_LINUX_COOKED)
    return Layer.LLC if ethertype == _COOKED_LLC else after_ethertype(walk, ethertype)


def linux_cooked_2(walk: Walk) -> Step:
    """The same with the interface index, ethertype first."""
    (ethertype,) = walk.take(_LINUX_COOKED_2)
    return Layer.LLC if ethertype == _COOKED_LLC else after_ethertype(walk, ethertype)


def loopback(walk: Walk) -> Step:
    """BSD loopback: an address family in either byte order, since the capture does not say whose."""
    (family,) = walk.take(_LOOPBACK)
    if family > 0xFFFF:
        family = int.from_bytes(family.to_bytes(4, "big"), "little")
    return _ADDRESS_FAMILIES.get(family, SkipReason.NOT_IP)


def ppp(walk: Walk) -> Step:
    """RFC 1661 and RFC 1662: address and control (FF 03) may be left out, the protocol may be one (odd) byte."""
    walk.need(2)
    if walk.data.startswith(_ADDRESS_AND_CONTROL, walk.at):
        walk.skip(2)
        walk.need(1)
    size = 1 if walk.data[walk.at] & 1 else 2
    walk.need(size)
    protocol = int.from_bytes(walk.data[walk.at : walk.at + size], "big")
    walk.at += size
    return PPP_PROTOCOLS.get(protocol, SkipReason.NOT_IP)


def cisco_hdlc(walk: Walk) -> Step:
    """Address, control, ethertype."""
    (ethertype,) = walk.take(_CISCO_HDLC)
    return after_ethertype(walk, ethertype)

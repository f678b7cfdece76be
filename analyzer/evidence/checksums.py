"""Packets whose bytes were changed → the same with checksums that fit as well as they did before.

A checksum is changed by what the bytes that it covers have changed by (RFC 1624).  So one that was right stays right,
also where the snap length cut off a part of what it covers; and one that was wrong stays as wrong as it was: that is
evidence, too, be it of damage or of a network card that was to compute it later.
"""

from __future__ import annotations

from analyzer.decode.anatomy import Buffers, Header, Originals, read, write
from analyzer.decode.walk import Layer
from dissectors.dataclass import dataclass

_MODULUS = 0xFFFF
_GRE_CHECKSUM = 0x80
_IPV4_ADDRESSES = (12, 20)
_IPV6_ADDRESSES = (8, 40)
_ADDRESSES = {Layer.IPV4: _IPV4_ADDRESSES, Layer.IPV6: _IPV6_ADDRESSES}
"""Where the addresses stand in a header: a part of what TCP, UDP and ICMPv6 sum up."""


@dataclass(frozen=True, slots=True)
class _Checksum:
    at: int
    """In the header."""
    pseudo: bool
    """The addresses of the IP header are covered as well."""
    optional: bool = False
    """0 stands for none."""


_CHECKSUMS: dict[Layer, _Checksum] = {
    Layer.IPV4: _Checksum(10, pseudo=False),
    Layer.TCP: _Checksum(16, pseudo=True),
    Layer.UDP: _Checksum(6, pseudo=True, optional=True),
    Layer.ICMP: _Checksum(2, pseudo=False),
    Layer.ICMPV6: _Checksum(2, pseudo=True),
    Layer.GRE: _Checksum(4, pseudo=False),
}


def repair(headers: tuple[Header, ...], originals: Originals, changed: Buffers) -> None:
    """Put the checksums of ``headers``, outermost first, right in ``changed``, which has the bytes of ``originals``
    in part replaced."""
    for index in reversed(range(len(headers))):
        header = headers[index]
        checksum = _CHECKSUMS.get(header.layer)
        if checksum is None or (header.layer is Layer.GRE and not read(header, 0, 1, originals)[0] & _GRE_CHECKSUM):
            continue
        field = read(header, checksum.at, checksum.at + 2, originals)
        end = header.end - header.at
        if header.layer is Layer.IPV4:
            end = (read(header, 0, 1, originals)[0] & 0x0F) * 4
        if len(field) < 2 or (checksum.optional and not any(field)):
            continue
        grown = _sum(_without(header, end, checksum.at, changed)) - _sum(_without(header, end, checksum.at, originals))
        below = next((each for each in reversed(headers[:index]) if each.layer in _ADDRESSES), None)
        if checksum.pseudo and below is not None:
            low, high = _ADDRESSES[below.layer]
            grown += _sum(read(below, low, high, changed)) - _sum(read(below, low, high, originals))
        if grown % _MODULUS:
            value = (int.from_bytes(field, "big") - grown) % _MODULUS
            if checksum.optional and not value:
                value = _MODULUS
            write(header, checksum.at, value.to_bytes(2, "big"), changed)


def _without(header: Header, end: int, at: int, buffers: Originals | Buffers) -> bytes:
    """All that is summed up, zeros in place of the checksum."""
    data = read(header, 0, end, buffers)
    return data[:at] + bytes(2) + data[at + 2 :]


def _sum(data: bytes) -> int:
    """The sum of 16-bit words with carry around, which is the remainder of one large number."""
    return int.from_bytes(data + bytes(len(data) & 1), "big") % _MODULUS

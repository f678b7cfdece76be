"""The headers of a packet → the same with pseudonyms in place of its MAC and IP addresses."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.decode.anatomy import Buffers, Header, Originals, read, write
from analyzer.decode.segment import DecodeResult, Unreachable
from analyzer.decode.walk import Layer
from analyzer.redact.redactor import Redactor

_MAC = 6
_MACS: dict[Layer, tuple[int, ...]] = {Layer.ETHERNET: (0, 6), Layer.LINUX_COOKED: (6,), Layer.LINUX_COOKED_2: (12,)}
"""Where MAC addresses stand in a header."""
_ADDRESSES: dict[Layer, tuple[int, int]] = {Layer.IPV4: (12, 4), Layer.IPV6: (8, 16)}
"""Where the first of two addresses stands, and how long each is."""
_QUOTED: dict[Layer, Layer] = {Layer.ICMP: Layer.IPV4, Layer.ICMPV6: Layer.IPV6}
_ICMP = _ROUTING = 8
_IPV4 = 20
"""Bytes of a header without what it quotes, lists or has as options."""
_NO_OPERATION = b"\1"


def redact_headers(
    headers: tuple[Header, ...], result: DecodeResult, originals: Originals, changed: Buffers, redactor: Redactor
) -> None:
    """Change ``headers`` in ``changed``, and blank the options of IPv4 and what pads the packet."""

    def change(header: Header, at: int, size: int, new: Callable[[bytes], bytes]) -> None:
        old = read(header, at, at + size, originals)
        # Half an address has no pseudonym.
        write(header, at, new(old) if len(old) == size else bytes(len(old)), changed)

    def change_addresses(header: Header, layer: Layer, offset: int) -> None:
        start, size = _ADDRESSES[layer]
        for at in (start, start + size):
            change(header, offset + at, size, redactor.address)

    for header in headers:
        for at in _MACS.get(header.layer, ()):
            change(header, at, _MAC, redactor.mac)
        if header.layer in _ADDRESSES:
            change_addresses(header, header.layer, 0)
        if header.layer is Layer.IPV4:
            size = (read(header, 0, 1, originals)[0] & 0x0F) * 4
            write(header, _IPV4, _NO_OPERATION * max(0, size - _IPV4), changed)
        if header.layer is Layer.ROUTING:
            for at in range(_ROUTING, header.after - header.at - 15, 16):
                change(header, at, 16, redactor.address)
    if isinstance(result, Unreachable):
        change_addresses(headers[-1], _QUOTED[headers[-1].layer], _ICMP)
    outermost = next((header for header in headers if header.layer in _ADDRESSES), None)
    if outermost is not None:
        padding = sum(stretch.length for stretch in outermost.origin) - outermost.end
        write(outermost, outermost.end - outermost.at, bytes(max(0, padding)), changed)

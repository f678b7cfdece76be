"""Packed IP addresses become canonical text and endpoints, each made once."""

from __future__ import annotations

from functools import lru_cache

from analyzer.decode.segment import Endpoint

_MAPPED_PREFIX = b"\0" * 10 + b"\xff\xff"
_CACHED = 1 << 14


@lru_cache(maxsize=_CACHED)
def address_text(packed: bytes) -> str:
    """``packed`` is 4 or 16 bytes.  IPv6 as in RFC 5952; IPv4-mapped IPv6 (RFC 4291 2.5.5.2) as the IPv4 address."""
    if len(packed) == 16:
        if not packed.startswith(_MAPPED_PREFIX):
            # Costs several milliseconds to import, which a short run over IPv4 need not pay.
            from ipaddress import IPv6Address

            return str(IPv6Address(packed))
        packed = packed[12:]
    return f"{packed[0]}.{packed[1]}.{packed[2]}.{packed[3]}"


@lru_cache(maxsize=_CACHED)
def endpoint(packed: bytes, port: int) -> Endpoint:
    return Endpoint(address_text(packed), port)

"""IP addresses → addresses of the same kind, and as long when they are printed, that share as much as the originals do.

An octet is exchanged for another of as many digits, by a permutation that depends on the octets before it and on the
key: two addresses whose first octets are the same have the same first octets afterwards.  (IPv6: digit by digit.)  What
an address *is* stays, for a diagnosis rests on it: loopback, private, link-local, multicast, documentation, public.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from functools import lru_cache

Order = Callable[[bytes, int], bytes]
"""What a prefix and one of the values that may follow it are sorted by: a keyed hash."""

_V4 = tuple(
    ipaddress.IPv4Network(net)
    for net in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""Networks that mean something (RFC 6890)."""
_RANGES = tuple((int(net.network_address), int(net.broadcast_address)) for net in _V4)
_V6_KEPT: tuple[tuple[str, int], ...] = (
    # first digits, how many digits of such an address stay
    ("ff", 32),
    ("fe", 4),
    ("fc", 2),
    ("fd", 2),
    ("20010db8", 8),
    ("2001", 4),
    ("2002", 4),
    ("0064ff9b", 8),
)
_OF_PROTOCOLS = (bytes((192, 0, 0)), b"\xff" * 4)
"""Each address means something else (RFC 6890), and none is anybody's."""
_MAPPED = bytes(10) + b"\xff\xff"


def redact(packed: bytes, order: Order) -> bytes:
    """The pseudonym of an address of 4 or 16 bytes."""
    if len(packed) == 4:
        return _redact_v4(packed, order)
    if packed.startswith(_MAPPED):
        return _MAPPED + _redact_v4(packed[12:], order)
    return _redact_v6(packed, order)


def _redact_v4(packed: bytes, order: Order) -> bytes:
    address = ipaddress.IPv4Address(packed)
    if address.is_loopback or address.is_unspecified or address.is_multicast or packed.startswith(_OF_PROTOCOLS):
        return packed
    made = bytearray()
    for depth in range(4):
        alike = _alike(packed[: depth + 1])
        made.append(_exchanged(packed[depth], alike, packed[:depth], order))
    return bytes(made)


def _exchanged(value: int, alike: Sequence[int], prefix: bytes, order: Order) -> int:
    """Another one of ``alike``, unless there is none."""
    shuffled = sorted(alike, key=lambda each: order(prefix, each))
    return shuffled[(shuffled.index(value) + 1) % len(shuffled)]


@lru_cache(maxsize=4096)
def _alike(prefix: bytes) -> tuple[int, ...]:
    """What could stand in place of the last octet, and be as long and of the same kind."""
    *before, last = prefix
    as_long = [value for value in range(256) if len(str(value)) == len(str(last))]
    if before and not _kinds(bytes(before)):
        return tuple(as_long)
    kinds = _kinds(prefix)
    return tuple(value for value in as_long if _kinds(bytes([*before, value])) == kinds)


def _kinds(prefix: bytes) -> tuple[tuple[int, bool], ...]:
    """Which networks an address that begins so may be in, and whether it is."""
    free = 4 - len(prefix)
    low = int.from_bytes(prefix + bytes(free), "big")
    high = low | (1 << 8 * free) - 1
    return tuple(
        (number, first <= low and high <= last)
        for number, (first, last) in enumerate(_RANGES)
        if first <= high and low <= last
    )


def _redact_v6(packed: bytes, order: Order) -> bytes:
    address = ipaddress.IPv6Address(packed)
    if address.is_loopback or address.is_unspecified:
        return packed
    digits = packed.hex()
    kept = next((size for start, size in _V6_KEPT if digits.startswith(start)), 1)
    made = digits[:kept]
    for place in range(kept, 32):
        leading = not int(digits[place - place % 4 : place] or "0", 16)
        if leading and digits[place] == "0":
            made += "0"  # not printed, and a group of zeros may be what is left out
            continue
        values = range(1 if leading else 0, 16)
        made += f"{_exchanged(int(digits[place], 16), values, digits[:place].encode(), order):x}"
    return bytes.fromhex(made)

"""Packed addresses become text."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import Endpoint
from analyzer.decode.address import address_text, endpoint


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        ("0a000001", "10.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("ffffffff", "255.255.255.255"),
        ("00" * 15 + "01", "::1"),
        ("00" * 16, "::"),
        ("fe80" + "00" * 13 + "01", "fe80::1"),
        ("20010db8000000000001000000000001", "2001:db8::1:0:0:1"),
        ("20010db8000100010001000100010001", "2001:db8:1:1:1:1:1:1"),
        ("00" * 10 + "ffff0a000001", "10.0.0.1"),  # IPv4-mapped
        ("00" * 12 + "0a000001", "::a00:1"),  # IPv4-compatible: an IPv6 address
    ],
)
def test_canonical_text(packed: str, text: str) -> None:
    """RFC 5952, and IPv4-mapped addresses as IPv4: both ends of one connection must read the same."""
    assert address_text(bytes.fromhex(packed)) == text


@given(st.binary(min_size=4, max_size=4))
def test_any_ipv4(packed: bytes) -> None:
    """As the standard library writes it."""
    assert address_text(packed) == str(ipaddress.IPv4Address(packed))


@given(st.binary(min_size=16, max_size=16))
def test_any_ipv6(packed: bytes) -> None:
    """As the standard library writes it, unless IPv4-mapped."""
    address = ipaddress.IPv6Address(packed)
    assert address_text(packed) == str(address.ipv4_mapped or address)


def test_endpoint() -> None:
    """Address and port; asked twice, the same object."""
    first = endpoint(b"\x0a\0\0\1", 4369)
    assert first == Endpoint("10.0.0.1", 4369)
    assert endpoint(b"\x0a\0\0\1", 4369) is first

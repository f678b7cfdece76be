"""Addresses in place of addresses."""

from __future__ import annotations

import hmac
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.redact.addresses import redact

KNOWN = (
    *("10.77.0.1", "172.31.255.1", "192.168.1.1", "169.254.3.4", "100.127.9.9", "8.8.8.8"),
    *("fd00::77:1", "fe80::1", "2001:db8::5", "2a00:1450::8"),
)
V4 = st.ip_addresses(v=4) | st.sampled_from([ipaddress.IPv4Address(text) for text in KNOWN if ":" not in text])
V6 = (
    st.ip_addresses(v=6, network="2a00::/12")
    | st.ip_addresses(v=6, network="fd00::/8")
    | st.sampled_from([ipaddress.IPv6Address(text) for text in KNOWN if ":" in text])
)


def order(prefix: bytes, value: int) -> bytes:
    return hmac.digest(b"key", bytes([value]) + prefix, "sha256")


def made(text: str) -> str:
    return str(ipaddress.ip_address(redact(ipaddress.ip_address(text).packed, order)))


@given(V4 | V6)
def test_kind_and_length_stay(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Whatever a diagnosis can ask of an address has the same answer, and it takes as much room."""
    new = ipaddress.ip_address(redact(address.packed, order))
    for kind in ("is_loopback", "is_private", "is_global", "is_link_local", "is_multicast", "is_unspecified"):
        assert getattr(new, kind) == getattr(address, kind), (kind, new)
    assert len(str(new)) == len(str(address))
    assert len(new.packed) == len(address.packed)


@given(V4, V4)
def test_octets_in_common_stay_in_common(one: ipaddress.IPv4Address, two: ipaddress.IPv4Address) -> None:
    """So networks stay together, and no two addresses become one."""
    new = redact(one.packed, order), redact(two.packed, order)
    assert _in_common(*new) == _in_common(one.packed, two.packed)


def _in_common(one: bytes, two: bytes) -> int:
    return next((place for place in range(4) if one[place] != two[place]), 4)


@pytest.mark.parametrize("text", ["127.0.0.1", "127.3.2.1", "::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1"])
def test_what_is_nobodys_stays(text: str) -> None:
    """It means the same everywhere."""
    assert made(text) == text


@pytest.mark.parametrize("text", KNOWN)
def test_others_become_others(text: str) -> None:
    """Of each one something changes."""
    assert made(text) != text


def test_one_address_in_both_families() -> None:
    """An IPv4 address that is written as IPv6 is the same one."""
    assert (
        redact(ipaddress.ip_address("::ffff:10.77.0.1").packed, order)[12:]
        == ipaddress.ip_address(made("10.77.0.1")).packed
    )

"""Lengths through ciphers, and back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.tls.crypto.suites import _tls_cipher_suites as scapys_names

from dissectors.tls_ciphers import (
    AEAD_1_3,
    CHACHA_1_2,
    GCM_1_2,
    SHA1,
    SHA256,
    SHA384,
    Aead,
    Cbc,
    Sealing,
    finished_lengths,
    sealings,
)


@pytest.mark.parametrize(
    ("version", "suite", "overhead"),
    [
        (0x0303, 0xC030, 24),  # ECDHE-RSA-AES256-GCM, OTP 25's choice
        (0x0303, 0x009D, 24),
        (0x0303, 0xC0AD, 24),  # CCM
        (0x0303, 0xC0AF, 16),  # CCM-8
        (0x0303, 0xCCA8, 16),  # ChaCha20
        (0x0304, 0x1301, 17),
        (0x0304, 0x1302, 17),
        (0x0304, 0x1303, 17),
        (0x0304, 0x1305, 9),  # CCM-8
    ],
)
def test_authenticated_encryption_adds_a_constant(version: int, suite: int, overhead: int) -> None:
    """docs/protocol.md 2.7: status ``ok`` has 7 bytes with its length."""
    (sealing,) = sealings(version, suite)
    assert list(sealing.plain(7 + overhead)) == [7]
    assert list(sealing.plain(overhead - 1)) == []


MACS = {"_SHA": SHA1, "_SHA256": SHA256, "_SHA384": SHA384}
BY_NAME: dict[str, dict[str, Sealing]] = {
    r"TLS_(AES_(128|256)_(GCM|CCM)|CHACHA20_POLY1305)(_SHA256|_SHA384)": {"": AEAD_1_3},
    r"TLS_AES_128_CCM_8_SHA256": {"": Aead(9)},
    r"TLS_.+_WITH_AES_(128|256)_(GCM_SHA256|GCM_SHA384|CCM)": {"": GCM_1_2},
    r"TLS_.+_WITH_(AES_(128|256)_CCM_8|CHACHA20_POLY1305_SHA256)": {"": CHACHA_1_2},
    r"TLS_(?!.*(PSK|SRP|ECDH_anon)).+_WITH_AES_(128|256)_CBC(?P<mac>_SHA|_SHA256|_SHA384)": {
        name: Cbc(mac) for name, mac in MACS.items()
    },
    r"TLS_(?!.*(PSK|SRP|ECDH_anon|KRB5)).+_WITH_3DES_EDE_CBC(?P<mac>_SHA)": {"_SHA": Cbc(SHA1, block=8)},
}
"""What suites are called that hide lengths in the same way; the keys of the inner table are names of MACs."""


def by_name(name: str) -> tuple[Sealing, ...]:
    """None where the name is of no family above."""
    found = ((re.fullmatch(pattern, name), by_mac) for pattern, by_mac in BY_NAME.items())
    return tuple(by_mac[match.groupdict().get("mac", "")] for match, by_mac in found if match)


@pytest.mark.parametrize(("suite", "name"), [each for each in sorted(scapys_names.items()) if each[0] < 0x1_0000])
def test_every_suite_is_what_its_name_says(suite: int, name: str) -> None:
    """By the names that scapy has of IANA's list; of all others nothing is known."""
    unknown = sealings(0x0303, None)
    assert sealings(0x0303, suite) == (by_name(name) or unknown)


@pytest.mark.parametrize(("suite", "mac"), [(0xC014, SHA1), (0xC027, SHA256), (0xC028, SHA384), (0x002F, SHA1)])
@given(plain=st.integers(0, 2000))
def test_blocks_hide_the_length_within_one_block(suite: int, mac: int, plain: int) -> None:
    """The true length is always among the sixteen that fit."""
    (sealing,) = sealings(0x0303, suite)
    padded = plain + mac + 1
    length = 16 + padded + -padded % 16
    assert plain in sealing.plain(length)
    assert len(sealing.plain(length)) <= 16
    assert not sealing.plain(length + 1)


def test_tls_1_0_has_no_explicit_iv() -> None:
    """The same suite costs a block less."""
    (old,), (new,) = sealings(0x0301, 0xC014), sealings(0x0302, 0xC014)
    assert old == Cbc(SHA1, explicit_iv=False)
    assert old.plain(32) == new.plain(48)
    assert not new.plain(16)


def test_eight_byte_blocks() -> None:
    """3DES pads to eight."""
    (sealing,) = sealings(0x0303, 0xC012)
    assert sealing == Cbc(SHA1, block=8)
    assert list(sealing.plain(8 + 32)) == [4, 5, 6, 7, 8, 9, 10, 11]


def test_what_was_not_seen_leaves_candidates() -> None:
    """Version 1.3 has one overhead whatever the suite; 1.2 and the unknown have several."""
    assert sealings(0x0304, None) == (AEAD_1_3,)
    assert sealings(0x0303, None)[:2] == (GCM_1_2, CHACHA_1_2)
    assert AEAD_1_3 in sealings(None, None)
    assert sealings(0x0303, 0xFFFF) == sealings(0x0303, None)
    assert sealings(None, 0x1301) == (AEAD_1_3,)


def test_finished_has_the_length_of_the_hash() -> None:
    """A header of 4 bytes, then SHA-256 or SHA-384."""
    assert finished_lengths(0x1301) == {36}
    assert finished_lengths(0x1302) == {52}
    assert finished_lengths(None) == {36, 52}
    assert list(Aead(17).plain(69)) == [52]

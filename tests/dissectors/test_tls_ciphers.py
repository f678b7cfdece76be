"""Lengths through ciphers, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.tls_ciphers import (
    AEAD_1_3,
    CHACHA_1_2,
    GCM_1_2,
    SHA1,
    SHA256,
    SHA384,
    Aead,
    Cbc,
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

"""Vectors of the TLS presentation language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cursor import Malformed, Reader, Truncated
from dissectors.tls_codec import (
    exactly,
    pull_opaque,
    pull_opaques,
    pull_uints,
    push_opaque,
    push_opaques,
    push_uint,
    push_uints,
)


@given(st.lists(st.integers(0, 0xFFFF), max_size=20))
def test_integers_round_trip(values: list[int]) -> None:
    """What push_uints writes, pull_uints reads."""
    assert pull_uints(Reader(push_uints(values, 2, 2)), 2, "values", 2) == tuple(values)


@given(st.lists(st.binary(max_size=9), max_size=9))
def test_strings_round_trip(values: list[bytes]) -> None:
    """What push_opaques writes, pull_opaques reads."""
    assert pull_opaques(Reader(push_opaques(values, 3, 1)), 3, "values", 1) == tuple(values)


def test_an_element_that_runs_over_its_vector() -> None:
    """Three bytes can't be two-byte integers, although more bytes follow the vector."""
    with pytest.raises(Truncated, match="suites at byte 2: 2 bytes wanted, 1 there"):
        pull_uints(Reader(b"\x00\x03\x13\x01\x13\x02"), 2, "suites", 2)


def test_a_vector_that_runs_over_the_message() -> None:
    """The announced length is checked before anything is taken."""
    with pytest.raises(Truncated, match="name at byte 1: 5 bytes wanted, 2 there"):
        pull_opaque(Reader(b"\x05ab"), 1, "name")


def test_exactly_refuses_what_is_left_over() -> None:
    """A message must fill its body."""
    with (
        pytest.raises(Malformed, match="end at byte 1: no more bytes wanted, 2 bytes found"),
        exactly(b"abc") as reader,
    ):
        reader.take(1, "first")


def test_values_that_do_not_fit() -> None:
    """A caller who asks for the impossible is told so."""
    with pytest.raises(OverflowError):
        push_uint(256, 1)
    with pytest.raises(OverflowError):
        push_opaque(b"x" * 256, 1)

"""Descriptions of the interfaces of evidence captures, written and read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.origin import Origin


@given(st.builds(Origin, st.text(), st.integers(0, 999_998), st.integers(0, 10**12 - 1), st.booleans()))
def test_round_trip(origin: Origin) -> None:
    """Whatever the file is called."""
    assert Origin.read(str(origin)) == origin


@pytest.mark.parametrize(
    "text",
    ["", "eth0", "node2.pcap; point of observation 2", "x; point of observation 2, with 3 other connections, and more"],
)
def test_other_descriptions_are_none(text: str) -> None:
    """Of interfaces that somebody else described."""
    assert Origin.read(text) is None

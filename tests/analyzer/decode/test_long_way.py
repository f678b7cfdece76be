"""From header to header, and not for ever."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from analyzer.decode import SkipReason
from analyzer.decode.long_way import MAX_HEADERS, READERS
from analyzer.decode.walk import Layer
from tests.analyzer.decode.building import RAW, decode, frame, reason


def test_every_layer_has_a_reader() -> None:
    """Whatever a reader names as the next layer, the table can go on with."""
    assert set(READERS) == set(Layer)


@pytest.mark.parametrize("header", [IP(len=0, proto=4), IPv6(plen=0, nh=41, dst="::1")])
def test_depth_is_bounded(header: Any) -> None:
    """A packet that nests without end is given up, not followed."""
    assert reason(decode(bytes(header) * (MAX_HEADERS + 1), RAW)) is SkipReason.MALFORMED


def test_stack_of_tags_is_bounded() -> None:
    """A frame that consists of VLAN tags is given up, not followed."""
    assert reason(decode(bytes(frame(type=0x8100)) + b"\x00\x01\x81\x00" * 16_000)) is SkipReason.MALFORMED

"""Blocks, taken one by one."""

from __future__ import annotations

import pytest

from analyzer.capture.blocks import ENHANCED_PACKET, INTERFACE_DESCRIPTION, SECTION_HEADER, Damage, Section
from analyzer.capture.state import NOT_A_PACKET, CaptureState
from tests.analyzer.capture.test_pcapng import block, interface, packet, section


def test_a_section_header_sets_the_byte_order() -> None:
    """For all that follows it."""
    reader = Section(CaptureState("x"))
    assert reader.head(section(">"), 0) == (SECTION_HEADER, 28)
    reader.take(SECTION_HEADER, section(">"))
    described = interface(113, order=">")
    assert reader.head(described, 0) == (INTERFACE_DESCRIPTION, len(described))
    reader.take(INTERFACE_DESCRIPTION, described)
    assert reader.take(ENHANCED_PACKET, packet(b"abc", 7, order=">")) == (7000, 113, b"abc", 3)
    assert reader.latest == 7000


def test_a_block_with_a_number_and_without_a_packet() -> None:
    """Has the time of the packet before."""
    reader = Section(CaptureState("x"))
    reader.latest = 5
    assert reader.take(9, block(9, b"")) == (5, NOT_A_PACKET, b"", 0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x0a\x0d\x0d\x0a" + bytes(24), "without byte order mark"),
        (block(6, bytes(4)), "claims 16 bytes"),
        (b"\x05\0\0\0\x1a\0\0\0" + bytes(20), "claims 26 bytes"),
    ],
)
def test_damaged_heads(data: bytes, says: str) -> None:
    """What is wrong, for the note."""
    with pytest.raises(Damage, match=says):
        Section(CaptureState("x")).head(data, 0)


def test_the_length_stands_twice() -> None:
    """A block whose two lengths differ is damage."""
    with pytest.raises(Damage, match="two lengths"):
        Section(CaptureState("x")).take(4, block(4, b"")[:-1] + b"\1")

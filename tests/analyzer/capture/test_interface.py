"""The clock of an interface, and its count of lost packets."""

from __future__ import annotations

import pytest

from analyzer.capture.interface import Interface


@pytest.mark.parametrize(
    ("resolution", "ticks", "nanoseconds"),
    [
        (0, 3, 3_000_000_000),
        (3, 1_234, 1_234_000_000),
        (6, 1_234_567, 1_234_567_000),
        (9, 1_234_567_890, 1_234_567_890),
        (12, 1_234_567_890_123, 1_234_567_890),
        (0x80, 3, 3_000_000_000),
        (0x80 | 1, 3, 1_500_000_000),
        (0x80 | 32, 5 << 30, 1_250_000_000),
        (0x7F, 1 << 63, 0),
        (0xFF, 1 << 63, 0),
    ],
)
def test_resolutions(resolution: int, ticks: int, nanoseconds: int) -> None:
    """Powers of ten, and of two where the highest bit says so."""
    interface = Interface(1, 0)
    interface.set_resolution(resolution)
    assert ticks * interface.multiplier // interface.divisor == nanoseconds


def test_microseconds_are_usual() -> None:
    """Without the option, the clock counts microseconds."""
    interface = Interface(1, 0)
    assert 7 * interface.multiplier // interface.divisor == 7_000


def test_losses_are_told_once() -> None:
    """Reports beside packets add up; those of statistics count from the start; the larger view holds."""
    interface = Interface(1, 0)
    assert interface.lost(beside_packet=2) == 2
    assert interface.lost(beside_packet=3) == 3
    assert interface.lost(in_statistics=4) == 0
    assert interface.lost(in_statistics=9) == 4
    assert interface.lost(in_statistics=9) == 0
    assert interface.lost(beside_packet=5) == 1

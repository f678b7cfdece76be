"""Runs of undecodable bytes."""

from __future__ import annotations

from dissectors.dialogue import Missing, Problem, Side, Undecoded
from dissectors.lane import RUN_LIMIT, Lane


def test_run_is_one_item_with_its_first_reason() -> None:
    """Pieces join; the first 64 bytes are kept; flushing twice gives nothing."""
    lane = Lane(Side.ACCEPTOR)
    lane.held += b"abc"
    assert lane.spoil(Problem.MALFORMED, "first") == []
    assert lane.spoil(Problem.OUT_OF_STEP, "second", b"x" * 100) == []
    assert lane.flush() == [
        Undecoded(Side.ACCEPTOR, 0, 103, Problem.MALFORMED, "first", b"abc" + b"x" * 61),
    ]
    assert lane.flush() == []
    assert lane.end == 103


def test_long_run_comes_in_pieces() -> None:
    """A run that does not end appears while it goes on, in the same pieces however it was cut."""
    whole, bits = Lane(Side.INITIATOR), Lane(Side.INITIATOR)
    size = 2 * RUN_LIMIT + 10
    one = whole.spoil(Problem.MALFORMED, "why", bytes(size)) + whole.flush()
    many = [item for _ in range(0, size, 1000) for item in bits.spoil(Problem.MALFORMED, "why", bytes(1000))]
    assert [(item.start, item.end) for item in one] == [
        (0, RUN_LIMIT),
        (RUN_LIMIT, 2 * RUN_LIMIT),
        (2 * RUN_LIMIT, size),
    ]
    assert many == one[:2]


def test_places_go_on_over_holes() -> None:
    """A hole moves the place of what follows."""
    lane = Lane(Side.INITIATOR)
    lane.held += b"abcd"
    assert lane.decoded(3, "message").end == 3
    assert lane.undecoded(1, Problem.TRUNCATED, "cut").start == 3
    assert lane.hole(10) == Missing(Side.INITIATOR, 4, 14)
    lane.held += b"xy"
    assert (lane.start, lane.end) == (14, 16)

"""What was seen within the span around now is a copy, in bounded memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.streams.copies import GENERATION, Copies


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=60))
def test_a_copy_is_what_came_within_the_span(packets: list[tuple[int, int]]) -> None:
    """Against a model that remembers everything."""
    copies = Copies(5)
    firsts: dict[int, int] = {}
    at = 1_000
    for identity, step in packets:
        at += step
        expected = identity in firsts and at - firsts[identity] <= 5
        assert copies.seen(identity, at) == expected
        if not expected:
            firsts[identity] = at


def test_a_third_copy_is_measured_from_the_first() -> None:
    """A packet that is repeated steadily is not one packet for ever."""
    copies = Copies(5)
    assert [copies.seen("packet", at) for at in (0, 4, 8, 12)] == [False, True, False, True]


def test_a_clock_that_jumps_back() -> None:
    """The next file begins earlier: nothing in it is a copy of what seems to lie in the future."""
    copies = Copies(5)
    assert not copies.seen("packet", 1_000_000)
    assert not copies.seen("packet", 10)
    assert copies.seen("packet", 12)


def test_memory_is_bounded_at_any_rate() -> None:
    """A million packets in one millisecond: the older half of some thousands is dropped."""
    copies = Copies(5)
    for identity in range(3 * GENERATION):
        assert not copies.seen(identity, 0)
    assert len(copies._younger) + len(copies._older) <= 2 * GENERATION
    assert copies.seen(3 * GENERATION - 1, 0)

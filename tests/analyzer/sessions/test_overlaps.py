"""Who was under way at a time: the same as a look at everybody."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from analyzer.sessions.overlaps import MOST, Overlaps


@dataclass(frozen=True)
class Span:
    """As much of an attempt as counts here."""

    started_at: int
    ended_at: int


SPANS = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 500), st.integers(0, 300))


@given(st.lists(SPANS, max_size=40), st.integers(0, 900), st.integers(0, 200))
def test_it_finds_those_that_a_look_at_all_finds(spans: list[Span], first: int, length: int) -> None:
    """In the order in which they were given."""
    last = first + length
    found: object = Overlaps(spans).at(first, last)  # type: ignore[arg-type]
    assert found == [span for span in spans if span.started_at <= last and span.ended_at >= first]


def test_a_flood_gives_its_latest() -> None:
    """Bounded, and the nearest in time."""
    spans = [Span(number, number + 10_000) for number in range(2 * MOST)]
    found: object = Overlaps(spans).at(9_000, 9_000)  # type: ignore[arg-type]
    assert found == spans[-MOST:]

"""Stamps, spans, and what people type for a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report import times

AT = 1_793_459_437_335_658_009


def test_rfc3339_has_nanoseconds() -> None:
    """No digit of the capture's clock is lost."""
    assert times.rfc3339(AT) == "2026-10-31T15:10:37.335658009Z"


@given(st.integers(min_value=0, max_value=2**63))
def test_rfc3339_can_be_read_back(at: int) -> None:
    """A stamp means the nanosecond that it was made of."""
    assert times.parse(times.rfc3339(at)) == at


@given(st.integers(min_value=-(2**80), max_value=2**80))
def test_no_clock_is_too_wrong(at: int) -> None:
    """A capture's clock can hold anything; a stamp of it has the usual shape and is a date."""
    stamp = times.rfc3339(at)
    assert len(stamp) == 30
    assert datetime.fromisoformat(stamp[:19]).replace(tzinfo=UTC)
    assert times.stamp(at, 0) == stamp[:19].replace("T", " ")
    assert times.period(at, at).endswith(" UTC")


def test_clock_is_cut_not_rounded() -> None:
    """What is shown never lies after what happened."""
    assert times.clock(AT) == "15:10:37.335658"
    assert times.clock(AT, 3) == "15:10:37.335"
    assert times.clock(AT + 999_999_999 - 335_658_009, 0) == "15:10:37"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "2026-10-31 15:10:37 UTC"),
        (183, "2026-10-31 15:10:37 to 15:13:40 UTC"),
        (86_400, "2026-10-31 15:10:37 to 2026-11-01 15:10:37 UTC"),
    ],
)
def test_period_says_the_date_once(seconds: int, said: str) -> None:
    """Unless there are two dates."""
    assert times.period(AT, AT + seconds * times.SECOND) == said


@pytest.mark.parametrize(
    ("nanoseconds", "said"),
    [(0, "+0.000000"), (3_212_999, "+0.003212"), (7_000_000_000, "+7.000000"), (-1_500_000_000, "-1.500000")],
)
def test_offset(nanoseconds: int, said: str) -> None:
    """Seconds since a start, to the microsecond."""
    assert times.offset(nanoseconds) == said


@pytest.mark.parametrize(
    ("nanoseconds", "said"),
    [
        (700, "1 µs"),
        (1_200_000, "1.2 ms"),
        (40_000_000, "40 ms"),
        (7_000_000_000, "7.0 s"),
        (42 * times.SECOND, "42 seconds"),
        (185 * times.SECOND, "3 minutes"),
        (3 * 3600 * times.SECOND, "3 hours"),
        (3 * times.DAY, "3 days"),
    ],
)
def test_span(nanoseconds: int, said: str) -> None:
    """In the unit that people would use."""
    assert times.span(nanoseconds) == said


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-10-31T15:10:37Z", "2026-10-31T15:10:37.000000000Z"),
        ("2026-10-31T15:10:37.335658009Z", "2026-10-31T15:10:37.335658009Z"),
        ("2026-10-31 16:10:37+01:00", "2026-10-31T15:10:37.000000000Z"),
        ("2026-10-31T15:10", "2026-10-31T15:10:00.000000000Z"),
        ("2026-10-31", "2026-10-31T00:00:00.000000000Z"),
        ("1793459437.5", "2026-10-31T15:10:37.500000000Z"),
        ("9:05", "2026-10-31T09:05:00.000000000Z"),
        ("15:10:37.25", "2026-10-31T15:10:37.250000000Z"),
    ],
)
def test_parse(text: str, at: str) -> None:
    """Everything that the help promises; a time of day is one of the day that is given."""
    assert times.rfc3339(times.parse(text, AT)) == at


@pytest.mark.parametrize(
    "text", ["", "yesterday", "25:00", "12:61", "2026-13-01", "15.10", "1e9", "2026-10-31T15:10:37.1.2Z"]
)
def test_parse_refuses(text: str) -> None:
    """What is no time, with the text in the words."""
    with pytest.raises(ValueError, match="is no time"):
        times.parse(text, AT)


def test_a_time_of_day_needs_a_day() -> None:
    """The words show how to give one."""
    assert times.needs_day("15:10")
    assert not times.needs_day("2026-10-31T15:10")
    with pytest.raises(ValueError, match="2026-10-31T15:10Z"):
        times.parse("15:10")

"""Cases → a strip of time: a line for each case, a mark for each of its attempts, where it was and how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from analyzer.findings import Outcome
from analyzer.report import times
from analyzer.report.document import Case

MOST = 24
"""Lines; further cases share one."""
STEPS = 1000
"""Places along the strip: more marks than that look no different."""


class Mark(NamedTuple):
    """Per mille of the time that the strip covers."""

    start: int
    end: int


class Line(NamedTuple):
    case: int | None
    """Number of the case in the report; None for several."""
    label: str
    outcome: Outcome
    attempts: int
    marks: tuple[Mark, ...]


class Strip(NamedTuple):
    lines: tuple[Line, ...]
    ticks: tuple[tuple[int, str], ...]
    """Per mille, and the time there."""
    period: str


def strip_of(cases: Sequence[Case]) -> Strip | None:
    """The strip; None where there is but one attempt."""
    attempts = [attempt for case in cases for attempt in case.attempts]
    if len(attempts) < 2:
        return None
    first = min(attempt.started_at for attempt in attempts)
    last = max(attempt.ended_at for attempt in attempts)
    length = max(last - first, 1)
    troubled = [number for number, case in enumerate(cases) if case.outcome is not Outcome.OK]
    own = troubled[:MOST]
    lines = [
        Line(number, cases[number].verdict, cases[number].outcome, len(cases[number].attempts), marks)
        for number in own
        for marks in [_marks([cases[number]], first, length)]
    ]
    rest = [cases[number] for number in troubled[MOST:]]
    if rest:
        lines.append(_several(rest, f"{len(rest):,} more", Outcome.PROBLEM, first, length))
    well = [case for case in cases if case.outcome is Outcome.OK]
    if well:
        lines.append(_several(well, "all that went well", Outcome.OK, first, length))
    # A tick in the middle of a strip of milliseconds would say the same as its ends.
    digits = 0 if length >= 10 * times.SECOND else 3
    ticks = tuple((at, times.clock(first + length * at // STEPS, digits)) for at in (0, STEPS // 2, STEPS))
    return Strip(tuple(lines), ticks, times.period(first, last))


def _several(cases: Sequence[Case], label: str, outcome: Outcome, first: int, length: int) -> Line:
    return Line(None, label, outcome, sum(len(case.attempts) for case in cases), _marks(cases, first, length))


def _marks(cases: Sequence[Case], first: int, length: int) -> tuple[Mark, ...]:
    places = {
        Mark((attempt.started_at - first) * STEPS // length, (attempt.ended_at - first) * STEPS // length)
        for case in cases
        for attempt in case.attempts
    }
    return tuple(sorted(places))

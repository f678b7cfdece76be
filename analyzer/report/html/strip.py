"""Cases → a strip of time: a line for each case, a mark for each of its attempts, where it was and how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from analyzer.findings import Outcome
from analyzer.report import times
from analyzer.report.document import Case
from analyzer.report.html.mesh import Brief

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


def strip_of(cases: Sequence[Case], briefs: Sequence[Sequence[Brief]]) -> Strip | None:
    """The strip of cases and the attempts of each; None where there is but one attempt."""
    attempts = [brief for of_case in briefs for brief in of_case]
    if len(attempts) < 2:
        return None
    first = min(attempt.started_at for attempt in attempts)
    last = max(attempt.ended_at for attempt in attempts)
    length = max(last - first, 1)
    troubled = [number for number, case in enumerate(cases) if case.outcome is not Outcome.OK]
    lines = [
        Line(number, cases[number].verdict, cases[number].outcome, len(briefs[number]), marks)
        for number in troubled[:MOST]
        for marks in [_marks(briefs[number], first, length)]
    ]
    rest = [brief for number in troubled[MOST:] for brief in briefs[number]]
    if rest:
        label = f"{len(troubled) - MOST:,} more"
        lines.append(Line(None, label, Outcome.PROBLEM, len(rest), _marks(rest, first, length)))
    well = [brief for case, own in zip(cases, briefs, strict=True) if case.outcome is Outcome.OK for brief in own]
    if well:
        lines.append(Line(None, "all that went well", Outcome.OK, len(well), _marks(well, first, length)))
    # A tick in the middle of a strip of milliseconds would say the same as its ends.
    digits = 0 if length >= 10 * times.SECOND else 3
    ticks = tuple((at, times.clock(first + length * at // STEPS, digits)) for at in (0, STEPS // 2, STEPS))
    return Strip(tuple(lines), ticks, times.period(first, last))


def _marks(attempts: Iterable[Brief], first: int, length: int) -> tuple[Mark, ...]:
    places = {
        Mark((each.started_at - first) * STEPS // length, (each.ended_at - first) * STEPS // length)
        for each in attempts
    }
    return tuple(sorted(places))

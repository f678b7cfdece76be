"""How far an attempt got → the stages on its way, each passed, broken, not reached, or not in the capture."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from analyzer.findings import Outcome
from analyzer.report.document import Case
from analyzer.report.wording import WAY
from analyzer.sessions.attempt import Stage
from analyzer.sessions.events import Leg


class Mark(Enum):
    PASSED = "passed"
    BROKEN = "broken here"
    REACHED = "got here"
    """Of an attempt that did not fail, or of which that is unclear."""
    UNREACHED = "not reached"
    UNSEEN = "not in the capture"


class StageMark(NamedTuple):
    name: str
    mark: Mark


_ORDER = list(Stage)


def way(case: Case) -> tuple[StageMark, ...]:
    """The stages of a connection attempt in order; empty for other attempts."""
    attempt = case.first
    if attempt.kind != "connect":
        return ()
    reached = _ORDER.index(Stage(attempt.stage))
    events = {event.event for event in attempt.timeline}
    legs = {step.leg for step in case.steps}
    marks = []
    for stage, name in WAY.items():
        index = _ORDER.index(stage)
        if stage is Stage.TLS and attempt.stage != Stage.TLS.value and not any(e.startswith("tls-") for e in events):
            continue
        if stage is Stage.LOOKUP and Leg.EPMD not in legs:
            marks.append(StageMark(name, Mark.UNSEEN))
        elif index < reached:
            marks.append(StageMark(name, Mark.PASSED))
        elif index > reached:
            marks.append(StageMark(name, Mark.UNREACHED))
        else:
            marks.append(StageMark(name, Mark.BROKEN if case.outcome is Outcome.PROBLEM else Mark.REACHED))
    if attempt.stage == Stage.ENDED.value:
        marks.append(StageMark("ended", Mark.BROKEN if case.outcome is Outcome.PROBLEM else Mark.REACHED))
    return tuple(marks)

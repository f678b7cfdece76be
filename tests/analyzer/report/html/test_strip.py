"""When it happened."""

from __future__ import annotations

from analyzer.findings import Analysis, Outcome
from analyzer.report import view
from analyzer.report.html import strip
from analyzer.report.html.mesh import Names
from analyzer.report.html.strip import Mark, Strip
from analyzer.sessions.attempt import Party
from tests.analyzer.report.building import (
    analysis_of,
    attempt,
    cookie_finding,
    diagnosis,
    healthy_finding,
    mismatch,
    refused_handshake,
)


def _strip_of(analysis: Analysis) -> Strip | None:
    document = view.build(analysis)
    names = Names(document)
    return strip.strip_of(document.cases, [[names.brief(each) for each in case.attempts] for case in document.cases])


def test_a_line_for_each_case() -> None:
    """Problems one by one, all that went well together; marks where the attempts were."""
    healthy = [diagnosis(attempt(refused_handshake(at)), healthy_finding("connected")) for at in (0, 100_000)]
    bad = diagnosis(attempt(refused_handshake(50_000)), cookie_finding())
    made = _strip_of(analysis_of(*healthy, bad))
    assert made is not None
    problem, well = made.lines
    assert (problem.case, problem.label, problem.attempts, problem.marks) == (
        0,
        "cookie-mismatch",
        1,
        (Mark(499, 500),),
    )
    assert (well.case, well.outcome, well.attempts) == (None, Outcome.OK, 2)
    assert [mark.start for mark in well.marks] == [0, 999]
    assert made.ticks == ((0, "15:10:37"), (500, "15:11:27"), (1000, "15:12:17"))


def test_one_attempt_needs_no_strip() -> None:
    """Its time is in its heading."""
    assert _strip_of(analysis_of(mismatch())) is None


def test_many_cases_share_a_line() -> None:
    """No attempt is lost, and marks that look alike are drawn once."""
    diagnoses = [
        diagnosis(
            attempt(refused_handshake(), initiator=Party(f"n{number}@h", "10.0.0.1")),
            cookie_finding(says=f"{number}"),
        )
        for number in range(strip.MOST + 10)
    ]
    made = _strip_of(analysis_of(*diagnoses))
    assert made is not None
    assert len(made.lines) == strip.MOST + 1
    assert (made.lines[-1].label, made.lines[-1].attempts, made.lines[-1].case) == ("10 more", 10, None)
    assert made.lines[-1].marks == (Mark(0, 1000),)
    assert made.ticks[0][1] == "15:10:37.337"

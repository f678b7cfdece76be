"""Analysis to neutral document."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.findings import Diagnosis, Outcome
from analyzer.report import story, view
from analyzer.report.handbook import page_of
from analyzer.sessions.attempt import Kind, Party
from dissectors.dataclass import replace
from tests.analyzer.report.building import (
    analysis,
    analysis_of,
    attempt,
    diagnosis,
    healthy_finding,
    hostile,
    lookup,
    mismatch,
    packet,
    refused_handshake,
    registration,
    unclear,
)


def test_views_are_made_when_asked_for() -> None:
    """By place, from the end, in part and in whole, and the same one for the same place."""
    document = view.build(analysis())
    views = document.attempts
    assert [each.id for each in views] == [f"A{number + 1}" for number in range(len(views))]
    assert views[-1].id == list(views)[-1].id == f"A{len(views)}"
    assert [each.id for each in views[1:3]] == ["A2", "A3"]
    assert views[0] is views[0]
    with pytest.raises(IndexError):
        views[len(views)]


def test_every_attempt_is_in_one_case() -> None:
    """Problems first, then what is unclear, then what is well; a case is an incident or an attempt of its own."""
    document = view.build(analysis())
    told = [(case.outcome, [each.id for each in case.attempts]) for case in document.cases]
    assert told == [(Outcome.PROBLEM, ["A1", "A4"]), (Outcome.INCONCLUSIVE, ["A3"]), (Outcome.OK, ["A2"])]


def test_an_attempt_that_two_incidents_name_is_told_once() -> None:
    """Whoever folds the incidents."""
    made = analysis()
    document = view.build(replace(made, incidents=made.incidents * 2))
    assert sum(len(case.attempts) for case in document.cases) == len(document.attempts)


def test_a_problem_tells_where_it_broke() -> None:
    """At the acceptor's FIN, the one packet of the proof that ends something; what is unclear has no such place."""
    problem, unclear_case, _ = view.build(analysis()).cases
    assert problem.broke == packet(15, 4.6)
    assert unclear_case.broke is None


def test_healthy_attempts_fold_without_an_incident() -> None:
    """The same pair with the same verdict is one line."""
    ok = [diagnosis(attempt(refused_handshake(n * 100)), healthy_finding("closed-normally")) for n in range(5)]
    (case,) = view.build(analysis_of(*ok)).cases
    assert len(case.attempts) == 5
    assert len(case.steps) == len(story.steps(ok[0].attempt))
    assert case.broke is None
    assert case.first_at < case.last_at


def test_finding_rivals_and_advice() -> None:
    """The verdict's own finding, what other rules say of the outcome, and what changes no verdict."""
    first = mismatch()
    rival = replace(first.findings[0], name="handshake-timeout", rule="HSK015")
    document = view.build(analysis_of(replace(first, findings=(*first.findings, rival))))
    (told,) = document.attempts
    assert told.finding is not None
    assert told.finding.name == "cookie-mismatch"
    assert [each.name for each in told.rivals] == ["handshake-timeout"]
    assert [each.name for each in told.advice] == ["plaintext-distribution"]


@pytest.mark.parametrize(
    ("diagnoses", "summary"),
    [
        ([], "No attempt of an Erlang node to reach another in 124 packets."),
        ([mismatch()], "1 problem found: 1 of 1 attempt failed."),
        ([mismatch(), registration()], "1 problem found: 1 of 2 attempts failed, 1 ok."),
        ([mismatch(), mismatch(), unclear()], "2 problems found: 2 of 3 attempts failed, 1 unclear."),
        ([registration()], "No problem found: 1 attempt, ok."),
        ([registration(), registration()], "No problem found: 2 attempts, all ok."),
        ([registration(), unclear()], "No problem found: 2 attempts, 1 unclear, 1 ok."),
    ],
)
def test_summary(diagnoses: list[Diagnosis], summary: str) -> None:
    """The answer in numbers, one sentence."""
    assert view.build(analysis_of(*diagnoses)).summary == summary


@pytest.mark.parametrize(
    ("kind", "acceptor", "called", "called_name", "said"),
    [
        (Kind.CONNECT, Party("bob@h", "10.0.0.2", 1), None, "bob", "ann@h → bob@h"),
        (Kind.CONNECT, Party(None, "10.0.0.2", 1), "bob@x", "bob", "ann@h → bob@x"),
        (Kind.CONNECT, Party(None, "10.0.0.2", 1), None, "bob", "ann@h → bob at 10.0.0.2"),
        (Kind.CONNECT, Party(None, "10.0.0.2", 1), None, None, "ann@h → 10.0.0.2"),
        (Kind.CONNECT, Party(), None, None, "ann@h → an unknown address"),
        (Kind.REGISTER, Party(None, "10.0.0.1", 4369), None, None, "ann@h registers with EPMD at 10.0.0.1"),
        (Kind.QUERY, Party(None, "10.0.0.2", 4369), None, None, "ann@h asks EPMD at 10.0.0.2"),
    ],
)
def test_who(kind: Kind, acceptor: Party, called: str | None, called_name: str | None, said: str) -> None:
    """Both sides in one phrase, by what is known of them."""
    made = attempt(lookup(), kind=kind, initiator=Party("ann@h"), acceptor=acceptor)
    made.called, made.called_name = called, called_name
    assert view.who(made) == said


@given(st.text(min_size=1))
def test_no_text_of_a_document_is_harmful(evil: str) -> None:
    """Whatever a node calls itself."""

    def texts(value: object) -> list[str]:
        if isinstance(value, str):
            return [value]
        if isinstance(value, dict):
            return [text for pair in value.items() for each in pair for text in texts(each)]
        if isinstance(value, Sequence):
            return [text for each in value for text in texts(each)]
        fields = getattr(value, "__dataclass_fields__", ())
        return [text for name in fields for text in texts(getattr(value, name))]

    found = texts(view.build(hostile(evil)))
    assert len(found) > 30
    assert all(text.isprintable() for text in found)


def test_findings_know_their_page() -> None:
    """A rule of another package has none here."""
    ours, theirs, _ = view.build(analysis()).cases
    assert ours.first.finding is not None and theirs.first.finding is not None
    assert ours.first.finding.docs == page_of("cookie-mismatch")
    assert (theirs.first.finding.rule, theirs.first.finding.docs) == ("GEN001", None)

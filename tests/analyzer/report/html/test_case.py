"""A case, as the page shows it."""

from __future__ import annotations

from analyzer.findings import Evidence, Incident, Outcome
from analyzer.report import view
from analyzer.report.document import Document
from analyzer.report.html import case
from analyzer.report.html.case import Chapter
from analyzer.report.html.mesh import Names
from dissectors.dataclass import replace
from tests.analyzer.report.building import (
    START,
    analysis,
    analysis_of,
    attempt,
    cookie_finding,
    diagnosis,
    lookup,
    packet,
)


def _chapter(document: Document, number: int = 0) -> Chapter:
    told = document.cases[number]
    return case.chapter(document, told, case.mentioned(told, number, Names(document).of(told.first)))


def test_an_incident_tells_all_there_is() -> None:
    """The answer, the first attempt in full, and the others in a list."""
    made = _chapter(view.build(analysis()))
    assert (made.line.symbol, made.line.word, made.line.verdict, made.line.count) == (
        "✕",
        "PROBLEM",
        "cookie-mismatch",
        2,
    )
    assert made.line.says == "bob@10.77.0.2 rejects the cookie of ann@10.77.0.1."
    assert dict(made.facts)["Certainty"].startswith("likely: ")
    assert made.frames == "frame.number in {13, 14, 15}"
    assert made.explain == "distscope explain cookie-mismatch"
    assert made.steps[0] == ("+0.000000", "1-3", "ann → EPMD", "opens TCP to 10.77.0.2:4369")
    assert [row[0] for row in made.others] == ["A1", "A4"]
    assert made.ladder is not None
    assert made.proof is not None
    assert len(made.proof.rows) == 3


def test_a_case_without_a_finding_is_still_shown() -> None:
    """By who and when."""
    document = view.build(analysis_of(diagnosis(attempt(lookup()), cookie_finding())))
    bare = replace(document.cases[0], attempts=(replace(document.cases[0].first, findings=()),))
    made = _chapter(replace(document, cases=(bare,)))
    assert made.line.says == bare.first.who
    assert (made.why, made.proof, made.frames, made.references) == ("", None, "", ())


def test_proof_of_two_captures_has_no_filter() -> None:
    """The same number is another packet in the other one."""
    evidence = (Evidence(packet(4), "here"), Evidence(packet(4, 1, capture=1), "there"))
    whole = analysis_of(diagnosis(attempt(lookup()), cookie_finding(evidence=evidence)))
    two = replace(whole, captures=(*whole.captures, replace(whole.captures[0], path="other.pcap")))
    made = _chapter(view.build(two))
    assert made.frames == ""
    assert dict(made.facts)["Capture"] == "incident.pcap"


def test_a_long_incident_lists_its_first_attempts() -> None:
    """And counts the rest."""
    count = case.MOST_ATTEMPTS + 5
    one = diagnosis(attempt(lookup()), cookie_finding())
    incident = Incident("cookie-mismatch", Outcome.PROBLEM, "a", "b", tuple(range(count)), START, START)
    made = _chapter(view.build(analysis_of(*[one] * count, incidents=(incident,))))
    assert (len(made.others), made.unlisted, made.line.count) == (case.MOST_ATTEMPTS, 5, count)

"""Words of Erlang, explained where they are used."""

from __future__ import annotations

from analyzer.report import glossary, view
from dissectors.dataclass import replace
from tests.analyzer.report.building import analysis

PROBLEM = view.build(analysis()).cases[0]


def test_only_the_words_that_are_used() -> None:
    """In plural or singular, in the order of the glossary."""
    words = list(glossary.words_of(PROBLEM))
    assert words == [word for word in glossary.WORDS if word in words]
    assert {"cookie", "challenge", "node"} <= set(words)
    assert "EPMD" not in words


def test_abbreviations_keep_their_case() -> None:
    """An abbreviation is no part of another word, and a word of everyday is none."""
    assert PROBLEM.first.finding is not None
    finding = replace(PROBLEM.first.finding, says="A syn of vmware", why="", fix=(), alternatives=(), evidence=())
    first = replace(PROBLEM.first, findings=(finding,))
    assert glossary.words_of(replace(PROBLEM, attempts=(first,))) == {}


def test_without_a_finding_nothing_is_said() -> None:
    """So there is nothing to explain."""
    first = replace(PROBLEM.first, findings=())
    assert glossary.words_of(replace(PROBLEM, attempts=(first,))) == {}

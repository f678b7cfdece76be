"""The blocks of a comment."""

from __future__ import annotations

import pytest

from analyzer.report import view
from analyzer.report.ticket import layout
from analyzer.report.ticket.markdown import GitHub
from tests.analyzer.report.building import analysis

GITHUB = GitHub()
DOCUMENT = view.build(analysis())
PROBLEM, UNCLEAR, WELL = DOCUMENT.cases


def answer(same_as: int | None = None) -> str:
    return layout.answer(DOCUMENT, GITHUB, PROBLEM, "PROBLEM", same_as=same_as)


def test_the_answer_comes_first_and_in_order() -> None:
    """Verdict, what it means, who, why, proof, fix, and where to read more."""
    text = answer()
    marks = ["### PROBLEM: cookie-mismatch (likely), 2 times in 5.0 s", "rejects the cookie of", "**Who:**", "**Why:**"]
    marks += ["**Note:**", "**Proof**", "**What to change**", "**It may also be**", "**More:**"]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)
    assert "| 13 | 15:10:37.338358 | bob's challenge |" in text
    assert "1. Give both nodes the same cookie" in text
    assert "`distscope explain cookie-mismatch`" in text
    assert "docs/verdicts/cookie-mismatch.md" in text
    assert "<https://www.erlang.org/doc/apps/erts/erl_dist_protocol.html#distribution-handshake>" in text


def test_what_to_change_is_said_once() -> None:
    """Another problem of the kind points to the first."""
    assert "**What to change:** as for problem 1, above" in answer(same_as=1)
    assert "Give both nodes" not in answer(same_as=1)


@pytest.mark.parametrize("drawn", [True, False])
def test_timeline_is_folded_and_has_its_diagram_once(drawn: bool) -> None:
    """Above it, or in it."""
    text = layout.timeline(DOCUMENT, GITHUB, PROBLEM, drawn=drawn)
    assert text.startswith("<details>\n<summary>Timeline of A1 (first of 2): seconds since 15:10:37.335658")
    assert ("```mermaid" in text) is not drawn
    assert '\n+0.002600    12  ann ← bob   status "ok"\n' in text


def test_rows() -> None:
    """Cases, nodes and captures in a row each."""
    ((often, verdict, who),) = layout.case_rows(GITHUB, [WELL])
    assert (often, verdict) == ("1 ×", "registered")
    assert who.startswith("`ann@10.77.0.1` registers with EPMD at 10.77.0.1, ")
    assert layout.node_rows(GITHUB, DOCUMENT)[0] == ("`ann@10.77.0.1`", "OTP 25 to 27", "10.77.0.1")
    ((name, about),) = layout.capture_rows(GITHUB, DOCUMENT)
    assert name == "`incident.pcap`"
    assert "124 packets (40 used)" in about
    assert "the file is cut off after packet 124" in about


def test_advice() -> None:
    """What to do stands behind it."""
    (item,) = layout.advice_items(GITHUB, DOCUMENT)
    assert item.startswith("The distribution runs without TLS. (plaintext-distribution; packet 11, A1 and 1 more)")
    assert item.endswith("Use `-proto_dist` `inet_tls`.")


def test_words_are_explained_once() -> None:
    """However many cases use them; without cases there is nothing to explain."""
    text = layout.words(GITHUB, [PROBLEM, PROBLEM])
    assert text.startswith("<details>\n<summary>Words</summary>")
    assert text.count("**cookie**: the secret") == 1
    assert layout.words(GITHUB, []) == ""

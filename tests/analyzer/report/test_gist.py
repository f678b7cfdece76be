"""The few lines that say what a report found."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from analyzer.report import Look, gist, json_doc, render, view
from analyzer.report.gist import Gist, Problem
from tests.analyzer.report.building import analysis
from tests.corpus import ROOT

GOLDEN = sorted((ROOT / "tests/golden").glob("*/*.json"))
ONE = (ROOT / "tests/golden/handshake/cookie-mismatch.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_report_has_a_gist(path: Path) -> None:
    """It survives the way through a page, and every verdict of a problem is in it."""
    text = path.read_text(encoding="utf-8")
    told = gist.of_json(text)
    assert told is not None
    assert gist.of_html(f'<meta name="{gist.META}" content="{html.escape(told.to_json())}">') == told
    report = json.loads(text)
    failed = [attempt["verdict"] for attempt in report["attempts"] if attempt["outcome"] == "problem"]
    assert {problem.verdict for problem in told.problems} <= set(failed)
    if not told.more:
        assert sum(problem.count for problem in told.problems) == len(failed)


def test_text() -> None:
    """The answer, each problem with its first fix, the captures; no line is too wide."""
    told = gist.of_json(ONE)
    assert told is not None
    text = told.text()
    assert text.startswith("1 problem found: 1 of 1 attempt failed.\n\ncookie-mismatch (likely)\n  ann@10.77.0.1 and")
    assert "  Fix: Copy one `.erlang.cookie`" in text
    assert text.endswith("Captures: samples/handshake/cookie-mismatch.pcap\n")
    assert max(map(len, text.splitlines())) <= 80


def test_many_problems() -> None:
    """Ten are told, the others counted."""
    problems = tuple(Problem(f"verdict-{number}", "certain", 2, "It failed.", "") for number in range(10))
    text = Gist("12 problems found.", ("a.pcap",), problems, 2).text()
    assert "verdict-9 (certain, 2 times)" in text
    assert "And 2 problems more: see the report." in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        '"x"',
        '{"tool": {}}',
        '{"tool": {"name": "other"}, "schema_version": 1}',
        ONE.replace("1,", "2,", 1),
    ],
)
def test_what_is_no_report(text: str) -> None:
    """Nor any error."""
    assert gist.of_json(text) is None
    page = f'<meta name="{gist.META}" content="{html.escape(text)}">'
    assert gist.of_html(page) is None
    assert gist.of_html(text) is None


def test_hostile_values() -> None:
    """A page from elsewhere may hold anything: it comes out fit to be shown."""
    value = {"summary": "\x1b[31m", "captures": ["\u202e"], "problems": [], "more": 0}
    page = f'<meta name="{gist.META}" content="{html.escape(json.dumps(value))}">'
    told = gist.of_html(page)
    assert told is not None
    assert told.text().isascii()
    assert "\x1b" not in told.text()


def test_a_document_has_the_gist_of_its_report() -> None:
    """Whether one asks before or after it was written."""
    document = view.build(analysis())
    assert gist.of_document(document) == gist.of_report(json_doc.report(document))
    page = render(document, "html", Look())
    assert gist.of_html(page) == gist.of_document(document)

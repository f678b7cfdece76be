"""The pages of ``distscope explain`` and ``distscope rules``."""

from __future__ import annotations

import json

import pytest

from analyzer.report import handbook
from analyzer.report.handbook import Entry
from analyzer.report.layout import Look
from analyzer.rules import all_rules
from dissectors.dataclass import replace

ENTRY = Entry(
    code="HSK013",
    name="cookie-mismatch",
    outcome="problem",
    stage="reply",
    says="{initiator} and {acceptor} differ",
    sections={
        "What happens": "One\nparagraph.\n\nAnother one.",
        "How to confirm": "Run:\n\n    epmd -names   # as root\n\n- first item\n  goes on\n- second",
    },
    fix=("Copy the file.",),
    references=("https://example.org/" + "x" * 90,),
)


def test_page_keeps_paragraphs_lists_and_commands() -> None:
    """Paragraphs are filled, commands keep their blanks."""
    page = handbook.page(ENTRY, Look())
    assert page.startswith("HSK013  cookie-mismatch (problem, stage: reply)\n\nINITIATOR and ACCEPTOR differ\n")
    assert "\nWhat happens\n  One paragraph.\n\n  Another one.\n\nHow to confirm\n" in page
    assert "      epmd -names   # as root\n" in page
    assert "  - first item goes on\n  - second\n" in page


def test_table_is_aligned() -> None:
    """Two lines for each rule: what it is, and what it means."""
    other = replace(ENTRY, name="ok", outcome="inconclusive")
    assert handbook.table([ENTRY, other], Look()).splitlines() == [
        "HSK013  cookie-mismatch  problem       reply",
        "        INITIATOR and ACCEPTOR differ",
        "HSK013  ok               inconclusive  reply",
        "        INITIATOR and ACCEPTOR differ",
    ]
    assert handbook.table([], Look()) == ""


def test_json() -> None:
    """The same for machines."""
    (rule,) = json.loads(handbook.as_json([ENTRY]))["rules"]
    assert (rule["rule"], rule["name"], rule["fix"]) == ("HSK013", "cookie-mismatch", ["Copy the file."])
    assert rule["documentation"]["What happens"].startswith("One")


@pytest.mark.parametrize("width", [60, 80])
def test_every_rule_has_a_page(width: int) -> None:
    """In the width of the terminal, but for what must not be broken."""
    for rule in all_rules():
        page = handbook.page(handbook.entry_of(rule), Look(width))
        assert rule.name in page
        for line in page.splitlines():
            assert len(line) <= width or line.startswith("      ") or len(max(line.split(), key=len)) > 30, line


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("cookie-mismath", "cookie-mismatch"),
        ("COOKIE-MISMATCH1", "cookie-mismatch"),
        ("tick-timout", "tick-timeout"),
        ("zzzz", "'distscope rules' lists them all"),
        ("\x1b[2J", "\\x1b[2J"),
    ],
)
def test_unknown_names_get_a_hint(asked: str, hint: str) -> None:
    """Who types at night mistypes."""
    assert hint in handbook.unknown(asked, all_rules())


def test_every_rule_of_ours_has_a_page() -> None:
    """Its name is stable; the prefix of the code tells ours from those of third parties."""
    assert handbook.page_of("cookie-mismatch") == f"{handbook.HOME}docs/verdicts/cookie-mismatch.md"
    assert handbook.own_page("HSK013", "cookie-mismatch") == handbook.page_of("cookie-mismatch")
    assert handbook.own_page("OUR001", "our-rule") is None
    assert {rule.id[:3] for rule in all_rules()} == set(handbook.CHAPTERS)

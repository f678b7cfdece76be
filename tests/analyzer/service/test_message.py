"""Messages say what a report says, and mean nothing to whatever shows them."""

from __future__ import annotations

import pytest

from analyzer.service.incidents import Change, Notice
from analyzer.service.message import LONGEST, Facts, facts_of, harmless, message_of
from samples.conversation import START
from tests.analyzer.service.test_incidents import judged
from tests.analyzer.test_pipeline import rejected

FACTS = facts_of(judged(rejected))


def notice(change: Change, *, failures: int = 1, in_all: int = 1, last_of_hour: bool = False) -> Notice[Facts]:
    """Of a wrong cookie."""
    return Notice(change, FACTS, failures, in_all, START, last_of_hour)


def test_a_failure_says_what_a_person_needs() -> None:
    """Who, what, why, what to do, when, and where to read on."""
    message = message_of(notice(Change.FAILS), "watcher")
    assert not message.good
    assert message.title == "PROBLEM cookie-mismatch: cli@10.0.0.1 → node@10.0.0.2"
    lines = message.body.splitlines()
    assert lines[0].startswith("cli@10.0.0.1 and node@10.0.0.2 do not use the same cookie")
    assert [line.partition(" ")[0] for line in lines[1:]] == ["Why:", "Fix:", "Latest", "More:"]
    assert lines[3] == "Latest failure: 2026-09-21 14:13:20 UTC; seen on watcher."
    assert lines[4] == "More: distscope explain cookie-mismatch"


@pytest.mark.parametrize(
    ("change", "failures", "good", "says"),
    [
        (Change.STILL_FAILS, 41, False, "It failed 41 times more."),
        (Change.FAILED_MEANWHILE, 1, True, "It failed 1 time more meanwhile, and they connect again."),
        (Change.RECOVERED, 0, True, "They connect again."),
        (Change.RECOVERED, 2, True, "They connect again, after 2 more failures."),
    ],
)
def test_what_follows_begins_with_how_it_stands(change: Change, failures: int, good: bool, says: str) -> None:
    """And good news are marked as such."""
    message = message_of(notice(change, failures=failures, in_all=42), "watcher")
    assert message.body.splitlines()[0] == says
    assert "42 in all" in message.body
    assert message.good is good
    assert message.title.startswith("OK" if good else "PROBLEM")


def test_the_last_one_of_an_hour_says_so() -> None:
    """Silence is not good news then."""
    assert "last notification for now" in message_of(notice(Change.FAILS, last_of_hour=True), "watcher").body


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rabbit_1@node-2.example.com", "rabbit_1@node-2.example.com"),
        ("ann@10.0.0.1 → bob at fe80::1", "ann@10.0.0.1 → bob at fe80::1"),
        ("jürgen@größe", "jürgen@größe"),
        ("*a*~b~|c|#d", r"\x2aa\x2a\x7eb\x7e\x7cc\x7c\x23d"),
        ("<b>&amp;", r"\x3cb\x3e\x26amp;"),
        ("[x](http://evil.example)", r"\x5bx\x5d(http:\x2f/evil.example)"),
        ("`x`", "'x'"),
        ("x@everyone and y@here", "x@\u2060everyone and y@\u2060here"),
        ("a\x1b[2J\nb", r"a\x1b\x5b2J\x5cnb"),
    ],
)
def test_text_from_the_wire_is_harmless(text: str, shown: str) -> None:
    """Nothing is left that HTML, Markdown, chat services or mail headers could read; names stay as they are."""
    assert harmless(text) == shown
    assert len(harmless("x" * 10_000)) == LONGEST

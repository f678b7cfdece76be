"""Jira's wiki markup: no parser for it can be had here, so the notation is checked mark by mark."""

from __future__ import annotations

import re

import pytest

from analyzer.report.ticket import render
from analyzer.report.ticket.jira import Jira
from tests.analyzer.report.hostile_capture import EVILS, document
from tests.corpus import EVERY_SAMPLE
from tests.corpus import document as sample

JIRA = Jira()
_NOFORMAT = re.compile(r"^\{noformat\}\n.*?^\{noformat\}\n", re.DOTALL | re.MULTILINE)
_OURS = re.compile(
    r"(?<![^\W_\\])\{\{|\}\}(?![^\W_])"  # monospaced
    r"|\[https://[^\]|]*\]"  # a link
    r"|^(?:h[34]\. |[*#] )"  # a heading, an item
    r"|(?<![^\W_\\])\*|(?<!\\)\*(?![^\W_])"  # bold
    r"|^\|\|.*\|\|$|(?:^|(?<=.))\|(?=.|$)",  # a table
    re.MULTILINE,
)
_ESCAPED = re.compile(r"\\[-#*_+?^~%{}\[\]()!@]")
_BITES = re.compile(r"[{}\[\]*_^~@#!]|\?\?|https?:/|--|\|\||\([a-z/!?+*-]+\)|[:;]\)")


def bare(text: str) -> str:
    """What is left of a comment without its blocks of plain text, our own marks, and what is escaped."""
    return _ESCAPED.sub("", _OURS.sub(" ", _NOFORMAT.sub("", text)))


@EVERY_SAMPLE
def test_every_report_is_sound(name: str) -> None:
    """Of every sample: no mark that we did not write, and no longer than Jira takes."""
    text = render(sample(name), "jira")
    assert _BITES.findall(bare(text)) == []
    assert len(text) <= JIRA.limit == 32_767
    assert text.count("{noformat}") % 2 == 0


@pytest.mark.parametrize("evil", EVILS)
def test_a_hostile_name_changes_nothing(evil: str) -> None:
    """No mark is left of it, no line begins with it, and every table row has as many bars."""
    text = render(document(EVILS[evil]), "jira")
    assert _BITES.findall(bare(text)) == []
    harmless = render(document("ann"), "jira")
    assert _blocks(text) == _blocks(harmless)


def _blocks(text: str) -> list[str]:
    """What each line outside plain text begins with, and its number of bars."""
    found = []
    for line in _NOFORMAT.sub("{noformat}\n", text).splitlines():
        mark = re.match(r"h\d\. |[*#] |\|\|?|\*|\{noformat\}", line)
        found.append(f"{mark[0] if mark else ''}{line.count('|')}")
    return found


@pytest.mark.parametrize("mark", "-#*_+?^~%{}[]()!@")
def test_every_mark_is_escaped(mark: str) -> None:
    """With a backslash, which both renderers take away."""
    assert JIRA.code(f"a{mark}b") in (f"{{{{a\\{mark}b}}}}", f"a\\{mark}b")


def test_what_no_escape_exists_for() -> None:
    """A bar ends a cell, a backslash bites the next mark: what looks like them stands for them."""
    assert JIRA.code("a|b") == "{{a¦b}}"
    assert JIRA.code("\\{x\\\\") == "∖\\{x∖∖"
    assert JIRA.code("\\x1b[2J") == "{{\\x1b\\[2J}}"


@pytest.mark.parametrize("scheme", ["http", "HTTPS", "ftp", "mailto"])
def test_an_address_is_no_link(scheme: str) -> None:
    """Unless it is a reference of ours."""
    assert JIRA.code(f"{scheme}://evil.example") == f"{{{{{scheme}:\u200b//evil.example}}}}"
    assert JIRA.link(f"{scheme}://evil.example/|x") == JIRA.code(f"{scheme}://evil.example/|x")
    assert JIRA.link("https://www.erlang.org/doc/") == "[https://www.erlang.org/doc/]"


def test_faces_are_letters() -> None:
    """No emoticon comes of a name or of a word in brackets."""
    assert JIRA.code(":D") == "{{:\u200bD}}"
    assert JIRA.code("x:)") == "{{x:\\)}}"
    assert JIRA.plain("(y)") == "\\(y\\)"


def test_words_keep_their_hyphens() -> None:
    """One between words is no mark; one on its own is."""
    assert JIRA.plain("cookie-mismatch") == "cookie-mismatch"
    assert JIRA.plain("- a") == "\\- a"


def test_blocks() -> None:
    """As the published notation has them."""
    assert JIRA.heading("a") == "h3. a\n"
    assert JIRA.bullets(["a", "b"]) == "* a\n* b\n"
    assert JIRA.numbered(["a"]) == "# a\n"
    assert JIRA.table(("x", "y"), [("1", "")]) == "||x||y||\n|1| |\n"
    assert JIRA.folded("T", "b\n") == "h4. T\n\nb\n"
    assert JIRA.strong("a") == "*a*"
    assert JIRA.diagram("sequenceDiagram\n") == ""


def test_plain_text_can_not_end_early() -> None:
    """Nothing is escaped in it, so its end is kept apart."""
    assert JIRA.verbatim(["a {noformat} b", "{NoFormat}"]) == "{noformat}\na { noformat} b\n{ NoFormat}\n{noformat}\n"

"""Blocks of literal text, which nothing in them can leave."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from analyzer.attach.markup import Markup, file_line, hidden, literal
from tests.analyzer.attach.hostile import HOSTILE_NAMES
from tests.analyzer.attach.trackers.conformance import upload


@pytest.mark.parametrize("markup", [Markup.GITHUB, Markup.GITLAB])
@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_markdown(markup: Markup, name: str) -> None:
    """A parser finds one block of code, and the very text in it."""
    (code,) = MarkdownIt("commonmark").parse(literal(f"{name}\n\n{name}\n", markup))
    assert (code.type, code.content) == ("fence", f"{name}\n\n{name}\n")


def test_jira() -> None:
    """Only the end of the block can end it, in whatever case it is written."""
    block = literal("{noformat}{NoFormat:x} {color:red}", Markup.JIRA)
    assert block == "{noformat}\n{ noformat}{ NoFormat:x} {color:red}\n{noformat}"


def test_preformatted() -> None:
    """No tag, so that there is nothing to close the block with."""
    assert literal("a</pre><b>", Markup.PREFORMATTED) == "<pre>\na‹/pre>‹b>\n</pre>"


def test_plain() -> None:
    """Nothing to do."""
    assert literal("a *b*\n", Markup.PLAIN) == "a *b*"


def test_files() -> None:
    """Each with its size and its digest, linked where the tracker can do that."""
    file = upload("report.html", b"x" * 1234)
    told = f"1,234 bytes, SHA-256 {file.sha256}"
    assert file_line(file, Markup.PLAIN, None, True) == f"* report.html, {told}"
    assert file_line(file, Markup.JIRA, None, True) == f"* [^report.html], 1,234 bytes, SHA-256 {{{{{file.sha256}}}}}"
    assert file_line(file, Markup.GITHUB, None, False).startswith("- `report.html`, ")
    assert file_line(file, Markup.GITLAB, "/uploads/0/report.html", True).startswith("- [`report.html`](/uploads/0/rep")


def test_hidden() -> None:
    """Where there are comments in the markup."""
    assert hidden("mark", Markup.GITHUB) == "<!-- mark -->"
    assert hidden("mark", Markup.JIRA) == "mark"

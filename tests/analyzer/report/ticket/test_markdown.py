"""Markdown, read by a CommonMark parser as GitHub and GitLab read it."""

from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from analyzer.report.ticket import render
from analyzer.report.ticket.markdown import GitHub, GitLab
from tests.analyzer.report.hostile_capture import EVILS, document
from tests.corpus import EVERY_SAMPLE
from tests.corpus import document as sample

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
GITHUB = GitHub()
INLINE = {"text", "softbreak", "code_inline", "strong_open", "strong_close", "link_open", "link_close", "html_inline"}
MEANS_SOMETHING = re.compile(r"[@#<>`|$]|www\.|://|:[a-z_]\w*:")
"""In text that is no code: a mention, an issue, a link, mathematics, an emoji."""


def read(text: str) -> list[Token]:
    """All tokens, those within lines, too."""
    found = []
    for token in PARSER.parse(text):
        found.append(token)
        found += token.children or []
    return found


def shape(text: str) -> list[str]:
    """The blocks, in order."""
    return [token.type for token in PARSER.parse(text)]


def assert_sound(text: str) -> None:
    """Only what we mean to be there: tables of even rows, folds that close, code, links to references."""
    tokens = read(text)
    folds = [token.content.strip().partition(">")[0] for token in tokens if token.type == "html_block"]
    assert set(folds) <= {"<details", "</details"}
    assert folds.count("<details") == folds.count("</details")
    for token in tokens:
        if token.type == "html_inline":
            assert token.content in ("<code>", "</code>")
        elif token.type == "link_open":
            assert str(token.attrs["href"]).startswith("https://")
    within = {child.type for token in tokens if token.type == "inline" for child in token.children or []}
    assert within <= INLINE
    assert not [word for word in outside_code(text) if MEANS_SOMETHING.search(word)]
    rows = re.findall(r"<tr>.*?</tr>", PARSER.render(text), re.DOTALL)
    assert len({len(re.findall(r"<t[hd]", row)) for row in rows}) <= 3


def outside_code(text: str) -> list[str]:
    """The text of a rendered comment but for what is in code or a link."""
    rendered = PARSER.render(text)
    bare = re.sub(r"<(code|a|summary)\b.*?</\1>", " ", rendered, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", bare)).split()


@EVERY_SAMPLE
def test_every_report_is_sound(name: str) -> None:
    """Of every sample: nothing in it is taken for markup that we did not write."""
    text = render(sample(name))
    assert_sound(text)
    assert len(text) <= GITHUB.limit


@pytest.mark.parametrize("evil", EVILS)
def test_a_hostile_name_changes_nothing(evil: str) -> None:
    """The blocks are those of a report on harmless names, and the name stands in code, to the letter."""
    text = render(document(EVILS[evil]))
    assert_sound(text)
    assert shape(text) == shape(render(document("ann")))
    rendered = html.unescape(PARSER.render(text))
    (node, *_) = document(EVILS[evil]).nodes
    assert node.name in rendered or " " in node.name


def test_code_spans() -> None:
    """As backquotes where that will do, else as HTML in which no mark is left."""
    assert GITHUB.code("ann@h") == "`ann@h`"
    assert GITHUB.code("a|`b\\") == "<code>a&#124;&#96;b&#92;</code>"
    assert GITHUB.code(" a") == "<code>&#32;a</code>"
    assert GITHUB.code("") == "<code></code>"


@pytest.mark.parametrize("text", ["a|b", "a\\|b", "`", "``", "a`b``c", " x ", "<b>", "\\", "&amp;", "*a*"])
def test_code_keeps_every_letter(text: str) -> None:
    """In a paragraph and in a table cell."""
    for within in (GITHUB.code(text), GITHUB.table(["h"], [[GITHUB.code(text)]])):
        found = re.search(r"<code>(.*?)</code>", PARSER.render(within))
        assert found is not None
        assert html.unescape(found[1]) == text


def test_links() -> None:
    """Only what is an address on the web becomes one."""
    assert GITHUB.link("https://www.erlang.org/doc/a.html#b") == "<https://www.erlang.org/doc/a.html#b>"
    assert GITHUB.link("javascript:alert(1)") == "`javascript:alert(1)`"
    assert GITHUB.link("https://x/> <b>") == "`https://x/> <b>`"


def test_a_fence_is_longer_than_what_it_holds() -> None:
    """So that no line of a time line ends it."""
    text = GITHUB.verbatim(["````", "x"])
    (fence,) = read(text)
    assert (fence.type, fence.content) == ("fence", "````\nx\n")


def test_lists_headings_folds() -> None:
    """Each is what it is called."""
    assert shape(GITHUB.numbered(["a", "b"])).count("list_item_open") == 2
    assert shape(GITHUB.bullets(["a"]))[0] == "bullet_list_open"
    assert shape(GITHUB.heading("a"))[0] == "heading_open"
    assert shape(GITHUB.folded("T", GITHUB.bullets(["a"])))[:2] == ["html_block", "bullet_list_open"]
    assert read(GITHUB.diagram("sequenceDiagram\n"))[0].info == "mermaid"
    assert "<strong>a</strong>" in PARSER.render(GITHUB.strong("a"))


def test_gitlab_takes_longer_comments() -> None:
    """And the same marks."""
    assert GitLab().limit > GITHUB.limit

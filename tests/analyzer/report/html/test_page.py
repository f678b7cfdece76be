"""The whole page, without a browser; tests/test_browser.py looks at it with one."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from html.parser import HTMLParser

import pytest

from analyzer.report import view
from analyzer.report.document import Document
from analyzer.report.html import page, render
from dissectors.dataclass import replace
from tests.analyzer.report.building import (
    analysis,
    analysis_of,
    attempt,
    cookie_finding,
    diagnosis,
    healthy_finding,
    hostile,
    lookup,
    refused_handshake,
)
from tests.scenes import HOSTILE

VOID = {"meta", "wbr", "br", "img", "link", "input", "line", "path"}


class Page(HTMLParser):
    """Elements with their attributes, and whether all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "li", "tr", "td", "th") and tag not in self.open:
            return
        assert self.open.pop() == tag


def test_the_answer_comes_first() -> None:
    """Before the proof, the nodes and the captures."""
    text = render(view.build(analysis()))
    order = [
        "1 problem found: 2 of 4",
        "The answer",
        "rejects the cookie",
        "<svg",
        "Nodes",
        "incident.pcap",
        "distscope",
    ]
    places = [text.index(part, text.index("<h1>")) for part in order]
    assert places[:-2] == sorted(places[:-2])


def test_the_page_is_well_formed() -> None:
    """Every element is closed where it should be, every id is there once, and every label has its element."""
    made = Page(render(view.build(analysis())))
    assert made.open == []
    ids = [attributes["id"] for _, attributes in made.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in made.elements:
        for name in (attributes.get("aria-labelledby") or "").split():
            assert name in ids
        target = attributes.get("href") or ""
        assert not target.startswith("#") or target[1:] in ids


def test_nothing_is_fetched_and_nothing_else_may_run() -> None:
    """One style and one script, which the policy names by their hashes; no attribute that would run or load."""
    text = render(view.build(analysis()))
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in text
    assert "default-src &#39;none&#39;" in text
    for tag, attributes in Page(text).elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert not {name for name in attributes if name.startswith("on") or name in {"src", "style", "srcset"}}


@pytest.mark.parametrize("evil", [*HOSTILE, "\x00\x07\x7f\u2028", "\ud800", "</style></script></svg></title>"])
def test_hostile_text_is_only_text(evil: str) -> None:
    """Whatever a name holds, the page has the elements that it has with a harmless one."""
    text = render(view.build(hostile(evil)))
    assert _skeleton(text) == _skeleton(render(view.build(hostile("x"))))
    assert "".join(text.splitlines()).isprintable()
    assert {(attributes.get("href") or "#")[:8] for _, attributes in Page(text).elements} <= {
        "#",
        "#inciden",
        "#case-1",
    }


def _skeleton(text: str) -> list[str]:
    """The elements that do not depend on how long a text is, on its dots, or on backticks in a fix."""
    return [tag for tag, _ in Page(text).elements if tag not in ("text", "path", "code", "wbr")]


def test_nothing_found_says_what_to_look_at() -> None:
    """No empty sections."""
    text = render(view.build(analysis_of()))
    assert "What to look at" in text
    assert "tcpdump -i any" in text
    assert "Problems" not in text


def _many(count: int) -> Document:
    """A document of so many cases, every second one a problem, each between two nodes of its own."""
    healthy = diagnosis(attempt(refused_handshake()), healthy_finding("connected"))
    document = view.build(analysis_of(diagnosis(attempt(lookup() + refused_handshake()), cookie_finding()), healthy))
    cases = []
    for number in range(count):
        kind = document.cases[number // (count // 2)]
        node = replace(kind.first.initiator, node=f"n{number}@h")
        cases.append(replace(kind, attempts=(replace(kind.first, id=f"A{number + 1}", initiator=node),)))
    return replace(document, cases=tuple(cases), attempts=tuple(case.first for case in cases))


def test_ten_thousand_attempts_are_bounded() -> None:
    """Some in full, some in a line, all of them counted; and it takes seconds at most."""
    document = _many(10_000)
    started = time.process_time()
    text = render(document)
    assert time.process_time() - started < 10
    assert len(text) < 4_000_000
    assert text.count('<details class="case ') == page.IN_FULL
    assert text.count('<li id="case-') == page.IN_A_LINE
    assert "3,940 more cases of this kind" in text
    assert 'Problems <span class="count">5,000</span>' in text
    assert 'What went well <span class="count">5,000</span>' in text
    assert "5,000 more cases of this kind" in text


def test_the_sha_256_is_named_where_it_is_known() -> None:
    """Only a caller that reads files can know it."""
    known = analysis()
    known = replace(known, captures=(replace(known.captures[0], sha256="ab" * 32),))
    assert "ab" * 32 in render(view.build(known))
    assert "SHA-256" not in render(view.build(analysis()))

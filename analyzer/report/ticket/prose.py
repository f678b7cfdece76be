"""A sentence → spans: words that mean nothing in any markup, and all else, which has to stand as code.

A report's sentences hold names from the wire.  A tracker would make links of them, mentions (``ann@bob``), issue
numbers (``#123``), emoji, mathematics, HTML.  Inside code it does nothing of the kind, and that is also where a node's
name, an option or a command belongs.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from dissectors.dataclass import dataclass

_QUOTED = re.compile(r"`([^`]+)`")
_BEFORE, _AFTER = "(\"'", ".,:;!?)\"'"
"""Punctuation around a word."""

_WORD = re.compile(
    r"[^\W_]+(?:['’–.,/-][^\W_]+)*%?…?"  # cookie-mismatch, 25.0–25.2, Elixir/Phoenix, doesn't
    r"|\+?\d[\d.,]*(?::[\d.]+)*"  # 15:10:37.335658, 10.77.0.2:4369, +0.003
    r"|[→←×–…·]|"
)
_TAKEN_FOR_MORE = re.compile(
    r"(?i:www\..*)"  # a link
    r"|[A-Z][A-Z0-9]*-\d+"  # an issue of Jira, or GH-123
    r"|(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}"  # a commit
)
_LIST_MARK = re.compile(r"\d+[.)]")


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a sentence."""

    text: str
    code: bool


def spans(sentence: str) -> Iterator[Span]:
    """The parts of ``sentence`` in order, white space between words as one space; what is in backquotes is code."""
    for code, group in itertools.groupby(_pieces(sentence), key=lambda span: span.code):
        yield Span("".join(span.text for span in group), code)


def _pieces(sentence: str) -> Iterator[Span]:
    for number, part in enumerate(_QUOTED.split(sentence)):
        if number % 2:
            yield Span(part, True)
            continue
        if number and part[:1].isspace():
            yield Span(" ", False)
        for place, token in enumerate(part.split()):
            if place:
                yield Span(" ", False)
            yield from _token(token, first=not (number or place))
        if part.strip() and part[-1].isspace():
            yield Span(" ", False)


def _token(token: str, *, first: bool) -> Iterator[Span]:
    """What has no white space in it; the ``first`` of a sentence could be the mark of a list."""
    rest = token.lstrip(_BEFORE)
    core = rest.rstrip(_AFTER)
    if not core and len(token) > 1:
        core = rest = token  # nothing but punctuation
    harmless = _WORD.fullmatch(core) and not _TAKEN_FOR_MORE.fullmatch(core)
    if harmless and not (first and _LIST_MARK.fullmatch(token)):
        yield Span(token, False)
        return
    for text, code in ((token[: len(token) - len(rest)], False), (core, True), (rest[len(core) :], False)):
        if text:
            yield Span(text, code)

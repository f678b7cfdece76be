"""Document → what is printed or written: renderers by name, and the name that a file's suffix stands for.

::

    view        Analysis             -> Document: neutral, harmless, every sentence worded
    captions    parts of a Document  -> the short texts that people read of them: who, when, how often, which packets
    glossary    a Case               -> the words of Erlang that are said of it, explained
    terminal    Document             -> text, laid out by layout
    html        Document             -> one HTML page that needs nothing else
    json_doc    Document             -> JSON, schema-1.json
    ticket      Document             -> Markdown of GitHub or GitLab, or Jira's wiki markup: a comment for a ticket
    listing     events               -> the lines of ``distscope decode``
    handbook    what a rule declares -> the pages of ``distscope explain`` and ``distscope rules``
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analyzer.errors import DistscopeError, printable
from analyzer.report.document import Document
from analyzer.report.layout import Look

__all__ = [
    "FINGERPRINTED",
    "RENDERERS",
    "SUFFIXES",
    "Document",
    "Look",
    "Renderer",
    "UnknownFormat",
    "format_of",
    "pieces",
    "render",
]

Renderer = Callable[[Document, Look], str]
"""A pure function: the same document and look give the same text."""


class UnknownFormat(DistscopeError):
    """A report was asked for in a format that nobody writes."""


def _text(document: Document, look: Look) -> str:
    from analyzer.report import terminal

    return terminal.render(document, look)


def _json(document: Document, look: Look) -> str:
    from analyzer.report import json_doc

    return json_doc.render(document)


def _markdown(document: Document, look: Look) -> str:
    from analyzer.report import ticket

    return ticket.render(document, look.flavour)


def _html(document: Document, look: Look) -> str:
    from analyzer.report import html

    return html.render(document)


RENDERERS: dict[str, Renderer] = {"text": _text, "json": _json, "markdown": _markdown, "html": _html}
"""By name of the format.  Each imports what it needs when it is used."""

SUFFIXES: dict[str, str] = {
    ".txt": "text",
    ".json": "json",
    ".md": "markdown",
    ".html": "html",
    ".pcapng": "pcapng",
}
"""Format by suffix of a file."""


FINGERPRINTED = frozenset({"html"})
"""Formats that name the SHA-256 of each capture: only for them it is worth the time."""


def render(document: Document, name: str, look: Look) -> str:
    """The report in the format ``name``, a key of :data:`RENDERERS`."""
    return RENDERERS[name](document, look)


def pieces(document: Document, name: str, look: Look) -> Iterable[str]:
    """The same, piece by piece where the whole may be larger than memory."""
    if name == "json":
        from analyzer.report import json_doc

        return json_doc.pieces(document)
    if name == "text":
        from analyzer.report import terminal

        return terminal.pieces(document, look)
    return (render(document, name, look),)


def format_of(path: str, otherwise: str | None = None) -> str:
    """The format that the suffix of ``path`` stands for, else ``otherwise``.  Raises :class:`UnknownFormat`."""
    from pathlib import PurePath  # which a report that is only printed does without

    suffix = PurePath(path).suffix.lower()
    name = SUFFIXES.get(suffix, None if suffix in _LATER else otherwise)
    if name is None:
        asked = f"the suffix {printable(suffix)}" if suffix else "a name without a suffix"
        known = ", ".join(f"{suffix} ({name})" for suffix, name in SUFFIXES.items())
        raise UnknownFormat(
            f"no report format is known for {asked}",
            path=path,
            next_step=f"use {known}; other suffixes need --format",
        )
    return name


EVIDENCE = "pcapng"
"""The format of evidence captures, which are no text: :mod:`analyzer.evidence` writes them."""

_LATER = frozenset({".pcap"})
"""Suffixes that promise something else than text or JSON: ``--format`` does not turn one into the other."""

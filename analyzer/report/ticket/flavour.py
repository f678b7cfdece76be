"""What a markup language must be able to do for a comment: escape, and shape blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from analyzer.report.ticket.prose import spans


class Flavour(ABC):
    """Inline markup comes from :meth:`text`, :meth:`code`, :meth:`strong` and :meth:`link`; blocks are made of it."""

    limit: ClassVar[int]
    """Characters of a comment that the tracker takes."""

    def text(self, sentence: str) -> str:
        """A sentence that may hold names from the wire."""
        return "".join(self.code(span.text) if span.code else self.plain(span.text) for span in spans(sentence))

    @abstractmethod
    def plain(self, words: str) -> str:
        """Words of our own, or a plain span of :mod:`~analyzer.report.ticket.prose`."""

    @abstractmethod
    def code(self, text: str) -> str:
        """Any text as code within a line."""

    @abstractmethod
    def strong(self, words: str) -> str:
        """Words of our own in bold."""

    @abstractmethod
    def link(self, url: str) -> str:
        """An address that can be clicked; what is no https address is code."""

    @abstractmethod
    def heading(self, inline: str) -> str:
        """A heading of the third level."""

    @abstractmethod
    def bullets(self, items: Iterable[str]) -> str:
        """A list."""

    @abstractmethod
    def numbered(self, items: Iterable[str]) -> str:
        """A list of steps."""

    @abstractmethod
    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        """Rows of inline markup below a head of our own words."""

    @abstractmethod
    def verbatim(self, lines: Iterable[str]) -> str:
        """Lines that keep their shape."""

    @abstractmethod
    def folded(self, title: str, body: str) -> str:
        """Blocks behind a title of our own words: folded where the tracker can."""

    @abstractmethod
    def diagram(self, source: str) -> str:
        """A Mermaid diagram; nothing where the tracker draws none."""

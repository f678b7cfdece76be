"""Files of a report, or the report itself → what is to be on the ticket: the files, and what the comment can say.

What a comment says, best first: the report in the tracker's own markup, the report as plain text, its gist, and at the
least that there are files.  What was not written for that very markup stands in a block of literal text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath

from analyzer.attach.files import Upload
from analyzer.attach.markup import Markup, literal
from analyzer.report import Document, Look, gist, render, ticket
from analyzer.report.gist import Gist
from dissectors.dataclass import dataclass

_MARKDOWN = frozenset({Markup.GITHUB, Markup.GITLAB})
_STRONG = "**"
"""How a comment in Markdown begins: with the answer, in bold.  In Jira's markup one asterisk does that."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be on the ticket."""

    files: tuple[Upload, ...]
    identity: str
    """The same for every report about the same captures: that is how an earlier comment is known."""
    says: Callable[[Markup, int], Iterator[str]]
    """Texts in that markup, best first; those that can make themselves short are no longer than that."""


def of_document(document: Document, files: tuple[Upload, ...] = ()) -> Parcel:
    """A report that was just made, with the files that were written of it."""

    def says(markup: Markup, room: int) -> Iterator[str]:
        if markup.value in ticket.FLAVOURS:
            yield ticket.render(document, markup.value, limit=room)
        yield literal(render(document, "text", Look()), markup)
        yield literal(gist.of_document(document).text(), markup)

    return Parcel(files, _identity(capture.path for capture in document.captures), says)


def of_files(files: tuple[Upload, ...]) -> Parcel:
    """Finished reports: what they say is in them."""
    gists = [found for found in map(_gist, files) if found is not None]
    names = gists[0].captures if gists else tuple(file.name for file in files)

    def says(markup: Markup, _: int) -> Iterator[str]:
        comments = list(_texts(files, ".md"))
        yield from (text for text in comments if markup in _written_for(text))
        yield from (literal(text, markup) for text in _texts(files, ".txt"))
        yield from (literal(each.text(), markup) for each in gists)
        yield from (literal(text, markup) for text in comments)

    return Parcel(files, _identity(names), says)


def _gist(file: Upload) -> Gist | None:
    readers = {".json": gist.of_json, ".html": gist.of_html, ".htm": gist.of_html}
    reader = readers.get(file.suffix)
    return None if reader is None else reader(_decoded(file))


def _texts(files: tuple[Upload, ...], suffix: str) -> Iterator[str]:
    yield from (_decoded(file) for file in files if file.suffix == suffix)


def _decoded(file: Upload) -> str:
    return file.content.decode("utf-8", "replace")


def _written_for(text: str) -> frozenset[Markup]:
    return _MARKDOWN if text.startswith(_STRONG) else frozenset({Markup.JIRA})


def _identity(names: Iterable[str]) -> str:
    """Of the files' names alone: a folder says where somebody works, not what the report is about."""
    known = sorted({PurePath(name).name for name in names})
    return hashlib.sha256("\0".join(known).encode("utf-8", "surrogatepass")).hexdigest()[:12]

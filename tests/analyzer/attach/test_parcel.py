"""What a comment can say: of a report that was just made, and of finished files."""

from __future__ import annotations

import html
import io

import pytest

from analyzer.attach import parcel
from analyzer.attach.files import Upload
from analyzer.attach.markup import Markup
from analyzer.report import Document, Look, gist, render
from tests.analyzer.attach.trackers.conformance import upload
from tests.corpus import ROOT

SHOWN = ROOT / "samples/handshake/cookie-mismatch.pcap"
ROOM = 50_000


@pytest.fixture(scope="module")
def document() -> Document:
    """A cookie mismatch."""
    from analyzer import pipeline
    from analyzer.capture import open_source
    from analyzer.report import view

    with open_source([str(SHOWN)], stdin=io.BytesIO()) as source:
        return view.build(pipeline.analyze(source))


def written(document: Document, name: str, flavour: str = "github") -> Upload:
    how = {"json": "json", "md": "markdown", "txt": "text"}[name.rpartition(".")[2]]
    return upload(name, render(document, how, Look(flavour=flavour)).encode())


@pytest.mark.parametrize("markup", list(Markup))
def test_a_report_that_was_just_made(document: Document, markup: Markup) -> None:
    """In the markup of the tracker first, else as text; the answer is in each, and no digest."""
    for text in parcel.of_document(document).says(markup, ROOM):
        assert "cookie-mismatch" in text.replace("\\-", "-")
        assert "1 problem found" in text
    first = next(parcel.of_document(document).says(markup, ROOM))
    starts = {"github": "**1", "gitlab": "**1", "jira": "*1", "pre": "<pre>\n1", "plain": "1"}
    assert first.startswith(starts[markup.value])


def test_a_short_room(document: Document) -> None:
    """The report in markup makes itself as short as it has to be."""
    assert len(next(parcel.of_document(document).says(Markup.GITHUB, 2_000))) <= 2_000


def test_markdown_files(document: Document) -> None:
    """As it is where it was written for that tracker, else as literal text."""
    file, wiki = written(document, "report.md"), written(document, "report.md", "jira")
    text, other = file.content.decode(), wiki.content.decode()
    assert next(parcel.of_files((file,)).says(Markup.GITLAB, ROOM)) == text
    assert next(parcel.of_files((wiki,)).says(Markup.JIRA, ROOM)) == other
    assert next(parcel.of_files((file,)).says(Markup.JIRA, ROOM)).startswith("{noformat}\n**1 problem")
    assert next(parcel.of_files((wiki,)).says(Markup.GITHUB, ROOM)).startswith("```text\n*1 problem")


def test_text_goes_before_a_gist(document: Document) -> None:
    """It says more."""
    files = (written(document, "report.json"), written(document, "report.txt"))
    texts = list(parcel.of_files(files).says(Markup.PLAIN, ROOM))
    assert "Timeline of A1" in texts[0]
    assert "Timeline of A1" not in texts[1]
    assert "do not use the same cookie" in texts[1]


def test_the_gist_of_a_page(document: Document) -> None:
    """An HTML report that carries it says what it is about."""
    told = html.escape(gist.of_document(document).to_json())
    page = upload("report.html", f'<!DOCTYPE html><meta name="{gist.META}" content="{told}"><title>x</title>'.encode())
    assert "do not use the same cookie" in next(parcel.of_files((page,)).says(Markup.PLAIN, ROOM))


def test_files_that_say_nothing() -> None:
    """An evidence capture alone, JSON of somebody else."""
    files = (upload("evidence.pcapng", b"\x0a\x0d\x0d\x0a"), upload("other.json", b'{"tool": {"name": "x"}}'))
    assert list(parcel.of_files(files).says(Markup.PLAIN, ROOM)) == []


def test_identity(document: Document) -> None:
    """The same for all reports about the same captures, wherever they lie; else that of the files."""
    report = parcel.of_files((written(document, "a.json"),))
    assert parcel.of_document(document).identity == report.identity
    assert parcel.of_files((written(document, "b.json"), upload("x.bin", b"x"))).identity == report.identity
    assert parcel.of_files((upload("x.bin", b"x"),)).identity == parcel.of_files((upload("x.bin", b"y"),)).identity
    assert parcel.of_files((upload("x.bin", b"x"),)).identity != report.identity

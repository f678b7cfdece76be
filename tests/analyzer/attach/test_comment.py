"""The text of a comment, and the mark in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analyzer.attach.comment import Mark, compose, mark_in
from analyzer.attach.markup import Markup
from analyzer.attach.parcel import Parcel
from analyzer.attach.registry import all_trackers
from dissectors.dataclass import replace
from tests.analyzer.attach.trackers.conformance import PROOF, REPORT, parcel

RT, GITHUB = (all_trackers()[name] for name in ("rt", "github"))
MARK = Mark("0123456789ab", "0123456789abcdef")


@pytest.mark.parametrize(
    "text",
    [
        f"report\n\n{MARK}\n",
        f"report\r\n\r\n<!-- {MARK} -->\r\n",
        f"report\n{MARK}",
        f"{Mark('f' * 12, 'f' * 16)}\n\nreport\n\n{MARK}",
    ],
)
def test_mark(text: str) -> None:
    """Hidden or not, whatever the line ends are; the last one is ours."""
    assert mark_in(text) == MARK


@pytest.mark.parametrize("text", ["", f"> {MARK}", f"> <!-- {MARK} -->", f"see {MARK}", f"{MARK}x", f"`{MARK}`"])
def test_what_is_no_mark(text: str) -> None:
    """A quoted one, or one in the midst of a line."""
    assert mark_in(text) is None


def test_the_fingerprint_is_of_what_is_said() -> None:
    """Text, names and bytes of the files; not their order, and not what is on the ticket already."""
    marks = [
        compose(what, RT, {}).mark
        for what in (
            parcel("x", REPORT, PROOF),
            parcel("x", PROOF, REPORT),
            parcel("y", REPORT, PROOF),
            parcel("x", REPORT),
            parcel("x", replace(REPORT, sha256="0" * 64), PROOF),
        )
    ]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 4
    assert {mark.prefix for mark in marks} == {"distscope-report-aaaaaaaaaaaa-"}


def test_the_longest_that_fits() -> None:
    """Else the next best; at the least that there are files."""

    def says(markup: Markup, room: int) -> Iterator[str]:
        yield "x" * (room + 1)
        yield "y" * room
        yield "z"

    what = Parcel((REPORT,), "a" * 12, says)
    body = compose(what, RT, {}).body
    assert set(body) == {"y"}
    assert len(compose(what, RT, {}).text()) <= RT.most_characters
    nothing = Parcel((REPORT,), "a" * 12, lambda markup, room: iter(["x" * (room + 1)]))
    assert compose(nothing, RT, {}).body == "A report of distscope: see the files."


def test_superseding() -> None:
    """It says so first."""
    message = compose(parcel("1 problem found."), RT, {}).superseding("33")
    assert message.text().startswith("This supersedes the report in comment #33.\n\n1 problem found.")


def test_a_tracker_without_files() -> None:
    """They are named, not sent."""
    message = compose(parcel("x", REPORT), GITHUB, {})
    assert message.files == ()
    assert "`report.html`" in message.text()

"""What a diagram is drawn with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.html import shapes
from analyzer.report.html.shapes import Path


@given(st.text(), st.integers(60, 500), st.integers(1, 4))
def test_lines_fit(text: str, room: int, most: int) -> None:
    """Whatever the text: never more lines, and none that is too long unless eight letters are."""
    lines = shapes.lines_of(text, 13, room, most)
    assert 1 <= len(lines) <= most
    assert all(shapes.width(line, 13) <= room or len(line) <= 8 for line in lines)


def test_what_is_cut_off_shows_it() -> None:
    """A name of 255 bytes has no place to break."""
    lines = shapes.lines_of("ÿ" * 255, 13, 400, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert shapes.lines_of("short", 13, 400, 3) == ["short"]


def test_wide_letters_are_wide() -> None:
    """Chinese takes twice the room of Latin, or nearly."""
    assert shapes.width("漢字", 10) > 1.5 * shapes.width("ab", 10) > 0


@pytest.mark.parametrize(("start", "end"), [(10, 110), (110, 10)])
def test_an_arrow_points_to_its_end(start: int, end: int) -> None:
    """Its head is where the message arrives."""
    body, head = shapes.arrow("wire", start, end, 40)
    assert body.d.startswith(f"M{start} 40L")
    assert head == Path("wire head", f"M{end} 40l{-7 if end > start else 7} -4v8z")


def test_shapes_are_closed() -> None:
    """A box and a disc return to where they began, so that they can be filled."""
    assert shapes.disc("badge", 10, 10, 5).d == "M5 10a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z"
    assert (
        shapes.box("broken", 0, 0, 20, 10).d
        == "M0 0h20a0 0 0 0 1 0 0v10a0 0 0 0 1 0 0h-20a0 0 0 0 1 0 0v-10a0 0 0 0 1 0 0z"
    )
    assert shapes.cross("lost", 10, 10, 2).d == "M8 8l4 4m0 -4l-4 4"
    assert shapes.line("wire", 1, 2, 3, 4).d == "M1 2L3 4"

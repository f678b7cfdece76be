"""Lines: width, hanging indents, colour."""

from __future__ import annotations

import re
import textwrap

from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.layout import Look, Sheet, wrapped

WORDS = st.lists(st.text("abcdef", min_size=1, max_size=12), min_size=1, max_size=40).map(" ".join)


@given(WORDS, st.integers(min_value=30, max_value=120))
def test_no_line_is_too_long_and_no_word_is_lost(text: str, width: int) -> None:
    """Whatever the width."""
    lines = wrapped(text, width, "  - ", "    ")
    assert max(map(len, lines)) <= width
    assert " ".join(lines).split() == ["-", *text.split()]


def test_a_command_is_never_broken() -> None:
    """It would no longer be one."""
    command = "https://example.org/" + "x" * 100
    assert f"   {command}" in wrapped(f"see {command}", 40, "", "   ")


def test_a_name_without_end_is_broken_and_shortened() -> None:
    """A node can call itself anything, up to a thousand characters."""
    name = "a" * 300 + "@host"
    lines = wrapped(f"see {name} closed.", 80, "  ", "  ")
    assert max(map(len, lines)) == 80
    assert lines == [line.rstrip() for line in lines]
    sheet = Sheet(Look())
    sheet.table([(name, "OTP 25")])
    assert str(sheet) == f"  {'a' * 21}…{'a' * 17}@host  OTP 25\n"


def test_field_hangs_behind_its_label() -> None:
    """And each item behind its own prefix."""
    sheet = Sheet(Look(30))
    sheet.field("Fix", [("1. ", "one two three four five"), ("2. ", "six")])
    assert str(sheet).splitlines() == [
        "  Fix    1. one two three four",
        "            five",
        "         2. six",
    ]


def test_an_empty_field_is_left_out() -> None:
    """No label without something behind it."""
    sheet = Sheet(Look())
    sheet.field("Maybe", [])
    assert str(sheet) == ""


def test_table_aligns_and_hangs() -> None:
    """The last column takes what is left of the width."""
    sheet = Sheet(Look(40))
    sheet.table([("1 ×", "ok", "a b"), ("10 ×", "refused", "one two three four five six")], right=(0,))
    assert str(sheet).splitlines() == [
        "   1 ×  ok       a b",
        "  10 ×  refused  one two three four five",
        "                 six",
    ]


def test_blank_lines_never_pile_up() -> None:
    """Nor does a text begin with one."""
    sheet = Sheet(Look())
    sheet.blank()
    sheet.paragraph("a")
    sheet.blank()
    sheet.blank()
    sheet.heading("B", "")
    assert str(sheet) == "a\n\nB\n"


def test_colour_changes_no_letter() -> None:
    """Without the escapes the text is the same."""
    texts = []
    for color in (False, True):
        sheet = Sheet(Look(60, color))
        sheet.heading("PROBLEM", "cookie-mismatch", "red")
        sheet.field("Why", "because")
        texts.append(str(sheet))
    assert "\x1b[" not in texts[0]
    assert texts[1].startswith("\x1b[1;31mPROBLEM\x1b[0m")
    assert re.sub(r"\x1b\[[0-9;]*m", "", texts[1]) == texts[0]


def test_a_sheet_is_torn_off_without_a_trace() -> None:
    """What grows below is spaced as if nothing had been taken."""
    sheets = [Sheet(Look()) for _ in range(2)]
    told = ""
    for number in range(3):
        for sheet in sheets:
            sheet.blank()
            sheet.paragraph(f"part {number}")
        told += sheets[0].tear_off()
    assert told == str(sheets[1])
    assert sheets[0].tear_off() == ""


@given(st.text(" ab\t\n\u3000-/", max_size=70))
def test_a_line_that_fits_stays_as_the_wrapping_would_leave_it(text: str) -> None:
    """White space of any kind included; and so with a line that doesn't."""
    lines = textwrap.wrap(text, 60, initial_indent="> ", break_long_words="/" not in text, break_on_hyphens=False)
    assert wrapped(text, 60, "> ") == [line.rstrip() for line in lines or ["> "]]

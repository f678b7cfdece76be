"""Errors name the file, the place and the next step, and are fit to be shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import errors
from analyzer.errors import (
    CaptureForbidden,
    CaptureMissing,
    DistscopeError,
    EmptyCapture,
    NotACapture,
    NothingUsable,
    UnusableInput,
    printable,
)


def test_an_error_says_which_file_where_what_and_what_next() -> None:
    """All four parts are in the text."""
    error = NotACapture("it is text", path=Path("trace.txt"), offset=0, next_step="write packets with 'tcpdump -w'")
    assert str(error) == "trace.txt: it is text (at byte 0)\n  next: write packets with 'tcpdump -w'"


def test_the_parts_that_are_unknown_are_left_out() -> None:
    """A message alone is a whole error."""
    assert str(DistscopeError("it failed")) == "it failed"


@pytest.mark.parametrize(
    "kind", [UnusableInput, CaptureMissing, CaptureForbidden, EmptyCapture, NotACapture], ids=lambda kind: kind.__name__
)
def test_unusable_input_exits_with_3(kind: type[UnusableInput]) -> None:
    """Design section 5: 3 is unusable input."""
    assert issubclass(kind, UnusableInput)
    assert kind("x").exit_status == 3


def test_other_errors_exit_with_2() -> None:
    """A request that can't be carried out as it was made."""
    assert DistscopeError("x").exit_status == 2


def test_nothing_usable_tells_each_error() -> None:
    """With several inputs, each one's error is in the text."""
    each = [CaptureMissing("there is no such file", path="a.pcap"), NotACapture("it is text", path="b.txt")]
    error = NothingUsable(each)
    assert error.errors == tuple(each)
    assert "a.pcap: there is no such file" in str(error)
    assert "b.txt: it is text" in str(error)


def test_the_tree_in_the_docstring_names_every_error() -> None:
    """The drawing at the top of the module is complete."""
    kinds = [name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, DistscopeError)]
    assert [name for name in kinds if name not in (errors.__doc__ or "")] == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("trace.pcap", "trace.pcap"),
        ("prüfung 1.pcap", "prüfung 1.pcap"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb", "a\\nb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\udcffb", "a\\udcffb"),
    ],
)
def test_names_are_made_printable(name: str, shown: str) -> None:
    """Escape sequences, line breaks, writing direction and bytes that are no UTF-8 come out harmless."""
    assert printable(name) == shown
    assert str(DistscopeError("x", path=name)) == f"{shown}: x"


@given(st.text(st.characters()))
def test_what_is_printable_can_be_printed(name: str) -> None:
    """Whatever the name, the result has no control characters and can be encoded."""
    shown = printable(name)
    assert shown.isprintable()
    shown.encode("utf-8")

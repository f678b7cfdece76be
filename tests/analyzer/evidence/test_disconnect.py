"""Heads of frames in which ``global`` speaks, without what stands beside it."""

from __future__ import annotations

import pytest

from analyzer.evidence.disconnect import BLANK, disconnect
from dissectors.control import control_after_header

ATOM = "lost_connection"


@pytest.mark.parametrize("size", [23, 24, 25, *range(28, 340)])
def test_any_size_that_there_is(size: int) -> None:
    """It reads as the same message, says that atom and no other of anybody's, and is as long."""
    head = disconnect(size, 6, ATOM)
    assert len(head) == size
    control = control_after_header(head + b"jjj")
    assert control is not None
    assert (control.opcode, control.size) == (6, size)
    assert control.new_atoms[0] == ATOM
    assert set("".join(control.new_atoms[1:])) <= {"j"}


def test_a_size_that_there_is_not() -> None:
    """Blank: nothing is better than something of a user."""
    assert disconnect(20, 6, ATOM) == BLANK * 20

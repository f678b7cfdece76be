"""What all conversations have in common."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from dissectors.dialogue import Dialogue, Side
from dissectors.epmd import EpmdDialogue
from dissectors.handshake import HandshakeDialogue
from tests.generate import A, Event, I, assert_accounted, events, talk

DIALOGUES: list[Callable[[], Dialogue]] = [EpmdDialogue, HandshakeDialogue]


def test_sides_are_each_others_other() -> None:
    """Two sides, no more."""
    assert [side.other for side in Side] == [A, I]


@pytest.mark.parametrize("make", DIALOGUES)
@given(hostile=events())
def test_total(make: Callable[[], Dialogue], hostile: list[Event]) -> None:
    """Whatever happens: no exception, and every byte in an item, or a hole."""
    whole: list[Event] = [*hostile, (I, None), (A, None)]
    assert_accounted(talk(make(), whole), whole)


@pytest.mark.parametrize("make", DIALOGUES)
def test_goes_on_after_a_close(make: Callable[[], Dialogue]) -> None:
    """Bytes behind a close are no reason to raise or to lose them."""
    whole: list[Event] = [(side, what) for side in Side for what in (b"\0\5", None, None, b"junk", 3, b"x", None)]
    assert_accounted(talk(make(), whole), whole)

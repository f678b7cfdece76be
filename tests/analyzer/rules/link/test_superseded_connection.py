"""When a user is told that a newer connection took the place of a link: it was answered alive, and went through."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from analyzer.streams.stream import Direction
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk

NAME = "superseded-connection"


@pytest.mark.parametrize(
    ("status", "milliseconds", "side", "told"),
    [
        ("alive", 1, BACK, True),
        ("alive", 299, BACK, True),
        ("alive", 301, BACK, False),
        ("ok", 1, BACK, False),
        ("alive", 1, OUT, False),
    ],
)
def test_a_node_that_came_back(status: str, milliseconds: int, side: Direction, told: bool) -> None:
    """The acceptor drops the old link within 0.3 s of the new reply."""
    clock = Clock()
    old = Talk(clock).dial().greet().chat()
    clock.wait(10_000)
    new = Talk(clock).dial().name().status(status).challenge().reply()
    old.fin(side, after=milliseconds - 0.01)
    new.ack().chat()
    found = said(NAME, clock)
    assert (found is not None) is told
    if found is not None:
        assert found.certainty is Certainty.CERTAIN
        assert found.detail == {"superseded_by_port": new.stream.opener.port}
        assert shown(found) == [
            "status alive on the new connection",
            "the new connection passes the challenge",
            "this connection is closed",
        ]

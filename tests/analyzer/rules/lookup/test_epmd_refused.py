"""When a user is told that nobody listens on EPMD's port."""

from __future__ import annotations

from analyzer.decode.segment import Endpoint
from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import ANN, BOB, Clock, Talk

NAME = "epmd-refused"


def test_a_refused_lookup() -> None:
    """By a RST, which came so late."""
    clock = Clock()
    Talk(clock, ANN, Endpoint(BOB, 4369)).syn().refuse(after=12)
    found = said(NAME, clock)
    assert found is not None
    assert found.certainty is Certainty.CERTAIN
    assert found.why.endswith("after 12 ms")
    assert shown(found) == ["SYN to EPMD's port 4369", "RST in answer to that SYN"]


def test_another_port_is_none_of_its_business() -> None:
    """A node's port, with and without a lookup before."""
    clock = Clock()
    Talk(clock).syn().refuse()
    assert said(NAME, clock) is None

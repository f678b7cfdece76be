"""When a user is told that nobody listens on a node's port."""

from __future__ import annotations

from analyzer.decode.segment import Endpoint
from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import ANN, BOB, PORT, Clock, Talk, lookup

NAME = "dist-port-refused"


def test_a_refused_dial() -> None:
    """After a lookup, whose answer is shown; how long the RST took is said."""
    clock = Clock()
    lookup(clock)
    Talk(clock).syn().refuse(after=12)
    found = said(NAME, clock)
    assert found is not None
    assert (found.certainty, found.detail) == (Certainty.CERTAIN, {"port": PORT})
    assert found.why.endswith("after 12 ms")
    assert shown(found) == [f"EPMD names port {PORT}", f"SYN to {BOB}:{PORT}", "RST in answer to that SYN"]


def test_epmds_port_is_none_of_its_business() -> None:
    """The lookup was refused: no node's port is known."""
    clock = Clock()
    Talk(clock, ANN, Endpoint(BOB, 4369)).syn().refuse()
    assert said(NAME, clock) is None

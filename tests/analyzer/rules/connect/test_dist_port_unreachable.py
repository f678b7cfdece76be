"""When a user is told that nothing answers on a node's port: what the end of the capture must not be taken for."""

from __future__ import annotations

import pytest

from samples.conversation import SYN, Network
from tests.judged import DIST, said, verdict

NAME = "dist-port-unreachable"


@pytest.mark.parametrize(
    ("dials", "seconds", "expected"),
    [(1, 0.5, "inconclusive"), (1, 5.5, NAME), (2, 0.5, "inconclusive"), (3, 0.5, NAME)],
)
def test_silence(dials: int, seconds: float, expected: str) -> None:
    """One SYN and five seconds, or three of them, are enough."""
    net = Network()
    link = net.dial("10.0.0.1", "10.0.0.2", DIST)
    for _ in range(dials):
        link.initiator.raw(SYN, sequence=link.initiator.first)
        net.wait(0.3)
    net.wait(seconds)
    net.connect("10.0.0.8", "10.0.0.9", 80)
    assert verdict(net) == expected
    if expected == NAME:
        assert said(net, NAME).evidence[0][0] == 1

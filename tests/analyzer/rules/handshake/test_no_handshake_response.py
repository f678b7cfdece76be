"""When a user is told that a node takes a name and says nothing: not because the capture ends."""

from __future__ import annotations

import pytest

from dissectors.handshake_messages import SendName
from samples.conversation import Network, framed
from tests.judged import DIST, said, verdict

NAME = "no-handshake-response"


@pytest.mark.parametrize(("seconds", "expected"), [(4.8, "inconclusive"), (5.2, NAME)])
def test_the_capture_goes_on(seconds: float, expected: str) -> None:
    """For so long after the name, and neither side closes."""
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", DIST)
    link.initiator.sends(framed(SendName(flags=0xD_07DF_7FBD, creation=1, name="ann@10.0.0.1")))
    net.wait(seconds)
    net.connect("10.0.0.8", "10.0.0.9", 80)
    assert verdict(net) == expected
    if expected == NAME:
        assert "5.2 s" in said(net, NAME).why

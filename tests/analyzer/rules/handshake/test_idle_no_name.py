"""When a user is told of a connection on which no name comes: not because the capture ends."""

from __future__ import annotations

import pytest

from samples.conversation import Network
from tests.judged import DIST, judged

NAME = "idle-no-name"


@pytest.mark.parametrize(("seconds", "told"), [(4.8, False), (5.2, True)])
def test_the_capture_goes_on(seconds: float, told: bool) -> None:
    """For so long after the connection opened."""
    net = Network()
    net.connect("10.0.0.1", "10.0.0.2", DIST)
    net.wait(seconds)
    net.connect("10.0.0.8", "10.0.0.9", 80)
    assert (NAME in [attempt["verdict"] for attempt in judged(net)]) is told

"""What a user is told where the capture ends too early: how long after the last packet."""

from __future__ import annotations

from analyzer.streams.stream import ForgetReason
from dissectors.handshake_messages import SendName
from samples.conversation import Network, framed
from tests.analyzer.rules.asking import said as asked
from tests.analyzer.sessions.talking import Clock, Talk
from tests.judged import DIST, said, verdict


def test_the_capture_ends() -> None:
    """Two seconds after the name."""
    net = Network()
    link = net.connect("10.0.0.1", "10.0.0.2", DIST)
    link.initiator.sends(framed(SendName(flags=0xD_07DF_7FBD, creation=1, name="ann@10.0.0.1")))
    net.wait(2)
    net.connect("10.0.0.8", "10.0.0.9", 80)
    assert verdict(net) == "inconclusive"
    found = said(net, "inconclusive")
    assert found.why == "The capture ends 2.0 s after the last packet of this attempt, before its outcome."
    assert found.certainty == "possible"


def test_what_was_not_followed() -> None:
    """A connection that was one too many."""
    found = asked("inconclusive", Talk(Clock()).dial().name().forget(ForgetReason.PRESSURE).clock)
    assert found is not None
    assert "the connection was not followed to its end (pushed out by the bound on tracked streams)" in found.why

"""When a user is told that a node takes a name and says nothing: not because the capture ends."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors.handshake_messages import SendName
from samples.conversation import Network, framed
from tests.analyzer.rules.asking import said as asked
from tests.analyzer.rules.asking import shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk
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


@pytest.mark.parametrize("side", ["initiator", "acceptor"])
def test_somebody_gives_up(side: str) -> None:
    """By a timer; how long that took, and who it was, is said."""
    found = asked(NAME, Talk(Clock()).dial().name().fin(OUT if side == "initiator" else BACK, after=6999).clock)
    assert found is not None
    assert found.certainty is Certainty.LIKELY
    assert found.why.endswith(f"no status came in 7.0 s, when the {side} gave up")
    assert found.detail == {"waited_ms": 6999}
    assert shown(found) == [
        "send_name",
        "last packet of the acceptor: TCP only, no payload",
        f"the {side} gives up after 7.0 s",
    ]


@pytest.mark.parametrize("how", ["a part of a status", "status", "at once", "a proxy", "sent again", "middlebox"])
def test_other_stories(how: str) -> None:
    """The acceptor spoke, refused, something else closed, or the name never arrived."""
    talk = Talk(Clock()).dial()
    if how == "sent again":
        talk.send(OUT, b"\x00\x1cN" + bytes(14) + b"\x0dann@10.0.0.1", acked=False).resend(OUT)
    else:
        talk.name()
    if how == "a part of a status":
        talk.send(BACK, b"\x00\x03s")
    elif how == "status":
        talk.status()
    elif how == "at once":
        talk.fin(BACK)
    elif how == "a proxy":
        talk.fin(BACK, after=5000)
    elif how == "middlebox":
        talk.rst(OUT, after=7000, ttl=33)
    if how in ("a part of a status", "status", "sent again"):
        talk.fin(OUT, after=7000)
    assert asked(NAME, talk.clock) is None

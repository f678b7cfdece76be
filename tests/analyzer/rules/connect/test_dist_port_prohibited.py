"""When a user is told that a router or firewall forbids a node's port: only while nothing else came of the dial."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BOB, OUT, PORT, Clock, Talk

NAME = "dist-port-prohibited"


def test_icmp_answers_the_dial() -> None:
    """What it was, and who sent it."""
    found = said(NAME, Talk(Clock()).syn().icmp().clock)
    assert found is not None
    assert found.certainty is Certainty.CERTAIN
    assert found.detail == {"icmp": "3/13", "reporter": "10.0.0.254", "port": PORT}
    assert shown(found) == [f"SYN to {BOB}:{PORT}", "ICMP type 3 code 13 from 10.0.0.254"]


@pytest.mark.parametrize("then", ["answered", "refused", "open", "data"])
def test_the_port_can_be_reached_after_all(then: str) -> None:
    """The error was of one packet: another was answered."""
    talk = Talk(Clock()).syn().icmp().syn(retry=1, after=1000)
    if then == "refused":
        talk.refuse()
    elif then == "data":
        talk.name()
    else:
        talk.syn_ack()
    if then == "open":
        talk.open().send(OUT, b"")
    assert said(NAME, talk.clock) is None

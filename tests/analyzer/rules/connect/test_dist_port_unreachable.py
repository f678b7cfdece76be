"""When a user is told that nothing answers on a node's port: what the end of the capture must not be taken for."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from samples.conversation import SYN, Network
from tests.analyzer.rules.asking import said as asked
from tests.analyzer.rules.asking import shown
from tests.analyzer.sessions.talking import BOB, PORT, Clock, Talk
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


@pytest.mark.parametrize("dials", [2, 3, 4])
def test_the_answers_get_lost(dials: int) -> None:
    """The acceptor's end sees the same dial again and again, as if it had not answered."""
    talk = Talk(Clock()).syn()
    for retry in range(1, dials):
        talk.syn_ack().syn(retry=retry, after=1000)
    found = asked(NAME, talk.clock)
    assert (found is not None) is (dials > 2)
    if found is not None:
        assert found.certainty is Certainty.LIKELY
        assert found.detail == {"dials": dials, "port": PORT, "direction": "acceptor to initiator"}
        assert shown(found) == [
            f"first SYN to {BOB}:{PORT}",
            "SYN-ACK, so the port is open",
            f"SYN number {dials}: the initiator has not got the SYN-ACK",
        ]


def test_a_router_says_why() -> None:
    """Then that is another verdict, however often the initiator dials."""
    talk = Talk(Clock()).syn().icmp().syn(retry=1, after=1000).icmp().syn(retry=2, after=2000).icmp()
    assert asked(NAME, talk.clock) is None


def test_the_last_answer_may_have_arrived() -> None:
    """Nothing was sent after it."""
    talk = Talk(Clock()).syn().syn(retry=1, after=1000).syn(retry=2, after=2000).syn_ack()
    talk.clock.wait(9000)
    assert asked(NAME, talk.clock) is None

"""When a user is warned of a slow path: where the handshake took nearly half of the time that each of its steps has."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import Clock, Talk

NAME = "slow-handshake"


@pytest.mark.parametrize(("milliseconds", "told"), [(2999, False), (3000, True), (9000, True)])
def test_from_the_first_packet_to_the_ack(milliseconds: int, told: bool) -> None:
    """Three seconds."""
    clock = Clock()
    talk = Talk(clock).dial().name().status().challenge().reply()
    talk.ack(after=milliseconds - (clock.now - clock.told[0].packet.at) / 10**6)
    found = said(NAME, clock)
    assert (found is not None) is told
    if found is not None:
        assert found.certainty is Certainty.CERTAIN
        assert found.why.startswith(f"from the SYN to the challenge ack it took {milliseconds / 1000:.1f} s")
        assert shown(found) == ["SYN", "challenge ack"]


def test_nobody_knows_when_it_began() -> None:
    """The SYN is not in the capture, or the handshake came to no end."""
    assert said(NAME, Talk(Clock()).syn_ack().open().name().status().challenge().reply().ack(after=9000).clock) is None
    assert said(NAME, Talk(Clock()).dial().name().status().challenge().reply(after=9000).clock) is None

"""When a user is told that something in between reset a connection: by hop limits, or by a capture at the other end."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import all_said, said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk

NAME = "reset-by-middlebox"


@pytest.mark.parametrize("ttl", [33, 59, 61, 255])
def test_another_hop_limit(ttl: int) -> None:
    """Than that of all other packets of the end that it claims to be from."""
    found = said(NAME, Talk(Clock()).dial().name().status().rst(BACK, ttl=ttl).clock)
    assert found is not None
    assert found.certainty is Certainty.LIKELY
    assert found.detail == {"claimed_sender": "acceptor", "ttl": ttl, "usual_ttl": 60}
    assert found.why.endswith(f"its TTL is {ttl}, other packets of that side arrive with 60")
    assert found.alternatives == ("the route changed in that very moment",)
    assert shown(found) == ["a genuine packet of the connection", "RST in the name of the acceptor"]


def at_both_ends(ttl: int) -> list[Clock]:
    """Of the two captures only the one near the initiator has the reset."""
    here, there = Clock(port=50_000), Clock(capture=1, vantage=1, port=50_000)
    for clock in (here, there):
        talk = Talk(clock)
        talk.ttl[BACK] = 60 if clock is here else 64
        talk.dial().name().status()
        if clock is here:
            talk.rst(BACK, ttl=ttl)
    return [here, there]


@pytest.mark.parametrize(
    ("ttl", "words"),
    [
        (60, "the capture at the end that it claims to be from does not have it"),
        (33, "with 60; the capture nearer to that end does not have it"),
        (250, "with 60; the capture nearer to that end does not have it"),
    ],
)
def test_the_other_end_did_not_send_it(ttl: int, words: str) -> None:
    """That is certain, whatever its hop limit."""
    found = said(NAME, *at_both_ends(ttl))
    assert found is not None
    assert (found.certainty, found.alternatives) == (Certainty.CERTAIN, ())
    assert found.why.endswith(words)


def test_a_genuine_reset() -> None:
    """With the hop limit of its end, or after a close, when it changes nothing."""
    assert all_said(NAME, Talk(Clock()).dial().name().status().rst(BACK).clock) == []
    assert all_said(NAME, Talk(Clock()).dial().name().status().fin(BACK).rst(OUT, ttl=33).clock) == []

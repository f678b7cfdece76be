"""When a user is told that a link was closed in order: it was up, and nothing else explains its end."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk

NAME = "closed-normally"
OTP_24 = 0xD_03DF7FBD
NEWER = "the acceptor dropped it for a newer connection of the same node, which the capture lacks"


@pytest.mark.parametrize("side", ["initiator", "acceptor"])
def test_a_link_ends(side: str) -> None:
    """An acceptor of OTP 25 and later may have had a newer one."""
    talk = Talk(Clock()).dial().greet().chat().fin(OUT if side == "initiator" else BACK, after=9000)
    found = said(NAME, talk.clock)
    assert found is not None
    assert found.detail == {"closed_by": side}
    assert found.why == f"the link was up for 9.0 s; then the {side} closed it in order"
    assert found.certainty is (Certainty.CERTAIN if side == "initiator" else Certainty.LIKELY)
    assert found.alternatives == (() if side == "initiator" else (NEWER,))
    assert shown(found) == ["the link is up", f"the {side} closes"]


def test_an_old_acceptor_drops_no_link() -> None:
    """For a newer one."""
    talk = Talk(Clock()).dial().name().status().challenge(flags=OTP_24).reply().ack().chat().fin(BACK, after=9000)
    found = said(NAME, talk.clock)
    assert found is not None
    assert found.certainty is Certainty.CERTAIN


def test_a_node_that_had_nothing_to_say() -> None:
    """It was up for longer than a setup takes."""
    assert said(NAME, Talk(Clock()).dial().greet().fin(OUT, after=9000).clock) is not None
    assert said(NAME, Talk(Clock()).dial().greet().fin(OUT, after=5).clock) is None


@pytest.mark.parametrize("how", ["reset", "in the handshake", "open", "setup failed", "ticks"])
def test_other_ends(how: str) -> None:
    """Each has a verdict of its own."""
    talk = Talk(Clock()).dial()
    if how == "in the handshake":
        talk.name().status().fin(OUT)
    elif how == "setup failed":
        talk.greet().fin(BACK, after=2)
    else:
        talk.greet().chat()
    if how == "reset":
        talk.rst(OUT)
    elif how == "ticks":
        talk.send(OUT, bytes(4), after=30_000).fin(OUT, after=30_000)
    assert said(NAME, talk.clock) is None

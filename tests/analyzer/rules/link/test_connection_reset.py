"""When a user is told that a link was reset: it was up, and an end of it sent the RST."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk

NAME = "connection-reset"


def test_a_link_is_reset() -> None:
    """How long it was up, and by whom it ended."""
    found = said(NAME, Talk(Clock()).dial().greet().chat().rst(BACK, after=9000).clock)
    assert found is not None
    assert (found.certainty, found.detail) == (Certainty.CERTAIN, {"reset_by": "acceptor"})
    assert found.why == "the link was up for 9.0 s; then the acceptor reset it"
    assert shown(found) == ["the link is up", "RST from the acceptor"]


@pytest.mark.parametrize("how", ["closed", "in the handshake", "not by its end", "before any data", "open"])
def test_other_ends(how: str) -> None:
    """In order, before the link was up, or by something in between."""
    talk = Talk(Clock()).dial().name().status()
    if how == "in the handshake":
        assert said(NAME, talk.rst(BACK).clock) is None
        return
    talk.challenge().reply().ack()
    if how == "before any data":
        talk.rst(BACK)
    else:
        talk.chat()
    if how == "closed":
        talk.fin(OUT).fin(BACK).rst(OUT)
    elif how == "not by its end":
        talk.rst(BACK, ttl=33)
    assert said(NAME, talk.clock) is None


def test_where_the_capture_lacks_the_handshake() -> None:
    """The link may have had another story."""
    found = said(NAME, Talk(Clock()).midstream().chat().rst(OUT).clock)
    assert found is not None
    assert found.certainty is Certainty.LIKELY

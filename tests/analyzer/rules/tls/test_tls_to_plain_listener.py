"""When a user is told that a TLS node calls one that speaks plain Erlang: it waits for the rest of what it took."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk
from tests.analyzer.sessions.test_interpret import CLIENT_HELLO, SERVER_HELLO, handshaken

NAME = "tls-to-plain-listener"
HELLO = handshaken(CLIENT_HELLO)


@pytest.mark.parametrize("first", ["initiator", "acceptor"])
def test_both_timers_run_out(first: str) -> None:
    """Within milliseconds of each other."""
    talk = Talk(Clock()).dial().send(OUT, HELLO)
    talk.fin(OUT if first == "initiator" else BACK, after=6999).fin(BACK if first == "initiator" else OUT, after=5)
    found = said(NAME, talk.clock)
    assert found is not None
    assert found.certainty is Certainty.LIKELY
    assert found.why.endswith("not one byte came in 7.0 s")
    assert found.detail == {"waited_ms": 6999}
    assert shown(found) == ["TLS ClientHello", f"the {first} gives up after 7.0 s"]


@pytest.mark.parametrize(("milliseconds", "told"), [(4999, False), (5000, True)])
def test_the_capture_ends(milliseconds: int, told: bool) -> None:
    """Five seconds of silence are enough; without the acceptor's close it may be a TLS listener that hangs."""
    talk = Talk(Clock()).dial().send(OUT, HELLO)
    talk.clock.wait(milliseconds - 0.01)
    found = said(NAME, talk.clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.POSSIBLE, {"waited_ms": milliseconds})
        assert shown(found) == ["TLS ClientHello"]


@pytest.mark.parametrize("how", ["answered", "at once", "sent again", "hangs", "plain"])
def test_other_stories(how: str) -> None:
    """A listener that speaks TLS, one that refuses, a path that loses packets, and one that never closes."""
    talk = Talk(Clock()).dial()
    if how == "plain":
        talk.name().fin(OUT, after=7000).fin(BACK)
    elif how == "answered":
        talk.send(OUT, HELLO).send(BACK, handshaken(SERVER_HELLO)).fin(OUT, after=7000).fin(BACK)
    elif how == "at once":
        talk.send(OUT, HELLO).fin(BACK).fin(OUT)
    elif how == "sent again":
        talk.send(OUT, HELLO, acked=False).resend(OUT).fin(OUT, after=7000).fin(BACK)
    else:
        talk.send(OUT, HELLO).fin(OUT, after=7000)
        talk.clock.wait(5000)
    assert said(NAME, talk.clock) is None

"""When a user is told that a timer ran out: whose, after how long, and what else a close may mean."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from analyzer.streams.stream import Direction
from dissectors import epmd
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk, ask_epmd, port2_resp

NAME = "handshake-timeout"


@pytest.mark.parametrize(("milliseconds", "told"), [(939, False), (940, True), (7000, True)])
def test_a_slow_lookup(milliseconds: int, told: bool) -> None:
    """EPMD's answer comes after the initiator gave up; a lookup that is dropped before a second was not needed."""
    clock = Clock()
    talk = ask_epmd(clock).ask(epmd.Port2Req(name="bob"))
    gone = milliseconds * 10**6 - (clock.now - clock.told[0].packet.at)
    talk.fin(OUT, after=gone / 10**6).answer(port2_resp(), after=12)
    found = said(NAME, clock)
    assert (found is not None) is told
    if found is not None:
        assert found.certainty is Certainty.CERTAIN
        assert found.detail == {"expired_at": "initiator", "after_ms": milliseconds}
        assert found.why.endswith("EPMD's good answer arrived 12 ms later")
        assert shown(found) == ["request to EPMD", "the initiator gives up", "EPMD's answer, too late"]


@pytest.mark.parametrize("how", ["in time", "no answer", "refusal", "acceptor"])
def test_lookups_that_end_otherwise(how: str) -> None:
    """The answer came first, or never, or was none; or EPMD closed."""
    talk = ask_epmd(Clock()).ask(epmd.Port2Req(name="bob"))
    if how == "in time":
        talk.answer(port2_resp()).fin(OUT, after=7000)
    elif how == "no answer":
        talk.fin(OUT, after=7000)
    elif how == "refusal":
        talk.fin(OUT, after=7000).answer(epmd.Port2Refusal(result=1))
    else:
        talk.fin(BACK, after=7000).answer(port2_resp())
    assert said(NAME, talk.clock) is None


@pytest.mark.parametrize("side", ["initiator", "acceptor"])
def test_in_mid_handshake(side: str) -> None:
    """The timer of the closing side ran for the default of seven seconds."""
    talk = Talk(Clock()).dial().name().status()
    if side == "acceptor":
        talk.challenge()
    talk.fin(OUT if side == "initiator" else BACK, after=6996)
    found = said(NAME, talk.clock)
    assert found is not None
    assert found.certainty is Certainty.CERTAIN
    assert found.detail["expired_at"] == side
    assert f"the {side} closed in mid-handshake, 7.0 s after it had started its timer" in found.why
    assert shown(found) == ["the last thing that was said", f"the {side} gives up after 7.0 s"]


@pytest.mark.parametrize(
    "how", ["at once", "nothing heard", "sent again", "sent again and again", "middlebox", "up", "open"]
)
def test_other_ends(how: str) -> None:
    """An answer, a node that never spoke, a path that loses packets, or a link that came up."""
    talk = Talk(Clock()).dial().name()
    if how == "nothing heard":
        talk.fin(OUT, after=7000)
    elif how == "up":
        talk.status().challenge().reply().ack().fin(OUT, after=7000)
    elif how == "sent again":
        talk.status().send(OUT, b"\x00\x15r", acked=False).resend(OUT).resend(OUT, after=400).fin(OUT, after=6400)
    elif how == "sent again and again":
        talk.status().send(OUT, b"\x00\x15r", acked=False).resend(OUT).resend(OUT, after=400).resend(OUT, after=800)
        talk.fin(OUT, after=5600)
    else:
        talk.status()
    if how == "at once":
        talk.fin(OUT)
    elif how == "middlebox":
        talk.rst(BACK, after=7000, ttl=33)
    assert said(NAME, talk.clock) is None


@pytest.mark.parametrize(("side", "told"), [(OUT, False), (BACK, False), (None, True)])
def test_more_was_said_than_the_capture_shows(side: Direction | None, told: bool) -> None:
    """What the timer waited for is not known where the last words are missing."""
    talk = Talk(Clock()).dial().name().status()
    if side is None:
        talk = Talk(Clock()).dial().hole(OUT, 29).status()
    else:
        talk.hole(side, 50)
    assert (said(NAME, talk.fin(OUT, after=6996).clock) is not None) is told


def test_half_a_name() -> None:
    """The acceptor's timer ran out while it waited for the rest."""
    talk = Talk(Clock()).dial().send(OUT, b"\x00\x1cN\x00\x00").fin(BACK, after=7000)
    found = said(NAME, talk.clock)
    assert found is not None
    assert found.detail["expired_at"] == "acceptor"
    assert said(NAME, Talk(Clock()).dial().send(OUT, b"\x00\x1cN\x00\x00").fin(OUT, after=7000).clock) is None

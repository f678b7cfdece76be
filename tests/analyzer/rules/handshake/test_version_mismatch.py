"""When a user is told that two nodes do not share a form of the handshake: who refused which message, and how sure."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors import epmd
from dissectors.handshake_messages import ChallengeOld, SendNameOld
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import ANN, BACK, OUT, Clock, Talk, ask_epmd, framed, port2_resp

NAME = "version-mismatch"


def dialled(highest: int | None) -> Talk:
    """EPMD told this highest version of the acceptor."""
    clock = Clock()
    if highest is not None:
        ask_epmd(clock).ask(epmd.Port2Req(name="bob")).answer(port2_resp(highest=highest)).fin(BACK).fin(OUT)
    return Talk(clock).dial()


def old(talk: Talk, version: int = 5) -> Talk:
    """An old name."""
    return talk.send(OUT, framed(SendNameOld(version=version, flags=0xDF7FBD, name=f"ann@{ANN}")))


@pytest.mark.parametrize(("highest", "expected"), [(6, Certainty.CERTAIN), (None, Certainty.LIKELY), (5, None)])
def test_an_old_name(highest: int | None, expected: Certainty | None) -> None:
    """Certain where EPMD shows that the acceptor is new; an old one takes it."""
    found = said(NAME, old(dialled(highest)).fin(BACK, after=2).clock)
    assert (found and found.certainty) is expected
    if found is not None:
        assert found.detail == {"rejected_by": "acceptor"}
        assert found.why.startswith("the acceptor closed 2.0 ms after it had the send_name, without an answer")
        assert shown(found)[-2:] == ["the send_name that the acceptor does not take", "the acceptor closes"]
        assert shown(found)[:-2] == (["EPMD: versions 5 to 6"] if highest else [])
        assert len(found.alternatives) == (highest is None)


@pytest.mark.parametrize(("highest", "told"), [(5, True), (6, False), (None, False)])
def test_a_new_name(highest: int | None, told: bool) -> None:
    """An acceptor of OTP 22 or earlier does not know it."""
    assert (said(NAME, dialled(highest).name().fin(BACK).clock) is not None) is told


@pytest.mark.parametrize("how", ["initiator", "timer", "heard", "version 0", "middlebox", "open"])
def test_a_name_that_was_not_refused(how: str) -> None:
    """Only a close of the acceptor at once, without a byte, refuses its form."""
    talk = old(dialled(6), 0 if how == "version 0" else 5)
    if how == "initiator":
        talk.fin(OUT)
    elif how == "timer":
        talk.fin(BACK, after=7000)
    elif how == "heard":
        talk.send(BACK, b"\x00\x03s").fin(BACK)
    elif how == "middlebox":
        talk.rst(OUT, ttl=33)
    elif how == "version 0":
        talk.fin(BACK)
    assert said(NAME, talk.clock) is None


@pytest.mark.parametrize("how", ["initiator", "acceptor", "timer", "replied", "open"])
def test_an_old_challenge(how: str) -> None:
    """OTP 25 and later take none: they close."""
    talk = dialled(None).name().status()
    talk.send(BACK, framed(ChallengeOld(version=5, flags=0xDF7FBD, challenge=3, name="bob@10.0.0.2")))
    if how == "replied":
        talk.reply()
    if how != "open":
        talk.fin(BACK if how == "acceptor" else OUT, after=7000 if how == "timer" else 1)
    found = said(NAME, talk.clock)
    assert (found is not None) is (how == "initiator")
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.CERTAIN, {"rejected_by": "initiator"})
        assert shown(found) == ["the challenge that the initiator does not take", "the initiator closes"]

"""When a user is told which flags a node lacks: by the acceptor's refusal, or by the initiator's close."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors.flags import Flag
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OTP_26, OUT, Clock, Talk

NAME = "mandatory-flags-missing"
LACKING = OTP_26 & ~Flag.BIG_CREATION & ~Flag.MANDATORY_25_DIGEST


@pytest.mark.parametrize(("known", "expected"), [(True, Certainty.CERTAIN), (False, Certainty.LIKELY)])
def test_the_acceptor_refuses(known: bool, expected: Certainty) -> None:
    """Certain where the acceptor has shown its own flags to somebody."""
    clock = Clock()
    if known:
        Talk(clock, "10.0.0.9").dial().name("eve@10.0.0.9").status().challenge().fin(OUT)
    Talk(clock).dial().name(flags=LACKING).status("not_allowed").fin(BACK)
    found = said(NAME, clock)
    assert found is not None
    assert (found.certainty, found.detail) == (
        expected,
        {"missing_flags": ["BIG_CREATION"], "rejected_by": "acceptor"},
    )
    assert len(found.alternatives) == (not known)
    assert shown(found) == ["send_name; its flags lack BIG_CREATION", "status not_allowed"]


def test_a_refusal_for_another_reason() -> None:
    """Nothing is missing."""
    assert said(NAME, Talk(Clock()).dial().name().status("not_allowed").fin(BACK).clock) is None


def test_the_initiator_refuses() -> None:
    """What it demands is not in the challenge."""
    found = said(NAME, Talk(Clock()).dial().name().status().challenge(flags=LACKING).fin(OUT, after=2).clock)
    assert found is not None
    assert (found.certainty, found.detail) == (
        Certainty.CERTAIN,
        {"missing_flags": ["BIG_CREATION"], "rejected_by": "initiator"},
    )
    assert found.why.startswith("the initiator closed 2.0 ms after the challenge")
    assert shown(found) == ["challenge; its flags lack BIG_CREATION", "the initiator closes without a reply"]


@pytest.mark.parametrize("how", ["nothing missing", "acceptor", "timer", "replied", "no challenge", "open"])
def test_other_ends(how: str) -> None:
    """Only a close right after the challenge is about its flags."""
    talk = Talk(Clock()).dial().name().status()
    if how != "no challenge":
        talk.challenge(flags=OTP_26 if how == "nothing missing" else LACKING)
    if how == "replied":
        talk.reply()
    if how != "open":
        talk.fin(BACK if how == "acceptor" else OUT, after=7000 if how == "timer" else 1)
    assert said(NAME, talk.clock) is None

"""When a user is told of a connection on which no name comes: not because the capture ends."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors import epmd
from samples.conversation import Network
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, PORT, Clock, Talk, ask_epmd
from tests.judged import DIST, judged

NAME = "idle-no-name"


@pytest.mark.parametrize(("seconds", "told"), [(4.8, False), (5.2, True)])
def test_the_capture_goes_on(seconds: float, told: bool) -> None:
    """For so long after the connection opened."""
    net = Network()
    net.connect("10.0.0.1", "10.0.0.2", DIST)
    net.wait(seconds)
    net.connect("10.0.0.8", "10.0.0.9", 80)
    assert (NAME in [attempt["verdict"] for attempt in judged(net)]) is told


@pytest.mark.parametrize("side", ["initiator", "acceptor"])
def test_somebody_gives_up(side: str) -> None:
    """By a timer; who, and after how long."""
    found = said(NAME, Talk(Clock()).dial().fin(OUT if side == "initiator" else BACK, after=7000).clock)
    assert found is not None
    assert (found.certainty, found.detail) == (Certainty.CERTAIN, {"closed_by": side})
    assert found.why == f"the {side} closed after 7.0 s without a byte from either side"
    assert shown(found) == ["the TCP connection is open", f"the {side} closes, nothing was said"]


def test_a_close_at_once() -> None:
    """Of the initiator: a probe.  Of the acceptor: a refusal, and another verdict."""
    assert said(NAME, Talk(Clock()).dial().fin(OUT, after=3).clock) is not None
    assert said(NAME, Talk(Clock()).dial().fin(BACK, after=3).clock) is None
    assert said(NAME, Talk(Clock()).dial().name().fin(OUT, after=3).clock) is None


def test_nobody_opens() -> None:
    """The port does not answer: that is no probe."""
    talk = Talk(Clock()).syn()
    talk.clock.wait(9000)
    assert said(NAME, talk.clock) is None


@pytest.mark.parametrize(("lowest", "highest"), [(1, 4), (7, 9), (5, 6)])
@pytest.mark.parametrize("milliseconds", [3, 7000])
def test_epmd_offers_no_version(lowest: int, highest: int, milliseconds: int) -> None:
    """That is why an initiator closes at once; one that waits has read no range."""
    clock = Clock()
    answer = epmd.Port2Resp(result=0, port=PORT, type=77, protocol=0, highest=highest, lowest=lowest, name="bob")
    ask_epmd(clock).ask(epmd.Port2Req(name="bob")).answer(answer).fin(BACK).fin(OUT)
    found = said(NAME, Talk(clock).dial().fin(OUT, after=milliseconds).clock)
    assert (found is not None) is (lowest == 5 or milliseconds == 7000)


def test_of_a_lookup() -> None:
    """A connection to EPMD on which nothing is asked is likely a probe, too."""
    found = said(NAME, ask_epmd(Clock()).fin(OUT, after=7000).clock)
    assert found is not None
    assert found.certainty is Certainty.LIKELY


def test_the_name_was_lost() -> None:
    """After a lookup a node says its name: that it never came is another verdict."""
    clock = Clock()
    answer = epmd.Port2Resp(result=0, port=PORT, type=77, protocol=0, highest=6, lowest=5, name="bob")
    ask_epmd(clock).ask(epmd.Port2Req(name="bob")).answer(answer).fin(BACK).fin(OUT)
    Talk(clock).dial().fin(BACK, after=7000)
    clock.wait(2000)
    assert said(NAME, clock) is None

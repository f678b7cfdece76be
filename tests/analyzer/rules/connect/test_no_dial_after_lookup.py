"""When a user is told that a node asked for a port and did not dial it: how sure that is, and what else it may be."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors import epmd
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, PORT, Clock, Talk, ask_epmd, lookup, port2_resp

NAME = "no-dial-after-lookup"
TOOL = "the lookup came from a tool that only asks (erl_epmd:port_please/2)"


@pytest.mark.parametrize(
    ("others", "milliseconds", "expected"),
    [
        (1, 1000, Certainty.LIKELY),
        (1, 999, Certainty.POSSIBLE),
        (0, 1000, Certainty.POSSIBLE),
        (0, 999, Certainty.POSSIBLE),
    ],
)
def test_how_sure(others: int, milliseconds: int, expected: Certainty) -> None:
    """A capture that goes on for a second and has connections to nodes would show the dial."""
    clock = Clock()
    lookup(clock)
    clock.wait(milliseconds)
    found = said(NAME, clock, others=others)
    assert found is not None
    assert (found.certainty, found.detail) == (expected, {"port": PORT})
    assert found.alternatives[-1] == TOOL
    assert (len(found.alternatives) == 2) is (others == 0)
    assert ("1.0 s of the capture are left" in found.why) is (milliseconds == 1000)
    assert shown(found) == [f"EPMD answers: port {PORT}", "the lookup is over, and no SYN follows"]


@pytest.mark.parametrize(("milliseconds", "told"), [(999, False), (1000, True), (9000, True)])
def test_a_file_that_breaks_off(milliseconds: int, told: bool) -> None:
    """There was more, perhaps the dial."""
    clock = Clock()
    lookup(clock)
    clock.wait(milliseconds)
    assert (said(NAME, clock, cut=True) is not None) is told


@pytest.mark.parametrize(("highest", "told"), [(4, False), (5, True), (6, True)])
def test_a_range_that_forbids_the_dial(highest: int, told: bool) -> None:
    """Below version 5 nobody dials, and another verdict says so."""
    clock = Clock()
    ask_epmd(clock).ask(epmd.Port2Req(name="bob")).answer(port2_resp(highest=highest)).fin(BACK).fin(OUT)
    assert (said(NAME, clock) is not None) is told


@pytest.mark.parametrize("how", ["initiator first", "initiator not at all", "dialled", "open", "answer lost"])
def test_no_reason_to_dial(how: str) -> None:
    """Only EPMD's close makes a node dial, and only an answer that arrived."""
    clock = Clock()
    talk = ask_epmd(clock).ask(epmd.Port2Req(name="bob"))
    if how == "answer lost":
        talk.send(BACK, port2_resp().write(), acked=False).resend(BACK).fin(BACK).fin(OUT)
    else:
        talk.answer(port2_resp())
    if how == "initiator first":
        talk.fin(OUT).fin(BACK)
    elif how == "initiator not at all":
        talk.fin(BACK)
    elif how == "dialled":
        talk.fin(BACK).fin(OUT)
        Talk(clock).syn()
    clock.wait(9000)
    assert said(NAME, clock) is None

"""What a user is told of a registration that EPMD took, in all three forms of it."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors import epmd
from dissectors.wire import Message
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import Clock, ask_epmd

NAME = "registered"
ALIVE2 = epmd.Alive2Req(port=9100, type=77, protocol=0, highest=6, lowest=5, name="bob")


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (ALIVE2, epmd.Alive2XResp(result=0, creation=7)),
        (ALIVE2, epmd.Alive2Resp(result=0, creation=7)),
        (epmd.AliveReq(port=9100, name="bob"), epmd.AliveResp(creation=7)),
    ],
)
def test_taken(request_: Message, answer: Message) -> None:
    """Under which name, of which port."""
    found = said(NAME, ask_epmd(Clock()).ask(request_).answer(answer).clock)
    assert found is not None
    assert found.certainty is Certainty.CERTAIN
    assert found.detail == {"name": "bob", "port": 9100, "creation": 7}
    assert shown(found) == ["the registration", "accepted"]


@pytest.mark.parametrize("result", [1, 99, 255])
def test_refused(result: int) -> None:
    """That is another verdict."""
    answer = epmd.Alive2XResp(result=result, creation=0)
    assert said(NAME, ask_epmd(Clock()).ask(ALIVE2).answer(answer).clock) is None


def test_a_registration_that_the_capture_does_not_show() -> None:
    """Its answer tells no name and no port."""
    clock = ask_epmd(Clock()).answer(epmd.Alive2XResp(result=0, creation=7)).clock
    found = said(NAME, clock)
    assert found is not None
    assert found.detail == {"name": None, "port": None, "creation": 7}
    assert shown(found) == ["accepted"]
    assert "a name that the capture does not show" in found.says and "unknown" in found.says

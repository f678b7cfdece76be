"""What a user is told of a link that fell silent: who did, for how long, and whether a host or a path is to blame."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, DATA, OUT, TICK, Clock, Talk

NAME = "tick-timeout"


def ticking() -> Talk:
    """Ticks of both sides, 15 s apart: net_ticktime is 60."""
    talk = Talk(Clock()).dial().greet().chat()
    for _ in range(4):
        talk.send(OUT, TICK, after=15_000).send(BACK, TICK)
    return talk


@pytest.mark.parametrize(
    ("acked", "cause", "how"),
    [
        (False, "path", "what was sent to it was not acknowledged either, so the path or the host is dead"),
        (True, "frozen", "its TCP went on acknowledging, so its host is up and its emulator is not"),
    ],
)
def test_one_side_hears_nothing(acked: bool, cause: str, how: str) -> None:
    """What still acknowledges is a host that lives."""
    talk = ticking()
    for _ in range(4):
        talk.send(OUT, TICK, after=15_000, acked=acked)
    found = said(NAME, talk.fin(OUT).clock)
    assert found is not None
    assert found.certainty is Certainty.CERTAIN
    assert found.why.startswith("the acceptor sent nothing for 60.0 s, while the initiator kept sending (4 ticks")
    assert found.why.endswith(how)
    assert found.detail == {"silent": "acceptor", "silence_ms": 60_001, "net_ticktime": 60, "cause": cause}
    assert shown(found) == ["last data of the acceptor", "the initiator closes 60.0 s later"]


@pytest.mark.parametrize(("milliseconds", "cause"), [(900, "path"), (1100, "frozen")])
def test_an_acknowledgment_right_after_the_last_data(milliseconds: int, cause: str) -> None:
    """It shows that the host lived then; nothing came of it in the silence itself."""
    talk = Talk(Clock()).dial().greet().chat().send(BACK, DATA)
    talk.send(OUT, DATA, after=milliseconds).fin(OUT, after=45_000)
    found = said(NAME, talk.clock)
    assert found is not None
    assert (found.detail["cause"], found.detail["net_ticktime"]) == (cause, None)


def test_nobody_closes() -> None:
    """The capture ends while the same bytes are sent again and again."""
    talk = Talk(Clock()).dial().greet().chat().send(OUT, DATA, acked=False)
    for number in range(5):
        talk.resend(OUT, after=200 * 2**number, length=len(DATA))
    found = said(NAME, talk.clock)
    assert found is not None
    assert found.certainty is Certainty.LIKELY
    assert found.detail == {"silent": "acceptor", "silence_ms": 6200, "net_ticktime": None, "cause": "path"}
    assert "repeated 5 times in 6.2 s" in found.why
    assert shown(found) == [
        "last data of the initiator, first time",
        f"{len(DATA)} bytes of it again, retransmission 5",
    ]


def test_a_link_that_lives() -> None:
    """Closed while ticks flow, or open."""
    assert said(NAME, ticking().clock) is None
    assert said(NAME, ticking().fin(OUT).clock) is None

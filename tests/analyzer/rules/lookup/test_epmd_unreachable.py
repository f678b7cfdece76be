"""When a user is told that EPMD's host does not answer at all."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Endpoint
from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import ANN, BOB, Clock, Talk

NAME = "epmd-unreachable"
FIRST, ANSWER = "first SYN to EPMD's port 4369", "SYN-ACK, which does not reach the initiator"


def dialled(dials: int) -> Talk:
    """A second between one SYN and the next."""
    talk = Talk(Clock(), ANN, Endpoint(BOB, 4369)).syn()
    for retry in range(1, dials):
        talk.syn(retry=retry, after=1000)
    return talk


@pytest.mark.parametrize(
    ("dials", "milliseconds", "told"),
    [(1, 4999, False), (1, 5000, True), (2, 3999, False), (2, 4000, True), (3, 0, True)],
)
def test_silence(dials: int, milliseconds: int, told: bool) -> None:
    """Of five seconds, or after the third SYN."""
    talk = dialled(dials)
    talk.clock.wait(milliseconds)
    found = said(NAME, talk.clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.CERTAIN, {"dials": dials})
        assert found.why.endswith("no SYN-ACK, no RST and no ICMP error in return")
        assert shown(found) == [FIRST, *([f"SYN number {dials}, still unanswered"] if dials > 1 else [])]


def test_icmp_needs_no_patience() -> None:
    """Who says that the host can't be reached is named."""
    found = said(NAME, dialled(1).icmp(code=1).clock)
    assert found is not None
    assert found.detail == {"dials": 1, "icmp": "3/1", "reporter": "10.0.0.254"}
    assert shown(found) == [FIRST, "ICMP type 3 code 1 from 10.0.0.254"]
    assert found.why.endswith("an ICMP error in return")


def test_the_answers_get_lost() -> None:
    """EPMD's host answers, and is asked again and again as if it had not."""
    talk = dialled(1).syn_ack().syn(retry=1, after=1000).syn_ack().syn(retry=2, after=2000)
    found = said(NAME, talk.clock)
    assert found is not None
    assert found.certainty is Certainty.LIKELY
    assert shown(found) == [FIRST, "SYN number 3, still unanswered", ANSWER]


@pytest.mark.parametrize("dials", [2, 3])
def test_an_answer_that_may_have_arrived(dials: int) -> None:
    """It is the last that the capture shows, or the initiator asked again only once."""
    talk = dialled(dials - 1)
    if dials == 3:
        talk.syn(retry=2, after=1000).syn_ack()
    else:
        talk.syn_ack().syn(retry=1, after=1000)
    talk.clock.wait(9000)
    assert said(NAME, talk.clock) is None


@pytest.mark.parametrize("then", ["refused", "open"])
def test_an_answer(then: str) -> None:
    """Late is not never."""
    talk = dialled(3)
    talk.refuse() if then == "refused" else talk.syn_ack().open()
    talk.clock.wait(9000)
    assert said(NAME, talk.clock) is None

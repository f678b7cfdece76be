"""What a user is told of two nodes with one name: which of them the acceptor knew, and what became of the other."""

from __future__ import annotations

import pytest

from analyzer.decode.segment import Endpoint
from analyzer.findings import Certainty
from analyzer.streams.stream import Direction
from dissectors.handshake_messages import Status
from tests.analyzer.rules.asking import all_said, said, shown
from tests.analyzer.sessions.talking import ANN, BACK, BOB, OTP_26, OUT, PORT, Clock, Talk, framed

NAME = "duplicate-name"
OTP_24 = 0xD_03DF7FBD


@pytest.mark.parametrize("answer", ["true", "false", None])
def test_alive(answer: str | None) -> None:
    """The initiator may insist, or say nothing: an acceptor of unknown release is one that stays."""
    talk = Talk(Clock()).dial().name().status("alive")
    if answer is not None:
        talk.send(OUT, framed(Status(text=answer)))
    found = said(NAME, talk.fin(BACK).clock)
    assert found is not None
    assert found.certainty is Certainty.CERTAIN
    assert found.detail == {"resolution": "fatal", "answer": answer}
    assert shown(found) == [
        f"send_name as ann@{ANN}",
        "status alive",
        *([f"the initiator answers {answer}"] if answer else []),
    ]


@pytest.mark.parametrize(
    ("flags", "goes_on", "resolution"),
    [(OTP_24, False, "fatal"), (OTP_26, False, "superseding"), (OTP_24, True, "superseding")],
)
def test_what_becomes_of_the_old_link(flags: int, goes_on: bool, resolution: str) -> None:
    """From OTP 25 on it is dropped; else it is seen in that the handshake goes on."""
    clock = Clock()
    Talk(clock, "10.0.0.9").dial().name("eve@10.0.0.9").status().challenge(flags=flags).fin(OUT)
    talk = Talk(clock).dial().name().status("alive")
    if goes_on:
        talk.challenge(flags=flags)
    found = said(NAME, clock)
    assert found is not None
    assert found.detail["resolution"] == resolution
    assert ("went on with this one" in found.why) is goes_on
    assert ("the handshake goes on" in shown(found)) is goes_on


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (ANN, "; the link that it has is from the same host: the node was restarted before its peer noticed"),
        ("10.0.0.7", "; the link that it has is from 10.0.0.7: two hosts use one node name"),
        (None, ""),
        ("to another node", ""),
        ("over", ""),
        ("younger", ""),
    ],
)
def test_whose_the_old_link_is(host: str | None, words: str) -> None:
    """As far as the capture shows it."""
    clock = Clock()
    old = None
    if host == "to another node":
        old = Talk(clock, ANN, Endpoint("10.0.0.3", PORT)).dial().greet(acceptor="cid@10.0.0.3").chat()
    elif host == "over":
        Talk(clock).dial().greet().chat().fin(OUT).fin(BACK)
    elif host in (ANN, "10.0.0.7"):
        old = Talk(clock, host).dial().greet().chat()
    talk = Talk(clock).dial().name()
    if host == "younger":
        old = Talk(clock, "10.0.0.7").dial().greet().chat()
    talk.status("alive").fin(BACK)
    if old is not None:
        old.chat()
    found = said(NAME, clock)
    assert found is not None
    assert found.why == f"the acceptor answered alive: it holds a link to a node named ann@{ANN}{words}"


@pytest.mark.parametrize(
    ("listener", "status", "side", "told"),
    [
        (BOB, None, BACK, True),
        (BOB, "not_allowed", BACK, False),
        (BOB, None, OUT, False),
        ("10.0.0.3", None, BACK, False),
        ("10.0.0.1", None, BACK, False),
    ],
)
@pytest.mark.parametrize("decided", ["before", "after", "never", "nothing"])
def test_a_third_connection(listener: str, status: str | None, side: Direction, told: bool, decided: str) -> None:
    """While the acceptor is undecided about another one of the same name it closes this one without a byte; not so
    where there is nothing to decide."""
    clock = Clock()
    second = Talk(clock).dial().name().status("ok" if decided == "nothing" else "alive")
    if decided == "before":
        second.challenge()
    third = Talk(clock, ANN, Endpoint(listener, PORT)).dial().name()
    if status is not None:
        third.status(status)
    third.fin(side)
    if decided == "after":
        second.challenge()
    elif decided in ("never", "nothing"):
        second.acknowledge(BACK)
    found = [each for each in all_said(NAME, clock) if "answer" not in each.detail]
    assert bool(found) is (told and decided in ("after", "never"))
    if found:
        assert (found[0].certainty, found[0].detail) == (Certainty.CERTAIN, {"resolution": "fatal"})
        assert shown(found[0]) == [
            f"on another connection the acceptor answers alive to ann@{ANN}",
            "send_name of the same node",
            "the acceptor closes at once",
        ]

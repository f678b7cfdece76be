"""When a user is told that packets of the handshake vanish on the way: as either end sees it."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from analyzer.streams.stream import Direction, HoleCause
from dissectors.handshake_messages import ChallengeReply, SendName, Status
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import ANN, BACK, DATA, OUT, Clock, Talk, framed, lookup

NAME = "handshake-blackholed"
SENT = framed(SendName(flags=0xD_07DF_7FBD, creation=1, name=f"ann@{ANN}"))


def repeated(talk: Talk, direction: Direction, data: bytes, copies: int) -> Talk:
    """Bytes that are sent again and again, and never acknowledged."""
    talk.send(direction, data, acked=False)
    for number in range(copies):
        talk.resend(direction, after=200 * 2**number, length=len(data))
    return talk


@pytest.mark.parametrize(("copies", "told"), [(0, False), (1, False), (2, True), (3, True)])
@pytest.mark.parametrize("side", ["initiator", "acceptor", "initiator later"])
def test_what_a_side_sends_vanishes(side: str, copies: int, told: bool) -> None:
    """Sent three times and never acknowledged, though TCP opened in both directions."""
    talk = Talk(Clock()).dial()
    if side == "initiator":
        repeated(talk, OUT, SENT, copies)
    elif side == "initiator later":
        reply = framed(ChallengeReply(challenge=1, digest=bytes(16)))
        repeated(talk.name().status().challenge(), OUT, reply, copies)
        side = "initiator"
    else:
        repeated(talk.name(), BACK, framed(Status(text="ok")), copies)
    found = said(NAME, talk.fin(OUT, after=7000).clock)
    assert (found is not None) is told
    if found is not None:
        other = "acceptor" if side == "initiator" else "initiator"
        assert (found.certainty, found.detail) == (Certainty.LIKELY, {"direction": f"{side} to {other}"})
        assert f"of the {side} were sent {copies + 1} times and never acknowledged" in found.why
        assert shown(found) == [
            f"the {side}'s data, first time",
            f"sent again, retransmission {copies}",
            "the initiator gives up",
        ]


def test_what_was_repeated_arrived_in_the_end() -> None:
    """Of the initiator; what the acceptor sends then is what vanishes."""
    talk = repeated(Talk(Clock()).dial(), OUT, SENT, 2).acknowledge(BACK)
    talk.send(OUT, b"x", acked=False)
    found = said(NAME, repeated(talk, BACK, framed(Status(text="ok")), 2).clock)
    assert found is not None
    assert found.detail == {"direction": "acceptor to initiator"}


@pytest.mark.parametrize("how", ["answered", "middlebox", "up"])
def test_other_stories(how: str) -> None:
    """The other side answers by closing, something else ends it, or the link is up."""
    talk = Talk(Clock()).dial()
    if how == "up":
        talk.greet().chat()
        assert said(NAME, repeated(talk, OUT, DATA, 4).clock) is None
        return
    talk.name().status()
    repeated(talk, OUT, b"\x00\x15r", 2)
    assert said(NAME, (talk.fin(BACK) if how == "answered" else talk.rst(BACK, ttl=33)).clock) is None


def test_both_ends_were_captured() -> None:
    """The other capture shows that the bytes left, and did not arrive: that is certain."""
    here, there = Clock(port=50_000), Clock(capture=1, vantage=1, port=50_000)
    repeated(Talk(here).dial(), OUT, SENT, 3).fin(OUT, after=7000)
    Talk(there).dial()
    found = said(NAME, here, there)
    assert found is not None
    assert (found.certainty, found.alternatives) == (Certainty.CERTAIN, ())


@pytest.mark.parametrize("asked", [True, False])
def test_the_name_never_arrives(asked: bool) -> None:
    """A node that asked EPMD was about to say its name."""
    clock = Clock()
    if asked:
        lookup(clock)
    talk = Talk(clock).dial().fin(BACK, after=7000)
    clock.wait(2000)
    found = said(NAME, talk.clock)
    assert (found is not None) is asked
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.LIKELY, {"direction": "initiator to acceptor"})
        assert "arrived in the 7.0 s until the acceptor gave up" in found.why
        assert shown(found) == [
            "EPMD names the port",
            "the TCP connection is open",
            "the acceptor gives up after 7.0 s",
        ]


@pytest.mark.parametrize(
    ("cause", "side", "told"),
    [
        (HoleCause.NEVER_SEEN, OUT, True),
        (HoleCause.NEVER_SEEN, BACK, False),
        (HoleCause.NOT_CAPTURED, OUT, False),
    ],
)
def test_the_ack_never_arrives(cause: HoleCause, side: Direction, told: bool) -> None:
    """Data of the acceptor do, which come behind it."""
    talk = Talk(Clock()).dial().name().status().challenge().reply()
    found = said(NAME, talk.hole(BACK, 19, cause=cause).send(BACK, DATA, acked=False).fin(side, after=7000).clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.LIKELY, {"direction": "acceptor to initiator"})
        assert found.why.startswith("19 bytes of the acceptor after the challenge reply never arrived")
        assert shown(found) == ["challenge reply", "19 bytes before this packet are missing", "the initiator gives up"]


def test_a_hole_before_the_reply_is_no_lost_ack() -> None:
    """What was missing there was something else."""
    talk = Talk(Clock()).dial().name().hole(BACK, 5, cause=HoleCause.NEVER_SEEN).challenge().reply()
    assert said(NAME, talk.fin(OUT, after=7000).clock) is None

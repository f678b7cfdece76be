"""When a user is told that large packets of a TLS handshake vanish, or that a TLS listener hangs."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from analyzer.streams.stream import Direction, HoleCause
from dissectors.tls_records import RecordType, write_record
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk
from tests.analyzer.sessions.test_interpret import CLIENT_HELLO, SERVER_HELLO, handshaken, sealed

NAME = "tls-stalled"
HELLO = handshaken(CLIENT_HELLO)


@pytest.mark.parametrize(("copies", "told"), [(0, False), (1, False), (2, True), (3, True)])
@pytest.mark.parametrize(("side", "sender", "other"), [(OUT, "initiator", "acceptor"), (BACK, "acceptor", "initiator")])
def test_data_vanish(copies: int, told: bool, side: Direction, sender: str, other: str) -> None:
    """Of either side, though small packets pass."""
    talk = Talk(Clock()).dial()
    if side is BACK:
        talk.send(OUT, HELLO)
    large = HELLO if side is OUT else handshaken(SERVER_HELLO)
    talk.send(side, large, acked=False)
    for number in range(copies):
        talk.resend(side, after=200 * 2**number, length=len(large))
    talk.fin(BACK, after=6900).fin(OUT, after=10)
    found = said(NAME, talk.clock)
    assert (found is not None) is told
    if found is not None:
        assert found.certainty is Certainty.LIKELY
        assert found.detail == {"direction": f"{sender} to {other}", "segment": len(large)}
        assert (
            f"{len(large)} bytes of the {sender}'s TLS handshake were sent again and again ({copies} times)"
            in found.why
        )
        assert shown(found) == [
            "ClientHello",
            f"TLS data of the {sender}, first time",
            f"sent again, {len(large)} bytes, retransmission {copies}",
            "the acceptor gives up",
        ]


def test_what_was_sent_again_arrived() -> None:
    """A lossy path is no black hole."""
    talk = Talk(Clock()).dial().send(OUT, HELLO, acked=False).resend(OUT).resend(OUT, after=400).acknowledge(BACK)
    assert said(NAME, talk.send(BACK, handshaken(SERVER_HELLO)).fin(OUT).clock) is None


def test_the_acknowledgments_go_another_way() -> None:
    """The capture has one direction only, and can't tell."""
    talk = Talk(Clock()).syn().open().send(OUT, HELLO, acked=False).resend(OUT).resend(OUT, after=400)
    assert said(NAME, talk.clock) is None


def test_both_ends_were_captured() -> None:
    """The other capture shows that they left: certain."""
    here, there = Clock(port=50_000), Clock(capture=1, vantage=1, port=50_000)
    talk = Talk(here).dial().send(OUT, HELLO, acked=False)
    talk.resend(OUT).resend(OUT, after=400)
    Talk(there).dial()
    found = said(NAME, here, there)
    assert found is not None
    assert (found.certainty, found.alternatives) == (Certainty.CERTAIN, ())


@pytest.mark.parametrize(
    ("cause", "side", "milliseconds", "told"),
    [
        (HoleCause.NEVER_SEEN, BACK, 7000, True),
        (HoleCause.NOT_CAPTURED, BACK, 7000, False),
        (HoleCause.SNAPPED, BACK, 7000, False),
        (HoleCause.NEVER_SEEN, OUT, 7000, False),
        (HoleCause.NEVER_SEEN, BACK, 5, False),
    ],
)
def test_a_hole_in_what_arrives(cause: HoleCause, side: Direction, milliseconds: int, told: bool) -> None:
    """Of the acceptor's, and somebody's timer runs out over it."""
    talk = Talk(Clock()).dial().send(OUT, HELLO).hole(side, 1400, cause=cause).send(BACK, b"\x16\x03\x03")
    found = said(NAME, talk.fin(OUT, after=milliseconds).fin(BACK).clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.LIKELY, {"direction": "acceptor to initiator"})
        assert found.why.startswith("1400 bytes of the acceptor's TLS handshake never arrived")
        assert shown(found) == ["ClientHello", "1400 bytes before this packet are missing", "the initiator gives up"]


@pytest.mark.parametrize(("watched", "told"), [(999, False), (1000, True)])
def test_a_listener_that_hangs(watched: int, told: bool) -> None:
    """It does not close even when the initiator gives up: within a second it would have."""
    talk = Talk(Clock()).dial().send(OUT, HELLO).fin(OUT, after=7000)
    talk.clock.wait(watched)
    found = said(NAME, talk.clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.LIKELY, {"direction": "acceptor to initiator"})
        assert "the initiator gave up after 7.0 s" in found.why
        assert len(shown(found)) == 3


def test_a_link_that_came_up() -> None:
    """What is lost later is no part of the handshake."""
    secret = write_record(RecordType.CHANGE_CIPHER_SPEC, b"\1") + write_record(RecordType.HANDSHAKE, bytes(40))
    talk = (
        Talk(Clock()).dial().send(OUT, HELLO).send(BACK, handshaken(SERVER_HELLO)).send(OUT, secret).send(BACK, secret)
    )
    for side, size in ((OUT, 60), (BACK, 31), (BACK, 63), (OUT, 49), (BACK, 45), (BACK, 322), (OUT, 322)):
        talk.send(side, sealed(size))
    talk.send(OUT, sealed(100), acked=False).resend(OUT).resend(OUT, after=400)
    assert said(NAME, talk.fin(OUT, after=7000).clock) is None


def test_no_tls() -> None:
    """A plain handshake has verdicts of its own."""
    talk = Talk(Clock()).dial().name().send(OUT, b"\x00\x15r", acked=False).resend(OUT).resend(OUT).fin(OUT, after=7000)
    talk.clock.wait(5000)
    assert said(NAME, talk.clock) is None

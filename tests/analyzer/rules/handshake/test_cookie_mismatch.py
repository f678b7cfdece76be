"""What a user is told of cookies that differ: who refused whom, and whose is wrong as far as known cookies tell."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from analyzer.streams.stream import HoleCause
from dissectors.handshake_messages import ChallengeReply
from tests.analyzer.rules.asking import all_said, said, shown
from tests.analyzer.sessions.talking import ANN, BACK, DATA, OUT, Clock, Talk, framed

NAME = "cookie-mismatch"
ONE, OTHER, UNUSED, UNUSED_TOO = b"one", b"other", b"unused", b"unused, too"
INITIATOR_FITS = (
    "; the initiator's digest was made with the cookie of --cookie-file number {}, so the acceptor's cookie"
)
NONE_FITS = "; the initiator's digest was made with none of the cookies given with --cookie-file"


def challenged(clock: Clock | None = None) -> Talk:
    """As far as both have the same to say, whatever their cookies."""
    return Talk(clock or Clock()).dial().name().status().challenge()


@pytest.mark.parametrize(
    ("known", "expected", "number"),
    [
        ((), Certainty.LIKELY, None),
        ((UNUSED,), Certainty.LIKELY, None),
        ((ONE,), Certainty.CERTAIN, 1),
        ((UNUSED, ONE), Certainty.CERTAIN, 2),
        ((UNUSED, UNUSED_TOO, ONE), Certainty.CERTAIN, 3),
    ],
)
def test_the_acceptor_refuses(known: tuple[bytes, ...], expected: Certainty, number: int | None) -> None:
    """Certain where the user has the cookie of the initiator: then it is not the digest that was spoiled."""
    found = said(NAME, challenged().reply(ONE).fin(BACK, after=2).clock, cookies=known)
    assert found is not None
    assert found.certainty is expected
    assert found.detail == {"rejected_by": "acceptor"} | (
        {"initiator_cookie_file": number, "acceptor_cookie_file": None} if known else {}
    )
    words = "" if not known else INITIATOR_FITS.format(number) if number else NONE_FITS
    assert found.why.partition("fit its cookie")[2].startswith(words)
    assert bool(found.why.partition("fit its cookie")[2]) is bool(known)
    assert shown(found) == ["challenge", "challenge reply, with the digest", "the acceptor closes, and no ack was sent"]


@pytest.mark.parametrize("known", [(ONE,), (UNUSED, ONE), (UNUSED, UNUSED_TOO, ONE)])
def test_another_node_shows_the_acceptors_cookie(known: tuple[bytes, ...]) -> None:
    """It is one that the user gave, and the initiator's is not."""
    clock = Clock()
    challenged(clock).reply(ONE).ack(ONE).chat()
    challenged(clock).reply(OTHER).fin(BACK)
    found = said(NAME, clock, cookies=known)
    assert found is not None
    number = len(known)
    assert found.detail == {"rejected_by": "acceptor", "initiator_cookie_file": None, "acceptor_cookie_file": number}
    words = f"the acceptor uses the cookie of --cookie-file number {number}, and the initiator's digest was not"
    assert words in found.why


@pytest.mark.parametrize(("lives", "expected"), [(True, Certainty.CERTAIN), (False, Certainty.LIKELY)])
def test_an_acceptor_that_lives_on(lives: bool, expected: Certainty) -> None:
    """It did not end in the moment in which it closed."""
    clock = Clock()
    challenged(clock).reply(OTHER).fin(BACK)
    if lives:
        Talk(clock, "10.0.0.9").dial().name("eve@10.0.0.9").status("not_allowed").fin(BACK)
    found = said(NAME, clock)
    assert found is not None
    assert found.certainty is expected
    assert found.alternatives == (() if lives else ("the acceptor's node ended in that very moment",))


@pytest.mark.parametrize("how", ["reset", "timer", "lost ack", "not acknowledged", "middlebox", "initiator"])
def test_a_reply_that_was_not_refused(how: str) -> None:
    """A reset may be one; where an ack may be missing, or the close was no answer, it is not the cookie."""
    talk = challenged()
    if how == "not acknowledged":
        talk.send(OUT, framed(ChallengeReply(challenge=1, digest=bytes(16))), acked=False).fin(BACK)
    elif how == "lost ack":
        talk.reply(ONE).hole(BACK, 19, cause=HoleCause.NOT_CAPTURED).fin(BACK)
    elif how == "timer":
        talk.reply(ONE).fin(BACK, after=7000)
    elif how == "middlebox":
        talk.reply(ONE).rst(BACK, ttl=33)
    elif how == "initiator":
        talk.reply(ONE).fin(OUT)
    else:
        talk.reply(ONE).rst(BACK)
    found = said(NAME, talk.clock, cookies=(ONE,))
    assert (found is not None) is (how == "reset")
    if found is not None:
        assert found.certainty is Certainty.LIKELY
        assert "the acceptor reset the connection" in found.why


@pytest.mark.parametrize(
    ("replied", "acked", "known", "expected"),
    [
        (ONE, OTHER, (), Certainty.LIKELY),
        (ONE, OTHER, (UNUSED,), Certainty.LIKELY),
        (ONE, OTHER, (ONE,), Certainty.CERTAIN),
        (ONE, OTHER, (OTHER,), Certainty.CERTAIN),
        (ONE, OTHER, (ONE, OTHER), Certainty.CERTAIN),
        (ONE, OTHER, (OTHER, ONE), Certainty.CERTAIN),
        (ONE, ONE, (UNUSED, ONE), None),
        (ONE, ONE, (), Certainty.LIKELY),
    ],
)
def test_the_initiator_refuses(
    replied: bytes, acked: bytes, known: tuple[bytes, ...], expected: Certainty | None
) -> None:
    """The ack; where both digests are known to be right, it closed for a reason of its own."""
    found = said(NAME, challenged().reply(replied).ack(acked).fin(OUT, after=2).clock, cookies=known)
    assert (found and found.certainty) is expected
    if found is not None:
        assert found.detail == {"rejected_by": "initiator"}
        assert f"ann@{ANN}" in found.says
        assert len(found.alternatives) == (expected is Certainty.LIKELY)


def test_who_sent_data_took_the_ack() -> None:
    """Then the initiator did not refuse it; nor does a close of the acceptor tell that."""
    assert all_said(NAME, challenged().reply().ack().send(OUT, DATA).fin(OUT).clock) == []
    assert all_said(NAME, challenged().reply().ack().fin(BACK).clock) == []

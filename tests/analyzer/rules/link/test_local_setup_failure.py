"""When a user is told that a node gave up on a link whose handshake went well: not because of the cookie."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, COOKIE, DATA, OUT, Clock, Talk

NAME = "local-setup-failure"
OTHER = b"another"


@pytest.mark.parametrize(
    ("known", "expected"), [((), Certainty.LIKELY), ((OTHER,), Certainty.LIKELY), ((OTHER, COOKIE), Certainty.CERTAIN)]
)
def test_the_acceptor_gives_up(known: tuple[bytes, ...], expected: Certainty) -> None:
    """Certain where the user gave the cookie that both digests were made with."""
    found = said(NAME, Talk(Clock()).dial().greet().fin(BACK, after=2).clock, cookies=known)
    assert found is not None
    assert (found.certainty, found.detail) == (expected, {"failed_at": "acceptor"})
    assert ("both digests are right" in found.why) is (expected is Certainty.CERTAIN)
    assert (not found.alternatives) is (expected is Certainty.CERTAIN)
    assert shown(found)[1:] == [
        "challenge ack: the handshake is complete",
        "the acceptor closes without data of its own",
    ]


@pytest.mark.parametrize(
    ("replied", "acked", "known", "told"),
    [
        (COOKIE, COOKIE, (COOKIE,), True),
        (COOKIE, COOKIE, (), False),
        (COOKIE, COOKIE, (OTHER,), False),
        (COOKIE, OTHER, (COOKIE, OTHER), False),
        (OTHER, COOKIE, (COOKIE, OTHER), False),
        (COOKIE, OTHER, (COOKIE,), False),
    ],
)
def test_the_initiator_gives_up(replied: bytes, acked: bytes, known: tuple[bytes, ...], told: bool) -> None:
    """Without data of the acceptor only right digests tell that from a cookie that does not fit."""
    talk = Talk(Clock()).dial().name().status().challenge().reply(replied).ack(acked).fin(OUT, after=2)
    found = said(NAME, talk.clock, cookies=known)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.CERTAIN, {"failed_at": "initiator"})


def test_the_initiator_gives_up_on_what_it_took() -> None:
    """Data of the acceptor show that it took the cookie, whatever the user knows."""
    found = said(NAME, Talk(Clock()).dial().greet().send(BACK, DATA).fin(OUT, after=2).clock)
    assert found is not None
    assert found.certainty is Certainty.LIKELY


@pytest.mark.parametrize("how", ["later", "after data", "by a middlebox", "open"])
def test_other_ends(how: str) -> None:
    """Of a link that was up, or that something in between cut."""
    talk = Talk(Clock()).dial().greet()
    if how == "later":
        talk.fin(BACK, after=9000)
    elif how == "after data":
        talk.chat().fin(BACK)
    elif how == "by a middlebox":
        talk.rst(BACK, ttl=33)
    assert said(NAME, talk.clock, cookies=(COOKIE,)) is None

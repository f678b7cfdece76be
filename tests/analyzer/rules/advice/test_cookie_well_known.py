"""When a user is advised to change a cookie that everybody knows: as soon as either side proves to have one."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import ANN, BOB, Clock, Talk

NAME = "cookie-well-known"
OWN = b"nobody knows this one"


@pytest.mark.parametrize(
    ("initiators", "acceptors", "side", "holder"),
    [
        (b"monster", b"monster", "initiator", f"ann@{ANN}"),
        (b"rabbit", OWN, "initiator", f"ann@{ANN}"),
        (OWN, b"changeme", "acceptor", f"bob@{BOB}"),
    ],
)
def test_whose_it_is(initiators: bytes, acceptors: bytes, side: str, holder: str) -> None:
    """One of them is named, with the packet that has its digest."""
    found = said(NAME, Talk(Clock()).dial().name().status().challenge().reply(initiators).ack(acceptors).clock)
    assert found is not None
    assert found.certainty is Certainty.CERTAIN
    assert shown(found) == [f"the digest of the {side}"]
    assert holder in found.says


def test_before_the_ack() -> None:
    """The initiator's digest is enough; of the acceptor nothing is known yet."""
    talk = Talk(Clock()).dial().name().status().challenge()
    assert said(NAME, talk.reply(b"test").clock) is not None
    talk = Talk(Clock()).dial().name().status().challenge()
    assert said(NAME, talk.reply(OWN).clock) is None


def test_nobody_knows_it() -> None:
    """Both digests were made with a cookie that is on no list."""
    assert said(NAME, Talk(Clock()).dial().name().status().challenge().reply(OWN).ack(OWN).clock) is None

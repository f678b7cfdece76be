"""When a user is told that something refuses a connection without a word, and how sure that is."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OTP_26, OUT, Clock, Talk, lookup

NAME = "closed-before-handshake"


def named() -> Talk:
    """After a lookup that shows that the acceptor takes such a name."""
    clock = Clock()
    lookup(clock)
    return Talk(clock).dial().name()


@pytest.mark.parametrize(("how", "close"), [("closed", "FIN"), ("reset", "RST")])
def test_a_name_is_refused(how: str, close: str) -> None:
    """At once, by FIN or RST."""
    talk = named()
    found = said(NAME, (talk.fin(BACK, after=3) if close == "FIN" else talk.rst(BACK, after=3)).clock)
    assert found is not None
    assert (found.certainty, found.alternatives) == (Certainty.CERTAIN, ())
    assert found.detail == {"close": close, "name_seen": True}
    assert found.why.startswith(f"the acceptor's side {how} the connection 3.0 ms after the initiator's name")
    assert shown(found) == ["the TCP connection is open", "send_name", f"the acceptor's side {how} the connection"]


@pytest.mark.parametrize(("milliseconds", "told"), [(801, True), (6498, True), (6499, False), (7000, False)])
def test_a_name_waits_in_vain(milliseconds: int, told: bool) -> None:
    """For a proxy's backend; from 6.5 s on it was the acceptor's own timer, which runs since the connection opened."""
    assert (said(NAME, named().fin(BACK, after=milliseconds - 0.01).clock) is not None) is told


def test_before_the_name() -> None:
    """The initiator may have closed first; a close after a while is no refusal."""
    found = said(NAME, Talk(Clock()).dial().fin(BACK, after=3).clock)
    assert found is not None
    assert (found.certainty, found.detail) == (Certainty.LIKELY, {"close": "FIN", "name_seen": False})
    assert found.alternatives == ("the initiator had closed first, and its FIN is not in the capture",)
    assert said(NAME, Talk(Clock()).dial().fin(BACK, after=2000).clock) is None


def test_without_a_lookup() -> None:
    """Nothing tells that the acceptor takes such a name."""
    found = said(NAME, Talk(Clock()).dial().name().fin(BACK).clock)
    assert found is not None
    assert found.certainty is Certainty.LIKELY
    assert found.alternatives == (
        "the acceptor does not know this form of the name: the capture lacks what EPMD says of its versions",
    )


@pytest.mark.parametrize("how", ["initiator", "status", "bad name", "dynamic name", "garbage"])
def test_other_stories(how: str) -> None:
    """Each has a verdict of its own."""
    clock = Clock()
    lookup(clock)
    talk = Talk(clock).dial()
    if how == "bad name":
        talk.name("ann").fin(BACK)
    elif how == "dynamic name":
        talk.name("host", flags=OTP_26 | 1 << 33).fin(BACK)
    elif how == "garbage":
        talk.send(OUT, b"\x00\x09X\x00\x01\x02\x03\x04\x05\x06\x07").fin(BACK)
    elif how == "initiator":
        talk.name().fin(OUT)
    else:
        talk.name().status("not_allowed").fin(BACK)
    assert said(NAME, clock) is None

"""When a user is told that a TLS listener does not work: it ends the connection before it said anything of its own."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors.tls_alerts import ALERT_NUMBERS
from dissectors.tls_records import RecordType, write_record
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk
from tests.analyzer.sessions.test_interpret import CLIENT_HELLO, SERVER_HELLO, handshaken

NAME = "tls-listener-misconfigured"


def greeted() -> Talk:
    """By the initiator."""
    return Talk(Clock()).dial().send(OUT, handshaken(CLIENT_HELLO))


@pytest.mark.parametrize(
    ("name", "told"),
    [("handshake_failure", True), ("internal_error", True), ("insufficient_security", False), ("unknown_ca", False)],
)
def test_an_alert(name: str, told: bool) -> None:
    """Of those that a listener sends which has no certificate."""
    alert = write_record(RecordType.ALERT, bytes((2, ALERT_NUMBERS[name])))
    found = said(NAME, greeted().send(BACK, alert).fin(BACK).clock)
    assert (found is not None) is told
    if found is not None:
        assert (found.certainty, found.detail) == (Certainty.LIKELY, {"alert": name, "rejected_by": "acceptor"})
        assert found.alternatives[0].startswith("the acceptor shares no cipher suite")
        assert shown(found)[1:] == ["ClientHello", f"alert {name} from the acceptor", "the acceptor closes"]


@pytest.mark.parametrize("reset", [False, True])
def test_a_close_without_a_byte(reset: bool) -> None:
    """At once, by FIN or RST."""
    talk = greeted()
    found = said(NAME, (talk.rst(BACK) if reset else talk.fin(BACK)).clock)
    assert found is not None
    assert found.detail == {"alert": None, "rejected_by": "acceptor"}
    assert found.alternatives == ("a proxy or load balancer in front of the acceptor closed the connection",)
    assert shown(found) == ["the TCP connection is open", "ClientHello", "the acceptor closes"]


@pytest.mark.parametrize("how", ["initiator", "timer", "hello", "garbage", "middlebox", "open"])
def test_other_ends(how: str) -> None:
    """The initiator gives up, a plain listener does by its timer, or the acceptor spoke."""
    talk = greeted()
    if how == "hello":
        talk.send(BACK, handshaken(SERVER_HELLO))
    elif how == "garbage":
        talk.send(BACK, b"\x16\x03\x03\x00")
    if how == "initiator":
        talk.fin(OUT)
    elif how == "timer":
        talk.fin(BACK, after=7000)
    elif how == "middlebox":
        talk = Talk(Clock()).dial().send(OUT, handshaken(CLIENT_HELLO)[:50]).send(OUT, handshaken(CLIENT_HELLO)[50:])
        talk.rst(OUT, ttl=33)
    elif how != "open":
        talk.fin(BACK)
    assert said(NAME, talk.clock) is None

"""When a user is told that a plain node calls one that speaks TLS: the answer to a name is TLS."""

from __future__ import annotations

import pytest

from analyzer.findings import Certainty
from dissectors.tls_records import RecordType, write_record
from tests.analyzer.rules.asking import said, shown
from tests.analyzer.sessions.talking import BACK, OUT, Clock, Talk
from tests.analyzer.sessions.test_interpret import SERVER_HELLO, handshaken

NAME = "plain-to-tls-listener"


@pytest.mark.parametrize(
    ("answer", "alert"),
    [
        (write_record(RecordType.ALERT, b"\x02\x0a"), "unexpected_message"),
        (write_record(RecordType.ALERT, b"\x02\x46"), "protocol_version"),
        (
            write_record(RecordType.ALERT, b"\x02\x0a") + write_record(RecordType.ALERT, b"\x01\x00"),
            "unexpected_message",
        ),
        (handshaken(SERVER_HELLO), None),
    ],
)
def test_tls_answers_a_name(answer: bytes, alert: str | None) -> None:
    """With an alert, the first of which is named, or with a handshake of its own."""
    found = said(NAME, Talk(Clock()).dial().name().send(BACK, answer).fin(BACK).clock)
    assert found is not None
    assert (found.certainty, found.detail) == (Certainty.CERTAIN, {"rejected_by": "acceptor", "alert": alert})
    assert shown(found) == ["plain send_name", "a TLS record in answer", "the acceptor closes"]


@pytest.mark.parametrize("size", range(1, 7))
def test_an_alert_in_pieces(size: int) -> None:
    """Wherever it is cut."""
    alert = write_record(RecordType.ALERT, b"\x02\x0a")
    talk = Talk(Clock()).dial().name().send(BACK, alert[:size]).send(BACK, alert[size:])
    found = said(NAME, talk.fin(BACK).clock)
    assert found is not None
    assert found.detail["alert"] == "unexpected_message"


@pytest.mark.parametrize("how", ["nothing was said", "initiator", "another protocol", "open"])
def test_other_stories(how: str) -> None:
    """Without a name nobody spoke plain Erlang, and not everything that is none is TLS."""
    alert = write_record(RecordType.ALERT, b"\x02\x0a")
    talk = Talk(Clock()).dial()
    if how == "nothing was said":
        talk.send(BACK, alert)
    elif how == "initiator":
        talk.send(OUT, alert)
    elif how == "another protocol":
        talk.name().send(BACK, b"HTTP/1.1 400 Bad Request\r\n\r\n")
    else:
        found = said(NAME, talk.name().send(BACK, alert).clock)
        assert shown(found) == ["plain send_name", "a TLS record in answer"]
        return
    assert said(NAME, talk.fin(BACK).clock) is None
